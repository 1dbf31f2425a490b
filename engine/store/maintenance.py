"""Keeps SQLite's write-ahead log short: one process at a time folds it into the database."""

import os
from pathlib import Path

from engine.store.lease import holder_is_gone, host_name, process_start
from engine.store.schema import maintenance
from engine.store.store import Store

WAL_LIMIT_BYTES = 32 * 2**20
READERS_MILLISECONDS = 100


def tidy(store: Store, limit: int = WAL_LIMIT_BYTES) -> bool:
    """Fold the log into the database when it is larger than ``limit`` bytes; return whether it was done.

    Outside any transaction, where alone it works; under a lease, because SQLite before 3.51.3 can lose a
    write when two connections do it at once. A reader that stays in the way is not waited for.
    """
    path = store.engine.url.database
    if not store.is_sqlite or path is None:
        return False
    log = Path(f"{path}-wal")
    if not log.exists() or log.stat().st_size <= limit or not _take(store):
        return False
    try:
        with store.reading() as connection:
            usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {READERS_MILLISECONDS}")
            try:
                was_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {usual}")
    finally:
        with store.writing() as connection:
            connection.execute(maintenance.delete().where(maintenance.c.pid == os.getpid()))
    return not was_busy


def _take(store: Store) -> bool:
    with store.writing() as connection:
        holder = connection.execute(maintenance.select()).first()
        mine = {"host": host_name(), "pid": os.getpid(), "process_start": process_start(os.getpid())}
        if holder is not None:
            # One of this process's own was left by a disk that was full at its end.
            is_mine = (holder.host, holder.pid) == (mine["host"], mine["pid"])
            if not is_mine and not holder_is_gone(holder.host, holder.pid, holder.process_start):
                return False
            connection.execute(maintenance.delete())
        connection.execute(maintenance.insert().values(id=1, **mine))
    return True
