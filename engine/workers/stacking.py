"""Claims the runs that can be stacked with a claimed one: of one shape, on one dataset, at one step."""

import json
import os
from collections.abc import Sequence
from functools import lru_cache

import sqlalchemy as sa

from engine.codec import CodecError
from engine.config import ConfigError
from engine.config.stacking import tape_shape
from engine.store.lease import CLAIMED, Lease, hold_all, holder_is_gone, host_name
from engine.store.loading import loaded
from engine.store.runs import get_run
from engine.store.schema import events, runs
from engine.store.store import Store
from engine.training.interventions import CHANGEABLE
from engine.training.stack import most_together

WAITING_AT_MOST = 500
ALIKE = ("dataset_id", "step", "total_steps", "parameters")
# A run whose worker died that often without progress since is trained alone: it may be what kills them.
TAKEOVERS_BEFORE_ALONE = 2


def claim_stack(store: Store, lease: Lease) -> list[Lease]:
    """Return a lease and those of the waiting runs that are best stacked with its run, claimed together.

    Several workers share what waits: each takes its part of it, counting the cores that train nothing yet.
    The lease comes back alone where no waiting run fits, where something was requested of its run, and where
    the network is so large that a stack is no faster.
    """
    with store.reading() as connection:
        if not _stackable_runs(connection, lease.run_id):
            return [lease]
    try:
        most = most_together(*loaded(store, get_run(store, lease.run_id)))
    except (CodecError, ConfigError):
        most = 1  # it fails when it is trained, with a message
    if most == 1:
        return [lease]
    # Like a claim: one that a power failure undoes leaves the runs in the queue.
    with store.writing(durable=False) as connection:
        found = _stackable_runs(connection, lease.run_id)
        share = -(-(len(found) + 1) // _free_cores(connection, lease))
        return [lease, *hold_all(connection, found[: min(most, share) - 1], lease.owner)]


def _stackable_runs(connection: sa.Connection, run_id: int) -> Sequence[sa.Row]:
    """Return the rows of the runs that wait and fit, oldest first."""
    named = [runs.c[name] for name in (*ALIKE, "config")]
    own = connection.execute(sa.select(*named).where(runs.c.id == run_id, _can_be_stacked())).first()
    if own is None:
        return []
    alike = [runs.c[name] == own._mapping[name] for name in ALIKE]
    query = (
        sa.select(*CLAIMED, runs.c.config)
        .where(runs.c.id != run_id, runs.c.status.in_(("queued", "running")), _can_be_stacked(), *alike)
        .order_by(runs.c.id)
        .limit(WAITING_AT_MOST)
    )
    return [
        row
        for row in connection.execute(query).all()
        if _shape(row.config) == _shape(own.config) and (row.status == "queued" or _is_orphan(row))
    ]


@lru_cache(maxsize=2 * WAITING_AT_MOST)
def _shape(config: str) -> str:
    """Return the tape shape of a stored configuration; a long queue is compared at every claim."""
    return json.dumps(tape_shape(json.loads(config)), sort_keys=True)


def _can_be_stacked() -> sa.ColumnElement[bool]:
    """Return the condition on ``runs``: nothing was requested of it, nothing changed by hand."""
    changed = sa.exists().where(events.c.run_id == runs.c.id, events.c.field.in_(CHANGEABLE))
    return (
        sa.not_(runs.c.paused)
        & (runs.c.request == "")
        & runs.c.speed.is_(None)
        & (runs.c.takeovers < TAKEOVERS_BEFORE_ALONE)
        & sa.not_(changed)
    )


def _is_orphan(row: sa.Row) -> bool:
    return holder_is_gone(row.lease_host, row.lease_pid, row.lease_process_start)


def _free_cores(connection: sa.Connection, lease: Lease) -> int:
    """Return how many cores of this machine train nothing, the one of this process among them."""
    here = (runs.c.status == "running") & (runs.c.lease_host == host_name())
    query = sa.select(sa.func.count(sa.distinct(runs.c.lease_owner)))
    busy = connection.scalar(query.where(here, runs.c.lease_owner != lease.owner)) or 0
    return max(1, (os.cpu_count() or 1) - busy)
