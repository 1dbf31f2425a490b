"""Two configurations have one tape shape where they differ in nothing but what a tape takes as numbers."""

import json

import pytest

from engine.config import parse_config
from engine.config.stacking import tape_shape

BASE = {"hidden_sizes": [6, 4], "weight_decay": 0.1, "clip_norm": 1.0, "dropout": 0.2}


def shape(**settings):
    return tape_shape(json.loads(parse_config({**BASE, **settings}).to_json()))


OWN = [
    {"seed": 3},
    {"learning_rate": 0.5},
    {"weight_decay": 0.3},
    {"clip_norm": 9.0},
    {"dropout": 0.5},
    {"dropout": [0.1, 0.9]},
    {"activation": ["tanh", "tanh"]},
    {"seed": 3, "learning_rate": 0.5, "weight_decay": 0.3, "clip_norm": 9.0, "dropout": [0.1, 0.2]},
]


@pytest.mark.parametrize("changed", OWN, ids=str)
def test_what_a_tape_takes_as_numbers_may_differ(changed):
    assert shape(**changed) == shape()


OTHER = [
    {"weight_decay": 0.0},
    {"clip_norm": None},
    {"clip_value": 1.0},
    {"clip_layer_norm": 1.0},
    {"dropout": 0.0},
    {"dropout": [0.2, 0.0]},
    {"hidden_sizes": [6, 5]},
    {"activation": "relu"},
    {"activation": ["tanh", "relu"]},
    {"batch_size": 31},
    {"epochs": 5},
    {"beta1": 0.8},
    {"l1": 0.1},
    {"schedule": "cosine"},
    {"data_seed": 1},
    {"dtype": "float64"},
    {"record_every": 7},
]


@pytest.mark.parametrize("changed", OTHER, ids=str)
def test_what_changes_the_calls_or_the_plan_or_the_data_may_not_differ(changed):
    assert shape(**changed) != shape()


def test_settings_that_an_old_configuration_lacks_are_those_that_do_nothing():
    values = json.loads(parse_config({}).to_json())
    old = {name: value for name, value in values.items() if name not in ("clip_layer_norm", "dropout")}
    assert tape_shape(old) == tape_shape(values)
