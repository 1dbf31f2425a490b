"""Reads runs as they grow: what was read before is kept, only what came since is read."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from engine.store.records import Series, joined, read_many, read_series
from engine.store.schema import chunks, runs
from engine.store.store import Store
from engine.training.telemetry import LAYER_STATISTICS, SCALARS

BYTES_HELD_AT_MOST = 64 * 2**20

# By run its records, as plain arrays, and the mark that they were read at; the longest unused first.
Held = OrderedDict[int, dict[str, Any]]


def read_on(
    store: Store, run_ids: Sequence[int], held: Held, bytes_at_most: int = BYTES_HELD_AT_MOST
) -> dict[int, Series]:
    """Return the records of runs, and keep them in ``held`` for the next call; call it under a lock.

    A run that did not move costs no read. Of one that moved, the records after the last one that is held are
    read. All are read again once another process took the run over, which may have cut it back, or where the
    last one that is held is not in the store as it was. Deleted runs are dropped, and the longest unused ones
    when more than ``bytes_at_most`` are held.

    Raises
    ------
    CodecError
        When a stored chunk is damaged.
    """
    marks = _marks(store, run_ids)
    known = {run_id: held.pop(run_id) for run_id in run_ids if run_id in held}
    found = {run_id: _grown(store, run_id, kept, marks.get(run_id)) for run_id, kept in known.items()}
    found = {run_id: series for run_id, series in found.items() if series is not None}
    found |= read_many(store, unknown) if (unknown := [each for each in run_ids if each not in found]) else {}
    for run_id in run_ids:
        if run_id in marks:
            series = found[run_id]
            held[run_id] = {
                "mark": marks[run_id],
                "columns": _columns(),
                "arrays": series.arrays,
            }
    _forget(held, bytes_at_most)
    return {run_id: found[run_id] for run_id in run_ids}


def _marks(store: Store, run_ids: Sequence[int]) -> dict[int, tuple[int, int | None, int | None]]:
    """Return for each run what changes with its records: who writes it, its last step, how many there are."""
    query = (
        sa.select(
            runs.c.id, runs.c.lease_epoch, sa.func.max(chunks.c.last_step), sa.func.sum(chunks.c.records)
        )
        .join_from(runs, chunks, chunks.c.run_id == runs.c.id, isouter=True)
        .where(runs.c.id.in_(run_ids))
        .group_by(runs.c.id, runs.c.lease_epoch)
    )
    with store.reading() as connection:
        return {run_id: (epoch, last, count) for run_id, epoch, last, count in connection.execute(query)}


def _grown(store: Store, run_id: int, kept: dict[str, Any], mark: tuple | None) -> Series | None:
    """Return what is held of a run with what came since, None where all of it must be read again."""
    if kept["columns"] != _columns():
        return None
    before = Series(*kept["arrays"])
    if kept["mark"] == mark:
        return before
    if mark is None or kept["mark"][0] != mark[0] or len(before) == 0:
        return None
    tail = read_series(store, run_id, since_step=int(before["step"][-1]) - 1)
    if not _begins_with_last(tail, before):
        return None
    return joined([before, Series(*(array[1:] for array in tail.arrays))])


def _columns() -> tuple[tuple[str, ...], ...]:
    """Return what the held arrays are read by: it changes where a server loads new code while it runs."""
    return SCALARS.names, LAYER_STATISTICS.names


def _begins_with_last(tail: Series, before: Series) -> bool:
    """Tell whether the first record of ``tail`` is the last one of ``before``, to the second it took."""
    return len(tail) > 0 and all(
        np.array_equal(new[0], old[-1], equal_nan=True)
        for new, old in ((tail.scalars, before.scalars), (tail.layers, before.layers))
    )


def _forget(held: Held, bytes_at_most: int) -> None:
    sizes = {run_id: sum(array.nbytes for array in kept["arrays"]) for run_id, kept in held.items()}
    total = sum(sizes.values())
    for run_id, size in sizes.items():
        if total <= bytes_at_most:
            return
        del held[run_id]
        total -= size
