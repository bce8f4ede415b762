"""`GradientExplainer`: Expected Gradients of a differentiable model."""

import time
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.errors import OptionError, PrecisionWarning, warn_user
from ferroshap.explainers.calls import Untouched, checked_call, one_seed, positive
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.gradient_inputs import GivenInputs, as_floats, read_inputs
from ferroshap.explainers.gradient_outputs import chosen_outputs
from ferroshap.explainers.gradient_packing import packed
from ferroshap.explainers.gradient_plan import described_plan, precision_warning
from ferroshap.explainers.names import checked_names, numbered
from ferroshap.explainers.pickling import ByValue, _is_hidden
from ferroshap.explainers.row_keys import row_keys
from ferroshap.explanation import Explanation
from ferroshap.gradients import ExpectedGradients, Quadrature, as_grad_fn
from ferroshap.gradients.background import Background, Kept, prepare
from ferroshap.gradients.checks import N_CHECKED, check_finite_outputs, check_model, outputs_of
from ferroshap.gradients.machine import Method, RowsOfGradients, Settings, batch_points
from ferroshap.gradients.protocol import Arrays, GradFn, explaining
from ferroshap.gradients.shapes import InputShape, check_layout, input_shape
from ferroshap.inputs import read_table
from ferroshap.memory import as_bytes
from ferroshap.models import Model
from ferroshap.progress import Progress, Report
from ferroshap.seeds import Seed, as_seed
from ferroshap.threads import as_threads

#: Defaults that are printed as shap's and mean what the method and the shapes say.
BATCH_SIZE = Untouched(50)
NSAMPLES = Untouched(200)


