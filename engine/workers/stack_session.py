"""Runs in training side by side, each under its own lease; gives back those of which somebody wants more.

A stack knows three things that may happen to one of its runs: it ends, it is paused or stopped. For all else
that people ask (a speed, a change by hand, one more epoch) it leaves the stack and goes back into the queue
with the request standing; whoever claims it next trains it alone, as ever.
"""

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.codec import CodecError
from engine.config import ConfigError
from engine.store.checkpoints import have_begun
from engine.store.interventions import has_pending_change
from engine.store.lease import Lease, LeaseLost, write_held
from engine.store.maintenance import tidy
from engine.store.query import get_runs
from engine.store.schema import runs
from engine.store.store import Store
from engine.training.stack import train_stack
from engine.training.telemetry import Record
from engine.workers.blas import own_blas_threads
from engine.workers.journal import BEAT_SECONDS, TIDY_SECONDS, answered
from engine.workers.session import LOOK_UP_SECONDS_IN_TRAINING, Session, Watcher, end_run
from engine.workers.stack_journal import Member, StackJournal
from engine.workers.stacking import TAKEOVERS_BEFORE_ALONE

BACK: dict[str, object] = {"status": "queued"}
# One statement, built once: it is sent ten times a second.
LOOK_UP = sa.select(
    runs.c.id,
    runs.c.request,
    runs.c.speed,
    runs.c.lease_epoch,
    has_pending_change(runs.c.id).label("has_pending_change"),
).where(runs.c.id.in_(sa.bindparam("ids", expanding=True)))


def train_claimed_together(
    store: Store,
    leases: Sequence[Lease],
    on_record: Watcher | None = None,
    *,
    is_interrupted: Callable[[], bool] = lambda: False,
) -> None:
    """Train claimed runs that one tape can train until each has ended or was given back.

    A run that cannot be trained ends as failed, as it would alone. When something goes wrong with the stack
    as a whole its runs go back into the queue as they stand in the store, each to be trained alone.

    Parameters
    ----------
    on_record : callable, optional
        Called with each record of the runs side by side, after it was taken up for the next commit.
    is_interrupted : callable
        Asked between two updates; once it says True all runs are stopped where they stand.

    Raises
    ------
    KeyboardInterrupt
        After the runs were stopped because of ``is_interrupted``.
    """
    try:
        members = _begin(store, leases)
        if members:
            with own_blas_threads(members[0].session.config):
                _Stack(store, members, is_interrupted).run(on_record)
    except OperationalError:
        raise
    except Exception:  # noqa: BLE001 - whatever becomes of the stack, each of its runs is tried alone
        traceback.print_exc()
        for lease in leases:
            with suppress(LeaseLost), store.writing() as connection:
                write_held(connection, lease, **BACK, takeovers=TAKEOVERS_BEFORE_ALONE)


def _begin(store: Store, leases: Sequence[Lease]) -> list[Member]:
    """Open a session for each run; one that cannot be trained ends here, or stays away if it is lost."""
    members, ids = [], [lease.run_id for lease in leases]
    rows, begun = {row.id: row for row in get_runs(store, ids)}, have_begun(store, ids)
    for lease in leases:
        row, has_begun = rows.get(lease.run_id), lease.run_id in begun
        with suppress(LeaseLost):
            try:
                members.append(Member(Session(store, lease, row=row, has_begun=has_begun)))
            except (CodecError, ConfigError, MemoryError) as error:
                end_run(store, lease, "failed", message=str(error) or "out of memory")
    return members


class _Stack:
    def __init__(self, store: Store, members: list[Member], is_interrupted: Callable[[], bool]) -> None:
        self.store, self.members, self.is_interrupted = store, members, is_interrupted
        self.journal = StackJournal(store, members)
        self.looked_at, self.some_leave = float("-inf"), False
        self.tidied_at = time.monotonic()

    def run(self, on_record: Watcher | None) -> None:
        first = self.members[0].session
        at = first.state.step, first.state.recorded_step
        others = [
            each for each in self.members if (each.session.state.step, each.session.state.recorded_step) != at
        ]
        if others:  # their newest checkpoints are damaged, or they stopped before record 0
            self._give_back(others)
        configs = [each.session.config for each in self.members]
        states = [each.session.state for each in self.members]
        with closing(train_stack(configs, first.dataset, states)) as stream:
            for record in stream:
                if record is not None:
                    self.journal.take(record)
                    if on_record is not None:
                        on_record(record)
                    self._end_some(record)
                if self._handle_requests():
                    states[:] = [each.session.state for each in self.members]
                if not states:
                    return

    def _give_back(self, members: Sequence[Member]) -> None:
        """Let runs go back into the queue as they stand in the store."""
        self.journal.drop(members)
        for member in members:
            with suppress(LeaseLost), self.store.writing() as connection:
                write_held(connection, member.session.lease, **BACK)

    def _end_some(self, record: Record) -> None:
        """Let runs end that have ended: only an evaluation, as the last step has one, or divergence tells."""
        plan = self.members[0].session.plan
        if record.step not in plan.evaluation_steps and not np.any(record.diverged):
            return
        for member in self.members:
            state = member.session.state
            if state.has_ended or state.step == plan.total_steps:
                member.predictions, member.values = member.session.end()
                self.some_leave = True

    def _handle_requests(self) -> bool:
        """Obey what people want, and commit once it is time; return whether runs have left."""
        before = len(self.members)
        self._check_interrupt()
        now = time.monotonic()
        if now - self.looked_at > LOOK_UP_SECONDS_IN_TRAINING:
            self._poll()
            self.looked_at = time.monotonic()
        if now > self.journal.commit_at or self.some_leave:
            self.journal.commit()
            self.some_leave = False
        elif now - self.journal.beat_at > BEAT_SECONDS:
            self.journal.beat()
        if now - self.tidied_at > TIDY_SECONDS:
            tidy(self.store)
            self.tidied_at = now
        return len(self.members) < before

    def _check_interrupt(self) -> None:
        if self.is_interrupted():
            for member in [each for each in self.members if each.stays]:
                member.predictions, member.values = member.session.end_stopped("stopped by Ctrl-C")
            self.journal.commit()
            raise KeyboardInterrupt

    def _poll(self) -> None:
        """Ask the store once what people want of all runs in it."""
        ids = [each.session.lease.run_id for each in self.members]
        with self.store.reading() as connection:
            found = connection.execute(LOOK_UP, {"ids": ids}).all()
        rows, lost = {row.id: row for row in found}, []
        for member in [each for each in self.members if each.stays]:
            lease = member.session.lease
            row = rows.get(lease.run_id)
            if row is None or row.lease_epoch != lease.epoch:
                lost.append(member)  # another process holds it, or it is gone
            elif row.request == "stop":
                member.predictions, member.values = member.session.end_stopped("stopped")
            elif row.request == "pause":
                member.values = {**BACK, "paused": True, "request": answered("pause")}
            elif row.request or row.speed or row.has_pending_change:
                member.values = {**BACK}
        if lost:
            self.journal.drop(lost)
        self.some_leave |= not all(each.stays for each in self.members)
