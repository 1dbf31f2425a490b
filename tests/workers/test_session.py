"""A session writes only what is new, lets no run be written by two, and ends what has reached its end."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.store.lease import LeaseLost, claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run, reopen, request
from engine.store.schema import checkpoints, runs
from engine.workers import journal as journal_module
from engine.workers import session
from engine.workers.journal import Journal
from engine.workers.session import train_claimed
from tests.workers.together import in_the_middle, statuses, take, train_one_by_one, what_is_left


def held(store, run_id):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return lease


def test_a_paused_run_is_committed_when_it_pauses_and_when_it_leaves_and_not_in_between(
    store, submitted, monkeypatch
):
    run_id, waits, commits, usual = submitted(), [], [], Journal.commit

    def commit(journal, *updates):
        usual(journal, *updates)
        commits.append(len(waits))

    monkeypatch.setattr(Journal, "commit", commit)
    monkeypatch.setattr(journal_module, "pause_after", lambda took, worked: 0.0)
    monkeypatch.setattr(session, "PAUSE_SECONDS_BEFORE_LEAVING", 0.3)
    monkeypatch.setattr(session.Session, "_wait", counted(session.Session._wait, waits))
    lease = held(store, run_id)
    request(store, run_id, "pause")
    assert train_claimed(store, lease) == "queued"
    assert len(waits) > 1 and commits == [0, len(waits)]
    assert get_run(store, run_id).paused and get_run(store, run_id).request == ""


def counted(method, calls):
    def call(*given):
        calls.append(given)
        return method(*given)

    return call


def test_ctrl_c_at_the_last_record_leaves_a_finished_run(store, submitted):
    run_id, records = submitted(), []
    total = get_run(store, run_id).total_steps
    has_come = lambda: bool(records) and records[-1].step == total  # noqa: E731
    assert train_claimed(store, held(store, run_id), records.append, is_interrupted=has_come) == "finished"
    assert get_run(store, run_id).status == "finished" and has_come()


def test_a_stack_of_which_others_took_every_run_is_left_and_nothing_more_is_written(
    store, seeds, monkeypatch, one_core
):
    ids = seeds(3, epochs=30)
    leases = take(store)

    def take_over():
        with store.writing() as connection:
            connection.execute(runs.update().values(lease_epoch=runs.c.lease_epoch + 1, step=77_777))

    in_the_middle(monkeypatch, take_over)
    with pytest.raises(LeaseLost):
        train_claimed(store, leases)
    assert [(get_run(store, run_id).status, get_run(store, run_id).step) for run_id in ids] == [
        ("running", 77_777)
    ] * 3


def test_the_last_run_of_a_stack_leaves_it_too_when_something_is_requested(
    store, seeds, monkeypatch, one_core
):
    first, second = ids = seeds(2, epochs=30)
    leases = take(store)
    assert len(leases) == 2
    with monkeypatch.context() as patched:
        in_the_middle(patched, lambda: [request(store, first, "stop"), request(store, second, "step")])
        train_claimed(store, leases)
    assert statuses(store, ids) == ["stopped", "queued"]
    assert get_run(store, second).request == "step" and get_run(store, second).step > 0


def test_a_disk_that_is_full_while_a_stack_is_cut_back_loses_no_record_and_doubles_none(
    store, seeds, monkeypatch, one_core
):
    settings = {"epochs": 120, "learning_rate": 0.003}
    train_one_by_one(store, unbroken := seeds(2, **settings))
    ids = seeds(2, **settings)
    leases, failed, usual = take(store), [], journal_module.write_tails
    with monkeypatch.context() as patched:
        in_the_middle(patched, lambda: [request(store, run_id, "stop") for run_id in ids], at=130)
        train_claimed(store, leases)
    with store.writing() as connection:
        newest = sa.select(sa.func.max(checkpoints.c.step)).where(checkpoints.c.run_id == ids[0])
        late = checkpoints.c.run_id.in_(ids) & (checkpoints.c.step == newest.scalar_subquery())
        connection.execute(checkpoints.update().where(late).values(state=b"x"))
    for run_id in ids:
        reopen(store, run_id)

    def full_at_first(connection, tails):
        if not failed:
            failed.append(tails)
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return usual(connection, tails)

    monkeypatch.setattr(journal_module, "write_tails", full_at_first)
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.0)
    train_claimed(store, take(store))
    assert failed and statuses(store, ids) == ["finished"] * 2
    for first, second in zip(unbroken, ids, strict=True):
        assert list(read_series(store, second)["step"]) == list(range(get_run(store, second).total_steps + 1))
        assert what_is_left(store, first) == what_is_left(store, second)
