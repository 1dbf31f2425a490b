"""One held run, alone or of a stack: opened at its newest checkpoint, and what its row says at its end."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from engine.codec import CodecError
from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.store.checkpoints import drop_checkpoints_after, have_begun, latest_checkpoint
from engine.store.fingerprint import fingerprint_of
from engine.store.lease import Lease, LeaseLost, write_held
from engine.store.loading import loaded
from engine.store.predictions import packed_predictions
from engine.store.query import get_runs
from engine.store.row import SPLITS, RunRow
from engine.store.runs import get_run
from engine.store.schema import events, runs
from engine.store.store import Store
from engine.training.early_stopping import describe_ending
from engine.training.model import check_state, initial_state
from engine.training.plan import TrainingPlan, plan
from engine.training.state import State
from engine.training.trainer import final_summary


@dataclass(frozen=True)
class RowUpdate:
    """What a commit sets in a run's row beside its progress, and the predictions that it stores.

    With a status among the columns the run leaves its session.
    """

    columns: dict[str, object]
    predictions: bytes | None = None

    @property
    def status(self) -> str:
        """The status in which the run leaves; empty when it goes on."""
        return str(self.columns.get("status", ""))


@dataclass(frozen=True, eq=False)
class StackedRun:
    """A run in training under its lease: one of a stack, or the only one.

    Attributes
    ----------
    state : State
        Where it stands; training changes it in place.
    fingerprint : str
        Of the machine and the program that train it now.
    """

    lease: Lease
    config: RunConfig
    dataset: Dataset
    plan: TrainingPlan
    state: State
    fingerprint: str

    @property
    def id(self) -> int:
        """The number of the run."""
        return self.lease.run_id

    @property
    def has_ended(self) -> bool:
        """Whether no update follows: it diverged, ran out of patience or has reached its last step."""
        return self.state.has_ended or self.state.step >= self.plan.total_steps

    @property
    def position(self) -> tuple[int, int]:
        """Its completed updates, and the step of its last record."""
        return self.state.step, self.state.recorded_step

    def finished(self) -> RowUpdate:
        """Return the columns and the predictions of a run that has ended by itself."""
        summary = final_summary(self.config, self.dataset, self.state)
        score = self.dataset.score_name
        status, message = "finished", describe_ending(self.config, self.plan, self.state)
        if self.state.diverged:
            status, message = "diverged", f"diverged at step {self.state.step}"
        losses = {f"{split}_loss": summary.get(f"{split}_loss") for split in SPLITS}
        scores = {f"{split}_score": summary.get(f"{split}_{score}") for split in SPLITS}
        predictions = packed_predictions(self.config, self.dataset, self.state)
        return RowUpdate({**_ended(status, message), **losses, **scores}, predictions)

    def stopped(self, message: str) -> RowUpdate:
        """Return the columns and the predictions of a run that is stopped where it stands."""
        predictions = packed_predictions(self.config, self.dataset, self.state, with_test=False)
        return RowUpdate(_ended("stopped", message), predictions)


def _ended(status: str, message: str) -> dict[str, object]:
    ended = {"status": status, "message": message, "finished_at": time.time()}
    return {**ended, "request": "", "paused": False}


def requeued(**columns: object) -> dict[str, object]:
    """Return the columns of a run that goes back into the queue."""
    return {"status": "queued", **columns}


def answered(request: str) -> sa.ColumnElement[str]:
    """Clear the request that was just handled, and keep one that came in meanwhile."""
    return sa.case((runs.c.request == request, ""), else_=runs.c.request)


def end_run(store: Store, lease: Lease, status: str, message: str) -> str:
    """End a held run as it stands in the store, whatever was trained since; return the status.

    Raises
    ------
    LeaseLost
        When another process holds the run now.
    """
    columns = {"status": status, "message": message, "finished_at": time.time()}
    store.write_patiently(partial(write_held, lease=lease, **columns))
    return status


def open_runs(store: Store, leases: Sequence[Lease]) -> list[StackedRun]:
    """Return held runs at their newest checkpoints; one that cannot be trained ends here as failed.

    Several runs that are to be stacked stand at one step: those that do not stand where the first one does go
    back into the queue, as they are.

    Raises
    ------
    LeaseLost
        When the only run cannot be trained and another process holds it now.
    """
    ids = [lease.run_id for lease in leases]
    rows, begun = {row.id: row for row in get_runs(store, ids)}, have_begun(store, ids)
    # One of several that is lost does not keep the others from training.
    passed_over = suppress(*([LeaseLost] if len(leases) > 1 else []))
    opened: list[StackedRun] = []
    for lease in leases:
        row = rows.get(lease.run_id) or get_run(store, lease.run_id)
        try:
            run = _open(store, lease, row, has_begun=row.id in begun)
        except (CodecError, ConfigError, MemoryError) as error:
            with passed_over:
                end_run(store, lease, "failed", message=str(error) or "out of memory")
            continue
        if not opened or run.position == opened[0].position:
            opened.append(run)
            continue
        # The newest checkpoint of one is damaged, or it stopped before record 0.
        with passed_over:
            store.write_patiently(partial(write_held, lease=lease, **requeued()))
    return opened


def _open(store: Store, lease: Lease, row: RunRow, *, has_begun: bool) -> StackedRun:
    config, dataset = loaded(store, row)
    found, damaged = latest_checkpoint(store, row.id) if has_begun else (None, 0)
    state = found if found is not None else initial_state(config, dataset)
    here = fingerprint_of(config.model_dump())
    if damaged:
        drop_checkpoints_after(store, row.id, state.step if found is not None else -1)
        _log_event(store, row.id, state.step, "checkpoint", f"{damaged} damaged", f"step {state.step} used")
    if found is not None and row.fingerprint not in ("", here):
        check_state(config, dataset, found)
        _log_event(store, row.id, state.step, "fingerprint", row.fingerprint, here)
    return StackedRun(lease, config, dataset, plan(config, dataset), state, here)


def _log_event(store: Store, run_id: int, step: int, field: str, old: str, new: str) -> None:
    values = {"run_id": run_id, "created_at": time.time(), "step": step}
    noted = events.insert().values(field=field, old=old, new=new, **values)
    store.write_patiently(lambda connection: connection.execute(noted))
