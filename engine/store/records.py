"""Records of a run as columnar chunks in the store: written at the tail, read since a step.

A chunk names its columns; reading puts them where this version has them (``Columns.arrange``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from engine.codec import CodecError, pack, unpack_table
from engine.store.schema import UNNAMED_LAYER_STATISTICS, UNNAMED_SCALARS, chunks
from engine.store.store import Store
from engine.training.telemetry import LAYER_STATISTICS, SCALAR_INDEX, SCALARS, Record

CHUNK_RECORDS = 100
CHUNKS_TOGETHER = 20
NO_LAYERS = b""


@dataclass(frozen=True, eq=False)
class Series:
    """Records of a run, ordered by step.

    Attributes
    ----------
    scalars : numpy.ndarray
        ``(n, len(SCALARS))`` float64.
    measured : numpy.ndarray
        ``(n, len(SCALARS))`` bool.
    layers : numpy.ndarray
        ``(n, layers, len(LAYER_STATISTICS))`` float64.
    recorded : numpy.ndarray
        ``(n, len(LAYER_STATISTICS))`` bool: False where a record was made without that statistic.
    """

    scalars: np.ndarray
    measured: np.ndarray
    layers: np.ndarray
    recorded: np.ndarray

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays, as the constructor takes them."""
        return self.scalars, self.measured, self.layers, self.recorded

    def __getitem__(self, name: str) -> np.ndarray:
        """Return one scalar over all records."""
        return self.scalars[:, SCALAR_INDEX[name]]

    def __len__(self) -> int:
        return len(self.scalars)


def no_records() -> Series:
    """Return the series of a run that has no record yet."""
    scalars, layers = np.zeros((0, len(SCALARS))), np.zeros((0, 0, len(LAYER_STATISTICS)))
    return Series(scalars, scalars.astype(np.bool_), layers, recorded_by_all(0))


def recorded_by_all(count: int) -> np.ndarray:
    """Return :attr:`Series.recorded` of records that have every statistic."""
    return np.ones((count, len(LAYER_STATISTICS)), np.bool_)


class RecordBuffer:
    """Records of a run, taken up one by one and kept as columns: their own memory is free at once."""

    def __init__(self) -> None:
        self.count = 0
        self._arrays: tuple[np.ndarray, ...] = ()

    def add(self, record: Record) -> None:
        """Take up a record of the same run."""
        rows = record.scalars, record.measured, record.layers
        if not self._arrays:
            self._arrays = tuple(np.empty((2 * CHUNK_RECORDS, *row.shape), row.dtype) for row in rows)
        elif self.count == len(self._arrays[0]):
            self._arrays = tuple(np.concatenate([each, np.empty_like(each)]) for each in self._arrays)
        for array, row in zip(self._arrays, rows, strict=True):
            array[self.count] = row
        self.count += 1

    @property
    def series(self) -> Series:
        """What was gathered, as views: to be used before anything is let go."""
        if not self._arrays:
            return no_records()
        return Series(*(array[: self.count] for array in self._arrays), recorded=recorded_by_all(self.count))

    def keep(self, numbers: Sequence[int]) -> None:
        """Forget all but these of the runs side by side."""
        self._arrays = tuple(array[:, list(numbers)] for array in self._arrays)

    def drop_first(self, count: int) -> None:
        """Forget the first records."""
        self.count -= count
        for array in self._arrays if count else ():
            array[: self.count] = array[count : count + self.count].copy()


def write_tail(connection: sa.Connection, run_id: int, number: int, series: Series) -> int:
    """Put records in place of chunk ``number``: the open tail grows by being replaced.

    Returns
    -------
    int
        How many chunks are full now; the records in them need not be given again.
    """
    return write_tails(connection, {run_id: (number, series)})


