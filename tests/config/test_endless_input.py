"""Endless lists and numbers of thousands of digits are refused in one sentence, wherever they are read."""

import pytest

from engine.config import ConfigError, config_from_json, parse_config
from engine.config.grid import entries_of_grid, values_of_grid
from engine.config.text import value_from_text
from engine.config.yaml_text import read_yaml

DIGITS, NESTED = "9" * 5000, "[" * 100_000


def from_option(text):
    return parse_config({"seed": value_from_text("seed", text)})


def from_grid(text, *, is_json):
    return entries_of_grid(values_of_grid(text, is_json=is_json))


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda: config_from_json(NESTED), "its lists are nested too deeply"),
        (lambda: config_from_json('{"a":' * 100_000), "its lists are nested too deeply"),
        (lambda: from_grid(NESTED, is_json=True), "its lists are nested too deeply"),
        (lambda: from_grid(NESTED, is_json=False), "its lists are nested too deeply"),
        (lambda: read_yaml(NESTED, "a lesson"), "a lesson must be readable: its lists are nested too deeply"),
        (lambda: config_from_json(f'{{"seed": {DIGITS}}}'), "numbers in a configuration must have at most"),
        (lambda: from_grid(f'{{"seeds": {DIGITS}}}', is_json=True), "must have at most 4,300 digits"),
        (lambda: from_grid(f"seeds: {DIGITS}", is_json=False), "a grid must be YAML: line 1 has '999"),
        (
            lambda: from_grid(f"seeds: {DIGITS[:999]}", is_json=False),
            "seeds must be >= 1 and <= 100, got 999",
        ),
        (lambda: from_option(DIGITS), "seed must be a whole number, got '999"),
        (lambda: from_option(f"-{DIGITS}"), "seed must be a whole number, got '-999"),
    ],
)
def test_what_has_no_end_is_refused_in_one_short_sentence(read, sentence):
    with pytest.raises(ConfigError) as refused:
        read()
    assert sentence in str(refused.value) and len(str(refused.value)) < 200
