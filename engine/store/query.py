"""Looks runs up: filtered, sorted and paged in the database."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from engine.codec import CodecError
from engine.store.columns import in_order, known_column
from engine.store.records import scalars_of_chunk
from engine.store.row import RunRow
from engine.store.runs import LARGEST_ID, RUNS, row_of
from engine.store.schema import chunks, datasets, runs
from engine.store.store import Store
from engine.store.where import Where, matches
from engine.training.telemetry import SCALAR_INDEX

# What the database sorts by itself; everything else is sorted here, over all runs that match.
SORTED_IN_DATABASE = {
    "run": runs.c.id,
    "step": runs.c.step,
    "train_loss": runs.c.train_loss,
    "val_loss": runs.c.val_loss,
    "best_val_loss": runs.c.best_val_loss,
    "train_score": runs.c.train_score,
    "val_score": runs.c.val_score,
    "test_loss": runs.c.test_loss,
    "test_score": runs.c.test_score,
    "seconds": runs.c.seconds,
    "parameters": runs.c.parameters,
}
STATES = ("queued", "running", "paused", "finished", "stopped", "diverged", "failed", "imported")
LONGEST_SEARCH = 200
IDS_AT_MOST, TOGETHER = 10_000, 500
SPARK_POINTS, SPARK_CHUNKS = 30, 8


@dataclass(frozen=True)
class RunFilter:
    """Which runs are looked for; what is left empty does not matter.

    Attributes
    ----------
    text : str
        Stands in the name, a tag or the note, in either case; or is the number of the run.
    status : str
        One of :data:`STATES`; ``paused`` are live runs that wait for Resume.
    dataset : str
        Name of the data that they learned from.
    archived : bool or None
        None for both kinds.
    where : Where
        All of these conditions hold for it.
    """

    text: str = ""
    status: str = ""
    dataset: str = ""
    archived: bool | None = False
    where: Where = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing in particular is looked for."""
        return not (self.text.strip() or self.status or self.dataset or self.archived or self.where)


def find_runs(
    store: Store,
    wanted: RunFilter,
    *,
    sort: str = "run",
    descending: bool | None = None,
    limit: int | None = 50,
    offset: int = 0,
) -> tuple[list[RunRow], int]:
    """Return one page of the runs that match, and how many match in all.

    Parameters
    ----------
    sort : str
        A column of :mod:`engine.store.columns` or a setting. Runs without a value come last; equal ones
        newest first.
    descending : bool, optional
        From high to low; without it the best come first: low losses, high scores, new runs.
    limit : int or None
        None for all of them.

    Raises
    ------
    UnknownColumn
        When there is no such column.
    """
    column = known_column(sort)
    descending = column.descends if descending is None else descending
    offset = max(0, offset)
    if wanted.where or sort not in SORTED_IN_DATABASE:
        found = in_order(_matching(store, wanted), sort, descending)
        return found[offset:][:limit], len(found)
    condition, by = _condition(wanted), SORTED_IN_DATABASE[sort]
    order = sa.nulls_last(by.desc() if descending else by.asc())
    page = sa.select(runs.c.id).where(condition).order_by(order, runs.c.id.desc())
    page = page.limit(limit).offset(offset)
    with store.reading() as connection:
        total = connection.scalar(sa.select(sa.func.count()).select_from(runs).where(condition)) or 0
        numbers = list(connection.scalars(page))
    return get_runs(store, numbers), total


def _matching(store: Store, wanted: RunFilter) -> list[RunRow]:
    """Return all runs that match: settings are kept as JSON, which databases read in different ways."""
    with store.reading() as connection:
        found = connection.execute(RUNS.where(_condition(wanted))).all()
    rows = (row_of(row) for row in found)
    return [row for row in rows if matches(wanted.where, row)]


def get_runs(store: Store, run_ids: Sequence[int]) -> list[RunRow]:
    """Return those of the runs that there are, in the order asked for."""
    wanted = [run_id for run_id in run_ids if 0 < run_id <= LARGEST_ID]
    found: dict[int, RunRow] = {}
    with store.reading() as connection:
        for start in range(0, len(wanted), TOGETHER):
            some = runs.c.id.in_(wanted[start : start + TOGETHER])
            rows = connection.execute(RUNS.where(some)).all()
            found |= {row.id: row_of(row) for row in rows}
    return [found[run_id] for run_id in wanted if run_id in found]


