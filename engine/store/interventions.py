"""Changes made by hand while a run trains: requested, applied, and read again to repeat the run."""

import time
from collections.abc import Sequence

import sqlalchemy as sa

from engine.config import ConfigError
from engine.store.runs import get_run, load_run
from engine.store.schema import events
from engine.store.store import Store
from engine.training.interventions import CHANGEABLE, Change, check_change
from engine.training.model import build_network

PENDING = -1


def ask_change(store: Store, run_id: int, field: str, new: str) -> None:
    """Request that a run changes its ``learning_rate`` or a ``weight`` before the next update.

    What is requested again before it was done is one change: a button that was pressed twice.

    Raises
    ------
    ConfigError
        When the run has ended, or the value does not fit.
    NoSuchRun
        When no run has this id.
    """
    row = get_run(store, run_id)
    if row.ended:
        raise ConfigError(f"{field} can be changed while run {run_id} trains; it is {row.status}")
    config, dataset = load_run(store, run_id)
    check_change(field, new, config, build_network(config, dataset))
    values = {"run_id": run_id, "created_at": time.time(), "step": PENDING, "field": field, "new": new}
    with store.writing() as connection:
        pending = pending_changes(connection, run_id)
        if not pending or pending[-1][1] != Change(PENDING, field, new):
            connection.execute(events.insert().values(values))


def pending_changes(connection: sa.Connection, run_id: int) -> list[tuple[int, Change]]:
    """Return id and content of the pending changes: asked for and not made yet, oldest first."""
    query = sa.select(events).where(events.c.run_id == run_id, events.c.step == PENDING).order_by(events.c.id)
    return [(row.id, Change(PENDING, row.field, row.new)) for row in connection.execute(query).all()]


def has_pending_change(run_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a change of a run was asked for and is not made yet."""
    return sa.exists().where(events.c.run_id == run_id, events.c.step == PENDING)


def note_change(connection: sa.Connection, event_id: int, step: int, old: str) -> None:
    """Write at which step a pending change acts and what it replaced."""
    connection.execute(events.update().where(events.c.id == event_id).values(step=step, old=old))


def read_changes(store: Store, run_id: int) -> list[tuple[Change, str]]:
    """Return the changes of a run in the order in which they act, each with what it replaced."""
    query = (
        sa.select(events)
        .where(events.c.run_id == run_id, events.c.field.in_(CHANGEABLE), events.c.step != PENDING)
        .order_by(events.c.step, events.c.id)
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return [(Change(row.step, row.field, row.new), row.old) for row in rows]


def copy_changes(connection: sa.Connection, changes: Sequence[tuple[Change, str]], new_run: int) -> None:
    """Give a new run the changes of another one, at the same steps: it will end with the same bits."""
    for change, old in changes:
        values = {"run_id": new_run, "created_at": time.time(), "old": old, **vars(change)}
        connection.execute(events.insert().values(values))
