"""The worked neuron: the numbers of the textbooks, and what a learning rate makes of them."""

import numpy as np
import pytest

from engine.config import ConfigError
from engine.explain.neuron import Neuron, neuron_data
from engine.nn.activations import ACTIVATIONS


def weights(**values):
    return [step["w"] for step in neuron_data(Neuron(**values))["steps"][:4]]


def test_the_numbers_are_those_of_the_textbooks():
    first, second = neuron_data(Neuron())["steps"][:2]
    assert (first["prediction"], first["loss"], first["error"], first["gradient"]) == (1, 9, -6, -12)
    assert first["w_new"] == pytest.approx(1.7)
    assert (second["prediction"], second["loss"]) == pytest.approx((3.4, 0.36))
    assert weights() == pytest.approx([0.5, 1.7, 1.94, 1.988])


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({}, "converges"),
        ({"rate": 0.125}, "solved"),
        ({"rate": 0.25}, "swings"),
        ({"rate": 0.2501}, "explodes"),
        ({"rate": 30.0}, "explodes"),
        ({"rate": 0.001}, "slow"),
        ({"rate": 0.0}, "still"),
        ({"w": 2.0}, "right"),
        ({"x": 0.0}, "stuck"),
        ({"activation": "relu", "w": -1.0}, "stuck"),
        ({"activation": "relu", "b": 1.0, "rate": 0.3}, "thrown"),
        ({"activation": "tanh", "y": 0.0, "rate": 0.5}, "bounces"),
        ({"rate": 0.24}, "slow"),
        ({"activation": "sigmoid", "w": 5.0, "y": 0.5}, "slow"),
        ({"activation": "relu", "y": -1.0}, "out_of_reach"),
    ],
)
def test_the_rate_decides_what_becomes_of_it(values, outcome):
    found = neuron_data(Neuron(**values))
    assert found["outcome"] == outcome
    assert all(np.isfinite(list(step.values())).all() for step in found["steps"])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gradient_is_that_of_the_loss_over_the_weight_with_every_activation(name):
    neuron = Neuron(x=1.3, w=0.4, b=0.2, y=0.9, activation=name)
    step = neuron_data(neuron)["steps"][0]
    assert step["gradient"] == pytest.approx(step["error"] * step["slope"] * 1.3, rel=1e-9, abs=1e-15)
    losses = [
        neuron_data(Neuron(1.3, 0.4 + h, 0.2, 0.9, 0.1, name))["steps"][0]["loss"] for h in (1e-6, -1e-6)
    ]
    assert step["gradient"] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-8)


def test_the_bias_is_part_of_the_sum_and_stays():
    steps = neuron_data(Neuron(b=1.0))["steps"]
    assert [step["z"] for step in steps[:2]] == pytest.approx([2.0, 2 * 1.3 + 1])


def test_the_curve_holds_the_weights_of_the_first_steps_and_its_minimum_is_the_best_one():
    found = neuron_data(Neuron())
    at, loss = found["curve"]["w"], found["curve"]["loss"]
    assert at[0] < 0.5 and at[-1] > 2
    assert at[int(np.argmin(loss))] == pytest.approx(2, abs=0.02)
    assert found["curvature"] == 8
    assert neuron_data(Neuron(activation="tanh"))["curvature"] is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"x": float("nan")}, "x must be a number from -1e6 to 1e6, got nan"),
        ({"w": 1e7}, "w must be a number from -1e6 to 1e6, got 10000000.0"),
        ({"rate": -0.1}, "rate must be >= 0, got -0.1"),
        ({"activation": "tan"}, "activation"),
    ],
)
def test_a_value_that_is_none_is_refused_by_its_name(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Neuron(**values)


def test_a_target_that_no_weight_reaches_is_told_from_slow_learning():
    found = neuron_data(Neuron(activation="sigmoid"))
    assert (found["outcome"], found["best"]) == ("out_of_reach", pytest.approx(9))
    assert neuron_data(Neuron(activation="sigmoid", y=0.9))["outcome"] != "out_of_reach"
