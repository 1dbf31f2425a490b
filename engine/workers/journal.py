"""Commits what held runs have trained: records, snapshots, checkpoints and rows of all in one transaction."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.store.checkpoints import write_checkpoints
from engine.store.lease import LeaseLost, write_held
from engine.store.maintenance import tidy
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
from engine.store.store import RETRY_SECONDS, Store, StoreWaits
from engine.training.telemetry import Record
from engine.workers.stacked_run import RowUpdate, StackedRun

# Soon enough to be seen. A run that is over before is one transaction: small runs wait for little else.
FIRST_COMMIT_SECONDS = 0.05
COMMIT_SECONDS = 0.25
# Where a commit takes long, it comes seldom. It takes a fortieth of the time at most, as where it waits for a
# slow disk; and half a hundredth of the processor's, as where the state is large, unless it would come after
# more than two seconds.
COMMIT_SHARE, COMMIT_SHARE_OF_PROCESSOR, COMMIT_SECONDS_FOR_THE_PROCESSOR = 40, 200, 2.0
# What a killed process loses at most, however slow the disk was just now.
COMMIT_SECONDS_AT_MOST = 30.0
BEAT_SECONDS = 2
TIDY_SECONDS = 5
NO_UPDATES: Mapping[int, RowUpdate] = MappingProxyType({})
Written = TypeVar("Written")


@dataclass(eq=False)
class _Page:
    """What of one run is not committed yet, and where it goes.

    Attributes
    ----------
    first_step, recorded_step : int
        Of the state with which the journal began; what the store has after it is cut off.
    columns : dict
        What the first commit sets in the run's row.
    chunk : int
        Number of the next chunk; -1 until something was committed.
    summary : dict
        Columns of the row that follow from the last evaluation.
    snapshots : dict of int to bytes
        Packed parameters by step.
    """

    first_step: int
    recorded_step: int
    columns: dict[str, object]
    chunk: int = -1
    summary: dict[str, object] = field(default_factory=dict)
    snapshots: dict[int, bytes] = field(default_factory=dict)


class Journal:
    """Takes the records of held runs and commits them, with the states that belong to them.

    Whatever a killed process leaves is a consistent beginning of each of its runs. The first commit drops
    what the store has after their states.

    Parameters
    ----------
    all_runs : sequence of StackedRun
        In the order of the rows of each record; all stand at one step.

    Attributes
    ----------
    runs : list of StackedRun
        Those that are still written: not the ones that left with a commit, nor those that another process
        holds.
    commit_at : float
        When the next commit is due, on the monotonic clock.

    Raises
    ------
    LeaseLost
        From every method that writes, when another process holds the last of the runs now.
    """

    def __init__(self, store: Store, all_runs: Sequence[StackedRun]) -> None:
        self.store, self.runs = store, list(all_runs)
        self.beat_at = self.tidied_at = time.monotonic()
        self.commit_at = self.beat_at + FIRST_COMMIT_SECONDS
        self.committed_at, self.is_waiting = (-1, -1), False
        self._records = RecordBuffer()
        self._pages = {
            run.id: _Page(run.state.step, run.state.recorded_step, {"fingerprint": run.fingerprint})
            for run in all_runs
        }

    def add(self, record: Record) -> None:
        """Add a record of all runs to the next commit."""
        self._records.add(record)
        plan = self.runs[0].plan
        is_evaluated, is_due = record.step in plan.evaluation_steps, record.step in plan.snapshot_steps
        if not (is_evaluated or is_due):
            return
        for number, run in enumerate(self.runs):
            page = self._pages[run.id]
            if is_evaluated:
                page.summary |= _summary(record.row(number))
            if is_due or run.state.stopped_early:
                page.snapshots[record.step] = packed(run.state.learned)

    def save(self) -> None:
        """Commit what is new once it is time, and show in between that this process lives."""
        now = time.monotonic()
        is_new = self.is_waiting or self.runs[0].position != self.committed_at
        if is_new and now > self.commit_at:
            self.commit()
        elif now - self.beat_at > BEAT_SECONDS:
            self._write(self._beat)
        if now - self.tidied_at > TIDY_SECONDS:
            with suppress(StoreWaits):  # it can be done later
                tidy(self.store)
            self.tidied_at = now

    def commit(self, updates: Mapping[int, RowUpdate] = NO_UPDATES) -> None:
        """Store at once the open records, the checkpoints that belong to them and the rows of all runs.

        Waits as long as the disk is full or the store locked: nothing is lost, training goes on after it.

        Parameters
        ----------
        updates : mapping of int to RowUpdate
            By run. Those that set a status are not written any more after it.
        """
        chunks, pause = self._write(lambda connection: self._write_all(connection, updates))
        self.commit_at = self.beat_at + pause
        self._mark_committed(chunks)
        self._keep([run for run in self.runs if run.id not in updates or not updates[run.id].status])

    def drop(self, lost: Sequence[StackedRun]) -> None:
        """Write no more of these: another process holds them, or they are gone."""
        self._keep([run for run in self.runs if run not in lost])
        if not self.runs:
            raise LeaseLost(f"run {lost[-1].id} is held by another process")

    def _keep(self, kept: list[StackedRun]) -> None:
        if len(kept) < len(self.runs):
            self._records.keep([number for number, run in enumerate(self.runs) if run in kept])
            self.runs = kept

    def _write(self, write: Callable[[sa.Connection], Written]) -> tuple[Written, float]:
        """Write in one transaction, once the store can; return the result and how long to wait after it."""
        while True:
            worked = time.thread_time()
            try:
                with self.store.writing() as connection:
                    self._drop_lost(connection)
                    # The lock is held from here on: how long others held it is no cost of this commit.
                    started = time.monotonic()
                    written = write(connection)
            except StoreWaits as waits:
                self.report_waiting(waits)
                time.sleep(RETRY_SECONDS)
                continue
            self.beat_at = time.monotonic()
            return written, pause_after(self.beat_at - started, time.thread_time() - worked)

    def _drop_lost(self, connection: sa.Connection) -> None:
        """Drop the runs that another process holds now, or nobody; lock the rows of the others."""
        ids = [run.id for run in self.runs]
        query = sa.select(runs.c.id, runs.c.lease_epoch).where(runs.c.id.in_(ids), runs.c.status == "running")
        held = {tuple(row) for row in connection.execute(query.with_for_update()).all()}
        if lost := [run for run in self.runs if (run.id, run.lease.epoch) not in held]:
            self.drop(lost)

    def _beat(self, connection: sa.Connection) -> None:
        for run in self.runs:
            write_held(connection, run.lease)

    def report_waiting(self, waits: StoreWaits) -> None:
        """Say why nothing can be written: here, and in the rows if at least that can be written."""
        self.is_waiting = True
        self.store.say_waiting(waits)
        message = f"waiting: {waits}"
        with suppress(StoreWaits), self.store.writing() as connection:
            self._drop_lost(connection)
            for run in self.runs:
                write_held(connection, run.lease, message=message)

    def _write_all(self, connection: sa.Connection, updates: Mapping[int, RowUpdate]) -> dict[int, int]:
        """Write all that a commit stores; return the number of each run's next chunk."""
        self._write_rows(connection, updates)
        chunks, full = self._first_chunks(connection), 0
        if self._records.count:
            each = zip(chunks.items(), series_of_each(self._records.series), strict=True)
            full = write_tails(connection, {run_id: (number, series) for (run_id, number), series in each})
        write_snapshots(connection, {run.id: self._pages[run.id].snapshots for run in self.runs})
        write_checkpoints(connection, {run.id: run.state for run in self.runs})
        for run in self.runs:
            if run.id in updates and (predictions := updates[run.id].predictions) is not None:
                write_predictions(connection, run.id, run.state.step, predictions)
        return {run_id: number + full for run_id, number in chunks.items()}

    def _write_rows(self, connection: sa.Connection, updates: Mapping[int, RowUpdate]) -> None:
        """Update the rows of all runs: those that set the same columns in one statement."""
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for run in self.runs:
            columns = self._columns(run, updates.get(run.id))
            if any(isinstance(value, sa.ClauseElement) for value in columns.values()):
                write_held(connection, run.lease, **columns)
                continue
            alike.setdefault(tuple(columns), []).append({"held_run": run.id, **columns})
        for names, rows in alike.items():
            update = runs.update().where(runs.c.id == sa.bindparam("held_run"))
            named = {name: sa.bindparam(name) for name in names}
            connection.execute(update.values(lease_beat=runs.c.lease_beat + 1, **named), rows)

    def _columns(self, run: StackedRun, update: RowUpdate | None) -> dict[str, object]:
        """Return what a commit sets in the row of a run."""
        state, page = run.state, self._pages[run.id]
        is_known = state.best_val_loss < float("inf")
        columns = {
            "step": state.step,
            "epoch": state.step / run.plan.steps_per_epoch,
            "seconds": state.seconds,
            "best_val_loss": state.best_val_loss if is_known else None,
            "best_step": state.best_step if is_known else None,
            **page.summary,
            **page.columns,
            **(update.columns if update else {}),
        }
        if state.step > page.first_step:
            columns["takeovers"] = 0
        if self.is_waiting:
            columns.setdefault("message", "")
        return columns

    def _first_chunks(self, connection: sa.Connection) -> dict[int, int]:
        """Return the number of each run's next chunk; at the first commit drop what came after the states."""
        chunks = {run.id: self._pages[run.id].chunk for run in self.runs}
        new = [run_id for run_id, number in chunks.items() if number < 0]
        if new:
            (recorded_step,) = {self._pages[run_id].recorded_step for run_id in new}
            cut_snapshots(connection, recorded_step, *new)
            drop_predictions(connection, *new)
            some = have_records(connection, new)
            chunks |= {
                run_id: cut_after(connection, run_id, recorded_step) if run_id in some else 0
                for run_id in new
            }
        return chunks

    def _mark_committed(self, chunks: Mapping[int, int]) -> None:
        """Forget what was committed: only the records of the open chunk are written again."""
        self._records.drop_first(self._records.count // CHUNK_RECORDS * CHUNK_RECORDS)
        for run_id, number in chunks.items():
            page = self._pages[run_id]
            page.chunk, page.snapshots, page.columns = number, {}, {}
        self.committed_at, self.is_waiting = self.runs[0].position, False


def pause_after(took: float, worked: float) -> float:
    """Return the seconds until the next commit after one that took so long, and the processor so long.

    Parameters
    ----------
    took : float
        Seconds from when the write lock was held to the end of the commit.
    worked : float
        Seconds of the processor.
    """
    for_the_processor = min(COMMIT_SHARE_OF_PROCESSOR * worked, COMMIT_SECONDS_FOR_THE_PROCESSOR)
    return min(max(COMMIT_SECONDS, COMMIT_SHARE * took, for_the_processor), COMMIT_SECONDS_AT_MOST)


def _summary(record: Record) -> dict[str, object]:
    """Return the summary columns of an evaluated record: what lists show while a run goes on."""
    if record["train_loss"] != record["train_loss"]:
        return {}
    accuracy = record["train_accuracy"]
    is_class = accuracy == accuracy
    return {
        "train_loss": record["train_loss"],
        "val_loss": record["val_loss"],
        "train_score": accuracy if is_class else record["train_r2"],
        "val_score": record["val_accuracy"] if is_class else record["val_r2"],
    }
