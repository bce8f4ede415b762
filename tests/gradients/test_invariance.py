"""What must not matter: batches, threads, company, the order of features, the layout of images, the scale of outputs."""

import numpy as np
import pytest
from tests.gradients.models import Net, linear

import ferroshap
from ferroshap.gradients import ExpectedGradients, Quadrature

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def made(seed, d=6, n_outputs=2, **options):
    rng = np.random.default_rng(seed)
    return Net(d, n_outputs, seed=seed, **options), rng.normal(size=(10, d)), rng.normal(size=(7, d))


class RowByRow:
    """A model whose answers do not depend on the batch, not even in the last bit."""

    dtype = np.dtype(np.float64)

    def forward(self, inputs):
        return np.tanh(inputs[0] * np.arange(1.0, inputs[0].shape[1] + 1)).sum(1)

    def gradient(self, inputs, outputs):
        scale = np.arange(1.0, inputs[0].shape[1] + 1)
        t = np.tanh(inputs[0] * scale)
        return t.sum(1)[:, None], (((1 - t * t) * scale)[:, None],)


@pytest.mark.parametrize("tol", [None, 0.02])
@pytest.mark.parametrize("n_points", [7, 64])
def test_batches_and_threads_change_no_bit(seed, n_points, tol):
    _, background, x = made(seed)
    method = ExpectedGradients(budget=n_points, tol=tol)
    seen = set()
    for n_jobs in [1, 2, 7]:
        for batch_size in [1, 13, 4096]:
            explainer = ferroshap.GradientExplainer(
                RowByRow(), background, batch_size=batch_size, n_jobs=n_jobs, method=method, rng=seed
            )
            found = explainer(x)
            seen.add(found.values.tobytes() + found.error_std.tobytes() + found.n_evaluations.tobytes())
    assert len(seen) == 1


def test_rows_do_not_depend_on_their_company(seed):
    _, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(RowByRow(), background, rng=seed)
    together = explainer(x, nsamples=32).values
    apart = np.concatenate([explainer(x[[i]], nsamples=32, row_key=[i]).values for i in range(len(x))])
    assert together.tobytes() == apart.tobytes()


def test_content_keys_follow_the_row(seed):
    _, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(RowByRow(), background, rng=seed)
    forwards = explainer(x, nsamples=32, row_key="content").values
    backwards = explainer(x[::-1], nsamples=32, row_key="content").values
    assert forwards.tobytes() == np.ascontiguousarray(backwards[::-1]).tobytes()


def test_groups_that_bound_memory_change_no_bit(seed):
    _, background, x = made(seed)
    whole = ferroshap.GradientExplainer(RowByRow(), background)(x, nsamples=32)
    small = ferroshap.GradientExplainer(RowByRow(), background, memory_limit=1500)(x, nsamples=32)
    assert whole.values.tobytes() == small.values.tobytes()


def test_another_seed_is_another_draw_and_the_same_seed_the_same_bits(seed):
    model, background, x = made(seed)
    explainer = ferroshap.GradientExplainer(model, background, rng=seed)
    again = ferroshap.GradientExplainer(model, background, random_state=seed)
    assert explainer(x).values.tobytes() == again(x).values.tobytes() == explainer.shap_values(x).tobytes()
    assert explainer.shap_values(x, rseed=seed + 1).tobytes() != explainer.shap_values(x).tobytes()


def test_permuting_features_permutes_values(seed):
    rng = np.random.default_rng(seed)
    model, background, x = made(seed)
    order = rng.permutation(6)
    moved = Net(6, 2, seed=seed)
    moved.first = model.first[order]
    values = ferroshap.GradientExplainer(model, background).shap_values(x, nsamples=32)
    permuted = ferroshap.GradientExplainer(moved, background[:, order]).shap_values(x[:, order], nsamples=32)
    assert np.allclose(values[:, order], permuted, rtol=0, atol=1e-12 * 10)


def test_float32_and_float64_models_agree(seed):
    model, background, x = made(seed)
    narrow = Net(6, 2, seed=seed, dtype=np.float32)
    wide = ferroshap.GradientExplainer(model, background).shap_values(x, nsamples=64)
    other = ferroshap.GradientExplainer(narrow, background).shap_values(x, nsamples=64)
    assert np.abs(wide - other).max() <= 1e-4


def test_values_scale_with_the_output_and_ignore_a_constant(seed):
    model, background, x = made(seed, n_outputs=None)

    class Affine:
        dtype = model.dtype

        def forward(self, inputs):
            return 4 * model.forward(inputs) + 7

        def gradient(self, inputs, outputs):
            y, (g,) = model.gradient(inputs, outputs)
            return 4 * y + 7, (4 * g,)

    plain = ferroshap.GradientExplainer(model, background)(x, nsamples=20)
    affine = ferroshap.GradientExplainer(Affine(), background)(x, nsamples=20)
    assert np.allclose(4 * plain.values, affine.values, rtol=0, atol=1e-11)
    assert np.allclose(4 * plain.error_std, affine.error_std, rtol=0, atol=1e-11)


