"""Which waiting runs a worker claims together with one that it has claimed."""

import pytest

from engine.runs import siblings
from engine.runs.catalog import get_run, request, set_speed
from engine.runs.schema import runs
from tests.runs.together import statuses, take

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


def test_runs_that_differ_in_more_than_their_seed_or_are_asked_for_something_are_not_taken(store, seeds):
    first, alike, paused, slow, other = (
        *seeds(4, epochs=5),
        *seeds(1, epochs=5, learning_rate=0.02),
    )
    request(store, paused, "pause")
    set_speed(store, slow, 3.0)
    assert [lease.run_id for lease in take(store)] == [first, alike]
    assert get_run(store, other).status == "queued"


def test_a_run_whose_speed_is_chosen_is_trained_alone(store, seeds):
    ids = seeds(3)
    set_speed(store, ids[0], 100.0)
    assert [lease.run_id for lease in take(store)] == ids[:1]


def test_a_large_network_is_trained_alone(store, seeds):
    ids = seeds(3, hidden_sizes=[300, 300])
    assert [lease.run_id for lease in take(store)] == ids[:1]


def test_two_workers_share_what_waits(store, seeds, monkeypatch):
    monkeypatch.setattr(siblings.os, "cpu_count", lambda: 2)
    ids = seeds(9)
    assert [lease.run_id for lease in take(store)] == ids[:5]
    assert [lease.run_id for lease in take(store)] == ids[5:]
