"""The command that reproduces a run gives its configuration back, whatever a shell does with it."""

import shlex

import pytest

from engine.config import parse_config
from engine.config.settings import SETTINGS
from engine.config.text import command_line, value_from_text


def read_back(command):
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "engine", "train"]
    named = {}
    rest = words[4:]
    while rest:
        option = rest.pop(0)
        name, _, value = option.partition("=")
        named[name.removeprefix("--").replace("-", "_")] = value or rest.pop(0)
    return named


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden_sizes": []},
        {"dataset": "table", "table": "a" * 64, "target": "y", "columns": ["a", "b,c", 'd "e"', "-f"]},
        {
            "dataset": "table",
            "table": "a" * 64,
            "target": ["y", "b, c", 'd "e"'],
            "standardize_target": "off",
        },
        {"dataset": "table", "table": "a" * 64, "target": "b, c"},
        {"dataset": "circles", "features": ["x1_squared", "sin_x2"], "standardize_inputs": "off"},
        {"hidden_sizes": [64, 32], "activation": "relu", "dropout": 0.1},
        {"hidden_sizes": [8, 8], "dropout": [0.0, 0.5], "residual": True},
        {"hidden_sizes": [8], "dropout": [0.5]},
        {"hidden_sizes": [8, 8], "activation": ["relu", "tanh"]},
        {"hidden_sizes": [8], "activation": ["relu"]},
        {"learning_rate": 1e-5, "batch_size": "full", "clip_norm": 0.1 + 0.2},
        {"optimizer": "momentum", "momentum": 0.0, "dataset": "wine", "seed": 2**32 - 1},
        {"schedule": "multi_step", "schedule_milestones": [3, 50], "early_stopping": 5, "restore_best": True},
        {
            "schedule": "plateau",
            "plateau_threshold": 0.0,
            "early_stopping": 5,
            "early_stopping_min_delta": 0.1,
        },
        {"optimizer": "adam", "amsgrad": True, "l1": 0.1, "decay_biases": False, "clip_layer_norm": 1e-3},
        {"optimizer": "rmsprop", "centered": False, "weight_decay": 0.1, "decay_kind": "decoupled"},
        {"initializer": "normal", "initializer_std": 0.3, "dtype": "float64", "record_every": 7},
    ],
)
def test_the_command_gives_the_same_configuration_back(settings):
    config = parse_config(settings)
    named = read_back(command_line(config))
    assert set(named) <= set(SETTINGS)
    assert parse_config({name: value_from_text(name, text) for name, text in named.items()}) == config


def test_defaults_are_left_out():
    assert command_line(parse_config({})) == "python -m engine train"


@pytest.mark.parametrize("name", ["a b", "'; rm -rf /;'", "-x", "$(id)", "--help", "é\n"])
def test_a_name_stays_one_word(name):
    assert read_back(command_line(parse_config({}), name))["name"] == name


def test_a_switch_is_written_as_the_document_writes_it():
    assert command_line(parse_config({"residual": True})).endswith(" --residual true")


def test_names_for_each_layer_are_written_with_commas():
    config = parse_config({"activation": ["relu", "tanh"]})
    assert command_line(config) == "python -m engine train --activation relu,tanh"
