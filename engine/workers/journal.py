"""What the process that trains a run writes about it; must not know why a run pauses, stops or ends."""

import time
from contextlib import suppress

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.store.checkpoints import write_checkpoint
from engine.store.lease import Lease, write_held
from engine.store.maintenance import tidy
from engine.store.predictions import drop_predictions, write_predictions
from engine.store.records import CHUNK_RECORDS, RecordBuffer, cut_after, write_tail
from engine.store.schema import events, runs
from engine.store.snapshots import cut_snapshots, packed, write_snapshots
from engine.store.store import Store, is_transient
from engine.training.plan import TrainingPlan
from engine.training.state import State
from engine.training.telemetry import Record

# Soon enough to be seen. A run that is over before is one transaction: small runs wait for little else.
FIRST_COMMIT_SECONDS = 0.05
COMMIT_SECONDS = 0.25
# Where a commit takes long, it comes seldom. It takes a fortieth of the time at most, as where it waits for a
# slow disk; and half a hundredth of the processor's, as where the state is large, unless it would come after
# more than two seconds.
COMMIT_SHARE, COMMIT_SHARE_OF_PROCESSOR, COMMIT_SECONDS_FOR_THE_PROCESSOR = 40, 200, 2.0
BEAT_SECONDS = 2
TIDY_SECONDS = 5
RETRY_SECONDS = 1


