"""Trains held runs, one alone or several as a stack, and handles what people request of them meanwhile."""

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa

from engine.store.interventions import has_pending_change, note_change, pending_changes, read_changes
from engine.store.lease import Lease, LeaseLost, write_held
from engine.store.schema import runs
from engine.store.store import Store, StoreError
from engine.training.interventions import Change, value_before
from engine.training.model import build_network
from engine.training.stack import train_stack
from engine.training.state import State
from engine.training.telemetry import Record
from engine.workers.blas import own_blas_threads
from engine.workers.controls import Controls
from engine.workers.journal import Journal
from engine.workers.stacked_run import RowUpdate, StackedRun, answered, end_run, open_runs, requeued
from engine.workers.stacking import TAKEOVERS_BEFORE_ALONE

POLL_SECONDS = 0.05
# At full speed, where each poll costs training.
POLL_SECONDS_IN_TRAINING = 0.2
PAUSE_SECONDS_BEFORE_LEAVING = 60.0
# One statement, built once: it is sent up to twenty times a second.
POLLED = sa.select(
    runs.c.id,
    runs.c.request,
    runs.c.paused,
    runs.c.speed,
    runs.c.lease_epoch,
    has_pending_change(runs.c.id).label("has_pending_change"),
).where(runs.c.id.in_(sa.bindparam("ids", expanding=True)))

Watcher = Callable[[Record], None]


def train_claimed(
    store: Store,
    leases: Lease | Sequence[Lease],
    on_record: Watcher | None = None,
    *,
    is_interrupted: Callable[[], bool] = lambda: False,
    leaves_when_paused: bool = True,
) -> str:
    """Train a claimed run, or several as a stack, until each has ended or went back into the queue.

    A run alone can be paused, paced, stepped and changed by hand. Of a stack a run can be stopped; of which
    anything else is requested goes back into the queue, with the request, to be trained alone. When
    something goes wrong with a stack as a whole its runs go back as they are in the store.

    Parameters
    ----------
    leases : Lease or sequence of Lease
        Several are of runs that one tape can train, see :func:`engine.workers.stacking.claim_stack`.
    on_record : callable, optional
        Called with each record, of all runs that are left, after it was added to the next commit.
    is_interrupted : callable
        Asked between two updates; once it says True all runs are stopped where they are.
    leaves_when_paused : bool
        Give a run back after a minute of pause, so that the process can train another one.

    Returns
    -------
    str
        The status in which the run was left; of several the status of the one that left last.

    Raises
    ------
    LeaseLost
        When another process took the run over, of several the last one; nothing more was written.
    KeyboardInterrupt
        After runs were stopped because of ``is_interrupted``.
    """
    leases = [leases] if isinstance(leases, Lease) else leases
    opened: list[StackedRun] = []
    try:
        opened = open_runs(store, leases)
        if not opened:
            return "failed"
        controls = None
        if len(leases) == 1:
            changes = [change for change, _ in read_changes(store, opened[0].id)]
            controls = Controls(changes, PAUSE_SECONDS_BEFORE_LEAVING if leaves_when_paused else float("inf"))
        with own_blas_threads(opened[0].config):
            return Session(store, opened, controls, is_interrupted).run(on_record)
    except (StoreError, LeaseLost):
        raise
    except Exception as error:
        if len(leases) > 1:
            traceback.print_exc()
            return _requeue_all(store, leases)
        if isinstance(error, MemoryError) and opened:
            needed = opened[0].plan.bytes_needed / 1e6
            return end_run(store, leases[0], "failed", f"out of memory (needed about {needed:.0f} MB)")
        raise


def _requeue_all(store: Store, leases: Sequence[Lease]) -> str:
    """Give the runs of a stack back so that each is trained alone."""
    for lease in leases:
        columns = requeued(takeovers=TAKEOVERS_BEFORE_ALONE)
        with suppress(LeaseLost):
            store.write_patiently(partial(write_held, lease=lease, **columns))
    return "queued"


