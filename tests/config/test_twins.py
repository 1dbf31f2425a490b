"""Two configurations are compared as they were resolved: what was left open counts as what it became."""

import pytest

from engine.config import parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.twins import differences

FACTS = DataFacts("classification", 2, 300)


def resolved(**settings):
    return resolve(parse_config(settings), FACTS)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, {}),
        ({"dropout": 0.5}, {"dropout": (0.0, 0.5)}),
        ({"clip_norm": 1.0}, {"clip_norm": (None, 1.0)}),
        (
            {"activation": "relu"},
            {"activation": ("tanh", "relu"), "initializer": ("xavier_uniform", "he_normal")},
        ),
        ({"activation": "relu", "initializer": "xavier_uniform"}, {"activation": ("tanh", "relu")}),
        ({"activation": ["tanh", "tanh"], "dropout": [0.0, 0.0]}, {}),
        ({"activation": ["tanh", "sigmoid"]}, {"activation": ("tanh", ("tanh", "sigmoid"))}),
        (
            {"activation": ["relu", "tanh"]},
            {
                "activation": ("tanh", ("relu", "tanh")),
                "initializer": ("xavier_uniform", ("he_normal", "xavier_uniform", "xavier_uniform")),
            },
        ),
    ],
)
def test_settings_differ_as_they_were_resolved(settings, found):
    assert differences(resolved(), resolved(**settings)) == found


def test_two_lists_that_start_their_layers_in_different_ways_differ_in_that_too():
    found = differences(resolved(activation=["relu", "tanh"]), resolved(activation=["tanh", "relu"]))
    assert found.keys() == {"activation", "initializer"}
    assert found["initializer"][1] == ("xavier_uniform", "he_normal", "he_normal")
