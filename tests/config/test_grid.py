"""A grid is read strictly and becomes configurations, each valid, or one sentence that names the entry."""

import json

import pytest

from engine.config import ConfigError
from engine.config.grid import entries_of_grid, values_of_grid


def entries(text, is_json=False):
    return entries_of_grid(values_of_grid(text, is_json=is_json))


GRID = """
name: "{activation} {hidden_sizes} at {learning_rate}"
tags: [sweep, "{dataset}"]
seeds: 2
base: {epochs: 5, seed: 7, standardize_inputs: off}
grid:
  hidden_sizes: [[8, 8], []]
  learning_rate: [1e-3, .1]
runs:
  - {optimizer: sgd}
  - {depth: 3, width: 4}
"""


def test_the_product_of_the_lists_comes_first_then_the_listed_runs_each_with_its_seeds():
    found = entries(GRID)
    sizes = [(each.configs[0].hidden_sizes, each.configs[0].learning_rate) for each in found]
    assert sizes[:4] == [((8, 8), 0.001), ((8, 8), 0.1), ((), 0.001), ((), 0.1)]
    assert [each.configs[0].optimizer for each in found[4:]] == ["sgd", "adam"]
    assert found[5].configs[0].hidden_sizes == (4, 4, 4)
    assert all([config.seed for config in each.configs] == [7, 8] for each in found)
    assert {config.standardize_inputs for each in found for config in each.configs} == {"off"}


def test_names_and_tags_are_filled_from_the_settings_of_their_run():
    first, *_, last = entries(GRID)
    assert first.names == ("tanh 8-8 at 0.001",) * 2
    assert last.names == ("tanh 4-4-4 at 0.01",) * 2
    assert first.tags == "sweep,moons"


def test_a_list_of_activations_is_one_value_among_those_of_a_grid():
    found = entries("name: '{activation}'\ngrid: {activation: [relu, [relu, tanh]]}")
    assert [each.configs[0].activation for each in found] == ["relu", ("relu", "tanh")]
    assert [each.names for each in found] == [("relu",), ("relu-tanh",)]


def test_without_a_name_a_run_is_called_by_what_its_entry_sets():
    assert entries("grid: {optimizer: [adam], dropout: [0.5]}")[0].names == (
        "optimizer = adam, dropout = 0.5",
    )
    assert entries("base: {epochs: 2}")[0].names == ("",)


def test_a_base_alone_is_one_configuration_and_listed_runs_alone_are_no_product():
    assert len(entries("base: {epochs: 3}")) == 1
    assert [each.place for each in entries("runs: [{epochs: 3}, {}]")] == [
        "runs entry 1 (epochs = 3)",
        "runs entry 2",
    ]


def test_json_says_the_same_as_yaml():
    as_json = json.dumps(values_of_grid(GRID, is_json=False))
    assert entries(as_json, is_json=True) == entries(GRID) == entries(as_json)