def test_moving_everything_by_a_constant_changes_nothing(seed):
    model, background, x = made(seed, n_outputs=None)
    by = 8.0  # exact in binary beside numbers of size one, to the last few digits

    class Moved:
        dtype = model.dtype

        def forward(self, inputs):
            return model.forward((inputs[0] - by,))

        def gradient(self, inputs, outputs):
            return model.gradient((inputs[0] - by,), outputs)

    plain = ferroshap.GradientExplainer(model, background).shap_values(x, nsamples=20)
    moved = ferroshap.GradientExplainer(Moved(), background + by).shap_values(x + by, nsamples=20)
    assert np.allclose(plain, moved, rtol=0, atol=1e-11)


@pytest.mark.parametrize("n_points", [5, 10, 64])
def test_ignored_and_constant_features_get_exactly_zero(seed, n_points):
    model, background, x = made(seed)
    model.first[2] = 0  # ignored
    background[:, 4] = 0.75
    x[:, 4] = 0.75
    found = ferroshap.GradientExplainer(model, background)(x, nsamples=n_points)
    assert (found.values[:, [2, 4]] == 0).all()
    assert np.nan_to_num(found.error_std[:, [2, 4]]).max() == 0


def test_symmetric_features_get_equal_values(seed):
    model, background, x = made(seed)
    model.first[1] = model.first[0]
    background[5:, :2] = background[:5, 1::-1]
    background[5:, 2:] = background[:5, 2:]
    x[:, 1] = x[:, 0]
    values = ferroshap.GradientExplainer(model, background, method=Quadrature(nodes=16)).shap_values(x)
    assert np.allclose(values[:, 0], values[:, 1], rtol=0, atol=1e-12)


def test_layouts_of_images_agree(seed):
    rng = np.random.default_rng(seed)
    background, x = rng.normal(size=(9, 6, 7, 3)), rng.normal(size=(4, 6, 7, 3))
    weights = rng.normal(size=(6 * 7 * 3, 5))

    class Last:
        dtype = np.dtype(np.float64)

        def __init__(self, axes):
            self.axes, self.back = axes, np.argsort(axes)

        def forward(self, inputs):
            return np.tanh(inputs[0].transpose(self.axes).reshape(-1, 126) @ weights / 10)

        def gradient(self, inputs, outputs):
            y = self.forward(inputs)
            g = ((1 - y**2)[:, :, None] * weights.T[None] / 10)[np.arange(len(y))[:, None], outputs]
            g = g.reshape(*outputs.shape, 6, 7, 3).transpose(0, 1, *(1 + self.back[1:])).copy()
            return np.take_along_axis(y, outputs, 1), (g,)

    last = ferroshap.GradientExplainer(Last([0, 1, 2, 3]), background)
    first = ferroshap.GradientExplainer(
        Last([0, 2, 3, 1]), np.ascontiguousarray(background.transpose(0, 3, 1, 2)), layout="NCHW"
    )
    turned = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    a, b = last(x, nsamples=32), first(turned, nsamples=32)
    assert a.shape == b.shape == (4, 6, 7, 3, 5)
    assert np.allclose(a.values, b.values, rtol=0, atol=1e-12)
    assert np.array_equal(a.data, b.data)
    assert np.allclose(a.channel_error_std, b.channel_error_std, rtol=0, atol=1e-12)
    assert np.allclose(a.pooled_error_std, b.pooled_error_std, rtol=0, atol=1e-12)
    assert first.shap_values(turned, nsamples=32).shape == (4, 3, 6, 7, 5)
    assert np.allclose(first.shap_values(turned, nsamples=32).transpose(0, 2, 3, 1, 4), a.values, rtol=0, atol=1e-12)


def test_what_is_explained_does_not_depend_on_strides(seed):
    _, background, x = made(seed)
    slopes = np.arange(6.0)
    plain = ferroshap.GradientExplainer(linear(slopes), background).shap_values(x)
    read_only = np.asfortranarray(x)
    read_only.flags.writeable = False
    foreign = background.astype(">f8")
    assert np.array_equal(ferroshap.GradientExplainer(linear(slopes), foreign).shap_values(read_only), plain)


def test_points_that_a_model_keeps_are_not_written_over():
    kept, copied = [], []

    def model(x):
        kept.append(x)
        copied.append(x.copy())
        return (x**2).sum(axis=1), 2 * x

    rng = np.random.default_rng(0)
    explainer = ferroshap.GradientExplainer(model, rng.normal(size=(5, 3)), batch_size=16)
    explainer(rng.normal(size=(4, 3)))
    assert all(map(np.array_equal, kept, copied))
