"""`Explainer`: the front door that chooses, and what all explainers are."""

import copy
import inspect
from typing import Any

from ferroshap import links
from ferroshap.errors import FerroshapError, check_options
from ferroshap.explainers.calls import options_of
from ferroshap.explainers.pickling import picklable
from ferroshap.explainers.plan import Plan
from ferroshap.explainers.streaming import Streaming
from ferroshap.explanation import Explanation
from ferroshap.maskers.calling import is_called
from ferroshap.models import Model, as_model
from ferroshap.serialisation import Serializable, opened


class Chooser(type):
    """Metaclass of explainers: calling `Explainer` itself makes an instance of the class that fits.

    That class's own constructor makes it, once; classes other than `Explainer`, the user's among
    them, are called as any other.
    """

    @property
    def __signature__(cls) -> inspect.Signature:
        """The constructor's own, which the call of a metaclass would hide."""
        _, *parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]  # only read
        return inspect.Signature(parameters)

    def __call__(cls, *args: Any, **options: Any) -> Any:
        """Choose the class, or make an instance of this one."""
        if cls is Explainer:
            from ferroshap.explainers.choice import choose

            return choose(*args, **options)
        masker = args[1] if len(args) > 1 else options.get("masker", options.get("data"))
        if getattr(masker, "takes_images", False):
            from ferroshap.explainers.images.classes import for_images

            image_class: Any = for_images(cls)  # type: ignore[arg-type]  # the metaclass of explainers
            if image_class is not cls:
                return image_class(*args, **options)
        if is_called(masker):
            from ferroshap.explainers.called import for_called

            called_class: Any = for_called(cls)
            if called_class is not cls:
                return called_class(*args, **options)
        takes_all = any(p.kind is p.VAR_KEYWORD for p in cls.__signature__.parameters.values())
        if not takes_all:
            check_options(options, options_of(cls.__init__), cls.__name__)  # type: ignore[misc]  # only read
        return super().__call__(*args, **options)


