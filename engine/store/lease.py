"""Leases: who trains a run, whether that process still lives, and how another one takes over."""

import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import psutil
import sqlalchemy as sa

from engine.store.schema import runs
from engine.store.store import Store

TAKEOVERS_WITHOUT_PROGRESS = 3
CLAIMED = [
    runs.c[name]
    for name in (
        "id",
        "status",
        "paused",
        "step",
        "takeovers",
        "lease_epoch",
        "lease_beat",
        "lease_host",
        "lease_pid",
        "lease_process_start",
    )
]
HOLDER = [runs.c[name] for name in ("lease_host", "lease_pid", "lease_process_start")]


class LeaseLost(Exception):
    """Another process holds the run now: the receiver writes nothing more and leaves it."""


@dataclass(frozen=True)
class Lease:
    """The right to write a run: every write carries ``WHERE lease_epoch = epoch``."""

    run_id: int
    owner: str
    epoch: int


@cache
def host_name() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def process_start(pid: int) -> float | None:
    """Return when a living process of this machine began, None for a dead one or a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.create_time()
    except (psutil.Error, ValueError, OverflowError, TypeError):  # also of what no process can be
        return None


def new_owner() -> str:
    """Return a name for this process as a holder of leases."""
    return f"{host_name()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def holder_is_gone(host: str | None, pid: int | None, started: float | None) -> bool:
    """Tell whether the process that held a lease is dead; on another machine nobody can tell by its pid."""
    if host is None or pid is None or not isinstance(started, int | float):
        return True
    if host != host_name():
        return False
    now = process_start(pid)
    return now is None or abs(now - started) > 1


def waits_for_a_worker() -> sa.ColumnElement[bool]:
    """Return the condition on ``runs``: queued, and not paused unless somebody asked for something."""
    asked = runs.c.request.in_(("resume", "step", "stop"))
    return (runs.c.status == "queued") & (sa.not_(runs.c.paused) | asked)


def claim(
    store: Store,
    owner: str,
    run_id: int | None = None,
    *,
    frozen: frozenset[int] = frozenset(),
    even_paused: bool = False,
) -> Lease | None:
    """Claim a queued run, or one whose holder is gone; the oldest, or ``run_id`` alone.

    Parameters
    ----------
    frozen : frozenset of int
        Runs whose beat has not moved for so long that the caller counts their holder as gone.

    even_paused : bool
        Claim a paused run too, and let it go on.

    Returns
    -------
    Lease or None
        None when there is nothing to claim.
    """
    # A claim that a power failure undoes leaves the run in the queue: it need not wait for the disk.
    with store.writing(durable=False) as connection:
        for row in _candidates(connection, run_id, even_paused):
            taken_over = row.status == "running"
            gone = holder_is_gone(row.lease_host, row.lease_pid, row.lease_process_start)
            if taken_over and not gone and row.id not in frozen:
                continue
            if taken_over and row.takeovers >= TAKEOVERS_WITHOUT_PROGRESS:
                message = f"its worker died {row.takeovers + 1} times without progress at step {row.step}"
                give_up = runs.update().where(runs.c.id == row.id)
                connection.execute(give_up.values(status="failed", message=message))
                continue
            return hold(connection, row, owner, even_paused)
    return None


def _candidates(connection: sa.Connection, run_id: int | None, even_paused: bool) -> list[sa.Row]:
    """Return all running runs and the oldest that waits, oldest first; a long queue is not read."""
    query = sa.select(*CLAIMED).order_by(runs.c.id)
    if run_id is not None:
        query = query.where(runs.c.id == run_id)
    waits = runs.c.status == "queued" if even_paused else waits_for_a_worker()
    waiting = connection.execute(query.where(waits).limit(1)).all()
    running = connection.execute(query.where(runs.c.status == "running")).all()
    return sorted([*waiting, *running], key=lambda row: row.id)


def hold(connection: sa.Connection, row: sa.Row, owner: str, even_paused: bool = False) -> Lease:
    """Give the lease of a run to ``owner``, who is this process; whether it may have it was looked at before.

    Parameters
    ----------
    row : Row
        The run's row of ``runs``, read in the same transaction.
    """
    return hold_all(connection, [row], owner, even_paused)[0]


def hold_all(
    connection: sa.Connection, rows: Sequence[sa.Row], owner: str, even_paused: bool = False
) -> list[Lease]:
    """Give the leases of several runs to ``owner``, as :func:`hold` does, in one statement."""
    pid = os.getpid()
    holder: dict[str, object] = {"lease_owner": owner, "lease_host": host_name(), "lease_pid": pid}
    holder["lease_process_start"] = process_start(pid)
    values = [
        {
            "held_run": row.id,
            "status": "running",
            "lease_epoch": row.lease_epoch + 1,
            "lease_beat": row.lease_beat + 1,
            "paused": row.paused and not even_paused,
            "takeovers": row.takeovers + 1 if row.status == "running" else 0,
            **holder,
        }
        for row in rows
    ]
    if values:
        connection.execute(runs.update().where(runs.c.id == sa.bindparam("held_run")), values)
    return [Lease(row.id, owner, row.lease_epoch + 1) for row in rows]


def write_held(connection: sa.Connection, lease: Lease, **values: object) -> None:
    """Update a run's row under a lease and move its beat.

    Raises
    ------
    LeaseLost
        When another process holds the run now, or it has ended.
    """
    held = runs.update().where(
        runs.c.id == lease.run_id, runs.c.lease_epoch == lease.epoch, runs.c.status == "running"
    )
    if connection.execute(held.values(lease_beat=runs.c.lease_beat + 1, **values)).rowcount != 1:
        raise LeaseLost(f"run {lease.run_id} is held by another process")
