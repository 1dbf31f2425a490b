"""One run in training under a lease: commits records with their checkpoint, obeys requests."""

import time
from collections.abc import Callable
from contextlib import closing, suppress

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engine.codec import CodecError
from engine.config import ConfigError
from engine.runs.catalog import get_run, load_run
from engine.runs.checkpoints import latest_checkpoint, write_checkpoint
from engine.runs.fingerprint import fingerprint
from engine.runs.lease import Lease, LeaseLost, write_held
from engine.runs.maintenance import tidy
from engine.runs.schema import checkpoints, events, runs
from engine.runs.series import CHUNK_RECORDS, cut_after, write_tail
from engine.runs.snapshots import cut_snapshots, packed, write_snapshots
from engine.runs.store import Store, is_passing
from engine.training.model import initial_state
from engine.training.plan import plan
from engine.training.telemetry import Record
from engine.training.trainer import final_summary, train

COMMIT_SECONDS = 0.25
COMMIT_SHARE = 20
LOOK_UP_SECONDS = 0.05
BEAT_SECONDS = 2
TIDY_SECONDS = 5
RETRY_SECONDS = 1
PAUSE_SECONDS_BEFORE_LEAVING = 60
SPLITS = ("train", "val", "test")

Watcher = Callable[[Record], None]


def train_claimed(store: Store, lease: Lease, on_record: Watcher | None = None) -> str:
    """Train a claimed run to its end, or until it is stopped or paused for long; return its status.

    Parameters
    ----------
    on_record : callable, optional
        Called with each record, after it was taken up for the next commit.

    Raises
    ------
    LeaseLost
        When another process took the run over; nothing more was written.
    KeyboardInterrupt
        Passed on after the run was marked stopped. It may come in the middle of an update, so that what was
        trained since the last commit is left out; going on trains it again.
    """
    try:
        session = _Session(store, lease)
    except (CodecError, ConfigError, MemoryError) as error:
        return end_run(store, lease, "failed", message=str(error) or "out of memory")
    try:
        return session.run(on_record)
    except KeyboardInterrupt:
        end_run(store, lease, "stopped", message="stopped by Ctrl-C")
        raise
    except MemoryError:
        needed = session.plan.bytes_needed / 1e6
        return end_run(store, lease, "failed", message=f"out of memory (needed about {needed:.0f} MB)")


def end_run(store: Store, lease: Lease, status: str, message: str) -> str:
    """End a held run as it stands in the store, without a word of what was trained since; return status.

    Raises
    ------
    LeaseLost
        When another process holds the run now.
    """
    with store.writing() as connection:
        write_held(connection, lease, status=status, message=message, finished_at=time.time())
    return status


