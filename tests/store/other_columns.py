"""Other lists of recorded columns than those of this version, and records by their names; holds no test."""

from collections.abc import Callable

import numpy as np

from engine.codec import pack, unpack_table
from engine.store.records import Series
from engine.store.schema import UNNAMED_LAYER_STATISTICS, UNNAMED_SCALARS, chunks
from engine.store.store import Store
from engine.training.telemetry import LAYER_STATISTICS, SCALARS, Column, Columns

Change = Callable[[tuple[Column, ...]], list[Column]]
NEW, GONE = "sharpness", "update_ratio"


def one_fewer(columns: tuple[Column, ...]) -> list[Column]:
    return [column for column in columns if column.name != GONE]


def one_more(columns: tuple[Column, ...]) -> list[Column]:
    """Insert a column before the last one of the scalars, and in the middle of the layer statistics."""
    place = len(columns) - 1 if columns[-1].name == "penalty" else len(columns) // 2
    return [*columns[:place], Column(NEW, "what an older version did not measure"), *columns[place:]]


def another_order(columns: tuple[Column, ...]) -> list[Column]:
    return list(columns[::-1])


def all_at_once(columns: tuple[Column, ...]) -> list[Column]:
    return one_more(tuple(another_order(tuple(one_fewer(columns)))))


CHANGES: tuple[Change, ...] = (one_fewer, one_more, another_order, all_at_once)


def by_name(series: Series) -> dict[str, list]:
    """Return of each column its values, and whether they were measured, with the bits of the store."""
    scalars = {
        name: [series.scalars[:, place].tobytes(), series.measured[:, place].tolist()]
        for name, place in SCALARS.places.items()
    }
    layers = {
        f"layers.{name}": [series.layers[:, :, place].tobytes(), series.recorded[:, place].tolist()]
        for name, place in LAYER_STATISTICS.places.items()
    }
    return scalars | layers


def blank(series: Series, name: str) -> dict[str, list]:
    """Return columns of a name that nobody recorded as :func:`by_name` gives them."""
    count, layers = series.layers.shape[:2]
    scalars, statistics = np.full(count, np.nan), np.full((count, layers), np.nan)
    unmeasured = [False] * count
    return {name: [scalars.tobytes(), unmeasured], f"layers.{name}": [statistics.tobytes(), unmeasured]}


def without_names(store: Store) -> None:
    """Write the chunks of a store as versions before schema 4 did: without the names of their columns."""
    with store.writing() as connection:
        for row in connection.execute(chunks.select()).all():
            mine = (chunks.c.run_id == row.run_id) & (chunks.c.number == row.number)
            blobs = {
                "scalars": _unnamed(row.scalars, UNNAMED_SCALARS),
                "layers": _unnamed(row.layers, UNNAMED_LAYER_STATISTICS),
            }
            connection.execute(chunks.update().where(mine).values(blobs))


def _unnamed(blob: bytes, names: tuple[str, ...]) -> bytes:
    arrays, columns = unpack_table(blob)
    frozen = Columns(*(Column(name, "") for name in names))
    return pack({name: frozen.arrange(array, columns) for name, array in arrays.items()})
