"""Starts workers as plain processes that outlive the dashboard, and reaps those that it started."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from engine.runs.lease import host_name, process_start, waits_for_a_worker
from engine.runs.schema import runs, workers
from engine.runs.store import Store, open_store
from engine.runs.worker import is_alive

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_children: list[subprocess.Popen[bytes]] = []


def ensure_workers(store_url: str, count: int | None = None) -> int:
    """Start as many workers as waiting runs need, at least one to wait warm; return how many were started.

    Parameters
    ----------
    store_url : str
    count : int, optional
        Workers at most; the number of cores by default.
    """
    _children[:] = [child for child in _children if child.poll() is None]
    with closing(open_store(store_url)) as store:
        return _launch(store, count or os.cpu_count() or 1)


def _launch(store: Store, most: int) -> int:
    with store.writing() as connection:
        rows = connection.execute(sa.select(workers)).all()
        alive = [row for row in rows if is_alive(row)]
        for row in rows:
            if row not in alive:
                connection.execute(workers.delete().where(workers.c.owner == row.owner))
        waiting = _waiting(connection)
        idle = sum(1 for row in alive if row.idle)
        wanted = max(waiting - idle, 0 if idle else 1)
        started = max(0, min(wanted, most - len(alive)))
        for _ in range(started):
            _register(connection, _start(store))
    return started


def _waiting(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(sa.func.count(runs.c.id)).where(waits_for_a_worker())) or 0


def _start(store: Store) -> int:
    child = subprocess.Popen(
        [sys.executable, "-m", "engine", "worker", "--store", store.url],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _children.append(child)
    return child.pid


def _register(connection: sa.Connection, pid: int) -> None:
    row = {"owner": f"{host_name()}-{pid}", "host": host_name(), "pid": pid, "started_at": time.time()}
    connection.execute(workers.insert().values(**row, process_start=process_start(pid) or 0.0, idle=False))
