"""Explaining images by playing their games, side by side where they share batches."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native, links
from ferroshap.errors import FerroshapError, MemoryLimitError, WorthError
from ferroshap.explainers.images.ways import Asked, Way
from ferroshap.explainers.outputs import OutputChoice, take_outputs
from ferroshap.game import Endpoints
from ferroshap.game.image import ImageGame
from ferroshap.game.image_batches import ImageBatches
from ferroshap.inputs.images import Images
from ferroshap.links import Link
from ferroshap.maskers.image import Image
from ferroshap.maskers.image_regions import Regions
from ferroshap.models import Model
from ferroshap.progress import Progress, Report
from ferroshap.run import Outcome
from ferroshap.run.advice import relative_half_width
from ferroshap.run.loop import N_ENDPOINTS, BlockNumbers, Words

Floats = NDArray[np.float64]

#: Images that are explained side by side at the most.
MOST_ABREAST = 256


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How images are explained; nothing here but `way`, `seed` and `outputs` changes a bit."""

    way: Way
    seed: int
    link: Link
    linearize_link: bool
    batch_size: int | str
    memory_bytes: int
    n_threads: int
    output_names: list[str] | None = None
    outputs: Any = None
    deadline_seconds: float | None = None
    silent: bool = False
    report: Report | None = None


@dataclass(eq=False)
class Playing:
    """One image while it is explained."""

    number: int
    regions: Regions
    game: ImageGame
    run: Asked | None = None


