"""The chain rule of one weight: its factors multiply to the gradient, and a finite difference agrees."""

from math import prod

import pytest

from engine.config import ConfigError
from engine.explain.chain import chain_data
from engine.explain.step import ExplainedStep
from tests.explain.prepared import SETTINGS, prepared, state_at


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_factors_multiply_to_the_gradient_and_a_finite_difference_agrees(settings):
    config, dataset = prepared(**settings)
    state = state_at(config, dataset, 3)
    row = None if config.normalization == "batch" else 5
    gradient = ExplainedStep(config, dataset, state, row).finish()
    for layer, unit, source in ((1, 1, 1), (1, 2, 0), (2, 3, 4), (3, 1, 2), (3, 1, 0)):
        if config.normalization == "batch" and source == 0 and layer < 3:
            continue  # a layer before batch norm has no bias
        found = chain_data(ExplainedStep(config, dataset, state, row), layer, unit, source)
        part = gradient.named(gradient.gradient)[f"dense{layer}.{'weight' if source else 'bias'}"]
        exact = part[unit - 1, source - 1] if source else part[unit - 1]
        assert found["product"] == pytest.approx(exact, rel=1e-12, abs=1e-18)
        assert prod(each["value"] for each in found["factors"]) == found["product"]
        assert found["relative_distance"] < 1e-5
        assert [each["layer"] for each in found["errors"]] == list(range(3, layer - 1, -1))


def test_the_factors_of_a_hidden_weight_are_error_slope_and_input():
    config, dataset = prepared(activation="tanh")
    found = chain_data(ExplainedStep(config, dataset, state_at(config, dataset, 3), 5), 1, 2, 1)
    names, values = zip(*((each["name"], each["value"]) for each in found["factors"]), strict=True)
    assert names == ("dL/da1", "da1/dz1", "dz1/dw")
    assert 0 < values[1] <= 1
    assert values[2] == pytest.approx(float(dataset.x_train[5, 0]))


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_error_of_a_unit_is_the_sum_of_what_each_unit_of_the_next_layer_hands_back(settings):
    config, dataset = prepared(**settings)
    row = None if config.normalization == "batch" else 5
    step = ExplainedStep(config, dataset, state_at(config, dataset, 3), row)
    found = chain_data(step, 1, 2, 1)
    is_sum = row is not None and not config.residual and not config.dropout_rates[0]
    assert len(found["shares"]) == (step.network.sizes[2] if is_sum else 0)
    for each in found["shares"]:
        assert each["share"] == each["error"] * each["weight"]
    if is_sum:
        arriving = float(step.recording.arena.blocks["a1"].error[1, 0])
        assert sum(each["share"] for each in found["shares"]) == pytest.approx(arriving, rel=1e-12)
    assert chain_data(step, 3, 1, 1)["shares"] == []


def test_the_weight_after_the_step_is_that_of_the_step():
    config, dataset = prepared()
    step = ExplainedStep(config, dataset, state_at(config, dataset, 3), 5)
    found = chain_data(step, 1, 2, 1)
    whole = ExplainedStep(config, dataset, state_at(config, dataset, 3), 5).finish()
    assert found["after"] == whole.named(whole.network.parameters.theta)["dense1.weight"][1, 0]
    assert found["after"] != found["weight"]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ((4, 1, 1), "layer must be from 1 to 3, got 4"),
        ((1, 7, 1), "unit must be from 1 to 6 in layer 1, got 7"),
        ((1, 1, 3), "input must be from 0 to 2 in layer 1, got 3"),
    ],
)
def test_a_weight_that_is_not_there_is_refused(place, sentence):
    config, dataset = prepared()
    with pytest.raises(ConfigError, match=sentence):
        chain_data(ExplainedStep(config, dataset, state_at(config, dataset, 0), 0), *place)