class Explainer(Streaming, Serializable, metaclass=Chooser):
    r"""Explain a model: the fastest exact route that fits it, else sampling.

    Calling ``Explainer(...)`` returns an instance of the class chosen, and ``.plan`` says which and why:

    1. :class:`GradientExplainer` for a network of torch or Keras with background data, :class:`LinearExplainer` for a
       linear model;
    2. :class:`TreeExplainer` for an ensemble of trees, with or without a background, and for the methods
       that show its sum; :class:`AdditiveExplainer` for interpret's explainable boosting machines, in the same way;
    3. with a tree of the features (:class:`ferroshap.maskers.Partition`) :class:`PartitionExplainer` for at most 10
       features or 500 coalitions, within the same model rows as below, else :class:`PermutationExplainer` along it;
    4. :class:`ExactExplainer` for at most 10 features, while all coalitions over all background rows
       are at most :math:`2^{17}` model rows;
    5. a :class:`PermutationExplainer` that runs ``estimators.Auto`` for all else;
    6. for images (:class:`ferroshap.maskers.Image`) :class:`PartitionExplainer` where their regions have a tree, as
       they have unless another cut is asked for, else :class:`PermutationExplainer` as above, exact up to 12 regions.

    Parameters
    ----------
    model : callable, estimator, bound method, or ``(coef, intercept)``
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``. Of an estimator that is neither linear nor of trees,
        ``predict_proba``, else ``decision_function``, else ``predict`` is explained.
    masker : masker or background data, optional
        What stands for absent features. All background rows count. Trees can do without.
    link : str or link
        The scale on which values add up.
    algorithm : str
        "auto", or the name of a route: "additive", "coalition", "deep" (by shap), "exact", "gradient", "kernel",
        "linear", "partition", "permutation", "sampling", "tree".
    output_names, feature_names : list of str, optional
        Instead of the names found in model and background.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking averages.
    seed : int, numpy.random.Generator or None
        Where randomness starts from; None is the fixed seed 0.
    **options
        Options of the class chosen; one that it does not know is refused.

    Attributes
    ----------
    plan : Plan
        The route, and why.
    expected_value : float or ndarray of shape ``(n_outputs,)``
        The base value.
    partial : Explanation or None
        What the last call had reached when an exception or Ctrl-C ended it, with the rows begun;
        None when it ended well.

    Examples
    --------
    >>> import numpy as np
    >>> background = np.array([[0.0, 0.0], [2.0, 4.0]])
    >>> explainer = Explainer(lambda X: X[:, 0] * X[:, 1], background)
    >>> explainer
    <ExactExplainer: <lambda>, 2 features, background 2 rows>
    >>> explainer(np.array([[3.0, 5.0]])).values
    array([[5., 6.]])
    """

    model: Any
    masker: Any
    link: links.Link
    feature_names: list[str]
    output_names: list[str] | None
    expected_value: Any
    plan: Plan
    partial: Explanation | None = None
    _fingerprint: str | None = None
    _call_defaults: dict[str, Any] = {}  # noqa: RUF012 - never changed: replaced by classes that take some
    #: Whether the state has all that is explained, so that a file needs no model beside it.
    _holds_its_model = False

    def __init__(
        self,
        model: Any,
        masker: Any = None,
        link: Any = links.identity,
        algorithm: str = "auto",
        output_names: Any = None,
        feature_names: Any = None,
        linearize_link: bool = True,
        seed: Any = None,
        **options: Any,
    ) -> None:
        """Keep what a class of the user's own is made with; ours have constructors of their own."""
        check_options(options, (), type(self).__name__)
        self.model, self.masker, self.link = model, masker, links.resolve(link)
        self.algorithm, self.seed, self.linearize_link = algorithm, seed, linearize_link
        self.output_names, self.feature_names = output_names, feature_names

    def __call__(
        self,
        *args: Any,
        max_evals: int | str = "auto",
        main_effects: bool = False,
        error_bounds: bool = False,
        batch_size: int | str = "auto",
        outputs: Any = None,
        silent: bool = False,
        **options: Any,
    ) -> Explanation:
        """Explain rows; every class has its own options."""
        raise NotImplementedError

    def shap_values(self, X: Any, **options: Any) -> Any:
        """Return the values of a call alone: ``(rows, features)`` or ``(rows, features, outputs)``."""
        return self(X, **options).values

    @classmethod
    def why_not(cls, model: Any, masker: Any) -> str | None:
        """Say why this class cannot explain a model with a masker; None if it can.

        Examples
        --------
        >>> from ferroshap.explainers import ExactExplainer, LinearExplainer
        >>> ExactExplainer.why_not("model", [[0.0]])
        "`model` is 'model', which does not predict: pass a function of rows, or an object with one of `predict_proba`,
        `decision_function`, `predict`."
        >>> LinearExplainer.why_not(([1.0, 2.0], 0.0), [[0.0, 0.0]])
        """
        try:
            cls._check_support(model, masker)
        except FerroshapError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever the user's objects raise when looked at
            return f"{type(error).__name__}: {error}"
        return None

    @classmethod
    def supports_model_with_masker(cls, model: Any, masker: Any) -> bool:
        """Tell whether this class can explain a model with a masker; never raises."""
        return cls.why_not(model, masker) is None

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        from ferroshap.maskers import as_masker

        if getattr(masker, "takes_images", False):
            from ferroshap.explainers.images.classes import for_images

            image_class: Any = for_images(cls)
            image_class.check_images(model)
            return
        as_model(model)
        as_masker(masker)

    def save(self, out_file: Any, model_saver: Any = ".save", masker_saver: Any = ".save") -> None:
        """Write the explainer to a path, or to a binary stream at its position.

        Trees are written as they were parsed, all other models as pickles.

        Parameters
        ----------
        out_file : path or binary stream
            Where to write.
        model_saver : ".save", callable, None or False
            ``model_saver(model, stream)``, with the `model` of this explainer, instead of a pickle. None or False: no
            model is written, and :meth:`load` needs a `model_loader`.
        masker_saver : ".save", callable, None or False
            The same of the masker.

        Raises
        ------
        pickle.PicklingError
            When the model cannot be pickled.

        Examples
        --------
        >>> import io, numpy as np
        >>> stream = io.BytesIO()
        >>> Explainer((np.ones(2), 0.0), np.zeros((1, 2))).save(stream)
        >>> position = stream.seek(0)
        >>> Explainer.load(stream).shap_values(np.array([[3.0, 4.0]]))
        array([[3., 4.]])
        """
        from ferroshap.explainers.saving import write_explainer

        with opened(out_file, "wb") as stream:
            write_explainer(self, stream, model_saver, masker_saver)

    @classmethod
    def load(  # type: ignore[override]  # shap's order
        cls, in_file: Any, model_loader: Any = None, masker_loader: Any = None, instantiate: bool = True
    ) -> Any:
        """Read an explainer from a path, or from a binary stream at its position.

        Parameters
        ----------
        in_file : path or binary stream
            What :meth:`save` wrote. It holds pickles, which can run any code: read only what you trust.
        model_loader, masker_loader : callable, optional
            ``loader(stream)`` returns the model, or a method of it; for what was saved by a function, or not at all.
        instantiate : bool
            False is for subclasses with a `save` of their own: return the constructor's arguments read here.

        Returns
        -------
        Explainer
            Of the class that was saved.

        Raises
        ------
        FileFormatError
            When the file holds something else.
        """
        from ferroshap.explainers.saving import read_explainer

        if not instantiate:
            read = read_explainer(in_file, model_loader, masker_loader)
            background = "data" if "data" in cls.__signature__.parameters else "masker"
            return {"model": read["model"], background: read["masker"], "link": read["state"].get("link")}
        with opened(in_file, "rb") as stream:
            return cls._instantiated_load(stream, model_loader=model_loader, masker_loader=masker_loader)

    @classmethod
    def _read_file(cls, in_file: Any, model_loader: Any = None, masker_loader: Any = None) -> Any:
        from ferroshap.explainers.saving import read_explainer

        read = read_explainer(in_file, model_loader, masker_loader)
        twin: Any = object.__new__(cls)
        if hasattr(twin, "__setstate__"):
            twin.__setstate__(read["state"])
        else:
            twin.__dict__.update(read["state"])
        if cls._holds_its_model and read["model"] is not None:
            twin.model.inner_model = twin.model.original_model = read["model"]
        return twin

    @property
    def fingerprint(self) -> str:
        """A word that is the same wherever and whenever this explainer gives the same values.

        A hash of what decides them: the model (trees by their arrays, other objects as they would be pickled, functions
        by their code, what they close over and the globals that they name, those of installed libraries by name), the
        background, options, and the seed; not threads, memory or progress. The same in other processes, and after a
        pickle. It is found once, and goes into the pickle. What a model does that its objects do not show (a file that
        it reads, a server that it asks) is not seen: set a word of your own, and change it whenever values change.

        Raises
        ------
        OptionError
            When it is asked for and the model holds objects of which nothing can be told, a lock or a connection; and
            when something else than a word is set.

        Examples
        --------
        >>> import numpy as np
        >>> explainers = [Explainer((np.array([1.0, w]), 0.0), np.zeros((1, 2))) for w in (2.0, 2.0, 3.0)]
        >>> [explainer.fingerprint == explainers[0].fingerprint for explainer in explainers]
        [True, True, False]
        """
        if self._fingerprint is None:
            from ferroshap.explainers.fingerprints.of_explainers import fingerprint_of

            self._fingerprint = fingerprint_of(self)
        return self._fingerprint

    @fingerprint.setter
    def fingerprint(self, word: str) -> None:
        from ferroshap.explainers.fingerprints.of_explainers import checked_fingerprint

        self._fingerprint = checked_fingerprint(word)

    def __dask_tokenize__(self) -> tuple[str, str]:
        """Tell Dask which explainers are the same."""
        return type(self).__name__, self.fingerprint

    def __repr__(self) -> str:
        """Name the class, the model, and the sizes."""
        what = getattr(self.model, "function", self.model)
        if isinstance(self.model, Model):
            what = repr(self.model).removeprefix("<Model ").removesuffix(">")
        n_background = getattr(self.masker, "n_background", None)
        background = "" if n_background is None else f", background {n_background} rows"
        return f"<{type(self).__name__}: {what}, {len(self.feature_names or ())} features{background}>"

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs, functions that pickle cannot find by name by value."""
        return self.__dict__ | {"model": picklable(self.model)}

    def __copy__(self) -> "Explainer":
        """Share everything: what goes into a pickle may be another thing than the model itself."""
        twin: Explainer = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> "Explainer":
        """Copy everything but functions, which are the same in every copy."""
        twin: Explainer = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin
