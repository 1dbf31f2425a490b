"""Checkpoints of a run: written beside its records, verified when loaded, thinned out as they grow old."""

import time
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from engine.codec import CodecError
from engine.store.schema import checkpoints
from engine.store.store import Store
from engine.training.state import State

NEWEST_KEPT, ANCHORS_KEPT = 2, 8


def write_checkpoint(connection: sa.Connection, run_id: int, state: State) -> None:
    """Store the state, then drop checkpoints beyond the newest two and eight spread anchors."""
    write_checkpoints(connection, {run_id: state})


def write_checkpoints(connection: sa.Connection, states: Mapping[int, State]) -> None:
    """Store the state of each run, as :func:`write_checkpoint` does."""
    run, step = checkpoints.c.run_id, checkpoints.c.step
    late = checkpoints.delete().where(run == sa.bindparam("run"), step >= sa.bindparam("first"))
    connection.execute(late, [{"run": run_id, "first": state.step} for run_id, state in states.items()])
    now = time.time()
    rows = [
        {"run_id": run_id, "step": state.step, "created_at": now, "state": state.to_bytes()}
        for run_id, state in states.items()
    ]
    connection.execute(checkpoints.insert(), rows)
    kept: dict[int, list[int]] = {}
    for row in connection.execute(sa.select(run, step).where(run.in_(list(states))).order_by(step)).all():
        kept.setdefault(row.run_id, []).append(row.step)
    for run_id, steps in kept.items():
        if superfluous := _superfluous(steps):
            connection.execute(checkpoints.delete().where(run == run_id, step.in_(superfluous)))


def have_begun(store: Store, run_ids: Sequence[int]) -> set[int]:
    """Return which of these runs have a checkpoint, damaged or not."""
    query = sa.select(checkpoints.c.run_id).where(checkpoints.c.run_id.in_(run_ids)).distinct()
    with store.reading() as connection:
        return set(connection.scalars(query))


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


def latest_checkpoint(store: Store, run_id: int, *, at_most: int | None = None) -> tuple[State | None, int]:
    """Return the newest checkpoint that is whole, and how many damaged ones had to be passed over.

    With ``at_most`` it is the newest of those after so many updates or fewer.
    """
    mine = sa.select(checkpoints.c.step).where(checkpoints.c.run_id == run_id)
    if at_most is not None:
        mine = mine.where(checkpoints.c.step <= at_most)
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
