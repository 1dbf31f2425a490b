"""Sentences about gradient norms say what the finding is, in every state of a run."""

import numpy as np
import pytest

from ui.shared.layer_text import describe_flow_over_time, describe_norm_spread, list_layers
from ui.shared.text import NOTHING

NAN = float("nan")
THREE = np.array([1, 2, 3])
FLAT = np.full((4, 3), 0.1)


def vanished(steps):
    norms = FLAT.copy()
    norms[:steps, 0] = 1e-6
    return norms


def with_zero():
    norms = FLAT.copy()
    norms[0, 0] = 0
    return norms


def exploded():
    """Nothing before the first step, then 1e9, then infinite twice."""
    return np.array([[NAN] * 3, [1e9, 1e8, 1e8], [1e9, 1e8, 1e8], [np.inf, 1e8, 1e8], [NAN] * 3])


def test_layers_are_listed_as_people_do():
    assert list_layers(np.array([3])) == "layer 3"
    assert list_layers(THREE) == "layers 1 to 3"
    assert list_layers((1, 3)) == "layers 1, 3"
    assert list_layers(np.arange(1, 20, 2)) == "layers 1, 3, 5, 7, 9, 11 and more"


@pytest.mark.parametrize(
    ("norms", "sentence"),
    [
        (
            vanished(3),
            "Vanishing gradient: layer 1 gets less than 1/1000 of layer 3's in 75 % of the recorded steps.",
        ),
        (vanished(1), "Layer 1 gets less than 1/1000 of layer 3's gradient in 25 % of the recorded steps."),
        (FLAT, "The gradient reaches all layers: layer 1 gets 1 to 1 times layer 3's."),
        (
            FLAT * 1e-5,
            "Tiny gradients: below 1e-5 in every layer in 100 % of the recorded steps. Layer 1 gets as "
            "little as 1 "
            "times layer 3's.",
        ),
        (FLAT * 1e10, "Very large gradients: norm up to 1e9, in layer 1."),
        (with_zero() * 1e10, "Very large gradients: norm up to 1e9, in layer 1."),
        (
            exploded(),
            "Very large gradients: norm up to 1e9, in layer 1; 50 % of the records are infinite or NaN.",
        ),
        (with_zero(), "8 % of the gradients are exactly 0 (layer 1)."),
        (FLAT * NAN, NOTHING),
    ],
    ids=[
        "vanishing",
        "at times",
        "healthy",
        "tiny",
        "huge",
        "huge with zeros",
        "exploded",
        "zero",
        "nothing",
    ],
)
def test_the_flow_over_time_is_described(norms, sentence):
    assert describe_flow_over_time(THREE, norms) == sentence


def test_one_layer_is_described_by_how_its_norm_changed():
    assert describe_flow_over_time(THREE[:1], FLAT[:, :1]) == "The gradient norm went from 0.1 to 0.1."
    assert describe_norm_spread(THREE[:1], FLAT[:, :1]) == "Median gradient norm of layer 1: 0.1."


def test_the_spread_names_the_lowest_and_the_highest_layer():
    sentence = describe_norm_spread(THREE, FLAT * np.array([1, 10, 0.1]))
    assert sentence == "Median norm: lowest in layer 3 (0.01), highest in layer 2 (1), a factor of 100 apart."
    assert describe_norm_spread(THREE, FLAT * 0) == "The median gradient of layer 1 is exactly 0."