def write_tails(connection: sa.Connection, tails: Mapping[int, tuple[int, Series]]) -> int:
    """Put equally many records of each run in place of its chunk of a number, as :func:`write_tail` does."""
    late = chunks.delete().where(
        chunks.c.run_id == sa.bindparam("run"), chunks.c.number >= sa.bindparam("first")
    )
    connection.execute(late, [{"run": run_id, "first": number} for run_id, (number, _) in tails.items()])
    rows, full = [], 0
    for run_id, (number, series) in tails.items():
        for start in range(0, len(series), CHUNK_RECORDS):
            chunk = _chosen(series, slice(start, start + CHUNK_RECORDS))
            rows.append({"run_id": run_id, "number": number + start // CHUNK_RECORDS, **_row(chunk)})
        full = len(series) // CHUNK_RECORDS
    if rows:
        connection.execute(chunks.insert(), rows)
    return full


def series_of_each(together: Series) -> list[Series]:
    """Return the series of each run from one of stacked runs, whose axis is the second one; or of one run."""
    if together.scalars.ndim == 2:
        return [together]
    *arrays, recorded = together.arrays
    runs = range(together.scalars.shape[1])
    return [Series(*(array[:, number] for array in arrays), recorded=recorded) for number in runs]


def have_records(connection: sa.Connection, run_ids: Sequence[int]) -> set[int]:
    """Return which of these runs have records in the store."""
    query = sa.select(chunks.c.run_id).where(chunks.c.run_id.in_(run_ids)).distinct()
    return set(connection.scalars(query))


def read_series(store: Store, run_id: int, since_step: int = -1) -> Series:
    """Return the records of a run after ``since_step``.

    Raises
    ------
    CodecError
        When a stored chunk is damaged.
    """
    query = (
        sa.select(chunks.c.scalars, chunks.c.layers)
        .where(chunks.c.run_id == run_id, chunks.c.last_step > since_step)
        .order_by(chunks.c.first_step)
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return no_records()
    return _after(joined([_from_blobs(*row) for row in rows]), since_step)


def read_many(store: Store, run_ids: Sequence[int]) -> dict[int, Series]:
    """Return the records of several runs by run, as one read finds them.

    Raises
    ------
    CodecError
        When a stored chunk is damaged.
    """
    query = (
        sa.select(chunks.c.run_id, chunks.c.scalars, chunks.c.layers)
        .where(chunks.c.run_id.in_(run_ids))
        .order_by(chunks.c.run_id, chunks.c.first_step)
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
    found: dict[int, list[Series]] = {run_id: [] for run_id in run_ids}
    for run_id, *blobs in rows:
        found[run_id].append(_from_blobs(*blobs))
    return {run_id: joined(parts) if parts else no_records() for run_id, parts in found.items()}


def read_parts(store: Store, run_id: int, *, layers: bool = True) -> Iterator[Series]:
    """Give the records of a run in parts of some thousand, each in a short read of its own.

    Without ``layers`` the statistics of the layers are left where they are: none are given.

    Together they are a prefix of the run as it stood at the last read, also while it trains.

    Raises
    ------
    CodecError
        When a stored chunk is damaged.
    """
    seen = reached = -1
    content = chunks.c.number, chunks.c.scalars, chunks.c.layers if layers else sa.literal(NO_LAYERS)
    while True:
        # By number, which ascends with the steps and is indexed; the last chunk may have grown meanwhile.
        new = chunks.c.run_id == run_id, chunks.c.number >= reached, chunks.c.last_step > seen
        query = sa.select(*content).where(*new).order_by(chunks.c.number).limit(CHUNKS_TOGETHER)
        with store.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        part = _after(joined([_from_blobs(*blobs) for _, *blobs in rows]), seen)
        seen, reached = int(part["step"][-1]), rows[-1].number
        yield part


def joined(parts: Sequence[Series]) -> Series:
    """Return one or more parts of a run as one."""
    return Series(*map(np.concatenate, zip(*(part.arrays for part in parts), strict=True)))


def write_series(connection: sa.Connection, run_id: int, parts: Iterable[Series]) -> None:
    """Store all records of a run that has none yet."""
    number = 0
    for part in parts:
        for start in range(0, len(part), CHUNK_RECORDS):
            chunk = _row(_chosen(part, slice(start, start + CHUNK_RECORDS)))
            connection.execute(chunks.insert().values(run_id=run_id, number=number, **chunk))
            number += 1


def scalars_of_chunk(blob: bytes) -> np.ndarray:
    """Return the scalars ``(n, len(SCALARS))`` of one stored chunk."""
    arrays, names = _named(blob, UNNAMED_SCALARS)
    return SCALARS.arrange(arrays["values"], names)


def cut_after(connection: sa.Connection, run_id: int, step: int) -> int:
    """Drop the records after ``step``; return the number of the next chunk."""
    late = chunks.select().where(chunks.c.run_id == run_id, chunks.c.last_step > step)
    for row in connection.execute(late).all():
        where = (chunks.c.run_id == run_id) & (chunks.c.number == row.number)
        connection.execute(chunks.delete().where(where))
        series = _from_blobs(row.scalars, row.layers)
        kept = _chosen(series, series["step"] <= step)
        if len(kept):
            connection.execute(chunks.insert().values(run_id=run_id, number=row.number, **_row(kept)))
    last = connection.scalar(sa.select(sa.func.max(chunks.c.number)).where(chunks.c.run_id == run_id))
    return 0 if last is None else last + 1


def _after(series: Series, step: int) -> Series:
    """Return the records after ``step``."""
    steps = series["step"]
    return series if steps[0] > step else _chosen(series, steps > step)


def _chosen(series: Series, rows: np.ndarray | slice) -> Series:
    return Series(*(array[rows] for array in series.arrays))


def _row(series: Series) -> dict[str, object]:
    steps = series["step"]
    return {
        "first_step": int(steps[0]),
        "last_step": int(steps[-1]),
        "records": len(series),
        "scalars": pack({"values": series.scalars, "measured": series.measured}, columns=SCALARS.names),
        "layers": pack({"values": series.layers, **recorded_mask(series)}, columns=LAYER_STATISTICS.names),
    }


def recorded_mask(series: Series) -> dict[str, np.ndarray]:
    """Return ``recorded`` as an array to be packed; none where every record has every statistic."""
    return {} if series.recorded.all() else {"recorded": series.recorded}


def _from_blobs(scalars: bytes, layers: bytes) -> Series:
    """Return the records of a chunk; its arrays cannot be written."""
    arrays, names = _named(scalars, UNNAMED_SCALARS)
    values = SCALARS.arrange(arrays["values"], names)
    measured = SCALARS.arrange(arrays["measured"], names)
    if not layers:
        no_layers = np.zeros((len(values), 0, len(LAYER_STATISTICS)))
        return Series(values, measured, no_layers, recorded_by_all(len(values)))
    arrays, names = _named(layers, UNNAMED_LAYER_STATISTICS)
    recorded = arrays.get("recorded")
    if recorded is None:
        recorded = np.ones((len(values), len(names)), np.bool_)
    statistics = LAYER_STATISTICS.arrange(arrays["values"], names)
    return Series(values, measured, statistics, LAYER_STATISTICS.arrange(recorded, names))


def _named(blob: bytes, unnamed: tuple[str, ...]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Return the arrays of a blob and the names of their columns; ``unnamed`` where it has none."""
    arrays, columns = unpack_table(blob, copy=False)
    names = columns or unnamed
    if arrays["values"].shape[-1] != len(names):
        raise CodecError(f"a chunk must have {len(names)} columns, got {arrays['values'].shape[-1]}")
    return arrays, names
