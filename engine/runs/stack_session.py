"""Runs in training side by side, each under its own lease; gives back those of which somebody wants more.

A stack knows three things that may happen to one of its runs: it ends, it is paused or stopped. For all else
that people ask (a speed, a change by hand, one more epoch) it leaves the stack and goes back into the queue
with the request standing; whoever claims it next trains it alone, as ever.
"""

import time
import traceback
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.codec import CodecError
from engine.config import ConfigError
from engine.runs.changes import WISHED
from engine.runs.journal import (
    BEAT_SECONDS,
    COMMIT_SECONDS,
    COMMIT_SHARE,
    RETRY_SECONDS,
    TIDY_SECONDS,
    answered,
)
from engine.runs.lease import Lease, LeaseLost, write_held
from engine.runs.maintenance import tidy
from engine.runs.schema import events, runs
from engine.runs.session import LOOK_UP_SECONDS, Session, end_run, own_blas_threads
from engine.runs.siblings import TAKEOVERS_BEFORE_ALONE
from engine.runs.store import Store, is_passing
from engine.training.stack import train_stack

BACK: dict[str, object] = {"status": "queued"}


def train_claimed_together(store: Store, leases: Sequence[Lease]) -> None:
    """Train claimed runs that one tape can train until each has ended or was given back.

    A run that cannot be trained ends as failed, as it would alone. When something goes wrong with the stack
    as a whole its runs go back into the queue as they stand in the store, each to be trained alone.
    """
    try:
        members = _begin(store, leases)
        if members:
            with own_blas_threads(members[0].session.config):
                _Stack(store, members).run()
    except OperationalError:
        raise
    except Exception:  # noqa: BLE001 - whatever becomes of the stack, each of its runs is tried alone
        traceback.print_exc()
        for lease in leases:
            with suppress(LeaseLost), store.writing() as connection:
                write_held(connection, lease, **BACK, takeovers=TAKEOVERS_BEFORE_ALONE)


@dataclass(eq=False)
class _Member:
    """One run of a stack, and what its next commit shall write: columns of its row, and predictions."""

    session: Session
    values: dict[str, object] = field(default_factory=dict)
    predictions: bytes | None = None

    @property
    def has_ended(self) -> bool:
        state = self.session.state
        return state.has_ended or state.step == self.session.plan.total_steps

    @property
    def stays(self) -> bool:
        return "status" not in self.values


def _begin(store: Store, leases: Sequence[Lease]) -> list[_Member]:
    """Open a session for each run; one that cannot be trained ends here, or stays away if it is lost."""
    members = []
    for lease in leases:
        with suppress(LeaseLost):
            try:
                members.append(_Member(Session(store, lease)))
            except (CodecError, ConfigError, MemoryError) as error:
                end_run(store, lease, "failed", message=str(error) or "out of memory")
    return members


class _Stack:
    def __init__(self, store: Store, members: list[_Member]) -> None:
        self.store, self.members = store, members
        self.looked_at = self.committed_at = float("-inf")
        self.beat_at = self.tidied_at = time.monotonic()
        self.commit_cost = 0.0

    def run(self) -> None:
        first = self.members[0].session
        others = [each for each in self.members if each.session.state.step != first.state.step]
        if others:  # their newest checkpoints are damaged
            self._leave(others)
            self._commit()
        configs = [each.session.config for each in self.members]
        states = [each.session.state for each in self.members]
        with closing(train_stack(configs, first.dataset, states)) as stream:
            for records in stream:
                for member, record in zip(self.members, records, strict=True):
                    if record is not None:
                        member.session.journal.take(record)
                self._see_to_all()
                states[:] = [each.session.state for each in self.members]
                if not states:
                    return

    def _see_to_all(self) -> None:
        """Let runs end that have ended, obey, and commit once it is time."""
        for member in self.members:
            if member.has_ended:
                member.predictions, member.values = member.session.end()
        now = time.monotonic()
        if now - self.looked_at > LOOK_UP_SECONDS:
            self._look_up()
            self.looked_at = time.monotonic()
        is_due = now - self.committed_at > max(COMMIT_SECONDS, COMMIT_SHARE * self.commit_cost)
        if is_due or not all(each.stays for each in self.members):
            self._commit()
        elif now - self.beat_at > BEAT_SECONDS:
            self._beat()
        if now - self.tidied_at > TIDY_SECONDS:
            tidy(self.store)
            self.tidied_at = now

    def _leave(self, members: Sequence[_Member], **values: object) -> None:
        """Let these go back into the queue with the next commit, with these columns of their rows."""
        for member in members:
            member.values = {**BACK, **values}

    def _look_up(self) -> None:
        """Ask the store once what people want of all runs in it."""
        ids = [each.session.lease.run_id for each in self.members]
        wished = sa.exists().where(events.c.run_id == runs.c.id, events.c.step == WISHED)
        columns = (runs.c.id, runs.c.request, runs.c.speed, runs.c.lease_epoch, wished.label("wished"))
        with self.store.reading() as connection:
            rows = {
                row.id: row for row in connection.execute(sa.select(*columns).where(runs.c.id.in_(ids))).all()
            }
        for member in [each for each in self.members if each.stays]:
            lease = member.session.lease
            row = rows.get(lease.run_id)
            if row is None or row.lease_epoch != lease.epoch:
                self.members.remove(member)  # another process holds it, or it is gone
            elif row.request == "stop":
                member.predictions, member.values = member.session.end_stopped("stopped")
            elif row.request == "pause":
                self._leave([member], paused=True, request=answered("pause"))
            elif row.request or row.speed or row.wished:
                self._leave([member])

    def _commit(self) -> None:
        """Store what is new of all runs in one transaction; those that leave or are lost are members no more.

        Waits as long as the disk is full or the store locked, as :meth:`Journal.commit` does.
        """
        started = time.monotonic()
        while not self._written():
            time.sleep(RETRY_SECONDS)
            started = time.monotonic()
        self.committed_at = self.beat_at = time.monotonic()
        self.commit_cost = self.committed_at - started
        self.members[:] = [each for each in self.members if each.stays]

    def _written(self) -> bool:
        written, lost = {}, []
        try:
            with self.store.writing() as connection:
                for member in self.members:
                    try:
                        journal = member.session.journal
                        written[member] = journal.write(connection, member.values, member.predictions)
                    except LeaseLost:
                        lost.append(member)
        except OperationalError as error:
            if not is_passing(error):
                raise
            for member in self.members:
                with suppress(LeaseLost):
                    member.session.journal.tell_of_waiting(str(error.orig))
            return False
        for member, places in written.items():
            member.session.journal.note(*places)
        self.members[:] = [each for each in self.members if each not in lost]
        return True

    def _beat(self) -> None:
        with self.store.writing() as connection:
            for member in self.members:
                with suppress(LeaseLost):  # the next look at the store tells
                    write_held(connection, member.session.lease)
        self.beat_at = time.monotonic()
