"""A reader that keeps what it read has the records that the store has, whatever happened to the run."""

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
import pytest
from sqlalchemy import event

from engine.store import reader
from engine.store.edit import delete_runs
from engine.store.lease import claim, new_owner
from engine.store.reader import read_on
from engine.store.records import RecordBuffer, Series, cut_after, read_many, read_series, write_tail
from engine.store.runs import reopen
from engine.store.schema import runs
from engine.training.telemetry import LAYER_STATISTICS, SCALAR_INDEX, SCALARS, Record
from engine.workers.session import train_claimed


def records(steps: Iterable[int], seconds: float | None = None) -> Series:
    gathered = RecordBuffer()
    for step in steps:
        gathered.add(record(step, seconds))
    return gathered.series


def record(step: int, seconds: float | None = None) -> Record:
    scalars = np.full(len(SCALARS), np.nan)
    scalars[SCALAR_INDEX["step"]] = step
    scalars[SCALAR_INDEX["seconds"]] = step / 1000 if seconds is None else seconds
    return Record(step, scalars, np.isfinite(scalars), np.full((2, len(LAYER_STATISTICS)), float(step)))


def same(found: Series, wanted: Series) -> bool:
    return len(found) == len(wanted) and all(
        np.array_equal(getattr(found, name), getattr(wanted, name), equal_nan=name != "measured")
        for name in ("scalars", "measured", "layers")
    )


@pytest.fixture
def run_id(submitted):
    return submitted(epochs=500)


def write(store, run_id, steps, *, number=0, seconds=None):
    with store.writing() as connection:
        write_tail(connection, run_id, number, records(steps, seconds))


def take_over(store, run_id):
    with store.writing() as connection:
        connection.execute(
            runs.update().where(runs.c.id == run_id).values(lease_epoch=runs.c.lease_epoch + 1)
        )


@pytest.fixture
def reads(monkeypatch):
    """Which records were asked for: the step after which, call by call."""
    asked = []

    def counted(store, run_id, since_step=-1):
        asked.append(since_step)
        return read_series(store, run_id, since_step)

    def counted_whole(store, run_ids):
        asked.extend(-1 for _ in run_ids)
        return read_many(store, run_ids)

    monkeypatch.setattr(reader, "read_series", counted)
    monkeypatch.setattr(reader, "read_many", counted_whole)
    return asked


def test_a_run_that_moved_is_read_from_its_last_record_on_and_one_that_rests_not_at_all(store, run_id, reads):
    held = OrderedDict()
    for last in (0, 1, 99, 100, 101, 450):
        write(store, run_id, range(last + 1))
        assert same(read_on(store, [run_id], held)[run_id], read_series(store, run_id))
        read_on(store, [run_id], held)
    assert reads == [-1, -1, 0, 98, 99, 100]


def test_a_run_without_records_is_empty_until_its_first_one(store, run_id):
    held = OrderedDict()
    assert len(read_on(store, [run_id], held)[run_id]) == 0
    write(store, run_id, range(3))
    assert len(read_on(store, [run_id], held)[run_id]) == 3


@pytest.mark.parametrize("last", [20, 49, 50, 51, 80])
def test_a_run_that_was_cut_back_and_went_on_is_read_again(store, run_id, last):
    """Shorter, as long as before, or longer: the old records after the cut are gone."""
    held = OrderedDict()
    write(store, run_id, range(51))
    read_on(store, [run_id], held)
    with store.writing() as connection:
        cut_after(connection, run_id, 10)
        write_tail(connection, run_id, 0, records(range(last + 1), seconds=9.0))
    take_over(store, run_id)
    assert same(read_on(store, [run_id], held)[run_id], read_series(store, run_id))


@pytest.mark.parametrize("last", [60, 30])
def test_records_that_were_overwritten_are_noticed_by_the_last_one_even_in_the_same_hands(
    store, run_id, last
):
    held = OrderedDict()
    write(store, run_id, range(51))
    read_on(store, [run_id], held)
    write(store, run_id, range(last + 1), seconds=7.0)
    assert same(read_on(store, [run_id], held)[run_id], read_series(store, run_id))


def test_a_stopped_run_that_goes_on_is_read_to_its_end(store, submitted):
    run_id, held, steps = submitted(epochs=40), OrderedDict(), []
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    with pytest.raises(KeyboardInterrupt):
        train_claimed(store, lease, steps.append, is_interrupted=lambda: len(steps) > 30)
    assert same(read_on(store, [run_id], held)[run_id], read_series(store, run_id))
    reopen(store, run_id)
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    train_claimed(store, lease)
    assert same(read_on(store, [run_id], held)[run_id], read_series(store, run_id))
    assert len(held[run_id]["arrays"][0]) > 30


def test_a_deleted_run_is_let_go(store, trained):
    first, second, held = trained(), trained(), OrderedDict()
    read_on(store, [first, second], held)
    delete_runs(store, [first])
    assert len(read_on(store, [first, second], held)[first]) == 0
    assert list(held) == [second]


def test_no_more_is_held_than_allowed_and_what_was_unused_longest_goes_first(store, submitted):
    ids, held = [submitted() for _ in range(3)], OrderedDict()
    for run_id in ids:
        write(store, run_id, range(200))
    one = sum(array.nbytes for array in [*vars(read_series(store, ids[0])).values()])
    read_on(store, ids, held, bytes_at_most=2 * one)
    assert list(held) == ids[1:]
    read_on(store, ids[1:2], held, bytes_at_most=2 * one)
    found = read_on(store, ids[:1], held, bytes_at_most=2 * one)
    assert list(held) == [ids[1], ids[0]]
    assert same(found[ids[0]], read_series(store, ids[0]))


def test_the_marks_of_all_runs_are_read_at_once(store, submitted):
    ids, held, statements = [submitted() for _ in range(5)], OrderedDict(), []
    for run_id in ids:
        write(store, run_id, range(10))
    read_on(store, ids, held)
    event.listen(store.engine, "before_cursor_execute", lambda *shown: statements.append(shown[2]))
    read_on(store, ids, held)
    assert len(statements) == 1