def find_ids(store: Store, wanted: RunFilter, limit: int = IDS_AT_MOST) -> list[int]:
    """Return the numbers of the runs that match, newest first."""
    if wanted.where:
        return sorted((row.id for row in _matching(store, wanted)), reverse=True)[:limit]
    query = sa.select(runs.c.id).where(_condition(wanted)).order_by(runs.c.id.desc()).limit(limit)
    with store.reading() as connection:
        return list(connection.scalars(query))


def known_datasets(store: Store) -> list[str]:
    """Return the names of the data that runs learned from."""
    with store.reading() as connection:
        return list(connection.scalars(sa.select(datasets.c.name).distinct().order_by(datasets.c.name)))


def _condition(wanted: RunFilter) -> sa.ColumnElement[bool]:
    parts: list[sa.ColumnElement[bool]] = [sa.true()]
    text = wanted.text.strip()[:LONGEST_SEARCH].encode("utf-8", "replace").decode().replace("\0", "")
    if text:
        places = [
            column.icontains(text, autoescape=True) for column in (runs.c.name, runs.c.tags, runs.c.note)
        ]
        number = text.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 19:
            places.append(runs.c.id == int(number))
        parts.append(sa.or_(*places))
    if wanted.status == "paused":
        parts += [runs.c.paused, runs.c.status.in_(("queued", "running"))]
    elif wanted.status:
        parts.append(runs.c.status == wanted.status)
        if wanted.status in ("queued", "running"):
            parts.append(sa.not_(runs.c.paused))
    if wanted.dataset:
        named = sa.select(datasets.c.id).where(datasets.c.name == wanted.dataset)
        parts.append(runs.c.dataset_id.in_(named))
    if wanted.archived is not None:
        parts.append(runs.c.archived == wanted.archived)
    return sa.and_(*parts)


def sparklines(store: Store, run_ids: Sequence[int], column: str = "val_loss") -> dict[int, list[float]]:
    """Return about thirty finite values of one scalar for each run, first and last among them.

    At most eight chunks of a run are read, evenly spread, so that a page of runs stays quick to draw.
    """
    wanted = {int(run_id) for run_id in run_ids}
    counted = (
        sa.select(chunks.c.run_id, sa.func.max(chunks.c.number))
        .where(chunks.c.run_id.in_(wanted))
        .group_by(chunks.c.run_id)
    )
    found: dict[int, list[np.ndarray]] = {run_id: [] for run_id in wanted}
    with store.reading() as connection:
        alike: dict[int, list[int]] = {}
        for run_id, last in connection.execute(counted).all():
            alike.setdefault(last, []).append(run_id)
        # Runs of one length together: for pairs of run and number SQLite would read the chunks of all runs.
        for last, ids in alike.items():
            numbers = evenly_spaced(last + 1, SPARK_CHUNKS).tolist()
            chosen = chunks.c.run_id.in_(ids) & chunks.c.number.in_(numbers)
            query = sa.select(chunks.c.run_id, chunks.c.scalars).where(chosen).order_by(chunks.c.first_step)
            for run_id, blob in connection.execute(query):
                with suppress(CodecError):  # a damaged chunk leaves a gap, not a list that cannot be drawn
                    found[run_id].append(scalars_of_chunk(blob)[:, SCALAR_INDEX[column]])
    return {run_id: _thinned(parts) for run_id, parts in found.items()}


def evenly_spaced(count: int, at_most: int) -> np.ndarray:
    """Return at most so many of the places 0 to ``count - 1``, evenly spaced, first and last among them."""
    return np.linspace(0, count - 1, min(count, at_most)).round().astype(int)


def _thinned(parts: list[np.ndarray]) -> list[float]:
    values = np.concatenate(parts) if parts else np.zeros(0)
    values = values[np.isfinite(values)]
    if len(values) > SPARK_POINTS:
        values = values[evenly_spaced(len(values), SPARK_POINTS)]
    return values.tolist()
