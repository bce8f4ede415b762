"""The ways up from explainers, by name: each leads somewhere, and says the same as what stands there."""

import inspect

import pytest

from ferroshap.engines import arrow
from ferroshap.explainers import Explainer
from ferroshap.explainers.streaming import STREAMING, door


@pytest.mark.parametrize("method", sorted(STREAMING))
def test_every_door_leads_to_the_function_of_its_name(method):
    assert door(method) is getattr(arrow, method)
    parameters = inspect.signature(getattr(Explainer, method)).parameters
    layout = {"layout", "dtype", "top_k", "interactions", "keep", "error_std"}
    assert layout <= set(parameters)
    named = {
        name for name, known in inspect.signature(door(method)).parameters.items() if known.kind is known.KEYWORD_ONLY
    }
    assert named <= set(parameters)
