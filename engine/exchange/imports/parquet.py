"""Reads our own Parquet of metrics, strictly: bytes in, curves out."""

import json
from typing import Any, Literal

import numpy as np
from pydantic import Field

from engine.config import ConfigError, RunConfig, parse_config
from engine.config.stored import as_stored
from engine.config.text import missing_plugin_message
from engine.exchange.export.parquet import METADATA_KEY
from engine.exchange.export.text import metrics_header
from engine.exchange.imports.curves import Curves
from engine.exchange.imports.errors import BadFile, Strict, checked, shown
from engine.exchange.imports.text import ALWAYS, ROWS_AT_MOST, RUNS_AT_MOST
from engine.store.edit import as_tags
from engine.store.runs import plain_text
from engine.training.telemetry import SCALARS

LARGEST_HEADER, ENTRIES_AT_MOST = 20_000_000, 1_000_000
ROWS_TOGETHER = 20_000


class TableRun(Strict):
    """What the metadata of the file says of a run."""

    run: int
    name: str = ""
    note: str = ""
    tags: list[str] = Field(default_factory=list)
    config: dict[str, Any] | None = None


class Metadata(Strict):
    """The metadata of the file."""

    kind: Literal["metrics"]
    version: Literal[1]
    runs: list[TableRun]


def read_parquet(content: bytes) -> list[Curves]:
    """Return the runs of a Parquet file as ``export --format parquet`` writes it, with their settings.

    Names and settings are read from the file's metadata; its column of names is never unpacked.

    Raises
    ------
    BadFile
        One sentence on what is wrong.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(
            pa.BufferReader(content),
            thrift_string_size_limit=LARGEST_HEADER,
            thrift_container_size_limit=ENTRIES_AT_MOST,
        )
        about = _about(file.schema_arrow.metadata or {})
        columns = _columns(pa, file)
        batches = file.iter_batches(ROWS_TOGETHER, columns=columns)
        parts = [_numbers(batch) for batch in batches]
    except (pa.ArrowException, OSError) as error:
        raise BadFile(f"the Parquet file is damaged: {str(error).splitlines()[0][:200]}") from None
    except MemoryError:
        raise BadFile("the Parquet file does not fit into memory") from None
    if not parts:
        return []
    table = {name: np.concatenate([part[name][0] for part in parts]) for name in columns}
    known = {name: np.concatenate([part[name][1] for part in parts]) for name in columns}
    return _by_run(table, known, about)


def _about(metadata: dict[bytes, bytes]) -> dict[int, TableRun]:
    try:
        values = json.loads(metadata[METADATA_KEY])
    except (KeyError, ValueError, RecursionError):
        raise BadFile("the Parquet file must be one that this program exported") from None
    return {run.run: run for run in checked(Metadata, values, "the Parquet file").runs}


def _columns(pa: Any, file: Any) -> list[str]:
    schema, rows = file.schema_arrow, file.metadata.num_rows
    if rows > ROWS_AT_MOST:
        raise BadFile(f"the file must have at most {ROWS_AT_MOST:,} rows, got {rows:,}")
    for field in schema:
        required = pa.int64() if field.name in ("run", "step") else pa.float64()
        if field.name not in metrics_header():
            raise BadFile(f"unknown column {shown(field.name)}")
        if field.name != "name" and field.type != required:
            raise BadFile(f"column {field.name} must be {required}, got {field.type}")
    missing = [name for name in ALWAYS if name not in schema.names]
    if missing:
        raise BadFile(f"column {missing[0]} is missing")
    if len(set(schema.names)) < len(schema.names):
        raise BadFile("each column must be given once")
    return [name for name in schema.names if name != "name"]


def _numbers(batch: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {}
    for name in batch.schema.names:
        column = batch.column(name)
        known = np.asarray(column.is_valid())
        filled = column.fill_null(0) if name in ("run", "step") else column
        values = filled.to_numpy(zero_copy_only=False).astype(np.int64 if name == "run" else np.float64)
        found[name] = values, known
    return found


def _by_run(
    table: dict[str, np.ndarray], known: dict[str, np.ndarray], about: dict[int, TableRun]
) -> list[Curves]:
    numbers, first = np.unique(table["run"], return_index=True)
    if len(numbers) > RUNS_AT_MOST:
        raise BadFile(f"the file must have at most {RUNS_AT_MOST:,} runs, got {len(numbers):,}")
    found, names = [], tuple(name for name in table if name != "run")
    for number in numbers[np.argsort(first)].tolist():
        mine = table["run"] == number
        scalars, measured = (
            SCALARS.arrange(np.column_stack([each[name][mine] for name in names]), names)
            for each in (table, known)
        )
        run = about.get(number, TableRun(run=number))
        curves = Curves(str(number), run.name, scalars, measured, _config(run.config))
        tags = ", ".join(as_tags(",".join(run.tags)))
        curves.facts = {"tags": tags, "note": plain_text(run.note, 10_000)}
        found.append(curves)
    return found


def _config(settings: dict[str, Any] | None) -> RunConfig | None:
    if settings is None:
        return None
    if sentence := missing_plugin_message(settings):
        raise BadFile(f"the settings of a run cannot be used: {sentence}")
    try:
        return parse_config(as_stored(settings))
    except ConfigError as error:
        raise BadFile(f"the settings of a run cannot be used: {error}") from None
