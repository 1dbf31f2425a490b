"""Starts workers as plain processes that outlive the dashboard, and reaps those that it started."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from engine.paths import LAB, ROOT
from engine.plugins.loading import FOLDER_VARIABLE, plugin_folder
from engine.plugins.registry import SOURCES
from engine.store.lease import HOLDER, host_name, process_start, waits_for_a_worker
from engine.store.schema import runs, workers
from engine.store.store import Store, StoreWaits, open_store
from engine.workers.worker import is_alive

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LOG_BYTES = 10**6
WAIT_AFTER_FAILURE_SECONDS = 10
TOGETHER = 500
# Whoever asks for workers does other things meanwhile, and asks again.
PATIENCE_SECONDS = 1.0
_children: list[subprocess.Popen[bytes]] = []
_failures: list[float] = []
# All workers that this process ever started: pid, and when that process began.
_started: set[tuple[int, float]] = set()


def ensure_workers(store_url: str, count: int | None = None) -> int:
    """Start as many workers as waiting runs need, at least one to wait warm; return how many were started.

    Parameters
    ----------
    store_url : str
    count : int, optional
        Workers on this machine at most; the number of its cores by default.

    Notes
    -----
    After a worker that ended with an error none is started for ten seconds: what keeps one from starting
    would keep the next from it, too. None is started while the disk is full or the store locked.
    """
    _reap()
    if _failures and time.monotonic() - _failures[-1] < WAIT_AFTER_FAILURE_SECONDS:
        return 0
    with closing(open_store(store_url, PATIENCE_SECONDS)) as store:
        try:
            return _launch(store, count or os.cpu_count() or 1)
        except StoreWaits:
            return 0


def release_workers(store_url: str) -> None:
    """Ask the workers that this process started to take no more runs; each ends the one that it has."""
    _reap()
    with closing(open_store(store_url)) as store, store.writing(durable=False) as connection:
        for child in _children:
            mine = (workers.c.host == host_name()) & (workers.c.pid == child.pid)
            names = list(connection.scalars(sa.select(workers.c.owner).where(mine)))
            connection.execute(workers.delete().where(mine))
            if names == [_initial_owner(child.pid)]:  # it has not registered yet: it has no run to end
                child.terminate()


def last_worker_error(store_url: str) -> str:
    """Return a sentence when the last worker that ended here ended with an error, else nothing."""
    _reap()
    return f"A worker stopped with an error; the log is {log_path(store_url)}." if _failures else ""


def log_path(store_url: str) -> Path:
    """Return the log file of the workers of a store."""
    database = make_url(store_url).database
    is_file = make_url(store_url).get_backend_name() == "sqlite" and database is not None
    return Path(f"{database}.workers.log") if is_file else LAB / "workers.log"


def _reap() -> None:
    """Reap children that ended, so that none stays a zombie, and remember those that failed."""
    for child in [child for child in _children if child.poll() is not None]:
        _children.remove(child)
        if child.returncode > 0:
            _failures.append(time.monotonic())
        else:
            _failures.clear()


def _launch(store: Store, most: int) -> int:
    with store.writing() as connection:
        rows = connection.execute(sa.select(workers)).all()
        alive = [row for row in rows if is_alive(row)]
        for row in rows:
            if row not in alive:
                connection.execute(workers.delete().where(workers.c.owner == row.owner))
        waiting = _waiting(connection)
        free = sum(1 for row in alive if row.idle or row.owner == _initial_owner(row.pid))
        wanted = max(waiting - free, 0 if free else 1)
        here = sum(1 for row in alive if row.host == host_name())
        started = max(0, min(wanted, most - here))
        for _ in range(started):
            _register(connection, _start(store))
    return started


def trained_here(store: Store, run_ids: Sequence[int]) -> tuple[int, int]:
    """Return how many of the runs workers of this process trained last, and how many somebody else did."""
    query = sa.select(runs.c.id, *HOLDER)
    held: list[sa.Row] = []
    with store.reading() as connection:
        for start in range(0, len(run_ids), TOGETHER):
            some = runs.c.id.in_(run_ids[start : start + TOGETHER])
            held.extend(connection.execute(query.where(some, runs.c.lease_pid.is_not(None))).all())
    own = sum(
        row.lease_host == host_name() and _is_ours(row.lease_pid, row.lease_process_start) for row in held
    )
    return own, len(held) - own


def _is_ours(pid: int, began: float | None) -> bool:
    return any(pid == each and abs((began or 0.0) - start) < 1 for each, start in _started)


def _waiting(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(sa.func.count(runs.c.id)).where(waits_for_a_worker())) or 0


def _start(store: Store) -> int:
    path = log_path(store.url)
    path.parent.mkdir(parents=True, exist_ok=True)
    too_long = path.exists() and path.stat().st_size > LOG_BYTES
    with path.open("wb" if too_long else "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "engine", "worker", "--store", store.url, *_plugins()],
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD, FOLDER_VARIABLE: str(plugin_folder())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    _children.append(child)
    return child.pid


def _plugins() -> list[str]:
    """Return the options that load what this process has from files beside the folder of plugins."""
    folder = plugin_folder().resolve()
    return [f"--plugin={path}" for path in SOURCES if path.parent != folder]


def _register(connection: sa.Connection, pid: int) -> None:
    row = {"owner": _initial_owner(pid), "host": host_name(), "pid": pid, "started_at": time.time()}
    began = process_start(pid) or 0.0
    _started.add((pid, began))
    connection.execute(workers.insert().values(**row, process_start=began, idle=False))


def _initial_owner(pid: int) -> str:
    """Return the name of a worker until it registers under one of its own."""
    return f"{host_name()}-{pid}"
