"""What the explainers of images share: they are made and called as those of tables."""

import inspect
from typing import Any, ClassVar

import numpy as np

from ferroshap import links
from ferroshap.errors import InvalidMaskerError, OptionError, check_options
from ferroshap.explainers.calls import one_seed, options_of, positive
from ferroshap.explainers.images.network import as_function
from ferroshap.explainers.images.packing import packed, warn
from ferroshap.explainers.images.rows import ImagesExplained, Settings
from ferroshap.explainers.images.ways import Way
from ferroshap.explainers.pickling import picklable
from ferroshap.explainers.plan import Plan
from ferroshap.explanation import Explanation
from ferroshap.maskers.image import Image
from ferroshap.memory import as_bytes
from ferroshap.models import as_model
from ferroshap.run.deadline import as_deadline
from ferroshap.threads import as_threads

#: Options of explainers of tables that mean nothing for images, and what they are then.
OF_TABLES: dict[str, Any] = {
    "executor": None,
    "feature_names": None,
    "weights": None,
    "keep_index": False,
    "rows_per_eval": 100,
}
#: The same of calls.
OF_TABLE_CALLS: dict[str, Any] = {"main_effects": False, "interactions": 1, "plausibility": False, "msev": False}


class ImageRoute:
    """An explainer of a table's rows, as one of images: the same arguments, other players.

    Not to be made directly: a class of ours that meets a :class:`ferroshap.maskers.Image` makes an instance of its
    own subclass for images.
    """

    #: The class for tables, whose parameters are taken.
    of_tables: ClassVar[type]
    route: ClassVar[str]
    plan: Plan
    partial: Explanation | None

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what the class for tables takes; the model is not asked yet."""
        signature = inspect.signature(self.of_tables.__init__)  # type: ignore[misc]  # only read
        takes_defaults = "call_defaults" in signature.parameters
        known = options_of(self.of_tables.__init__)  # type: ignore[misc]  # only read
        known += options_of(type(self).__call__) if takes_defaults else []
        check_options(options, [name for name in known if name != "X"], self.of_tables.__name__)
        bound = signature.bind(self, *args, **options)
        bound.apply_defaults()
        given = bound.arguments
        self._call_defaults = given.get("call_defaults", {})
        for name, default in OF_TABLES.items():
            value = given.get(name, default)
            if value is not default and not (isinstance(value, int) and value == default):
                hint = "pass weights of background images to maskers.Image" if name == "weights" else "leave it out"
                msg = f"`{name}` is for tables, but the masker is one of images: {hint}"
                raise OptionError(msg)
        self.model = as_model(as_function(given["model"]))
        self.masker: Image = given["masker"] if "masker" in given else given["data"]
        if not isinstance(self.masker, Image):
            msg = f"`masker` is {self.masker!r}, but {type(self).__name__} explains images: pass maskers.Image"
            raise InvalidMaskerError(msg)
        self.link = links.resolve(given["link"])
        self.linearize_link = bool(given.get("linearize_link", False))
        self.seed = one_seed(given["seed"], given["rng"], given["random_state"])
        self.n_jobs = given["n_jobs"]
        self._n_threads = as_threads(self.n_jobs)
        self._memory_bytes = as_bytes(given["memory_limit"])
        self._progress = given["progress"]
        names = given["output_names"]
        self.output_names = None if names is None else [names] if isinstance(names, str) else [str(n) for n in names]
        self.feature_names: list[str] = []
        #: What nobody is worth is measured on each image: `base_values` of the explanation.
        self.expected_value = None
        self.partial = None
        self._read(given)

    def _read(self, given: dict[str, Any]) -> None:
        """Read what is the class's own, and make the plan."""
        raise NotImplementedError

    @property
    def rows_per_eval(self) -> int:
        """Model rows of one evaluation: background images, or one."""
        return self.masker.n_fills

    def shap_values(self, X: Any, *args: Any, **options: Any) -> Any:
        """Return the values of a call alone, ``(n_images, H, W, C)`` or ``(n_images, H, W, C, outputs)``."""
        return self(X, *args, **options).values  # type: ignore[operator]  # of the class for tables

    def _explain_images(
        self,
        X: Any,
        way: Way,
        *,
        batch_size: int | str,
        outputs: Any,
        silent: bool,
        deadline_seconds: float | None = None,
        error_bounds: bool = False,
        **of_tables: Any,
    ) -> Explanation:
        """Play the games of images and return their Explanation."""
        for name, value in of_tables.items():
            if value not in (OF_TABLE_CALLS[name], False, None):
                msg = f"`{name}` is {value!r}, but explanations of images have none: leave it out"
                raise OptionError(msg)
        as_deadline(deadline_seconds)
        self.partial = None
        images = self.masker.read(X)
        settings = Settings(
            way=way,
            seed=self.seed,
            link=self.link,
            linearize_link=self.linearize_link,
            batch_size=batch_size,
            memory_bytes=self._memory_bytes,
            n_threads=self._n_threads,
            output_names=self.output_names,
            outputs=outputs,
            deadline_seconds=deadline_seconds,
            silent=silent,
            report=self._progress,
        )
        explained = ImagesExplained(self.model, self.masker, images, settings)
        try:
            explained.play()
        except BaseException:
            if explained.begun.any():
                begun = np.flatnonzero(explained.begun)
                self.partial = packed(self, explained, error_bounds=error_bounds, only=begun)
            raise
        warn(explained)
        return packed(self, explained, error_bounds=error_bounds)

    def _planned(self, reason: str, evaluations: int | str) -> Plan:
        """Say what will be done with an image; a sentence where the evaluations depend on it."""
        rows, is_known = self.masker.n_fills, isinstance(evaluations, int)
        granted = f"at most {evaluations} evaluations an image" if is_known else evaluations
        sentence = f"{reason}; {self.masker}; {granted} are asked for"
        number = evaluations if isinstance(evaluations, int) else None
        most = None if number is None else number * rows
        return Plan(self.route, sentence, self.masker.n_background, rows, most, {"evaluations": number})

    @classmethod
    def check_images(cls, model: Any) -> None:
        """Refuse what is no model."""
        as_model(model)

    def __repr__(self) -> str:
        """Name the class, the model and the masker."""
        what = repr(self.model).removeprefix("<Model ").removesuffix(">")
        return f"<{type(self).__name__}: {what}, {self.masker!r}>"

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs; another process may have another number of threads."""
        state = self.__dict__ | {"model": picklable(self.model)}
        return {name: value for name, value in state.items() if name != "_n_threads"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read a pickle."""
        self.__dict__.update(state)
        self._n_threads = as_threads(self.n_jobs)


def granted_evaluations(max_evals: int | str, untouched: int, default: int, auto: int) -> int:
    """Return the evaluations that `max_evals` stands for: the untouched default, "auto", or a number."""
    if max_evals is untouched:
        return default
    return auto if isinstance(max_evals, str) and max_evals == "auto" else positive(max_evals, "max_evals")
