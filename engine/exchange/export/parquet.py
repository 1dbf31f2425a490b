"""Runs as Parquet: the columns of the CSV with their types, settings and names beside them."""

import json
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from engine.exchange.export.summary import run_summary
from engine.exchange.export.text import (
    layers_header,
    layers_known,
    metrics_header,
)
from engine.store.records import Series, read_parts
from engine.store.runs import get_run
from engine.store.store import Store
from engine.training.telemetry import LAYER_STATISTICS, SCALARS

METADATA_KEY = b"backprop-lab"
VERSION = 1
# A group is read and compressed as one: large enough to compress, small enough to hold (some 10 MB).
GROUP_ROWS = 65_536
INTEGERS = ("run", "step", "layer")


def write_parquet(store: Store, run_ids: Sequence[int], file: IO[bytes], *, layers: bool = False) -> None:
    """Write the records of runs, or with ``layers`` their statistics by layer, to a file.

    A value that was not measured is null; one that was measured as NaN is NaN.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [get_run(store, run_id) for run_id in run_ids]
    header = layers_header() if layers else metrics_header()
    kind = "layers" if layers else "metrics"
    about = {"kind": kind, "version": VERSION, "runs": [run_summary(row) for row in rows]}
    fields = [(name, pa.string() if name == "name" else _type(pa, name)) for name in header]
    schema = pa.schema(fields, {METADATA_KEY: json.dumps(about, allow_nan=False).encode()})
    # Numbers of many digits repeat seldom, so a dictionary of them is only larger; their bytes by place, sign
    # and exponent first, compress best.
    floats = [name for name, kind in fields if kind == pa.float64()]
    encoding: dict[str, Any] = {"use_dictionary": [*INTEGERS, "name"], "use_byte_stream_split": floats}
    with pq.ParquetWriter(file, schema, compression="zstd", **encoding) as writer:
        held: list[Any] = []
        for row in rows:
            for part in read_parts(store, row.id, layers=layers):
                columns = _layer_columns(part) if layers else _scalar_columns(part)
                count = len(columns[0][0])
                arrays = [pa.array(np.full(count, row.id)), pa.repeat(pa.scalar(row.name), count)]
                arrays += [
                    pa.array(values.astype(np.int64) if name in INTEGERS else values, mask=~known)
                    for name, (values, known) in zip(header[2:], columns, strict=True)
                ]
                held.append(pa.Table.from_arrays(arrays, schema=schema))
                if sum(map(len, held)) >= GROUP_ROWS:
                    writer.write_table(pa.concat_tables(held))
                    held = []
        if held:
            writer.write_table(pa.concat_tables(held))


def _type(pa: Any, name: str) -> Any:
    return pa.int64() if name in INTEGERS else pa.float64()


def _scalar_columns(part: Series) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(part.scalars[:, index], part.measured[:, index]) for index in range(len(SCALARS))]


def _layer_columns(part: Series) -> list[tuple[np.ndarray, np.ndarray]]:
    records, layers, _ = part.layers.shape
    known = layers_known(part)
    everywhere = np.ones(records * layers, np.bool_)
    places = [np.repeat(part[name], layers) for name in ("step", "epoch")]
    numbers = np.tile(np.arange(1, layers + 1), records)
    statistics = [
        (part.layers[:, :, index].ravel(), known[:, :, index].ravel())
        for index in range(len(LAYER_STATISTICS))
    ]
    return [*((values, everywhere) for values in (*places, numbers)), *statistics]
