"""One run in training under a lease: obeys requests, keeps the chosen speed, tells how it ended."""

import time
from bisect import bisect_right
from collections.abc import Callable
from contextlib import closing

import sqlalchemy as sa

from engine.codec import CodecError
from engine.config import ConfigError
from engine.store.checkpoints import drop_checkpoints_after, latest_checkpoint
from engine.store.fingerprint import fingerprint_of
from engine.store.interventions import has_pending_change, note_change, pending_changes, read_changes
from engine.store.lease import Lease, LeaseLost, write_held
from engine.store.loading import loaded
from engine.store.predictions import packed_predictions
from engine.store.row import RunRow
from engine.store.runs import get_run
from engine.store.schema import runs
from engine.store.store import Store
from engine.training.early_stopping import ending_words
from engine.training.interventions import Change, value_before
from engine.training.model import build_network, check_state, initial_state
from engine.training.plan import plan
from engine.training.telemetry import Record
from engine.training.trainer import final_summary, train
from engine.workers.blas import own_blas_threads
from engine.workers.journal import Journal, answered

LOOK_UP_SECONDS = 0.05
# At full speed, where each look costs training.
LOOK_UP_SECONDS_IN_TRAINING = 0.2
PAUSE_SECONDS_BEFORE_LEAVING = 60.0
SPLITS = ("train", "val", "test")
# One statement, built once: it is sent twenty times a second.
LOOK_UP = sa.select(
    runs.c.request,
    runs.c.speed,
    runs.c.lease_epoch,
    has_pending_change(runs.c.id).label("has_pending_change"),
).where(runs.c.id == sa.bindparam("run"))

Watcher = Callable[[Record], None]


def train_claimed(
    store: Store,
    lease: Lease,
    on_record: Watcher | None = None,
    *,
    is_interrupted: Callable[[], bool] = lambda: False,
    leaves_when_paused: bool = True,
) -> str:
    """Train a claimed run to its end, or until it is stopped or paused for long; return its status.

    Parameters
    ----------
    on_record : callable, optional
        Called with each record, after it was taken up for the next commit.
    is_interrupted : callable
        Asked between two updates; once it says True the run is stopped where it stands.
    leaves_when_paused : bool
        Give the run back after a minute of pause, so that the process can train another one.

    Raises
    ------
    LeaseLost
        When another process took the run over; nothing more was written.
    KeyboardInterrupt
        After the run was stopped because of ``is_interrupted``.
    """
    pause_seconds = PAUSE_SECONDS_BEFORE_LEAVING if leaves_when_paused else float("inf")
    try:
        session = Session(store, lease, pause_seconds, is_interrupted)
    except (CodecError, ConfigError, MemoryError) as error:
        return end_run(store, lease, "failed", message=str(error) or "out of memory")
    try:
        with own_blas_threads(session.config):
            return session.run(on_record)
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


