"""What explainers of maskers that are called share: a game for each row, played by itself."""

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.errors import InvalidMaskerError, OptionError, check_options
from ferroshap.estimators import Method
from ferroshap.executors import as_crew
from ferroshap.explainers.called_packing import Inputs, Played, packed_rows
from ferroshap.explainers.calls import one_seed, options_of, positive
from ferroshap.explainers.pickling import picklable
from ferroshap.explainers.plan import Plan
from ferroshap.game.called import CalledGame
from ferroshap.maskers.calling import clustering_of, is_called, mask_shapes_of, shape_of, varying_of
from ferroshap.models import as_model
from ferroshap.progress import Progress
from ferroshap.run.advice import as_tolerance
from ferroshap.run.run import estimate

Floats = NDArray[np.float64]

#: Options of calls that mean nothing where a masker is called, and what they are then.
OF_TABLES: dict[str, Any] = {
    "interactions": 1,
    "plausibility": False,
    "msev": False,
    "fixed_context": None,
    "l1_reg": False,
    "row_key": None,
}


class CalledRoute:
    """An explainer whose masker is a function ``masker(mask, *inputs)``, called for every coalition.

    Not to be made directly: a class of ours that meets such a masker makes an instance of its own subclass for it.
    Slower than maskers of tables, which never enter Python for a coalition.
    """

    #: The class for tables, whose parameters are taken.
    of_tables: ClassVar[type]
    route: ClassVar[str]
    feature_names: Any
    partial: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take what the class for tables takes; the model is not asked yet."""
        signature = inspect.signature(self.of_tables.__init__)  # type: ignore[misc]  # only read
        known = options_of(self.of_tables.__init__)  # type: ignore[misc]  # only read
        if "call_defaults" in signature.parameters:
            known += [option for option in options_of(self.of_tables.__call__) if option not in {"X", "y"}]
        check_options(options, known, self.of_tables.__name__)
        bound = signature.bind(self, *args, **options)
        bound.apply_defaults()
        given = bound.arguments
        self._call_defaults = given.get("call_defaults", {})
        self.model = as_model(given["model"])
        self.masker = given["masker"] if "masker" in given else given["data"]
        if not is_called(self.masker):
            msg = f"`masker` is {self.masker!r}, but {type(self).__name__} calls it: pass a function (mask, *inputs)"
            raise InvalidMaskerError(msg)
        if given.get("weights") is not None:
            msg = "`weights` are those of background rows, but the masker is a function: let it return what counts"
            raise OptionError(msg)
        self.link = links.resolve(given["link"])
        self.linearize_link = bool(given.get("linearize_link", False))
        self.seed = one_seed(given["seed"], given["rng"], given["random_state"])
        self.n_jobs = given["n_jobs"]
        self._crew = as_crew(given["executor"])
        self._progress = given["progress"]
        names = given["output_names"]
        self.output_names = None if names is None else [names] if isinstance(names, str) else [str(n) for n in names]
        own = getattr(self.masker, "feature_names", None)
        self.feature_names = given["feature_names"] if given["feature_names"] is not None or callable(own) else own
        self._method = given.get("method")
        self._sampling = given.get("sampling", "auto")
        #: What nobody is worth depends on the row: `base_values` of the explanation.
        self.expected_value = None
        self.partial = None
        reason = f"{self.of_tables.__name__} calls the masker for every coalition"
        self.plan = Plan(self.route, reason, 0, 0, None, {"estimator": self._method})

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Explain rows, one of each input at a time: an Explanation, or a list of one for each input.

        Parameters
        ----------
        *args : sequence or table
            The inputs, equally many rows each.
        **options
            Those of the class for tables, as far as they mean something here.
        """
        known = [option for option in options_of(self.of_tables.__call__) if option not in {"X", "y"}]
        check_options(options, known, self.of_tables.__name__)
        parameters = inspect.signature(self.of_tables.__call__).parameters
        given = {name: parameters[name].default for name in known}
        given |= {name: value for name, value in self._call_defaults.items() if name in known} | options
        for name, nothing in OF_TABLES.items():
            if given.get(name, nothing) not in (nothing, False, None):
                msg = f"`{name}` is {given[name]!r}, but where the masker is a function there is none: leave it out"
                raise OptionError(msg)
        self.partial = None
        inputs = Inputs(args, self.feature_names)
        played: list[Played] = []
        given["moved"] = links.Moved()
        progress = Progress(inputs.n_rows, silent=given["silent"], report=self._progress, unit="rows")
        try:
            for number in range(inputs.n_rows):
                played.append(self._play(inputs.row(number), number, given))
                progress.add(1)
        except BaseException:
            if played:
                self.partial = packed_rows(self, inputs, played, given)
            raise
        finally:
            progress.close()
        given["moved"].warn()
        return packed_rows(self, inputs, played, given)

    def shap_values(self, *args: Any, **options: Any) -> Any:
        """Return the values of a call alone; a list of them for several inputs."""
        found = self(*args, **options)
        return [part.values for part in found] if isinstance(found, list) else found.values

    def _play(self, args: Sequence[Any], number: int, given: dict[str, Any]) -> Played:
        """Play the game of one row."""
        masker, n_players = self.masker, shape_of(self.masker, args)[1]
        clustering = clustering_of(masker, args)
        if clustering is not None and len(clustering) != n_players - 1:
            clustering = None
        method, granted = self._chosen(n_players, clustering, given)
        varying = np.ones(n_players, dtype=np.bool_)
        if not method.needs_every_player:
            varying = varying_of(masker, args, n_players)
        game = CalledGame(
            self.model.function,
            repr(self.model),
            masker,
            args,
            n_players,
            varying,
            self.link,
            linearize_link=self.linearize_link,
            batch_rows=None if given["batch_size"] == "auto" else positive(given["batch_size"], "batch_size"),
            moved=given["moved"],
        )
        shapes, n_varying = mask_shapes_of(masker, args), int(varying.sum())
        if n_varying == 0:
            worth = np.atleast_1d(game(np.zeros((1, 0), dtype=np.bool_))[0])
            nothing = np.zeros((n_players, len(worth)))
            return Played(nothing, nothing, worth, worth, 1, "EXACT", game.is_vector, shapes, clustering, nothing)
        found = estimate(
            game,
            method,
            n_players=n_varying,
            budget=granted(n_varying),
            tol=as_tolerance(given.get("tol")),
            deadline_seconds=given.get("deadline_seconds"),
            rng=self.seed,
            row_key=number,
            n_jobs=self.n_jobs,
            executor=self._crew,
            silent=True,
        )
        base = np.atleast_1d(np.asarray(found.base_value, dtype=np.float64))
        alone = _alone(game, n_varying, base) if given.get("main_effects") else None

        def every(values: Any) -> Floats:
            whole = np.zeros((n_players, len(base)))
            whole[varying] = np.asarray(values).reshape(n_varying, -1)
            return whole

        values = every(found.values)
        return Played(
            values,
            every(found.std_errors),
            base,
            base + values.sum(axis=0),
            found.n_evaluations + (0 if alone is None else n_varying),
            found.status,
            game.is_vector,
            shapes,
            clustering,
            None if alone is None else every(alone),
        )

    def _chosen(self, n_players: int, clustering: Any, given: dict[str, Any]) -> tuple[Method, Any]:
        """The estimator of a row, and the evaluations that it is granted by the number of those who play."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Name the class, the model and the masker."""
        what = repr(self.model).removeprefix("<Model ").removesuffix(">")
        return f"<{type(self).__name__}: {what}, {self.masker!r}>"

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs."""
        masker = self.masker
        hidden = picklable(masker, [masker])
        return self.__dict__ | {"model": picklable(self.model), "masker": hidden, "_progress": None}


def _alone(game: CalledGame, n_players: int, base: Floats) -> Floats:
    """What each player is worth alone."""
    worths = game(np.eye(n_players, dtype=np.bool_)).reshape(n_players, -1)
    return worths - base
