"""Groups: runs that answer one question together; must not know which question."""

from collections.abc import Sequence

import sqlalchemy as sa

from engine.runs.catalog import RunRow, get_run
from engine.runs.schema import runs
from engine.runs.store import Store


def join_group(store: Store, group_id: int, run_ids: Sequence[int]) -> None:
    """Put runs into a group, which bears the id of the run that it began with."""
    with store.writing() as connection:
        chosen = runs.update().where(runs.c.id.in_(list(run_ids)))
        connection.execute(chosen.values(group_id=group_id))


def group_members(store: Store, group_id: int) -> list[RunRow]:
    """Return the runs of a group, oldest first; empty when there is no such group."""
    query = sa.select(runs.c.id).where(runs.c.group_id == group_id).order_by(runs.c.id)
    with store.reading() as connection:
        ids = list(connection.scalars(query))
    return [get_run(store, run_id) for run_id in ids]
