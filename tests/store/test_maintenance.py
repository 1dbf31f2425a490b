"""The write-ahead log is folded into the database by one process at a time, and nothing is lost."""

from pathlib import Path

from engine.store.lease import host_name, process_start
from engine.store.maintenance import tidy
from engine.store.runs import list_runs
from engine.store.schema import maintenance


def log_of(store):
    return Path(f"{store.engine.url.database}-wal")


def test_a_log_over_the_limit_is_emptied_and_the_runs_are_still_there(store, submitted):
    submitted()
    assert log_of(store).stat().st_size > 1000
    assert tidy(store, limit=1000)
    assert log_of(store).stat().st_size < 10_000 and len(list_runs(store)) == 1


def test_a_short_log_is_left_alone(store, submitted):
    submitted()
    assert not tidy(store)


def test_only_one_process_tidies_and_a_dead_one_is_replaced(store, submitted):
    submitted()
    holder = {"id": 1, "host": host_name(), "pid": 1, "process_start": process_start(1)}
    with store.writing() as connection:
        connection.execute(maintenance.insert().values(holder))
    assert not tidy(store, limit=1000)
    with store.writing() as connection:
        connection.execute(maintenance.update().values(process_start=0.0))
    assert tidy(store, limit=1000)
