"""The shape law: tables, frames, images of either layout, several inputs, one row, none."""

import numpy as np
import pandas as pd
import pytest
from tests.gradients.models import Net, linear

import ferroshap
from ferroshap.gradients import ExpectedGradients

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


@pytest.mark.parametrize("n_outputs", [None, 3])
@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 5, 6), (6, 5, 3), (2, 2, 2, 2)])
def test_values_have_the_shape_of_the_rows_and_the_outputs_last(n_outputs, shape):
    rng = np.random.default_rng(0)
    background, x = rng.normal(size=(4, *shape)), rng.normal(size=(3, *shape))
    explainer = ferroshap.GradientExplainer(Net(int(np.prod(shape)), n_outputs), background)
    found = explainer(x, nsamples=16)
    tail = () if n_outputs is None else (n_outputs,)
    assert found.shape == (3, *shape, *tail)
    assert found.axes == ("row", *["feature"] * len(shape), *["output"] * len(tail))
    assert found.values.dtype == np.float64
    assert found.values.flags.c_contiguous
    assert found.error_std.shape == found.shape
    assert found.gap.shape == found.relative_error.shape == (3, *tail)
    one = explainer(x[1], nsamples=16, row_key=[1])
    assert one.shape == (*shape, *tail)
    assert np.allclose(one.values, found.values[1], rtol=0, atol=1e-12)
    assert np.array_equal(one.data, x[1])
    none = explainer(x[:0])
    assert none.shape == (0, *shape, *tail)
    assert none.base_values.shape == (0, *tail)


def test_values_of_channels_first_are_channels_last_and_come_back_as_they_were_asked():
    rng = np.random.default_rng(0)
    background, x = rng.normal(size=(4, 3, 8, 9)), rng.normal(size=(2, 3, 8, 9))
    explainer = ferroshap.GradientExplainer(Net(216, 2), background)
    found = explainer(x, nsamples=16)
    assert found.shape == (2, 8, 9, 3, 2)
    assert found.data.shape == (2, 8, 9, 3)
    assert found.channel_error_std.shape == (2, 8, 9, 2)
    assert found.pooled_error_std.shape == (2, 1, 2, 2)
    assert explainer.shap_values(x, 16).shape == (2, 3, 8, 9, 2)
    assert explainer.shap_values(x[0], 16).shape == (3, 8, 9, 2)
    assert np.allclose(found.sum_channels().values, found.values.sum(3), rtol=0, atol=1e-12)
    kept = ferroshap.GradientExplainer(Net(216, 2), background, layout="NHWC")(x, nsamples=16)
    assert kept.shape == (2, 3, 8, 9, 2)


