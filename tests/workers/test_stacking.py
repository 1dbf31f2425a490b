"""Which waiting runs a worker stacks with one that it has claimed."""

import pytest

from engine.store.runs import get_run, request, set_speed
from engine.store.schema import runs
from engine.workers import stacking
from tests.workers.together import statuses, take

pytestmark = pytest.mark.usefixtures("one_core")


def test_a_killed_stack_is_taken_up_as_a_stack_again(store, seeds):
    ids = seeds(4)
    leases = take(store)
    with store.writing() as connection:
        connection.execute(runs.update().values(lease_pid=2**22 + 1, lease_process_start=1.0))
    assert statuses(store, ids) == ["interrupted"] * 4
    again = take(store)
    assert [lease.run_id for lease in again] == ids
    assert all(lease.epoch > before.epoch for lease, before in zip(again, leases, strict=True))


def test_runs_that_differ_in_what_one_tape_takes_as_numbers_are_taken_together(store, seeds):
    ids = [
        *seeds(2, weight_decay=0.1, clip_norm=1.0, dropout=0.2),
        *seeds(1, weight_decay=0.2, clip_norm=3.0, dropout=0.1, learning_rate=0.02),
        *seeds(2, weight_decay=0.3, clip_norm=1.0, dropout=[0.7], seed=5),
    ]
    assert [lease.run_id for lease in take(store)] == ids


OTHER = [
    {"weight_decay": 0.1},
    {"clip_norm": 1.0},
    {"dropout": 0.1},
    {"batch_size": 16},
    {"optimizer": "sgd"},
    {"activation": "relu"},
    {"data_seed": 1},
    {"samples": 90},
    {"schedule": "cosine"},
    {"record_every": 3},
]


@pytest.mark.parametrize("other", OTHER, ids=str)
def test_runs_that_differ_in_anything_else_are_not_taken(store, seeds, other):
    ids, (left,) = seeds(2), seeds(1, **other)
    assert [lease.run_id for lease in take(store)] == ids
    assert get_run(store, left).status == "queued"


def test_runs_that_are_asked_for_something_are_not_taken(store, seeds):
    first, alike, paused, slow = seeds(4, epochs=5)
    request(store, paused, "pause")
    set_speed(store, slow, 3.0)
    assert [lease.run_id for lease in take(store)] == [first, alike]


def test_a_run_whose_speed_is_chosen_is_trained_alone(store, seeds):
    ids = seeds(3)
    set_speed(store, ids[0], 100.0)
    assert [lease.run_id for lease in take(store)] == ids[:1]


def test_a_large_network_is_trained_alone(store, seeds):
    ids = seeds(3, hidden_sizes=[300, 300])
    assert [lease.run_id for lease in take(store)] == ids[:1]


def test_two_workers_share_what_waits(store, seeds, monkeypatch):
    monkeypatch.setattr(stacking.os, "cpu_count", lambda: 2)
    ids = seeds(9)
    assert [lease.run_id for lease in take(store)] == ids[:5]
    assert [lease.run_id for lease in take(store)] == ids[5:]
