"""Runs are named by what was chosen differently for them, in few words."""

import pytest

from engine.config.twins import Differing
from engine.store.differences import Apart, runs_apart
from engine.store.runs import get_run
from ui.shared.difference_text import (
    describe_differences,
    describe_following,
    difference_cells,
    difference_names,
    short_setting,
)


def apart_of(store, ids):
    return runs_apart(store, [get_run(store, run) for run in ids])


def each(ids):
    return [[run] for run in ids]


def test_runs_are_named_by_the_settings_that_differ(store, submitted):
    ids = [
        submitted(learning_rate=rate, batch_size=size) for rate, size in ((0.1, 1), (0.01, 1), (0.1, "full"))
    ]
    apart = apart_of(store, ids)
    assert difference_names(apart, each(ids)) == [
        "lr 0.1, batch size 1",
        "lr 0.01, batch size 1",
        "lr 0.1, batch size full",
    ]
    assert describe_differences(apart) == "2 settings differ"


def test_a_choice_is_named_and_not_what_follows_from_it(store, submitted):
    ids = [submitted(optimizer=name) for name in ("sgd", "adam")]
    apart = apart_of(store, ids)
    assert difference_names(apart, each(ids)) == ["optimizer sgd", "optimizer adam"]
    assert describe_differences(apart) == "1 setting differs"
    assert describe_following(apart) == "beta1, beta2, eps, amsgrad follow from optimizer."


def test_what_differs_inside_of_a_group_does_not_name_it(store, submitted):
    ids = [submitted(seed=seed, dropout=dropout) for dropout in (0.0, 0.5) for seed in (0, 1)]
    apart = apart_of(store, ids)
    assert difference_names(apart, [ids[:2], ids[2:]]) == ["dropout 0", "dropout 0.5"]
    assert difference_cells(apart, [ids[:2], ids[2:]]) == [{"dropout": "0"}, {"dropout": "0.5"}]


def test_a_setting_without_a_meaning_for_a_run_is_no_part_of_its_name(store, submitted):
    ids = [submitted(optimizer="momentum", momentum=0.5), submitted(optimizer="adam")]
    names = difference_names(apart_of(store, ids), each(ids))
    assert names == ["optimizer momentum, momentum 0.5", "optimizer adam"]


def test_equal_runs_and_a_single_one_have_no_such_name(store, submitted):
    ids = [submitted(), submitted()]
    apart = apart_of(store, ids)
    assert (
        difference_names(apart, each(ids)) == ["", ""] and describe_differences(apart) == "No settings differ"
    )
    assert difference_names(apart, [ids[:1]]) == [""] and describe_following(apart) == ""


def test_of_many_settings_three_are_named():
    settings = {1: {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, 2: {"a": 2, "b": 2, "c": 2, "d": 2, "e": 2}}
    apart = Apart(settings, Differing(("a", "b", "c", "d", "e"), ()))
    assert difference_names(apart, [[1], [2]])[0] == "a 1, b 1, c 1, 2 more"
    assert describe_differences(apart) == "5 settings differ"


def test_where_much_differs_what_most_have_in_common_is_passed_over(store, submitted):
    usual = {"learning_rate": 0.1, "batch_size": 8, "dropout": 0.0, "optimizer": "sgd"}
    changes = [
        {"learning_rate": 0.2},
        {"learning_rate": 0.3, "dropout": 0.5},
        {"batch_size": 4},
        {"optimizer": "adam"},
    ]
    ids = [submitted(**usual), *(submitted(**{**usual, **each}) for each in changes)]
    names = difference_names(apart_of(store, ids), each(ids))
    assert names[1:] == ["lr 0.2", "lr 0.3, dropout 0.5", "batch size 4", "optimizer adam"]
    assert names[0] == "lr 0.1, dropout 0, optimizer sgd, 1 more"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("learning_rate", 0.001, "lr 0.001"),
        ("hidden_sizes", (16, 16), "layers 16·16"),
        ("residual", True, "residual"),
        ("residual", False, "no residual"),
        ("clip_norm", None, "no clip norm"),
        ("normalization", "none", "no normalization"),
        ("dropout", 0.0, "dropout 0"),
        ("standardize_inputs", "off", "no standardized inputs"),
    ],
)
def test_a_setting_is_a_word_and_its_value(name, value, text):
    assert short_setting(name, value) == text