def test_errors_of_channels_and_blocks_come_from_the_replicates():
    rng = np.random.default_rng(0)
    background, x = rng.normal(size=(4, 10, 9, 3)), rng.normal(size=(2, 10, 9, 3))
    found = ferroshap.GradientExplainer(Net(270), background)(x, nsamples=30, keep_replicates=True)
    channels = found.replicates.sum(-1)
    errors = np.sqrt(np.square(channels - channels.mean(1, keepdims=True)).sum(1) / 12)
    assert np.allclose(errors, found.channel_error_std, rtol=0, atol=1e-12)
    blocks = np.zeros((2, 4, 2, 2))
    for i in range(10):
        for j in range(9):
            blocks[:, :, i // 8, j // 8] += channels[:, :, i, j]
    errors = np.sqrt(np.square(blocks - blocks.mean(1, keepdims=True)).sum(1) / 12)
    assert np.allclose(errors, found.pooled_error_std, rtol=0, atol=1e-12)


class Two:
    """`sum(tanh(a)) * b_0`, of an image and a vector."""

    dtype = np.dtype(np.float64)

    def forward(self, inputs):
        a, b = inputs
        return np.tanh(a).sum((1, 2, 3)) * b[:, 0]

    def gradient(self, inputs, outputs):
        a, b = inputs
        t = np.tanh(a)
        of_b = np.zeros(b.shape)
        of_b[:, 0] = t.sum((1, 2, 3))
        return self.forward(inputs)[:, None], (((1 - t**2) * b[:, :1, None, None])[:, None], of_b[:, None])


def test_several_inputs_give_a_list_and_add_up_together(seed):
    rng = np.random.default_rng(seed)
    background = [rng.normal(size=(5, 2, 4, 4)), rng.normal(size=(5, 3))]
    x = [rng.normal(size=(6, 2, 4, 4)), rng.normal(size=(6, 3))]
    explainer = ferroshap.GradientExplainer(Two(), background)
    first, second = explainer(x, nsamples=20)
    assert first.shape == (6, 2, 4, 4)
    assert second.shape == (6, 3)
    total = first.values.sum((1, 2, 3)) + second.values.sum(1) + explainer.expected_value
    assert np.allclose(total, Two().forward(x), rtol=0, atol=1e-9)
    assert np.array_equal(first.gap, second.gap)
    assert second.feature_names == ["Feature 0", "Feature 1", "Feature 2"]
    values = explainer.shap_values(x, 20)
    assert isinstance(values, list)
    assert np.array_equal(values[1], second.values)
    values, variances = explainer.shap_values(x, 20, return_variances=True)
    assert [v.shape for v in variances] == [(6, 2, 4, 4), (6, 3)]


def test_three_inputs_and_a_list_of_one():
    rng = np.random.default_rng(0)

    def f(a, b, c):
        return a[:, 0] * b[:, 0] * c[:, 0], (b * c, a * c, a * b)

    parts = [rng.normal(size=(4, 1)) for _ in range(3)]
    found = ferroshap.GradientExplainer(f, parts)([rng.normal(size=(2, 1)) for _ in range(3)], nsamples=8)
    assert [part.shape for part in found] == [(2, 1)] * 3
    alone = ferroshap.GradientExplainer(Net(3), [rng.normal(size=(4, 3))])
    assert isinstance(alone([rng.normal(size=(2, 3))]), list)


def test_frames_are_matched_by_name_and_answered_in_their_own_order(seed):
    rng = np.random.default_rng(seed)
    background = pd.DataFrame(rng.normal(size=(6, 3)), columns=["a", "b", "c"])
    x = pd.DataFrame(rng.normal(size=(4, 3)), columns=["c", "a", "b"])
    slopes = np.array([1.0, 10.0, 100.0])
    found = ferroshap.GradientExplainer(linear(slopes), background)(x)
    assert found.feature_names == ["c", "a", "b"]
    assert np.allclose(found.values, (x - background.mean())[["c", "a", "b"]] * [100.0, 1.0, 10.0], rtol=0, atol=1e-9)
    row = ferroshap.GradientExplainer(linear(slopes), background)(x.iloc[0])
    assert row.shape == (3,)


def test_names_may_be_given():
    explainer = ferroshap.GradientExplainer(Net(2), np.zeros((1, 2)), feature_names=["u", "v"])
    assert explainer(np.ones((1, 2))).feature_names == explainer.feature_names == ["u", "v"]
    with pytest.raises(ferroshap.errors.DimensionError, match="3 names"):
        ferroshap.GradientExplainer(Net(2), np.zeros((1, 2)), feature_names=list("uvw"))


def test_bytes_of_images_become_floats_of_the_same_scale():
    rng = np.random.default_rng(0)
    background, x = rng.integers(0, 256, (3, 4, 4, 3), np.uint8), rng.integers(0, 256, (2, 4, 4, 3), np.uint8)
    slopes = np.arange(48.0)

    class Flat:
        dtype = np.dtype(np.float32)

        def forward(self, inputs):
            assert inputs[0].dtype == np.float32
            return inputs[0].reshape(-1, 48) @ slopes

        def gradient(self, inputs, outputs):
            g = np.broadcast_to(slopes.reshape(4, 4, 3), (len(inputs[0]), 1, 4, 4, 3))
            return self.forward(inputs)[:, None], (g,)

    found = ferroshap.GradientExplainer(Flat(), background)(x)
    wanted = (x.astype(float) - background.mean(0)) * slopes.reshape(4, 4, 3)
    assert np.allclose(found.values, wanted, rtol=0, atol=1e-2)
    assert found.data.dtype == np.uint8


def test_many_images_are_summarised_and_the_plan_says_so():
    rng = np.random.default_rng(0)
    background = rng.normal(size=(40, 1, 32, 32))
    explainer = ferroshap.GradientExplainer(Net(1024), background)
    assert explainer.data[0].shape == (16, 1, 32, 32)
    assert "summary of 40 background rows" in str(explainer.plan)
    assert "evenly spaced on the path from each of 16" in str(explainer.plan)
    everything = ferroshap.GradientExplainer(Net(1024), background, background_rows=None)
    assert everything.data[0].shape == (40, 1, 32, 32)
    assert "summary" not in str(everything.plan)
    assert np.isclose(everything.expected_value, Net(1024).forward((background,)).mean())
    table = ferroshap.GradientExplainer(Net(1024), background.reshape(40, 1024))
    assert table.data[0].shape == (40, 1024)
    assert ferroshap.GradientExplainer(Net(5), rng.normal(size=(30, 5)), background_rows=4).data[0].shape == (4, 5)


def test_the_plan_names_its_regime():
    rng = np.random.default_rng(0)
    model, background = Net(3), rng.normal(size=(10, 3))

    def plan(budget, weights=None):
        method = ExpectedGradients(budget=budget)
        return ferroshap.GradientExplainer(model, background, method=method, weights=weights).plan

    assert "2 to 3 evenly spaced" in plan(25).reason
    assert plan(25).details["is_stratified"]
    assert "lattice" in plan(9).reason
    assert not plan(9).details["is_stratified"]
    assert "unequal" in plan(16, 10.0 ** -np.arange(10)).reason
    assert ferroshap.GradientExplainer(model, background[:1]).plan.reason.startswith("the model has gradients, which")
    assert str(plan(25)).startswith("gradient: ")
    assert "GradientExplainer: Net, 3 features, background 10 rows" in repr(
        ferroshap.GradientExplainer(model, background)
    )


@pytest.mark.parametrize("layout,shape", [("NWHC", (3, 4, 4)), ("NCHW", (4,))])
def test_layouts_that_cannot_be_are_refused(layout, shape):
    with pytest.raises(ferroshap.errors.OptionError, match="`layout"):
        ferroshap.GradientExplainer(Net(int(np.prod(shape))), np.zeros((1, *shape)), layout=layout)