class ImagesExplained:
    """Values of images, filled in as their games are played.

    Arrays are ``(n_images, n_outputs)``, or ``(n_images, H, W, C, n_outputs)`` for what belongs to pixels.
    """

    def __init__(self, model: Model, masker: Image, images: Images, settings: Settings) -> None:
        """Ask nothing yet."""
        self.masker, self.images, self.settings = masker, images, settings
        self.batches = ImageBatches(
            model,
            images,
            batch_size=settings.batch_size,
            memory_bytes=settings.memory_bytes,
            n_threads=settings.n_threads,
        )
        self._model = model
        n_images = len(images)
        self.chosen: NDArray[np.intp] | None = None
        self.names: list[str] = []
        self.n_outputs = 0
        self.begun = np.zeros(n_images, dtype=np.bool_)
        self.statuses = np.full(n_images, "INTERRUPTED", dtype="U12")
        self.n_evaluations = np.zeros(n_images, dtype=np.int64)
        self.n_players = np.zeros(n_images, dtype=np.int64)
        self.interval_df: Floats = np.full(n_images, np.nan)
        self.reach: Floats = np.full(n_images, np.nan)
        self.forecast = np.zeros(n_images, dtype=np.int64)
        self.segments = np.full((n_images, images.height, images.width), -1, dtype=np.int32)
        self.error_std: Floats | None = None
        self.channel_error_std: Floats | None = None
        self._cut: Regions | None = None

    def play(self) -> None:
        """Play all games; an exception leaves what was reached in the arrays."""
        with self.batches:
            self._play()

    def _play(self) -> None:
        deadline = self.settings.deadline_seconds
        self._deadline = None if deadline is None else time.monotonic() + deadline
        self._ask_about_images()
        n_images, first = len(self.images), 0
        progress: Progress | None = None
        try:
            while first < n_images:
                playing = self._group(first)
                if progress is None:
                    total = self._granted(playing[0].regions) * n_images
                    progress = Progress(total, silent=self.settings.silent, report=self.settings.report)
                self._play_group(playing, progress)
                first += len(playing)
        finally:
            if progress is not None:
                progress.close()

    def _ask_about_images(self) -> None:
        """Find the worths of everybody, and with them which outputs are explained."""
        from ferroshap.explainers.names import output_names

        settings = self.settings
        outputs = self.batches.outputs_of_images()
        is_vector = bool(self.batches.is_vector)
        known = getattr(self._model.inner_model, "output_names", None)
        self.names = output_names(settings.output_names or known, self._model, outputs.shape[1])
        if settings.outputs is not None:
            self.chosen = OutputChoice(settings.outputs, self.names, is_vector=is_vector).numbers(outputs)
            outputs = np.ascontiguousarray(take_outputs(outputs, self.chosen))
        if not np.isfinite(outputs).all():
            image, output = (int(place) for place in np.argwhere(~np.isfinite(outputs))[0])
            number = (
                output
                if self.chosen is None
                else self.chosen[image, output]
                if self.chosen.ndim == 2
                else self.chosen[output]
            )
            came = f"{outputs[image, output]} (output {number}) for image {image} of `X`"
            msg = f"`model` returned {came}: outputs must be finite"
            raise WorthError(msg)
        self.full = links.apply(settings.link, outputs)
        self.n_outputs = outputs.shape[1]
        shape = (len(self.images), self.images.height, self.images.width, self.images.n_channels, self.n_outputs)
        n_bytes = 8 * int(np.prod(shape))
        if n_bytes > settings.memory_bytes:
            msg = (
                f"values of {len(self.images)} images and {self.n_outputs} outputs take {n_bytes:,} bytes, more than "
                f"the {settings.memory_bytes:,} granted: choose some outputs, as outputs=Explanation.argsort.flip[:4], "
                "or explain fewer images a call"
            )
            raise MemoryLimitError(msg)
        self._shape = shape
        self.base: Floats = np.full_like(self.full, np.nan)
        self.gap: Floats = np.full_like(self.full, np.nan)
        self.values: Floats = np.zeros(shape)

    def _granted(self, regions: Regions) -> int:
        return self.settings.way.budget(regions)

    def _group(self, first: int) -> list[Playing]:
        """Cut the images that are explained next side by side."""
        playing = [self._prepared(first)]
        granted = self._granted(playing[0].regions)
        wave = min(granted, self.settings.way.wave) * self.masker.n_fills
        image = self.images.image(first)
        n_players = max(1, playing[0].regions.n_players)
        held = (2 + self.masker.n_fills) * image.nbytes + 8 * n_players * (granted // 64 + 4 * self.n_outputs + 8)
        held += 16 * granted * self.n_outputs
        count = min(self.batches.batch_rows // max(1, wave), self.settings.memory_bytes // 4 // held, MOST_ABREAST)
        last = min(len(self.images), first + max(1, count))
        return playing + [self._prepared(number) for number in range(first + 1, last)]

    def _prepared(self, number: int) -> Playing:
        """Cut one image, and prepare what hides its regions."""
        settings, masker = self.settings, self.masker
        image = self.images.image(number)
        regions = self._cut
        if regions is None or masker.segmentation.depends_on_image:
            regions = self._cut = masker.segmentation.of(image, settings.n_threads)
        self._granted(regions)  # refuses what is too little before anything is asked
        self.segments[number] = regions.labels
        self.n_players[number] = regions.n_players
        outputs = self.chosen[number] if self.chosen is not None and self.chosen.ndim == 2 else self.chosen
        game = ImageGame(
            number,
            masker.filling.painter(self.images, image, regions, settings.n_threads),
            regions.n_players,
            masker.filling.weights,
            settings.link,
            linearize_link=settings.linearize_link,
            outputs=outputs,
        )
        return Playing(number, regions, game)

    def _play_group(self, playing: list[Playing], progress: Progress) -> None:
        """Play some images to their ends."""
        numbers = [image.number for image in playing]
        self.begun[numbers] = True
        try:
            self._ask_about_nobody(playing)
            progress.add(N_ENDPOINTS * len(playing))
            going = deque(playing)
            while going and (self._deadline is None or time.monotonic() < self._deadline):
                asked = self._ask(going)
                if asked:
                    self._tell(asked)
                    progress.add(sum(len(words) for _, _, words, _ in asked))
        finally:
            # If the model failed or Ctrl-C came, what was reached is kept, and their exception goes on.
            for image in playing:
                self._record(image)

    def _ask_about_nobody(self, playing: list[Playing]) -> None:
        settings = self.settings
        found = self.batches.outputs([image.game.wanted(image.game.nobody) for image in playing])
        for image, outputs in zip(playing, found, strict=True):
            base = image.game.worth_of_nobody(outputs)
            self.base[image.number] = base
            ends = Endpoints(base[None], self.full[image.number], np.ones(1), base)
            granted = self._granted(image.regions)
            image.run = settings.way.begin(image.regions, ends, granted, seed=settings.seed)

    def _ask(self, going: deque[Playing]) -> list[tuple[Playing, int, Words, BlockNumbers]]:
        """Ask images in turn for their next coalitions until a batch is full; who has none is at the end."""
        if self.settings.way.tol is not None:
            runs = [image.run for image in going if isinstance(image.run, _native.Estimator)]
            _native.look(runs, self.settings.n_threads)
        # Two batches, so that one is painted while the model looks at the other.
        spare = max(1, 2 * self.batches.batch_rows // self.masker.n_fills)
        asked = []
        for _ in range(len(going)):
            if spare <= 0:
                break
            image = going.popleft()
            assert image.run is not None  # noqa: S101 - begun when nobody's worth was known
            first, words, blocks = image.run.ask(spare)
            if len(words):
                asked.append((image, first, words, blocks))
                going.append(image)
                spare -= len(words)
        return asked

    def _tell(self, asked: list[tuple[Playing, int, Words, BlockNumbers]]) -> None:
        found = self.batches.outputs([image.game.wanted(words) for image, _, words, _ in asked])
        for (image, first, words, _), outputs in zip(asked, found, strict=True):
            assert image.run is not None  # noqa: S101 - it was asked
            image.run.tell(first, image.game.worths(words, outputs))

    def _record(self, image: Playing) -> None:
        """Keep what is known of an image."""
        number = image.number
        try:
            outcome = None if image.run is None else self._outcome(image.run, image.regions.n_players)
        except FerroshapError:
            outcome = None  # nothing can be said yet
        if outcome is None:
            self.values[number] = np.nan
            self.n_evaluations[number] = 1 if image.run is None else N_ENDPOINTS
            return
        self.values[number] = self._spread(image.regions, outcome.values, self.images.n_channels)[:, :, None]
        self.gap[number] = outcome.gap
        self.n_evaluations[number] = outcome.n_evaluations
        self.interval_df[number] = outcome.interval_df[0]
        self.statuses[number] = outcome.status
        self.forecast[number] = min(outcome.predicted_budget or 0, 1 << 62)
        self._record_errors(image, outcome)

    def _outcome(self, run: Asked, n_players: int) -> Outcome:
        return self.settings.way.outcome(run, n_players, self.settings.n_threads)

    def _record_errors(self, image: Playing, outcome: Outcome) -> None:
        number, df = image.number, float(outcome.interval_df[0])
        errors = outcome.std_errors
        self.reach[number] = np.nan if np.isnan(errors).any() else relative_half_width(outcome.values, errors, df)
        if not self.settings.way.has_errors:
            return
        if self.error_std is None or self.channel_error_std is None:
            self.error_std = np.full(self._shape, np.nan)
            self.channel_error_std = np.full((*self._shape[:3], self.n_outputs), np.nan)
        of_region = self._spread(image.regions, errors, 1)
        self.channel_error_std[number] = of_region
        self.error_std[number] = of_region[:, :, None] / self.images.n_channels

    def _spread(self, regions: Regions, values: Floats, n_channels: int) -> Floats:
        """Share what regions have evenly among their pixels and channels: ``(H, W, n_outputs)``."""
        of_pixel = np.zeros((regions.n_players + 1, values.shape[1]))  # the last is that of -1
        of_pixel[:-1] = values / (regions.areas * n_channels)[:, None]
        return of_pixel[regions.labels]
