"""The status of the queue of a store: which runs wait, which are trained, which have ended."""

from dataclasses import dataclass

import sqlalchemy as sa

from engine.store.lease import HOLDER, holder_is_gone, waits_for_a_worker
from engine.store.row import FAILED
from engine.store.schema import runs, workers
from engine.store.store import Store
from engine.workers.worker import is_alive

HELD = [runs.c[name] for name in ("id", "step", "total_steps", "lease_owner")]


@dataclass(frozen=True)
class QueueStatus:
    """The queue at one moment.

    Attributes
    ----------
    lowest_id : int
        Of the runs that were open at first: older ones have nothing to do with it.
    waiting : int
        Runs that wait for a worker, those that lost theirs too.
    running : tuple of int
        Runs that living workers are training.
    ended : tuple of int
        The runs from ``lowest_id`` on that were trained and have ended.
    failed : frozenset of int
        Those of them that failed or diverged.
    steps_done, steps_left : int
        Updates that runs from ``lowest_id`` on have made, and that open ones have before them.
    workers : int
        Living workers.
    """

    lowest_id: int
    waiting: int
    running: tuple[int, ...]
    ended: tuple[int, ...]
    failed: frozenset[int]
    steps_done: int
    steps_left: int
    workers: int

    @property
    def left(self) -> int:
        """Runs that have not ended."""
        return self.waiting + len(self.running)


def queue_status(store: Store, first: QueueStatus | None = None) -> QueueStatus:
    """Return the status of the queue; ``first`` is that of when somebody began to watch it.

    A run that a process of its own trains, as ``train`` does, is no part of the queue.
    """
    with store.reading() as connection:
        # In the order in which a run goes on, so that none is overlooked on its way.
        total = sa.func.sum(runs.c.total_steps - runs.c.step)
        waits = sa.select(sa.func.count(), total, sa.func.min(runs.c.id)).where(waits_for_a_worker())
        waiting, steps_left, low = connection.execute(waits).one()
        held = connection.execute(sa.select(*HELD, *HOLDER).where(runs.c.status == "running")).all()
        living = {row.owner for row in connection.execute(sa.select(workers)).all() if is_alive(row)}
        running = [row for row in held if row.lease_owner in living]
        lost = [row for row in held if row not in running and holder_is_gone(*row[len(HELD) :])]
        open_ids = [row.id for row in (*running, *lost)] + ([low] if low is not None else [])
        lowest = first.lowest_id if first is not None else min(open_ids, default=0)
        ours = (runs.c.id >= lowest) & runs.c.status.not_in(("queued", "running", "imported"))
        ended = connection.execute(sa.select(runs.c.id, runs.c.step).where(ours).order_by(runs.c.id)).all()
        failed = connection.scalars(sa.select(runs.c.id).where(ours, runs.c.status.in_(FAILED)))
        return QueueStatus(
            lowest,
            waiting + len(lost),
            tuple(sorted(row.id for row in running)),
            tuple(row.id for row in ended),
            frozenset(failed),
            sum(row.step for row in (*ended, *running, *lost)),
            (steps_left or 0) + sum(row.total_steps - row.step for row in (*running, *lost)),
            len(living),
        )


def failures_since(store: Store, first: QueueStatus) -> list[tuple[int, str, str]]:
    """Return id, status and message of the runs that failed since ``first``, oldest first."""
    query = sa.select(runs.c.id, runs.c.status, runs.c.message).order_by(runs.c.id)
    with store.reading() as connection:
        rows = connection.execute(query.where(runs.c.id >= first.lowest_id, runs.c.status.in_(FAILED))).all()
    return [(row.id, row.status, row.message) for row in rows if row.id not in first.failed]