class Journal:
    """Takes up the records of a held run and commits them, with the state that belongs to them.

    Records, snapshots, checkpoint and the run's row are written in one transaction: whatever a killed
    process leaves is a consistent beginning of its run. The first one drops what came after the state.

    Parameters
    ----------
    values
        Columns of the run's row that the first transaction sets.

    Raises
    ------
    LeaseLost
        From every method that writes, when another process holds the run now.
    """

    def __init__(
        self, store: Store, lease: Lease, plan: TrainingPlan, state: State, **values: object
    ) -> None:
        self.store, self.lease, self.plan, self.state = store, lease, plan, state
        self.first_step, self.committed_step = state.step, -1
        self.recorded_step, self.opening = state.recorded_step, values
        self.beat_at = self.tidied_at = time.monotonic()
        self.commit_at, self.chunk = self.beat_at + FIRST_COMMIT_SECONDS, -1
        self.is_waiting_for_space = False
        self._records = RecordBuffer()
        self._snapshots: dict[int, dict[str, np.ndarray]] = {}
        self._summary: dict[str, object] = {}

    def take(self, record: Record) -> None:
        """Take up a record for the next commit."""
        self._records.add(record)
        self.summarise(record)
        if record.step in self.plan.snapshot_steps or self.state.stopped_early:
            self._snapshots[record.step] = {name: each.copy() for name, each in self.state.learned.items()}

    def summarise(self, record: Record) -> None:
        """Let the run's row tell what an evaluated record says."""
        self._summary.update(_summary(record))

    def save(self) -> None:
        """Commit what is new once it is time, and show in between that this process lives."""
        now = time.monotonic()
        is_new = self._records.count > 0 or self.state.step != self.committed_step
        if is_new and now > self.commit_at:
            self.commit()
        elif now - self.beat_at > BEAT_SECONDS:
            with self.store.writing() as connection:
                write_held(connection, self.lease)
            self.beat_at = now
        if now - self.tidied_at > TIDY_SECONDS:
            tidy(self.store)
            self.tidied_at = now

    def commit(self, *, predictions: bytes | None = None, **values: object) -> None:
        """Store the open records, the checkpoint that belongs to them and the run's row at once.

        At the end of a run its predictions are stored with them.
        Waits as long as the disk is full or the store locked: nothing is lost, training goes on after it.
        """
        started, worked = time.monotonic(), time.thread_time()
        while not self._written(values, predictions):
            time.sleep(RETRY_SECONDS)
            started, worked = time.monotonic(), time.thread_time()
        self.beat_at = time.monotonic()
        self.commit_at = self.beat_at + pause_after(self.beat_at - started, time.thread_time() - worked)
        self.committed_step = self.state.step

    def tell(self, field: str, old: str, new: str) -> None:
        """Note an event of the run at its present step."""
        values = {"run_id": self.lease.run_id, "created_at": time.time(), "step": self.state.step}
        with self.store.writing() as connection:
            connection.execute(events.insert().values(field=field, old=old, new=new, **values))

    def write(
        self, connection: sa.Connection, values: dict[str, object], predictions: bytes | None
    ) -> tuple[int, int]:
        """Write what a commit stores; when the lease is lost nothing was written.

        Returns
        -------
        (int, int)
            For :meth:`note` after it: the first chunk that was written, how many are full now.
        """
        run_id = self.lease.run_id
        write_held(connection, self.lease, **self.columns(values))
        chunk = self.chunk if self.chunk >= 0 else self._cut(connection)
        full = write_tail(connection, run_id, chunk, self._records.series)
        snapshots = {step: packed(each) for step, each in self._snapshots.items()}
        write_snapshots(connection, {run_id: snapshots})
        write_checkpoint(connection, run_id, self.state)
        if predictions is not None:
            write_predictions(connection, run_id, self.state.step, predictions)
        return chunk, full

    def columns(self, values: dict[str, object]) -> dict[str, object]:
        """Return what a commit sets in the run's row, these values among it."""
        columns = {**self._progress(), **self.opening, **values}
        if self.state.step > self.first_step:
            columns["takeovers"] = 0
        if self.is_waiting_for_space:
            columns.setdefault("message", "")
        return columns

    def note(self, chunk: int, full: int) -> None:
        """Let go of what was committed: that many full chunks from ``chunk`` on."""
        self.chunk = chunk + full
        self._records.drop_first(full * CHUNK_RECORDS)
        self._snapshots, self.opening = {}, {}
        self.is_waiting_for_space = False

    def _written(self, values: dict[str, object], predictions: bytes | None) -> bool:
        try:
            with self.store.writing() as connection:
                written = self.write(connection, values, predictions)
        except OperationalError as error:
            if not is_transient(error):
                raise
            self.report_waiting(str(error.orig))
            return False
        self.note(*written)
        return True

    def _cut(self, connection: sa.Connection) -> int:
        """Drop what came after the state; return the number of the next chunk."""
        cut_snapshots(connection, self.recorded_step, self.lease.run_id)
        drop_predictions(connection, self.lease.run_id)
        return cut_after(connection, self.lease.run_id, self.recorded_step)

    def report_waiting(self, reason: str) -> None:
        """Say in the run's row why nothing can be written, if at least that can be written."""
        self.is_waiting_for_space = True
        place = self.store.engine.url.database
        with suppress(OperationalError), self.store.writing() as connection:
            write_held(connection, self.lease, message=f"waits: {reason} ({place})")

    def _progress(self) -> dict[str, object]:
        state = self.state
        is_known = state.best_val_loss < float("inf")
        return {
            "step": state.step,
            "epoch": state.step / self.plan.steps_per_epoch,
            "seconds": state.seconds,
            "best_val_loss": state.best_val_loss if is_known else None,
            "best_step": state.best_step if is_known else None,
            **self._summary,
        }


def pause_after(took: float, worked: float) -> float:
    """Return the seconds until the next commit after one that took so long, and the processor so long."""
    for_the_processor = min(COMMIT_SHARE_OF_PROCESSOR * worked, COMMIT_SECONDS_FOR_THE_PROCESSOR)
    return max(COMMIT_SECONDS, COMMIT_SHARE * took, for_the_processor)


def answered(wish: str) -> sa.ColumnElement[str]:
    """Clear the request that was just obeyed, and keep one that came in meanwhile."""
    return sa.case((runs.c.request == wish, ""), else_=runs.c.request)


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