class Session:
    """A held run from its newest checkpoint on, with the journal that stores it.

    Parameters
    ----------
    pause_seconds : float
        How long a paused run is waited for.
    is_interrupted : callable
        Asked between two updates; once it says True the run is stopped where it stands.
    row : RunRow, optional
        The run as it stands, where it was read already.
    has_begun : bool
        False for a run that is known to have neither checkpoints nor changes: they are not looked for.

    Raises
    ------
    LeaseLost
        From what writes, when another process holds the run now.
    CodecError, ConfigError
        When it cannot be trained.
    """

    def __init__(
        self,
        store: Store,
        lease: Lease,
        pause_seconds: float = PAUSE_SECONDS_BEFORE_LEAVING,
        is_interrupted: Callable[[], bool] = lambda: False,
        *,
        row: RunRow | None = None,
        has_begun: bool = True,
    ) -> None:
        self.store, self.lease = store, lease
        self.pause_seconds, self.is_interrupted = pause_seconds, is_interrupted
        row = row or get_run(store, lease.run_id)
        self.config, self.dataset = loaded(store, row)
        found, damaged = latest_checkpoint(store, lease.run_id) if has_begun else (None, 0)
        self.state = found if found is not None else initial_state(self.config, self.dataset)
        self.plan = plan(self.config, self.dataset)
        self.wish = "pause" if row.paused and not row.request else row.request
        self.speed = row.speed
        self.changes = [change for change, _ in read_changes(store, lease.run_id)] if has_begun else []
        self.looked_at, self.epoch_started = 0.0, time.monotonic()
        self.is_single_step, self.step_from = False, 0
        here = fingerprint_of(self.config.model_dump())
        self.journal = Journal(store, lease, self.plan, self.state, fingerprint=here)
        if damaged:
            drop_checkpoints_after(store, lease.run_id, self.state.step if found is not None else -1)
            self.journal.tell("checkpoint", f"{damaged} damaged", f"step {self.state.step} used")
        if found is not None and row.fingerprint not in ("", here):
            check_state(self.config, self.dataset, found)
            self.journal.tell("fingerprint", row.fingerprint, here)

    def run(self, on_record: Watcher | None) -> str:
        """Train the run until it ends or leaves; return its status."""
        with closing(train(self.config, self.dataset, self.state, self.changes)) as stream:
            self._take_up_changes()
            if not self._obey():
                return "stopped" if self.wish == "stop" else "queued"
            due = self._due()
            for record in stream:
                if record is not None:
                    self.journal.take(record)
                    if on_record is not None:
                        on_record(record)
                # Short epochs end often: in between nothing is looked at but the clock.
                if time.monotonic() < due and not self.is_interrupted():
                    continue
                self.journal.save()
                at_epoch_end = self.state.step % self.plan.steps_per_epoch == 0
                if at_epoch_end and not self.state.has_ended and self.state.step < self.plan.total_steps:
                    self._keep_speed()
                    if self.is_single_step and self.state.step > self.step_from:
                        self.wish, self.is_single_step = "pause", False
                if not self._poll():
                    return "stopped" if self.wish == "stop" else "queued"
                due = self._due()
        return self._finish()

    def _due(self) -> float:
        """Return when there is next something to store, to look up or to wait for."""
        if self.speed or self.wish or self.is_single_step:
            return 0.0
        return min(self.looked_at + LOOK_UP_SECONDS_IN_TRAINING, self.journal.commit_at)

    def _finish(self) -> str:
        predictions, ended = self.end()
        self.journal.commit(predictions=predictions, **ended)
        return str(ended["status"])

    def end(self) -> tuple[bytes | None, dict[str, object]]:
        """Return the predictions and the columns of the row that a run has at its end."""
        summary = final_summary(self.config, self.dataset, self.state)
        score = "r2" if self.dataset.task == "regression" else "accuracy"
        status, message = "finished", ending_words(self.config, self.plan, self.state)
        if self.state.diverged:
            status, message = "diverged", f"diverged at step {self.state.step}"
        values = {"status": status, "message": message, "finished_at": time.time()}
        losses = {f"{split}_loss": summary.get(f"{split}_loss") for split in SPLITS}
        scores = {f"{split}_score": summary.get(f"{split}_{score}") for split in SPLITS}
        return packed_predictions(self.config, self.dataset, self.state), {
            **values,
            **losses,
            **scores,
            "request": "",
            "paused": False,
        }

    def _keep_speed(self) -> None:
        """Wait until the epoch has lasted as long as the chosen speed wants it to."""
        while self.speed and not self.is_single_step:
            rest = self.epoch_started + 1 / self.speed - time.monotonic()
            if rest <= 0 or self.wish:
                break
            self.journal.save()
            time.sleep(min(rest, LOOK_UP_SECONDS))
            self._read_request()
        self.epoch_started = time.monotonic()

    def _poll(self) -> bool:
        self._check_interrupt()
        if time.monotonic() - self.looked_at > LOOK_UP_SECONDS:
            self._read_request()
        return self._obey()

    def _read_request(self) -> None:
        self._check_interrupt()
        with self.store.reading() as connection:
            row = connection.execute(LOOK_UP, {"run": self.lease.run_id}).one()
        if row.lease_epoch != self.lease.epoch:
            raise LeaseLost(f"run {self.lease.run_id} is held by another process")
        if row.has_pending_change:
            self._take_up_changes()
        self.looked_at = time.monotonic()
        if row.speed != self.speed:
            self.epoch_started = self.looked_at
        self.wish, self.speed = row.request or self.wish, row.speed

    def _take_up_changes(self) -> None:
        """Let what people want changed act before the next update, and write down that it does."""
        with self.store.reading() as connection:
            wished = pending_changes(connection, self.lease.run_id)
        if not wished:
            return
        network = build_network(self.config, self.dataset)
        with self.store.writing() as connection:
            write_held(connection, self.lease)
            for event_id, wish in wished:
                old = value_before(wish.field, wish.new, self.config, network, self.state)
                note_change(connection, event_id, self.state.step, old)
                place = bisect_right([change.step for change in self.changes], self.state.step)
                self.changes.insert(place, Change(self.state.step, wish.field, wish.new))

    def _obey(self) -> bool:
        """Do what was asked for; return whether to go on training."""
        if self.wish == "pause":
            self._pause()
        if self.wish == "stop":
            self._stop("stopped")
            return False
        if self.wish == "left":
            return False
        if self.wish in ("resume", "step"):
            self.is_single_step, self.step_from = self.wish == "step", self.state.step
            self.journal.commit(request=answered(self.wish), paused=False)
            self.epoch_started = time.monotonic()
        self.wish = ""
        return True

    def _check_interrupt(self) -> None:
        if self.is_interrupted():
            self._stop("stopped by Ctrl-C")
            raise KeyboardInterrupt

    def _stop(self, message: str) -> None:
        said, ended = self.end_stopped(message)
        self.journal.commit(predictions=said, **ended)

    def end_stopped(self, message: str) -> tuple[bytes | None, dict[str, object]]:
        """Return the predictions and the columns of the row that a run has when it is stopped."""
        ended = {"status": "stopped", "message": message, "finished_at": time.time()}
        said = packed_predictions(self.config, self.dataset, self.state, with_test=False)
        return said, {**ended, "request": "", "paused": False}

    def _pause(self) -> None:
        self.journal.commit(request=answered(self.wish), paused=True)
        self.wish = ""
        until = time.monotonic() + self.pause_seconds
        while time.monotonic() < until:
            time.sleep(LOOK_UP_SECONDS)
            self.journal.save()
            self._read_request()
            if self.wish in ("resume", "step", "stop"):
                return
            self.wish = ""
        self.journal.commit(status="queued")
        self.wish = "left"
