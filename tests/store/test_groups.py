"""Runs that differ in their seed alone are one group, however they were started."""

from dataclasses import replace

import pytest

from engine.config import ConfigError, parse_config
from engine.store.edit import set_archived
from engine.store.groups import SeedGroup, group_members, same_but_seed, seed_groups
from engine.store.runs import get_run
from engine.store.schema import events
from engine.store.submit import Submission, submit, with_seeds

SMALL = {"samples": 80, "epochs": 4, "hidden_sizes": [6]}


def test_members_of_a_group_come_back_oldest_first_and_no_others(store, submitted):
    base, other = submitted(), submitted()
    config = parse_config(SMALL)
    first, second = submit(store, [Submission(config, group=base), Submission(config, group=base)])
    assert [row.id for row in group_members(store, base)] == [first, second]
    assert group_members(store, other) == []
    assert group_members(store, 999) == []


def test_five_seeds_are_five_ordinary_runs_in_one_group(store):
    config = parse_config({**SMALL, "seed": 7})
    ids = submit(store, with_seeds(config, 5, name="five"))
    rows = group_members(store, ids[0])
    assert [row.id for row in rows] == ids
    assert [row.config["seed"] for row in rows] == [7, 8, 9, 10, 11]
    assert {(row.name, row.status, row.dataset_id, row.group_id) for row in rows} == {
        ("five", "queued", rows[0].dataset_id, ids[0])
    }


def test_one_seed_is_no_group(store):
    config = parse_config(SMALL)
    (run_id,) = submit(store, with_seeds(config, 1))
    assert get_run(store, run_id).group_id is None


@pytest.mark.parametrize(
    ("seed", "count", "sentence"),
    [
        (0, 0, "seeds must be >= 1 and <= 100, got 0"),
        (0, 101, "seeds must be >= 1 and <= 100, got 101"),
        (2**32 - 2, 3, "seed must be <= 4294967293 with 3 seeds, got 4294967294"),
    ],
)
def test_seeds_out_of_range_are_refused_before_any_run_is_stored(store, seed, count, sentence):
    config = parse_config({**SMALL, "seed": seed})
    with pytest.raises(ConfigError, match=sentence.replace("(", r"\(")):
        submit(store, with_seeds(config, count))
    assert group_members(store, 1) == []


def test_runs_started_one_by_one_are_a_group_when_only_the_seed_differs_as_resolved(store, submitted):
    first = submitted(seed=0)
    other = submitted(seed=0, activation="relu")
    spelled_out = submitted(seed=1, initializer="xavier_uniform", activation=["tanh"])
    other_data = submitted(seed=2, data_seed=1)
    rows = [get_run(store, run_id) for run_id in (first, other, spelled_out, other_data)]
    groups = [[row.id for row in group.rows] for group in seed_groups(store, rows)]
    assert groups == [[first, spelled_out], [other], [other_data]]


def test_a_run_that_was_changed_by_hand_is_another_treatment(store, submitted):
    first, changed = submitted(seed=0), submitted(seed=1)
    event = {"run_id": changed, "created_at": 0.0, "step": 2, "field": "learning_rate", "new": "0.5"}
    with store.writing() as connection:
        connection.execute(events.insert().values(event))
    rows = [get_run(store, run_id) for run_id in (first, changed)]
    assert [len(group.rows) for group in seed_groups(store, rows)] == [1, 1]


def test_only_finished_runs_count_and_each_seed_once(store, submitted, trained):
    finished = trained(seed=0)
    repeated, waiting = trained(seed=0), submitted(seed=1)
    rows = [get_run(store, run_id) for run_id in (waiting, repeated, finished)]
    (group,) = seed_groups(store, rows)
    assert {seed: row.id for seed, row in group.counted.items()} == {0: finished}
    assert [row.id for row in group.left_out] == [waiting, repeated]
    assert group.values("val_loss") == {0: get_run(store, finished).val_loss}
    assert group.values("test_loss") == {}


@pytest.mark.parametrize("status", ["queued", "running", "stopped", "diverged", "failed", "imported"])
def test_a_run_that_ended_otherwise_or_not_at_all_is_no_evidence(store, submitted, trained, status):
    finished, other = trained(seed=0), trained(seed=1)
    rows = [get_run(store, finished), replace(get_run(store, other), status=status)]
    group = SeedGroup(tuple(rows))
    assert list(group.values("val_loss")) == [0] and [row.id for row in group.left_out] == [other]


def test_the_runs_that_differ_in_their_seed_alone_are_found_archived_ones_left_out(store, submitted):
    first, _, second, hidden = submitted(seed=0), submitted(epochs=5), submitted(seed=1), submitted(seed=2)
    set_archived(store, [hidden], True)
    assert [row.id for row in same_but_seed(store, [get_run(store, second)])] == [first, second]
    assert hidden in [row.id for row in same_but_seed(store, [get_run(store, hidden)])]