class GradientExplainer(Explainer):
    r"""Expected Gradients of a differentiable model: few gradients, little noise, honest errors.

    .. math:: \phi_i = \sum_b w_b \int_0^1 (x_i - b_i) \, \partial_i f(b + \alpha (x - b)) \, d\alpha

    over the background rows `b` with weights `w`; with one background row these are integrated gradients. Values sum to
    :math:`f(x) - \sum_b w_b f(b)`. They are Aumann-Shapley values: those of the other explainers where `f` is a sum of
    products of different features, and others elsewhere. Path points lie off the data.

    Values are estimates: `error_std` has their standard errors (conservative; of 4 interleaved replicates), `gap` what
    was missing to the sum before it was shared out, `relative_error` how rough the whole map is. See
    :class:`ferroshap.gradients.ExpectedGradients`.

    Parameters
    ----------
    model : network, estimator, function, pair of functions, or GradFn
        A network of torch or Keras, a function written with jax or HIPS autograd, scikit-learn's perceptrons, linear
        and kernel machines; ``grad_fn(x) -> (outputs, gradients)``; ``(f, grad_f)``; or
        :class:`ferroshap.gradients.GradFn` written by hand. Models without a gradient are refused.
    data : array, table, tensor, or list of them
        The background, ``(rows, ...)``; a list has one entry for each input of the model.
    session : None
        Accepted for the signature's sake.
    batch_size : int
        The most points in one call of the model; untouched, what fits into 64 MiB with its gradients.
    local_smoothing : float
        Standard deviation of noise added to the places where gradients are taken; values then do not add up.
    method : ExpectedGradients or Quadrature
        How the integral is estimated, with its budget of gradients for a row.
    background_rows : int, "auto" or None
        Summarise to that many weighted rows. "auto": 16 where inputs are images of at least 1024 features. None: never.
    layout : {"NCHW", "NHWC"}, optional
        How images come, where their channels do not tell.
    device_plan : bool, optional
        Leave interpolation and sums on the model's device; None: where its framework can.
    output_names, weights, n_jobs, seed, feature_names, rng, random_state, memory_limit, progress
        As for every explainer; `n_jobs` never changes a bit of the result.

    Attributes
    ----------
    grad_fn : GradFn
        The model as outputs and gradients.
    data : tuple of ndarray
        The background that is used.

    Raises
    ------
    InvalidModelError
        When the model has no gradient, draws at random, or lets rows of a batch look at each other.
    OptionError
        When inputs are whole numbers that may be tokens, or not finite.

    Examples
    --------
    >>> model = lambda x: (x[:, 0] ** 2 * x[:, 1], np.stack([2 * x[:, 0] * x[:, 1], x[:, 0] ** 2], axis=1))
    >>> explainer = GradientExplainer(model, np.zeros((1, 2)), method=Quadrature(nodes=2))
    >>> explainer.shap_values(np.array([[1.0, 3.0]]))
    array([[2., 1.]])
    """

    def __init__(
        self,
        model: Any,
        data: Any,
        session: None = None,
        batch_size: int | str = BATCH_SIZE,
        local_smoothing: float = 0,
        *,
        method: Method | None = None,
        background_rows: Kept = "auto",
        layout: str | None = None,
        device_plan: bool | None = None,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        feature_names: Any = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        progress: Report | None = None,
    ) -> None:
        """Ask the model about the background."""
        if session is not None:
            msg = "`session` belongs to TensorFlow 1: leave it out, a Keras model knows its own"
            raise OptionError(msg)
        self.seed = one_seed(seed, rng, random_state)
        self.method = _checked_method(method)
        self.link, self.masker, self.partial = links.identity, None, None
        self._batch_size = _checked_batch(batch_size)
        self._smoothing = _checked_smoothing(local_smoothing)
        self._n_threads, self._memory_bytes, self._progress = as_threads(n_jobs), as_bytes(memory_limit), progress
        given = read_inputs(data, "data")
        self.grad_fn: GradFn = as_grad_fn(model, given.arrays)
        self.model = Model(model, Forward(self.grad_fn), output_names=getattr(self.grad_fn, "output_names", None))
        self._given = given
        self._reads_integers = bool(getattr(self.grad_fn, "reads_integers", False))
        inputs = self._encoded(self._as_floats(given.arrays, "data"))
        check_layout(layout, [values.shape[1:] for values in inputs])
        own = getattr(self.grad_fn, "layout", None)
        self._shapes = [input_shape(values.shape[1:], layout, own) for values in inputs]
        self._background = prepare(inputs, self._shapes, weights, background_rows, self.grad_fn)
        self._on_device = self._checked_device(device_plan)
        self._ask_about_background()
        self.names_of_inputs = _names_of_inputs(feature_names, given, self._shapes)
        n_outputs = len(self._base)
        self.output_names = checked_names(output_names, n_outputs, "output_names", "outputs") or _known_names(
            self.model.output_names, n_outputs
        )
        self.plan = described_plan(self)

    @property
    def data(self) -> Arrays:
        """The background that is used, after rows without weight were dropped and many images summarised."""
        return self._background.inputs

    @property
    def feature_names(self) -> Any:  # type: ignore[override]  # several inputs have several lists
        """Names of the features, a list for each of several inputs; None for images."""
        return self.names_of_inputs if self._given.is_list else self.names_of_inputs[0]

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        nsamples: int = NSAMPLES,
        *,
        outputs: Any = None,
        ranked_outputs: Any = None,
        output_rank_order: str = "max",
        batch_size: int | str | None = None,
        silent: bool = False,
        tol: float | None = None,
        deadline_seconds: float | None = None,
        row_key: Any = None,
        keep_replicates: bool = False,
        rseed: Seed = None,
    ) -> Any:
        """Explain rows.

        Parameters
        ----------
        X : array, table, tensor, or list of them
            The rows, shaped as the background; one row may come without the axis of rows.
        nsamples : int
            Points for each row, each one gradient of every output; never exceeded. Untouched, the method's budget.
        outputs : list, callable or op-chain, optional
            The outputs to explain; they share the forward passes.
        ranked_outputs : int, optional
            Explain only that many outputs of each row: the first by `output_rank_order` ("max", "min", "max_abs";
            "custom": `ranked_outputs` has their numbers).
        batch_size : int, optional
            Instead of the constructor's.
        silent : bool
            Show no progress line.
        tol : float, optional
            Let each row stop at this relative error of its map; the budget is then the ceiling.
        deadline_seconds : float, optional
            Stop after that time: rows not done have status INTERRUPTED, those not begun NaN.
        row_key : int, sequence of int or "content", optional
            One number a row: where it stands in the whole table, of which `X` is a part.
        keep_replicates : bool
            Fill ``replicates``, from which errors of any linear combination follow.
        rseed : int, optional
            Instead of the constructor's seed.

        Returns
        -------
        Explanation, or list of Explanation
            A list with one for each input where the background is a list.
        """
        found = self._explain(
            X,
            self._method_of_call(nsamples, tol),
            outputs=outputs,
            ranked_outputs=ranked_outputs,
            order=output_rank_order,
            batch_size=self._batch_size if batch_size is None else _checked_batch(batch_size),
            silent=silent,
            deadline_seconds=deadline_seconds,
            row_key=row_key,
            keep_replicates=keep_replicates,
            seed=self.seed if rseed is None else as_seed(rseed, argument="rseed"),
        )
        return found if self._given.is_list else found[0]

    @checked_call
    def shap_values(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        nsamples: int = NSAMPLES,
        ranked_outputs: Any = None,
        output_rank_order: str = "max",
        rseed: Seed = None,
        return_variances: bool = False,
        *,
        silent: bool = False,
    ) -> Any:
        """Return the values alone, in the layout of `X`: ``(rows, *shape)`` or ``(rows, *shape, outputs)``.

        With `return_variances` also the squares of their standard errors; with `ranked_outputs` also the numbers of the
        outputs, ``(rows, ranked_outputs)``. Several inputs give lists.
        """
        found = self(
            X,
            nsamples,
            ranked_outputs=ranked_outputs,
            output_rank_order=output_rank_order,
            rseed=rseed,
            silent=silent,
        )
        parts = found if self._given.is_list else [found]
        values = [self._own_layout(part.values, part, shape) for part, shape in zip(parts, self._shapes, strict=True)]
        answers: list[Any] = [values]
        if return_variances:
            answers.append(
                [
                    np.square(self._own_layout(part.error_std, part, shape))
                    for part, shape in zip(parts, self._shapes, strict=True)
                ]
            )
        if not self._given.is_list:
            answers = [answer[0] for answer in answers]
        if ranked_outputs is not None:
            answers.append(parts[0].output_indexes)
        return answers[0] if len(answers) == 1 else tuple(answers)

    @staticmethod
    def _own_layout(values: Any, explanation: Explanation, shape: InputShape) -> Any:
        return np.ascontiguousarray(shape.own_layout(values, n_lead=explanation.axes.count("row")))

    def _explain(
        self,
        X: Any,
        method: Method,
        *,
        outputs: Any,
        ranked_outputs: Any,
        order: str,
        batch_size: int | None,
        silent: bool,
        deadline_seconds: float | None,
        row_key: Any,
        keep_replicates: bool,
        seed: int,
    ) -> list[Explanation]:
        self.partial = None
        deadline = None if deadline_seconds is None else time.monotonic() + deadline_seconds
        given = read_inputs(X, "X", self._given)
        rows = self._as_floats(given.arrays, "X")
        keys = row_keys(row_key, read_table(rows[0].reshape(len(rows[0]), -1), argument="X"))
        rows = self._encoded(rows)
        given = _with_display(given, rows, self._shapes)
        batch = batch_size or batch_points(rows, 1)
        with explaining(self.grad_fn):
            full = outputs_of(self.grad_fn, rows, batch) if given.n_rows else np.empty((0, len(self._base)))
        full = full.reshape(given.n_rows, len(self._base))
        check_finite_outputs(full, "X")
        chosen = chosen_outputs(
            full, outputs, ranked_outputs, order, self.output_names or [], is_vector=self.is_vector
        )
        numbers = np.arange(len(self._base)) if chosen is None else chosen
        numbers = np.ascontiguousarray(np.broadcast_to(numbers, (given.n_rows, numbers.shape[-1])), dtype=np.int64)
        base = self._base[numbers]
        y = np.take_along_axis(full, numbers, axis=1)
        budget = _points(method, self._background)
        progress = Progress(budget * given.n_rows, silent=silent, report=self._progress, unit="gradients")
        settings = Settings(
            method,
            seed,
            self._n_threads,
            self._memory_bytes,
            batch_size=batch_size,
            smoothing=self._smoothing,
            on_device=self._on_device,
            deadline=deadline,
            keeps_replicates=keep_replicates,
        )
        scale = np.maximum(1.0, np.maximum(np.abs(y), np.abs(base)))
        explained = RowsOfGradients(
            self.grad_fn,
            self._background,
            self._shapes,
            rows,
            numbers,
            y - base,
            scale,
            keys,
            settings,
            progress,
        )
        try:
            explained.run()
        except BaseException:
            # The exception goes on; what was reached stays with the explainer.
            begun = np.flatnonzero(explained.n_points)
            if len(begun):
                partial = packed(self, explained, given, base, chosen, only=begun)
                self.partial = cast("Any", partial if self._given.is_list else partial[0])
            raise
        finally:
            progress.close()
        warning = precision_warning(explained, self._shapes)
        if warning is not None:
            warn_user(warning, PrecisionWarning)
        return packed(self, explained, given, base, chosen)

    def _method_of_call(self, nsamples: Any, tol: float | None) -> Method:
        method = self.method
        if isinstance(method, Quadrature):
            if nsamples is not NSAMPLES or tol is not None:
                msg = f"`nsamples` and `tol` do not apply to {method!r}: give it more or fewer nodes"
                raise OptionError(msg)
            return method
        if nsamples is not NSAMPLES:
            method = replace(method, budget=positive(nsamples, "nsamples", or_auto=False))
        return method if tol is None else replace(method, tol=tol)

    def _as_floats(self, arrays: Arrays, argument: str) -> Arrays:
        return tuple(
            as_floats(array, self.grad_fn.dtype, argument, reads_integers=self._reads_integers) for array in arrays
        )

    def _encoded(self, inputs: Arrays) -> Arrays:
        """What the path runs through: the inputs, or what an encoder makes of them."""
        encode = getattr(self.grad_fn, "encode", None)
        if encode is None:
            return inputs
        with explaining(self.grad_fn):
            return tuple(np.ascontiguousarray(values) for values in encode(inputs))

    def _checked_device(self, device_plan: bool | None) -> bool:
        can = hasattr(self.grad_fn, "accumulate") and self._smoothing == 0
        if device_plan and not can:
            msg = "`device_plan` is True, but this model's gradients come to the host: leave it out"
            raise OptionError(msg)
        return can if device_plan is None else bool(device_plan)

    def _ask_about_background(self) -> None:
        """Check the model and find its base values."""
        background = self._background
        check_model(self.grad_fn, background.inputs)
        batch = self._batch_size or batch_points(background.inputs, 1)
        with explaining(self.grad_fn):
            outputs = outputs_of(self.grad_fn, background.inputs, batch)
        check_finite_outputs(outputs, "data", background.index)
        self.is_vector = outputs.ndim == 1
        self._base: NDArray[np.float64] = np.atleast_1d(background.weights @ outputs)
        self.n_forward_rows = background.n_rows + N_CHECKED
        self.expected_value = as_expected_value(self._base, is_vector=self.is_vector)

    def __repr__(self) -> str:
        """Name the model and the sizes."""
        sizes = " and ".join(" x ".join(map(str, shape.shape)) for shape in self._shapes)
        name = getattr(self.grad_fn, "function", self.model.inner_model)
        name = getattr(name, "__name__", type(name).__name__)
        return f"<GradientExplainer: {name}, {sizes} features, background {self._background.n_rows} rows>"

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs, functions that pickle cannot find by name by value."""
        state = dict(self.__dict__)
        functions = (getattr(self.grad_fn, name, None) for name in ("function", "slope"))
        if any(function is not None and _is_hidden(function) for function in functions):
            state["grad_fn"] = ByValue(self.grad_fn)  # type: ignore[arg-type]  # it writes whatever it holds
            state["model"] = ByValue(self.model)
        return state

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        given = read_inputs(masker, "masker")
        as_grad_fn(model, given.arrays)


class Forward:
    """The outputs of a gradient function, called as any model is."""

    def __init__(self, grad_fn: GradFn) -> None:
        """Keep the function."""
        self.grad_fn = grad_fn

    def __call__(self, *rows: Any) -> NDArray[Any]:
        """Return the outputs of rows, one array for each input."""
        inputs = tuple(np.ascontiguousarray(values, self.grad_fn.dtype) for values in rows)
        with explaining(self.grad_fn):
            return self.grad_fn.forward(inputs)


def _checked_method(method: Any) -> Method:
    if method is None:
        return ExpectedGradients()
    if not isinstance(method, ExpectedGradients | Quadrature):
        msg = f"`method` is {method!r}, but must be gradients.ExpectedGradients(...) or gradients.Quadrature(...)"
        raise OptionError(msg)
    return method


def _checked_batch(batch_size: Any) -> int | None:
    if batch_size is BATCH_SIZE or batch_size == "auto":
        return None
    return positive(batch_size, "batch_size")


def _checked_smoothing(sigma: Any) -> float:
    if isinstance(sigma, bool) or not isinstance(sigma, int | float | np.number) or not 0 <= sigma < np.inf:
        msg = f"`local_smoothing` is {sigma!r}, but must be a standard deviation, 0 or more"
        raise OptionError(msg)
    return float(sigma)


def _points(method: Method, background: Background) -> int:
    return method.budget if isinstance(method, ExpectedGradients) else method.nodes * background.n_rows


def _known_names(names: list[str] | None, n_outputs: int) -> list[str]:
    return names if names is not None and len(names) == n_outputs else numbered("Output", n_outputs)


def _names_of_inputs(given: Any, inputs: GivenInputs, shapes: list[InputShape]) -> list[list[str] | None]:
    """Names of the features of each input that is a table: the user's, the columns', or numbers."""
    if given is None:
        wanted: list[Any] = [None] * len(shapes)
    else:
        wanted = list(given) if inputs.is_list else [given]
    found: list[list[str] | None] = []
    for names, columns, shape in zip(wanted, inputs.names, shapes, strict=True):
        if len(shape.shape) != 1:
            found.append(None)
            continue
        checked = checked_names(names, shape.size, "feature_names", "features")
        found.append(checked or columns or numbered("Feature", shape.size))
    return found


def _with_display(given: GivenInputs, rows: Arrays, shapes: list[InputShape]) -> GivenInputs:
    """Show what an encoder made of the rows where their own shape is another."""
    display = [
        shown if shown.shape[1:] == shape.shape else values
        for shown, values, shape in zip(given.display, rows, shapes, strict=True)
    ]
    return replace(given, display=display)
