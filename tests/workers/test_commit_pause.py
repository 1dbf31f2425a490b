"""How long a run waits from one commit to the next: long commits come seldom, and nobody looks on in vain."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from sqlalchemy import event

from engine.store.lease import claim
from engine.workers import journal
from engine.workers.journal import COMMIT_SECONDS, COMMIT_SECONDS_AT_MOST, Journal, pause_after
from engine.workers.stacked_run import open_runs


@pytest.mark.parametrize(
    ("took", "worked", "pause"),
    [
        (0.001, 0.001, COMMIT_SECONDS),
        (0.5, 0.001, 20.0),
        (0.005, 0.004, 0.8),
        (0.02, 0.02, 2.0),
        (0.2, 0.1, 8.0),
        (29.0, 0.001, COMMIT_SECONDS_AT_MOST),
    ],
    ids=["small", "slow disk", "larger state", "large state", "large state on a slow disk", "stalled disk"],
)
def test_a_commit_takes_a_fortieth_of_the_time_and_half_a_hundredth_of_the_processors_up_to_two_seconds(
    took, worked, pause
):
    assert pause_after(took, worked) == pytest.approx(pause)


@pytest.fixture
def clock(monkeypatch):
    """A clock of the journal's that only the test moves."""
    found = SimpleNamespace(now=1000.0)
    found.monotonic, found.thread_time = lambda: found.now, lambda: 0.0
    found.sleep = lambda seconds: setattr(found, "now", found.now + seconds)
    monkeypatch.setattr(journal, "time", found)
    return found


def opened(store, submitted):
    lease = claim(store, "somebody", submitted())
    assert lease is not None
    return Journal(store, open_runs(store, [lease]))


@pytest.mark.parametrize("held_by_others", [5.0, 29.0])
def test_waiting_for_a_lock_that_others_hold_is_no_cost_of_a_commit(
    store, submitted, clock, monkeypatch, held_by_others
):
    written, usual = opened(store, submitted), type(store).writing

    @contextmanager
    def writing_after_a_wait(self, **options):
        clock.now += held_by_others
        with usual(self, **options) as connection:
            yield connection

    monkeypatch.setattr(type(store), "writing", writing_after_a_wait)
    written.commit()
    assert written.commit_at == clock.now + COMMIT_SECONDS


def test_what_a_commit_takes_once_it_holds_the_lock_is_its_cost(store, submitted, clock):
    written = opened(store, submitted)

    def take_half_a_second(*_):
        clock.now += 0.5

    event.listen(store.engine, "commit", take_half_a_second)
    written.commit()
    event.remove(store.engine, "commit", take_half_a_second)
    assert written.commit_at == pytest.approx(clock.now + 20.0)
