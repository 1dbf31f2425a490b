"""Continues a run as a run of its own, or repeats it from the beginning."""

from typing import Any

import numpy as np
import sqlalchemy as sa

from engine.config import RunConfig, parse_config
from engine.store.checkpoints import latest_checkpoint, write_checkpoint
from engine.store.fingerprint import other_plugins
from engine.store.interventions import copy_changes, read_changes
from engine.store.query import evenly_spaced
from engine.store.records import cut_after
from engine.store.row import RunRow
from engine.store.runs import get_run, load_dataset, resolved_config
from engine.store.schema import chunks, events, runs, snapshots
from engine.store.snapshots import packed, write_snapshots
from engine.store.store import Store, StoreError
from engine.store.submit import Submission, submit
from engine.training.early_stopping import go_on
from engine.training.model import check_state
from engine.training.plan import TrainingPlan, plan
from engine.training.state import State

COPIED = ("fingerprint", "epoch", "seconds", "train_loss", "val_loss", "train_score", "val_score")
CAN_CONTINUE = ("finished", "stopped")


def continue_run(store: Store, run_id: int, epochs: int, *, paused: bool = False) -> int:
    """Queue a child that trains ``epochs`` more epochs from where its parent ended; return its id.

    The child starts from the parent's whole state (weights, what the optimizer remembers, generators, order
    of the rows) and holds the parent's records, so that its curves are complete and outlive the parent. Its
    weights and slots equal those of one run of all epochs bit for bit, as long as no setting depends on the
    planned end. What differs is the plan: the steps until the branch are recorded and evaluated as densely
    as the shorter run had them, so the lowest validation loss may be at another step.

    A run that stopped early continues from its last weights, not from the best ones, and its patience begins
    anew: it ends when ``early_stopping`` more epochs have brought nothing lower than before. Where the best
    weights are restored, those of the parent count among them.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    StoreError
        When the run is not finished or stopped, or left no state to start from.
    ConfigError
        When ``epochs`` is not positive, the longer run is beyond a limit, or a plugin builds another network
        now.
    """
    row = get_run(store, run_id)
    if row.status not in CAN_CONTINUE:
        raise StoreError(f"only a finished or stopped run can be continued, got run {run_id} {row.status}")
    state, _ = latest_checkpoint(store, run_id)
    if state is None:
        raise StoreError(f"run {run_id} has no checkpoint to start from")
    go_on(state)
    dataset = load_dataset(store, row.dataset_id)
    resolved = resolved_config(row, dataset.facts)
    if other_plugins(row.fingerprint, row.config):
        check_state(resolved, dataset, state)
    per_epoch = plan(resolved, dataset).steps_per_epoch
    child = Submission(
        _with_more_epochs(row.settings, -(-state.step // per_epoch), epochs),
        dataset,
        dataset_id=row.dataset_id,
        name=row.name,
        tags=row.tags,
        paused=paused,
        columns={
            **{name: getattr(row, name) for name in COPIED},
            "parent_run": run_id,
            "branch_step": state.step,
            "step": state.step,
        },
        fill=lambda connection, new_run, planned: _copy(connection, row, new_run, state, planned),
    )
    return submit(store, [child])[0]


def repeat_run(store: Store, run_id: int, *, paused: bool = False) -> int:
    """Queue a run with the settings, the data and the changes of another one; return its id.

    It ends with the same bits on the same machine.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    StoreError
        When the settings of the run are not known.
    ConfigError
        When it does not fit into the memory now.
    """
    row = get_run(store, run_id)
    if not row.has_settings:
        raise StoreError(f"the settings of run {run_id} are not known: only its curves were imported")
    changes = read_changes(store, run_id)
    again = Submission(
        row.settings,
        load_dataset(store, row.dataset_id),
        dataset_id=row.dataset_id,
        name=row.name,
        paused=paused,
        fill=lambda connection, new_run, _: copy_changes(connection, changes, new_run),
    )
    return submit(store, [again])[0]


def _with_more_epochs(config: RunConfig, done: int, more: int) -> RunConfig:
    """Return the configuration that ends ``more`` epochs later, checked like any other."""
    if more < 1:
        parse_config({"epochs": more})
    return parse_config({**config.model_dump(), "epochs": done + more})


def _copy(connection: sa.Connection, parent: RunRow, child: int, state: State, planned: TrainingPlan) -> None:
    """Give the child what its parent recorded until the branch."""
    kept_chunks = sa.select(chunks).where(chunks.c.run_id == parent.id, chunks.c.first_step <= state.step)
    happened = sa.select(events).where(events.c.run_id == parent.id, events.c.step.between(0, state.step))
    for table, mine in ((chunks, kept_chunks), (events, happened.order_by(events.c.id))):
        for row in connection.execute(mine).mappings().all():
            connection.execute(table.insert().values(**_moved(row, child)))
    cut_after(connection, child, state.recorded_step)
    query = sa.select(snapshots.c.step).where(
        snapshots.c.run_id == parent.id, snapshots.c.step <= state.recorded_step
    )
    steps = sorted(connection.scalars(query))
    room = sum(step <= state.step for step in planned.snapshot_steps)
    for step in (steps[place] for place in evenly_spaced(len(steps), room)):
        found = sa.select(snapshots).where(snapshots.c.run_id == parent.id, snapshots.c.step == step)
        blob = connection.execute(found.with_only_columns(snapshots.c.parameters)).scalar_one()
        is_branch = step == state.step  # the parent may have ended with other weights than it trained
        write_snapshots(connection, {child: {step: packed(state.learned) if is_branch else blob}})
    best = state.best_val_loss if np.isfinite(state.best_val_loss) else None
    connection.execute(
        runs.update().where(runs.c.id == child).values(best_val_loss=best, best_step=state.best_step)
    )
    write_checkpoint(connection, child, state)


def _moved(row: Any, child: int) -> dict[str, Any]:
    return {**{name: value for name, value in row.items() if name != "id"}, "run_id": child}
