"""Finds out without writing why nothing can be written to a store just now, for those who only look on."""

import shutil
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.store.errors import StoreWaits, explained
from engine.store.schema import runs
from engine.store.store import Store

# Below this SQLite may lack the room for the pages of one commit.
FREE_BYTES_AT_LEAST = 2**20


def beat_of(store: Store, run_id: int) -> int:
    """Return the beat of a run: whoever trains it moves it every two seconds, -1 where there is no run."""
    with store.reading() as connection:
        found = connection.scalar(sa.select(runs.c.lease_beat).where(runs.c.id == run_id))
    return -1 if found is None else found


def why_not_writable(store: Store) -> str:
    """Return a sentence when the disk of a store is full or its write lock is held, else nothing.

    It takes the lock for a moment, where it is free, and writes nothing. A database that is no file is not
    looked at.
    """
    if not store.is_sqlite:
        return ""
    free = shutil.disk_usage(Path(store.place).parent).free
    if free < FREE_BYTES_AT_LEAST:
        return f"the disk of the store {store.place} is full"
    with store.engine.connect() as connection:
        usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql("ROLLBACK")
        except OperationalError as error:
            waits = explained(store.place, error)
            return str(waits) if isinstance(waits, StoreWaits) else ""
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {usual}")
    return ""
