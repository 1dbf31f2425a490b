"""Each sentence of the Gradients page says what the numbers say, in every state of a run."""

import numpy as np
import pytest

from engine.analysis.profile import GRADIENT_POWERS, magnitude_counts
from ui.gradients.text import (
    describe_activations,
    describe_clipping,
    describe_flow,
    describe_gradient_elements,
    describe_limits,
    describe_weights,
)
from ui.shared.layer_text import describe_units, describe_update_ratios
from ui.shared.text import NOTHING

NAN = float("nan")
THREE = np.array([1, 2, 3])


@pytest.mark.parametrize(
    ("norms", "sentence"),
    [
        ([2e-7, 1e-4, 0.1], "Vanishing gradient: layer 1 gets 2e-6 of layer 3's."),
        ([50.0, 5.0, 0.1], "Exploding gradient: layer 1 gets 500 times layer 3's."),
        ([3e4, 2e3, 0.1], "Very large gradient: norm 30,000 in layer 1."),
        ([2e-7, 1e-6, 1e-7], "Tiny gradients: 1e-6 or less in every layer."),
        ([0.9, 0.2, 0.1], "The gradient reaches all layers: layer 1 gets 9 times layer 3's."),
        ([0.0, 0.0, 0.1], "The gradient of layers 1, 2 is exactly 0: no error signal arrives there."),
        ([NAN, np.inf, 0.1], "The gradient of layers 1, 2 is infinite or NaN."),
        ([NAN, NAN, NAN], NOTHING),
    ],
)
def test_the_flow_of_the_gradient_is_described(norms, sentence):
    assert describe_flow(THREE, np.array(norms)) == sentence


def test_a_single_layer_is_compared_with_nothing():
    assert describe_flow(np.array([1]), np.array([0.5])) == "One layer, gradient norm 0.5."


def test_update_ratios_are_described_by_the_layers_outside_the_band():
    assert "the learning rate fits" in describe_update_ratios(THREE, np.full((2, 3), 0.01))
    assert describe_update_ratios(THREE, np.array([[1e-5, 0.01, 0.5]])) == (
        "Slow learning in layer 1 (median update ratio as low as 1e-5); large steps in layer 3 (median "
        "update "
        "ratio up to 0.5)."
    )
    frozen = describe_update_ratios(THREE, np.zeros((2, 3)))
    assert frozen == "No learning in layers 1 to 3 (median update ratio 0)."
    assert describe_update_ratios(THREE, np.full((2, 3), NAN)) == NOTHING


def test_units_are_described_by_the_worst_layer():
    assert describe_units(THREE, np.array([0.1, 0.6, NAN]), "saturated") == (
        "Layer 2 has the most saturated units, 60 %; they pass on almost no gradient."
    )
    assert describe_units(THREE, np.array([0.1, 0.05, 0]), "dead") == "Layer 1 has the most dead units, 10 %."
    assert describe_units(THREE, np.zeros(3), "dead") == "No dead units."
    assert describe_units(THREE, np.full(3, NAN), "dead") == NOTHING


def test_activations_are_described_by_the_layer_where_the_signal_is_lost():
    assert describe_activations(THREE, np.array([0.4, 0.001, 0.2])) == (
        "The outputs of layer 2 barely differ between rows: standard deviation 0.001, against 0.4 in "
        "layer 1 and "
        "0.2 in layer 3."
    )
    healthy = describe_activations(THREE, np.array([0.4, 0.3, 0.2]))
    assert healthy == "The standard deviation of the outputs goes from 0.4 in layer 1 to 0.2 in layer 3."
    alone = describe_activations(THREE, np.array([NAN, 0.3, NAN]))
    assert alone == "The outputs of layer 2 have a standard deviation of 0.3."


def test_gradient_elements_are_described_by_their_median_and_their_zeros():
    values = np.array([0.0, 1e-5, 1e-5, 1e-5])
    sentence = describe_gradient_elements(2, magnitude_counts(values), GRADIENT_POWERS)
    assert sentence == "Half of layer 2's gradient elements are below 1.8e-5; 25 % are exactly 0."
    zeros = describe_gradient_elements(1, magnitude_counts(np.zeros(3)), GRADIENT_POWERS)
    assert zeros == "Of layer 1's gradient elements 100 % are exactly 0."
    lost = describe_gradient_elements(1, magnitude_counts(np.array([NAN])), GRADIENT_POWERS)
    assert lost == "Layer 1's gradient is infinite or NaN in the newest snapshot."


def test_weights_are_described_by_how_far_they_moved():
    first = np.array([1.0, -1.0])
    still = describe_weights(1, first, first * 1.001)
    assert "moved by less than 1 % of their norm" in still and still.endswith(": it has hardly learned.")
    half = describe_weights(1, first, first * 1.5)
    assert "moved by 50 % of their norm (standard deviation 1 to 1.5)" in half
    assert "moved by 9 times their norm" in describe_weights(1, first, first * 10)
    expected = "Layer 1's weights started at 0 (standard deviation 0 to 1)."
    assert describe_weights(1, first * 0, first) == expected
    assert describe_weights(1, first, first * NAN) == "Layer 1's weights are infinite or NaN."


def test_clipping_is_described_by_how_often_it_acted_and_what_was_left():
    before = np.array([NAN, 2.0, 4.0, 0.5, 0.5])
    assert describe_clipping(before, np.minimum(before, 1), is_set=True) == (
        "Clipping was active in 50 % of the 4 recorded steps and reduced the norm to 38 % (median)."
    )
    never = describe_clipping(before, before, is_set=True)
    assert never == "Clipping was never active in the 4 recorded steps."
    unset = describe_clipping(before, before, is_set=False)
    assert unset == "No clipping. Gradient norm: median 1.2, highest 4."
    assert describe_clipping(before * NAN, before, is_set=True) == NOTHING


def test_limits_are_listed_in_the_order_in_which_they_act():
    limits = {"clip_norm": 5.0, "clip_layer_norm": 1.0, "clip_value": 0.1}
    expected = " Limits in order: clip_value 0.1, then clip_layer_norm 1, then clip_norm 5."
    assert describe_limits(limits) == expected
    assert describe_limits({"clip_norm": None, "optimizer": "sgd"}) == ""
