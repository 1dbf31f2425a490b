"""Snapshots of a run: its parameters at some steps, so that pictures of the past can be drawn again."""

from collections.abc import Mapping

import numpy as np
import sqlalchemy as sa

from engine.codec import pack, unpack
from engine.runs.schema import snapshots
from engine.runs.store import Store


def write_snapshots(connection: sa.Connection, run_id: int, taken: Mapping[int, bytes]) -> None:
    """Store packed parameters by step."""
    rows = [{"run_id": run_id, "step": step, "parameters": blob} for step, blob in taken.items()]
    if rows:
        connection.execute(snapshots.insert(), rows)


def cut_snapshots(connection: sa.Connection, run_id: int, step: int) -> None:
    """Drop the snapshots after ``step``."""
    connection.execute(snapshots.delete().where(snapshots.c.run_id == run_id, snapshots.c.step > step))


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
