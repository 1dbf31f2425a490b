"""Checkpoints of a run: written beside its records, verified when loaded, thinned out as they grow old."""

import time

import sqlalchemy as sa

from engine.codec import CodecError
from engine.runs.schema import checkpoints
from engine.runs.store import Store
from engine.training.state import State

NEWEST_KEPT, ANCHORS_KEPT = 2, 8


def write_checkpoint(connection: sa.Connection, run_id: int, state: State) -> None:
    """Store the state, then drop checkpoints beyond the newest two and eight spread anchors."""
    mine = checkpoints.c.run_id == run_id
    connection.execute(checkpoints.delete().where(mine, checkpoints.c.step >= state.step))
    values = {"run_id": run_id, "step": state.step, "created_at": time.time(), "state": state.to_bytes()}
    connection.execute(checkpoints.insert().values(values))
    steps = list(connection.scalars(sa.select(checkpoints.c.step).where(mine).order_by(checkpoints.c.step)))
    superfluous = _superfluous(steps)
    if superfluous:
        connection.execute(checkpoints.delete().where(mine, checkpoints.c.step.in_(superfluous)))


def _superfluous(steps: list[int]) -> list[int]:
    anchors, dropped = steps[:-NEWEST_KEPT], []
    while len(anchors) > ANCHORS_KEPT:
        gaps = [anchors[i + 1] - anchors[i - 1] for i in range(1, len(anchors) - 1)]
        dropped.append(anchors.pop(1 + gaps.index(min(gaps))))
    return dropped


def drop_checkpoints_after(store: Store, run_id: int, step: int) -> None:
    """Drop the checkpoints of a run after ``step``: damaged ones, of which a run went on from an older."""
    with store.writing() as connection:
        late = (checkpoints.c.run_id == run_id) & (checkpoints.c.step > step)
        connection.execute(checkpoints.delete().where(late))


def latest_checkpoint(store: Store, run_id: int) -> tuple[State | None, int]:
    """Return the newest checkpoint that is whole, and how many damaged ones had to be passed over."""
    mine = sa.select(checkpoints.c.step).where(checkpoints.c.run_id == run_id)
    with store.reading() as connection:
        steps = list(connection.scalars(mine.order_by(checkpoints.c.step.desc())))
    for damaged, step in enumerate(steps):
        query = sa.select(checkpoints.c.state).where(
            checkpoints.c.run_id == run_id, checkpoints.c.step == step
        )
        with store.reading() as connection:
            blob = connection.scalar(query)
        try:
            if blob is not None:
                return State.from_bytes(blob), damaged
        except CodecError:
            continue
    return None, len(steps)