class _Session:
    def __init__(self, store: Store, lease: Lease) -> None:
        self.store, self.lease = store, lease
        self.config, self.dataset = load_run(store, lease.run_id)
        found, damaged = latest_checkpoint(store, lease.run_id)
        self.state = found if found is not None else initial_state(self.config, self.dataset)
        self.plan = plan(self.config, self.dataset)
        self.tail: list[Record] = []
        self.snapshots: dict[int, bytes] = {}
        self.last: dict[str, object] = {}
        self.first_step, self.committed_step = self.state.step, -1
        self.committed_at, self.commit_cost = float("-inf"), 0.0
        self.beat_at = self.tidied_at = time.monotonic()
        self.is_waiting_for_space = False
        self.looked_at = 0.0
        self.epoch_started = time.monotonic()
        self.is_single_step, self.step_from = False, 0
        row = get_run(store, lease.run_id)
        self.wish = "pause" if row.paused and not row.request else row.request
        self.speed = row.speed
        with store.writing() as connection:
            self.chunk = cut_after(connection, lease.run_id, self.state.recorded_step)
            cut_snapshots(connection, lease.run_id, self.state.recorded_step)
            write_held(connection, lease, fingerprint=fingerprint(), **self._progress())
            if damaged:
                late = checkpoints.c.step > (self.state.step if found is not None else -1)
                connection.execute(checkpoints.delete().where(checkpoints.c.run_id == lease.run_id, late))
                self._tell(connection, "checkpoint", f"{damaged} damaged", f"step {self.state.step} used")

    def run(self, on_record: Watcher | None) -> str:
        with closing(train(self.config, self.dataset, self.state)) as stream:
            if not self._obey():
                return "stopped" if self.wish == "stop" else "queued"
            for record in stream:
                if record is not None:
                    self._take(record)
                    if on_record is not None:
                        on_record(record)
                self._save()
                at_epoch_end = self.state.step % self.plan.steps_per_epoch == 0
                if at_epoch_end and not self.state.diverged and self.state.step < self.plan.total_steps:
                    self._keep_speed()
                    if self.is_single_step and self.state.step > self.step_from:
                        self.wish, self.is_single_step = "pause", False
                if not self._look_up():
                    return "stopped" if self.wish == "stop" else "queued"
        return self._finish()

    def _take(self, record: Record) -> None:
        self.tail.append(record)
        self.last.update(_summary(record))
        if record.step in self.plan.snapshot_steps:
            self.snapshots[record.step] = packed(self.state.theta)

    def _save(self) -> None:
        """Commit what is new once it is time, and show that this process lives in between."""
        now = time.monotonic()
        is_new = bool(self.tail) or self.state.step != self.committed_step
        if is_new and now - self.committed_at > max(COMMIT_SECONDS, COMMIT_SHARE * self.commit_cost):
            self.commit()
        elif now - self.beat_at > BEAT_SECONDS:
            with self.store.writing() as connection:
                write_held(connection, self.lease)
            self.beat_at = now
        if now - self.tidied_at > TIDY_SECONDS:
            tidy(self.store)
            self.tidied_at = now

    def commit(self, **values: object) -> None:
        """Store the open records, the checkpoint that belongs to them and the run's row at once.

        Waits as long as the disk is full or the store locked: nothing is lost, training goes on after it.
        """
        started = time.monotonic()
        while not self._written(values):
            time.sleep(RETRY_SECONDS)
            started = time.monotonic()
        self.committed_at = self.beat_at = time.monotonic()
        self.commit_cost = self.committed_at - started
        self.committed_step = self.state.step

    def _written(self, values: dict[str, object]) -> bool:
        values = {**self._progress(), **values}
        if self.state.step > self.first_step:
            values["takeovers"] = 0
        if self.is_waiting_for_space:
            values.setdefault("message", "")
        try:
            with self.store.writing() as connection:
                write_held(connection, self.lease, **values)
                full = write_tail(connection, self.lease.run_id, self.chunk, self.tail)
                write_snapshots(connection, self.lease.run_id, self.snapshots)
                write_checkpoint(connection, self.lease.run_id, self.state)
        except OperationalError as error:
            if not is_passing(error):
                raise
            self._tell_of_waiting(str(error.orig))
            return False
        self.chunk, self.tail = self.chunk + full, self.tail[full * CHUNK_RECORDS :]
        self.snapshots = {}
        self.is_waiting_for_space = False
        return True

    def _tell_of_waiting(self, reason: str) -> None:
        self.is_waiting_for_space = True
        place = self.store.engine.url.database
        with suppress(OperationalError), self.store.writing() as connection:
            write_held(connection, self.lease, message=f"waits: {reason} ({place})")

    def _progress(self) -> dict[str, object]:
        state = self.state
        return {
            "step": state.step,
            "epoch": state.step / self.plan.steps_per_epoch,
            "seconds": state.seconds,
            **self.last,
        }

    def _finish(self) -> str:
        summary = final_summary(self.config, self.dataset, self.state)
        score = "r2" if self.dataset.task == "regression" else "accuracy"
        diverged = self.state.diverged
        status = "diverged" if diverged else "finished"
        best = self.state.best_val_loss
        self.commit(
            status=status,
            message=f"diverged at step {self.state.step}" if diverged else "",
            finished_at=time.time(),
            **{f"{split}_loss": summary.get(f"{split}_loss") for split in SPLITS},
            **{f"{split}_score": summary.get(f"{split}_{score}") for split in SPLITS},
            best_val_loss=best if best < float("inf") else None,
            best_step=self.state.best_step,
            request="",
            paused=False,
        )
        return status

    def _keep_speed(self) -> None:
        """Wait until the epoch has lasted as long as the chosen speed wants it to."""
        while self.speed and not self.is_single_step:
            rest = self.epoch_started + 1 / self.speed - time.monotonic()
            if rest <= 0 or self.wish:
                break
            self._save()
            time.sleep(min(rest, LOOK_UP_SECONDS))
            self._read_wish()
        self.epoch_started = time.monotonic()

    def _look_up(self) -> bool:
        if time.monotonic() - self.looked_at > LOOK_UP_SECONDS:
            self._read_wish()
        return self._obey()

    def _read_wish(self) -> None:
        query = sa.select(runs.c.request, runs.c.speed, runs.c.lease_epoch).where(
            runs.c.id == self.lease.run_id
        )
        with self.store.reading() as connection:
            row = connection.execute(query).one()
        if row.lease_epoch != self.lease.epoch:
            raise LeaseLost(f"run {self.lease.run_id} is held by another process")
        self.looked_at = time.monotonic()
        self.wish, self.speed = row.request or self.wish, row.speed

    def _obey(self) -> bool:
        """Do what was asked for; return whether to go on training."""
        if self.wish == "pause":
            self._pause()
        if self.wish == "stop":
            self.commit(
                status="stopped", message="stopped", request="", paused=False, finished_at=time.time()
            )
            return False
        if self.wish == "left":
            return False
        if self.wish in ("resume", "step"):
            self.is_single_step, self.step_from = self.wish == "step", self.state.step
            self.commit(request=_answered(self.wish), paused=False)
            self.epoch_started = time.monotonic()
        self.wish = ""
        return True

    def _pause(self) -> None:
        self.commit(request=_answered(self.wish), paused=True)
        self.wish = ""
        until = time.monotonic() + PAUSE_SECONDS_BEFORE_LEAVING
        while time.monotonic() < until:
            time.sleep(LOOK_UP_SECONDS)
            self._save()
            self._read_wish()
            if self.wish in ("resume", "step", "stop"):
                return
            self.wish = ""
        self.commit(status="queued")
        self.wish = "left"

    def _tell(self, connection: sa.Connection, field: str, old: str, new: str) -> None:
        values = {"run_id": self.lease.run_id, "created_at": time.time(), "step": self.state.step}
        connection.execute(events.insert().values(field=field, old=old, new=new, **values))


def _answered(wish: str) -> sa.ColumnElement[str]:
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