class Session:
    """Held runs in training, and the journal that stores them.

    Parameters
    ----------
    opened : sequence of StackedRun
        All at one step.
    controls : Controls or None
        Of the only run; None of a stack, also when one of its runs is left.
    is_interrupted : callable
        As in :func:`train_claimed`.
    """

    def __init__(
        self,
        store: Store,
        opened: Sequence[StackedRun],
        controls: Controls | None,
        is_interrupted: Callable[[], bool],
    ) -> None:
        self.store, self.controls, self.is_interrupted = store, controls, is_interrupted
        self.journal = Journal(store, opened)
        self.polled_at = self.due = float("-inf")
        self.updates: dict[int, RowUpdate] = {}
        self.status = ""

    def run(self, on_record: Watcher | None = None) -> str:
        """Train the runs until each has left; return the status of the one that left last."""
        dataset = self.journal.runs[0].dataset
        changes = self.controls.changes if self.controls is not None else ()
        self._close_ended()
        if self.controls is not None and not self.updates:
            self._poll()
            self._handle_request(self.controls)
        self._commit_updates()
        configs, states = [run.config for run in self.journal.runs], self._states()
        with closing(train_stack(configs, dataset, states, changes)) as stream:
            for record in stream:
                if record is not None:
                    self.journal.add(record)
                    if on_record is not None:
                        on_record(record)
                    self._close_ended()
                # Short epochs end often: in between nothing is looked at but the clock.
                if time.monotonic() < self.due and not self.is_interrupted():
                    continue
                self._do_what_is_due()
                states[:] = self._states()
        return self.status

    def _states(self) -> list[State]:
        return [run.state for run in self.journal.runs]

    def _close_ended(self) -> None:
        """Let runs that have ended leave with the next commit, which is due at once."""
        for run in self.journal.runs:
            if run.has_ended:
                self.updates[run.id] = run.finished()
                self.due = 0.0

    def _do_what_is_due(self) -> None:
        self._check_interrupt()
        controls = None if self.updates else self.controls
        if controls is not None:
            self._keep_pace(controls)
        goes_on = len(self.updates) < len(self.journal.runs)
        if goes_on and time.monotonic() - self.polled_at > POLL_SECONDS:
            self._poll()
        if controls is not None:
            self._handle_request(controls)
        if self.updates:
            self._commit_updates()
        else:
            self.journal.save()
        self.due = min(self.polled_at + POLL_SECONDS_IN_TRAINING, self.journal.commit_at)
        if self.controls is not None and self.controls.holds_back:
            self.due = 0.0

    def _commit_updates(self) -> None:
        """Commit what runs leave with, where there is some."""
        if self.updates:
            updates, self.updates = self.updates, {}
            self.journal.commit(updates)
            self.status = [update.status for update in updates.values()][-1]

    def _check_interrupt(self) -> None:
        going = [run for run in self.journal.runs if run.id not in self.updates]
        if going and self.is_interrupted():
            self.updates |= {run.id: run.stopped("stopped by Ctrl-C") for run in going}
            self._commit_updates()
            raise KeyboardInterrupt

    def _poll(self) -> None:
        """Read once what people request of all runs."""
        with self.store.reading() as connection:
            found = connection.execute(POLLED, {"ids": [run.id for run in self.journal.runs]}).all()
        self.polled_at = time.monotonic()
        rows: dict[tuple[int, int], Any] = {(row.id, row.lease_epoch): row for row in found}
        pairs = [(run, rows.get((run.id, run.lease.epoch))) for run in self.journal.runs]
        if lost := [run for run, row in pairs if row is None]:
            self.journal.drop(lost)
        for run, row in pairs:
            if row is None or run.id in self.updates:
                continue
            if self.controls is None:
                self._let_leave(run, row)
                continue
            if row.has_pending_change:
                self._make_changes(run, self.controls)
            self.controls.update(row.request, row.paused, row.speed)

    def _let_leave(self, run: StackedRun, row: Any) -> None:
        """Let a run of a stack leave with the next commit where something is requested of it."""
        if row.request == "stop":
            self.updates[run.id] = run.stopped("stopped")
        elif row.request == "pause":
            self.updates[run.id] = RowUpdate(requeued(paused=True, request=answered("pause")))
        elif row.request or row.speed or row.has_pending_change:
            self.updates[run.id] = RowUpdate(requeued())

    def _make_changes(self, run: StackedRun, controls: Controls) -> None:
        """Let pending changes act before the next update, and write down that they do."""
        network = build_network(run.config, run.dataset)

        def note_changes(connection: sa.Connection) -> list[Change]:
            write_held(connection, run.lease)
            pending = list(pending_changes(connection, run.id))
            for event_id, change in pending:
                old = value_before(change.field, change.new, run.config, network, run.state)
                note_change(connection, event_id, run.state.step, old)
            return [Change(run.state.step, change.field, change.new) for _, change in pending]

        for change in self.store.write_patiently(note_changes):
            controls.add_change(change)

    def _keep_pace(self, controls: Controls) -> None:
        """At the end of an epoch wait until it has lasted as long as it should; pause after a single step."""
        (run,) = self.journal.runs
        if run.state.step % run.plan.steps_per_epoch:
            return
        while controls.speed and controls.stepped_from is None and not controls.request:
            rest = controls.epoch_started + 1 / controls.speed - time.monotonic()
            if rest <= 0:
                break
            self._wait(min(rest, POLL_SECONDS))
        controls.epoch_started = time.monotonic()
        if controls.stepped_from is not None and run.state.step > controls.stepped_from:
            controls.request, controls.stepped_from = "pause", None

    def _handle_request(self, controls: Controls) -> None:
        """Do what was requested of a run alone; one that leaves does so with the next commit."""
        (run,) = self.journal.runs
        if controls.request == "pause":
            self._pause(run, controls)
        if controls.request == "stop":
            self.updates[run.id] = run.stopped("stopped")
        elif controls.request in ("resume", "step"):
            controls.stepped_from = run.state.step if controls.request == "step" else None
            columns: dict[str, object] = {"request": answered(controls.request), "paused": False}
            self.journal.commit({run.id: RowUpdate(columns)})
            controls.epoch_started = time.monotonic()
        controls.request = ""

    def _pause(self, run: StackedRun, controls: Controls) -> None:
        """Wait for another request; after some time give the run back."""
        self.journal.commit({run.id: RowUpdate({"request": answered("pause"), "paused": True})})
        until = time.monotonic() + controls.pause_seconds
        while controls.request not in ("resume", "step", "stop"):
            if time.monotonic() >= until:
                self.updates[run.id] = RowUpdate(requeued())
                return
            self._wait(POLL_SECONDS)

    def _wait(self, seconds: float) -> None:
        self.journal.save()
        time.sleep(seconds)
        self._check_interrupt()
        self._poll()