def test_words_and_numbers_are_those_of_json_not_of_old_yaml():
    text = "a: off\nb: yes\nc: 1e-3\nd: 2020-01-01\ne: 1:30\nf: true\ng: null\nh: 012\ni: .5\nj: 0x10"
    assert values_of_grid(text, is_json=False) == {
        "a": "off",
        "b": "yes",
        "c": 0.001,
        "d": "2020-01-01",
        "e": "1:30",
        "f": True,
        "g": None,
        "h": 12,
        "i": 0.5,
        "j": "0x10",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a grid must be an object of base, grid, runs, ..., got NoneType"),
        ("- 1", "a grid must be an object of base, grid, runs, ..., got list"),
        ("a: [1", "a grid must be YAML: line 1, expected ',' or ']', but got '<stream end>'"),
        ("a: 1\na: 2", "each key must be given once, got 'a' again in line 2"),
        ("base: {epochs: 1, epochs: 2}", "each key must be given once, got 'epochs' again in line 1"),
        ("a: &x 1\nb: *x", "a grid must spell everything out: line 2 is an alias"),
        ("a: !!python/name:os.system x", "a grid must be plain YAML: line 1 has the tag "),
        ("a: !!int x", "a grid must be YAML: line 1 has 'x' as int"),
        ("a: !!bool x", "a grid must be YAML: line 1 has 'x' as bool"),
        ("a: !!set {x}", "a grid must be plain YAML: line 1 has the tag 'tag:yaml.org,2002:set'"),
        ("a: 1\n---\nb: 1", "a grid must be YAML: line 2, but found another document"),
        ("a: " + "9" * 5000, "a grid must be YAML: line 1 has '9999"),
        ("1: 2", "a grid must have names as keys: line 1 has 1"),
        ("? [a]\n: 2", "a grid must have names as keys: line 1 has ['a']"),
        ("x\0", "a grid must be YAML: "),
        ("[" * 50_000, "a grid must be readable: its lists are nested too deeply"),
        ("#" * 1_000_001, "a grid must have at most 1,000,000 characters, got 1,000,001"),
        ("grids: 1", "unknown key of a grid 'grids': did you mean 'grid'? known are base, grid, runs"),
        ("base: 3", "base must be an object of settings, got 3"),
        ("base: {lrr: 1}", "base: unknown setting 'lrr': did you mean 'learning_rate'?"),
        ("base: {learning_rate: .nan}", "base: learning_rate must be a number, got '.nan'"),
        ("grid: {epochs: 3}", "grid epochs must be a list of values that is not empty, got 3"),
        ("grid: {epochs: []}", "grid epochs must be a list of values that is not empty, got []"),
        (
            "grid: {learning_rate: [.1, -.1]}",
            "grid entry 2 (learning_rate = -0.1): learning_rate must be > 0, got -0.1",
        ),
        (
            "runs: [{epochs: 1}, {optimizer: sgdd}]",
            "runs entry 2 (optimizer = sgdd): optimizer must be one of sgd,",
        ),
        (
            "grid: {batch_size: [8, 8]}",
            "grid entry 2 (batch_size = 8) must differ from the others, got the configuration of grid",
        ),
        ("runs: []", "runs must be a list of settings that is not empty, got []"),
        ("runs: [3]", "runs entry 1 must be an object of settings, got 3"),
        ("seeds: 0", "seeds must be >= 1 and <= 100, got 0"),
        ("seeds: 101", "seeds must be >= 1 and <= 100, got 101"),
        ("seeds: true", "seeds must be a whole number, got True"),
        ("seeds: 2\ngrid: {seed: [1, 2]}", "seeds must be 1 where seed is listed, got 2"),
        ("base: {seed: 4294967295}\nseeds: 2", "base: seed must be <= 4294967294 with 2 seeds"),
        ("name: 3", "name must be text, got 3"),
        ("name: '{lr}'", "name must name settings in braces, got '{lr}' (did you mean {learning_rate}?)"),
        ("tags: ['{x.__class__}']", "tags must name settings in braces, got '{x.__class__}'"),
        ("tags: {a: b}", "tags must be text, got {'a': 'b'}"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(text, sentence):
    with pytest.raises(ConfigError) as refused:
        entries(text)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_more_runs_than_the_limit_are_refused_before_any_is_made():
    numbers = list(range(200))
    with pytest.raises(ConfigError, match="a grid must have at most 10,000 runs, got 8,000,000"):
        entries_of_grid({"grid": {"seed": numbers, "data_seed": numbers, "epochs": numbers}})
    assert len(entries_of_grid({"grid": {"seed": list(range(10_000))}})) == 10_000


def test_json_that_is_none_is_refused_with_its_line():
    with pytest.raises(ConfigError, match="line 2"):
        entries('{"base":\n oops}', is_json=True)
    with pytest.raises(ConfigError, match="nested too deeply"):
        entries("[" * 100_000, is_json=True)
