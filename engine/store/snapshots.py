"""Snapshots of a run: its parameters at some steps, so that pictures of the past can be drawn again."""

from collections.abc import Mapping

import numpy as np
import sqlalchemy as sa

from engine.codec import pack, unpack
from engine.store.schema import snapshots
from engine.store.store import Store


def write_snapshots(connection: sa.Connection, taken: Mapping[int, Mapping[int, bytes]]) -> None:
    """Store the packed parameters of each run by step."""
    rows = [
        {"run_id": run_id, "step": step, "parameters": blob}
        for run_id, mine in taken.items()
        for step, blob in mine.items()
    ]
    if rows:
        connection.execute(snapshots.insert(), rows)


def cut_snapshots(connection: sa.Connection, step: int, *run_ids: int) -> None:
    """Drop the snapshots of runs after ``step``."""
    connection.execute(snapshots.delete().where(snapshots.c.run_id.in_(run_ids), snapshots.c.step > step))


def packed(learned: Mapping[str, np.ndarray]) -> bytes:
    """Return what a state has learned as :func:`read_snapshots` gives it back."""
    return pack(learned)


def read_snapshots(store: Store, run_id: int, since_step: int = -1) -> dict[int, dict[str, np.ndarray]]:
    """Return the arrays of each snapshot after ``since_step`` by step, ascending: a state's ``learned``.

    Raises
    ------
    CodecError
        When a stored snapshot is damaged.
    """
    query = (
        sa.select(snapshots.c.step, snapshots.c.parameters)
        .where(snapshots.c.run_id == run_id, snapshots.c.step > since_step)
        .order_by(snapshots.c.step)
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return {row.step: unpack(row.parameters)[0] for row in rows}


def snapshot_steps(store: Store, run_id: int) -> list[int]:
    """Return the steps at which a run's parameters were kept, ascending."""
    query = sa.select(snapshots.c.step).where(snapshots.c.run_id == run_id).order_by(snapshots.c.step)
    with store.reading() as connection:
        return list(connection.scalars(query))
