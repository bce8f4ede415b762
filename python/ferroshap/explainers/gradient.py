"""`GradientExplainer`: Expected Gradients of a differentiable model."""

from typing import Any

import numpy as np

from ferroshap import links
from ferroshap.errors import OptionError
from ferroshap.explainers.calls import checked_call, one_seed
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.gradients.base import Forward, GradientBase
from ferroshap.explainers.gradients.call import CallOptions, explain
from ferroshap.explainers.gradients.inputs import read_inputs
from ferroshap.explainers.gradients.options import (
    BATCH_SIZE,
    NSAMPLES,
    as_batch,
    as_method,
    as_smoothing,
    method_of_call,
)
from ferroshap.explainers.gradients.plan import described_plan, names_of_inputs
from ferroshap.explainers.names import output_names as names_of_outputs
from ferroshap.explainers.pickling import picklable
from ferroshap.explanation import Explanation
from ferroshap.gradients import as_grad_fn
from ferroshap.gradients.background import Kept
from ferroshap.gradients.machine import Method
from ferroshap.gradients.protocol import Arrays, GradFn
from ferroshap.gradients.shapes import InputShape
from ferroshap.maskers import Masker
from ferroshap.memory import as_bytes
from ferroshap.models import Model, recognition
from ferroshap.progress import Report
from ferroshap.seeds import Seed, as_seed
from ferroshap.threads import as_threads


class GradientExplainer(Explainer):
    r"""Expected Gradients of a differentiable model: few gradients, little noise, honest errors.

    .. math:: \phi_i = \sum_b w_b \int_0^1 (x_i - b_i) \, \partial_i f(b + \alpha (x - b)) \, d\alpha

    over the background rows `b` with weights `w`; with one background row these are integrated gradients. Values sum to
    :math:`f(x) - \sum_b w_b f(b)`. They are Aumann-Shapley values: those of the other explainers where `f` is a sum of
    products of different features, and others elsewhere. Path points lie off the data.

    Values are estimates: `error_std` has their standard errors (of 4 interleaved replicates), `gap` what was missing to
    the sum before it was shared out, `relative_error` how rough the whole map is. Few points of a saturated output
    (a probability near 1) are rough, and their intervals of 90 % hold the truth in about 80 %: explain the logit, or
    take 64 points or more. See :class:`ferroshap.gradients.ExpectedGradients`.

    Parameters
    ----------
    model : network, estimator, function, pair of functions, or GradFn
        A network of torch or Keras, a function written with torch, jax, TensorFlow or HIPS autograd (recognised by what
        it closes over or names; else ``gradients.TorchGradFn(f)``, ``gradients.JaxGradFn(f)``), a model cut in two,
        ``(encoder, head)`` or torch's ``(model, layer)``, explained in activation space; scikit-learn's perceptrons,
        linear and kernel machines; ``grad_fn(x) -> (outputs, gradients)``; ``(f, grad_f)``; or
        :class:`ferroshap.gradients.GradFn` written by hand. Models without a gradient are refused.
    data : array, table, tensor, or list of them
        The background, ``(rows, ...)``; a list has one entry for each input of the model. A masker of class Independent
        stands for its rows and weights.
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
    >>> from ferroshap.gradients import Quadrature
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
        self.method = as_method(method)
        self.link, self.masker, self.partial = links.identity, None, None
        self._batch_size = as_batch(batch_size)
        self._smoothing = as_smoothing(local_smoothing)
        self._n_threads, self._memory_bytes, self._progress = as_threads(n_jobs), as_bytes(memory_limit), progress
        self._base = GradientBase(
            model, data, weights=weights, kept=background_rows, layout=layout, batch_size=self._batch_size
        )
        self._on_device = self._base.on_device(device_plan, self._smoothing)
        names = recognition.names_of_outputs(model) or getattr(self.grad_fn, "output_names", None)
        self.model = Model(model, Forward(self.grad_fn), output_names=names)
        self.output_names = names_of_outputs(output_names, self.model, len(self._base.base))
        self._names = names_of_inputs(feature_names, self._base.shown, self._base.shapes)
        self.expected_value = as_expected_value(self._base.base, is_vector=self._base.is_vector)
        self.plan = described_plan(self)

    @property
    def grad_fn(self) -> GradFn:
        """The model as outputs and gradients."""
        return self._base.grad_fn

    @property
    def data(self) -> Arrays:
        """The background that is used, after rows without weight were dropped and many images summarised."""
        return self._base.background.inputs

    @property
    def feature_names(self) -> Any:  # type: ignore[override]  # several inputs have several lists
        """Names of the features, a list for each of several inputs; None for images."""
        return self._one_or_list(self._names)

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
        options = CallOptions(
            method=method_of_call(self.method, nsamples, tol),
            seed=self.seed if rseed is None else as_seed(rseed, argument="rseed"),
            batch_size=self._batch_size if batch_size is None else as_batch(batch_size),
            outputs=outputs,
            ranked_outputs=ranked_outputs,
            output_rank_order=output_rank_order,
            silent=silent,
            deadline_seconds=deadline_seconds,
            row_key=row_key,
            keep_replicates=keep_replicates,
        )
        return self._one_or_list(explain(self, X, options))

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
        parts: list[Explanation] = found if self._base.shown.is_list else [found]
        shapes = self._base.shapes
        values = [_own_layout(part.values, part, shape) for part, shape in zip(parts, shapes, strict=True)]
        answers: list[Any] = [self._one_or_list(values)]
        if return_variances:
            errors = [_own_layout(part.error_std, part, shape) for part, shape in zip(parts, shapes, strict=True)]
            answers.append(self._one_or_list([np.square(error) for error in errors]))
        if ranked_outputs is not None:
            answers.append(parts[0].output_indexes)
        return answers[0] if len(answers) == 1 else tuple(answers)

    def _one_or_list(self, of_inputs: list[Any]) -> Any:
        """What the inputs have: a list where the user gave a list of inputs."""
        return of_inputs if self._base.shown.is_list else of_inputs[0]

    def __repr__(self) -> str:
        """Name the model and the sizes."""
        sizes = " and ".join(" x ".join(map(str, shape.shape)) for shape in self._base.shapes)
        named = getattr(self.grad_fn, "function", self.model.inner_model)
        name = getattr(named, "__name__", type(named).__name__)
        return f"<GradientExplainer: {name}, {sizes} features, background {self._base.background.n_rows} rows>"

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs, functions that pickle cannot find by name by value."""
        functions = [getattr(self.grad_fn, name, None) for name in ("function", "slope")]
        by_value = {"model": picklable(self.model, functions), "_base": picklable(self._base, functions)}
        return self.__dict__ | by_value

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        rows = masker.table.source if isinstance(masker, Masker) else masker
        as_grad_fn(model, read_inputs(rows, "masker").arrays)


def _own_layout(values: Any, explanation: Explanation, shape: InputShape) -> Any:
    return np.ascontiguousarray(shape.own_layout(values, n_lead=explanation.axes.count("row")))
