"""Writes what is new of runs in training side by side; must not know why one pauses, stops or ends.

What :class:`engine.workers.journal.Journal` writes of one run, for all of them in one transaction, with one
statement for each kind of row.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.store.checkpoints import write_checkpoints
from engine.store.lease import LeaseLost, write_held
from engine.store.predictions import drop_predictions, write_predictions
from engine.store.records import (
    CHUNK_RECORDS,
    RecordBuffer,
    cut_after,
    have_records,
    series_of_each,
    write_tails,
)
from engine.store.schema import runs
from engine.store.snapshots import cut_snapshots, packed, write_snapshots
from engine.store.store import Store, is_transient
from engine.training.telemetry import Record
from engine.workers.journal import FIRST_COMMIT_SECONDS, RETRY_SECONDS, pause_after
from engine.workers.session import Session


@dataclass(eq=False)
class Member:
    """One run of a stack, and what its next commit shall write: columns of its row, and predictions."""

    session: Session
    values: dict[str, object] = field(default_factory=dict)
    predictions: bytes | None = None

    @property
    def stays(self) -> bool:
        """Whether it goes on after the next commit."""
        return "status" not in self.values


class StackJournal:
    """Takes up the records of runs side by side and commits them, with the states that belong to them.

    Parameters
    ----------
    members : list of Member
        In the order of the rows of each record. Those that leave with a commit, and those that another
        process holds, are members no more after it.
    """

    def __init__(self, store: Store, members: list[Member]) -> None:
        self.store, self.members = store, members
        self.beat_at = time.monotonic()
        self.commit_at = self.beat_at + FIRST_COMMIT_SECONDS
        self._records = RecordBuffer()
        self._snapshots: dict[int, dict[int, bytes]] = {}

    def take(self, record: Record) -> None:
        """Take up a record of all members for the next commit."""
        self._records.add(record)
        plan = self.members[0].session.plan
        is_evaluated, is_due = record.step in plan.evaluation_steps, record.step in plan.snapshot_steps
        if not (is_evaluated or is_due):
            return
        for number, member in enumerate(self.members):
            session = member.session
            if is_evaluated:
                session.journal.summarise(record.row(number))
            if is_due or session.state.stopped_early:
                mine = self._snapshots.setdefault(session.lease.run_id, {})
                mine[record.step] = packed(session.state.learned)

    def drop(self, members: Sequence[Member]) -> None:
        """Write no more of these: another process holds them."""
        kept = [number for number, each in enumerate(self.members) if each not in members]
        self._records.keep(kept)
        for member in members:
            self._snapshots.pop(member.session.lease.run_id, None)
        self.members[:] = [self.members[number] for number in kept]

    def commit(self) -> None:
        """Store what is new of all runs in one transaction; those that leave or are lost are members no more.

        Waits as long as the disk is full or the store locked, as :meth:`Journal.commit` does.
        """
        started, worked = time.monotonic(), time.thread_time()
        while not self._written():
            time.sleep(RETRY_SECONDS)
            started, worked = time.monotonic(), time.thread_time()
        self.beat_at = time.monotonic()
        self.commit_at = self.beat_at + pause_after(self.beat_at - started, time.thread_time() - worked)
        self.drop([each for each in self.members if not each.stays])

    def beat(self) -> None:
        """Show that this process lives."""
        with self.store.writing() as connection:
            for member in self.members:
                with suppress(LeaseLost):  # the next look at the store tells
                    write_held(connection, member.session.lease)
        self.beat_at = time.monotonic()

    def _written(self) -> bool:
        try:
            with self.store.writing() as connection:
                lost = self._lost(connection)
                if lost:
                    self.drop(lost)
                full = self._write(connection) if self.members else 0
        except OperationalError as error:
            if not is_transient(error):
                raise
            for member in self.members:
                with suppress(LeaseLost):
                    member.session.journal.report_waiting(str(error.orig))
            return False
        self._records.drop_first(full * CHUNK_RECORDS)
        self._snapshots = {}
        for member in self.members:
            journal = member.session.journal
            journal.note(journal.chunk, full)
        return True

    def _lost(self, connection: sa.Connection) -> list[Member]:
        """Return the members that another process holds now, or nobody; lock the rows of the others."""
        ids = [each.session.lease.run_id for each in self.members]
        query = sa.select(runs.c.id, runs.c.lease_epoch).where(runs.c.id.in_(ids), runs.c.status == "running")
        held = {tuple(row) for row in connection.execute(query.with_for_update()).all()}
        leases = [each.session.lease for each in self.members]
        return [
            member
            for member, lease in zip(self.members, leases, strict=True)
            if (lease.run_id, lease.epoch) not in held
        ]

    def _write(self, connection: sa.Connection) -> int:
        """Write all that a commit stores; return how many chunks are full now."""
        self._write_rows(connection)
        self._cut(connection)
        sessions = {each.session.lease.run_id: each.session for each in self.members}
        full = 0
        if self._records.count:
            each = zip(sessions.items(), series_of_each(self._records.series), strict=True)
            tails = {run_id: (session.journal.chunk, series) for (run_id, session), series in each}
            full = write_tails(connection, tails)
        write_snapshots(connection, self._snapshots)
        write_checkpoints(connection, {run_id: session.state for run_id, session in sessions.items()})
        for member in self.members:
            if member.predictions is not None:
                lease, step = member.session.lease, member.session.state.step
                write_predictions(connection, lease.run_id, step, member.predictions)
        return full

    def _write_rows(self, connection: sa.Connection) -> None:
        """Update the rows of all runs: those that set the same columns in one statement."""
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for member in self.members:
            lease, columns = member.session.lease, member.session.journal.columns(member.values)
            if any(isinstance(value, sa.ClauseElement) for value in columns.values()):
                write_held(connection, lease, **columns)
                continue
            rows = alike.setdefault(tuple(columns), [])
            rows.append({"held_run": lease.run_id, **columns})
        for names, rows in alike.items():
            update = runs.update().where(runs.c.id == sa.bindparam("held_run"))
            named = {name: sa.bindparam(name) for name in names}
            connection.execute(update.values(lease_beat=runs.c.lease_beat + 1, **named), rows)

    def _cut(self, connection: sa.Connection) -> None:
        """Before the first records are written, drop what came after the states, as a journal does."""
        new = {
            each.session.lease.run_id: each.session.journal
            for each in self.members
            if each.session.journal.chunk < 0
        }
        if not new:
            return
        (recorded_step,) = {journal.recorded_step for journal in new.values()}
        cut_snapshots(connection, recorded_step, *new)
        drop_predictions(connection, *new)
        have_some = have_records(connection, list(new))
        for run_id, journal in new.items():
            journal.chunk = cut_after(connection, run_id, recorded_step) if run_id in have_some else 0
