"""Runs as one bundle: settings, data, records, weights and predictions; they come back bit for bit.

A bundle is a zip file without compression: what a reader has to make room for is never more than the file.
``bundle.json`` names its runs and what their columns mean; the arrays are those of the store (engine.codec).
"""

import json
import time
import zipfile
from collections.abc import Sequence
from typing import IO, Any

import sqlalchemy as sa

from engine.codec import pack
from engine.exchange.export.summary import run_summary
from engine.store.checkpoints import latest_checkpoint
from engine.store.predictions import stored_predictions
from engine.store.records import Series, read_parts, recorded_mask
from engine.store.row import RunRow
from engine.store.runs import get_run
from engine.store.schema import datasets, events, runs, snapshots
from engine.store.store import Store
from engine.training.telemetry import LAYER_STATISTICS, SCALARS

MANIFEST = "bundle.json"
FORMAT, VERSION = "backprop-lab bundle", 1
EARLIEST = (1980, 1, 1, 0, 0, 0)


def write_bundle(store: Store, run_ids: Sequence[int], file: IO[bytes]) -> None:
    """Write runs with everything that belongs to them to a file; the import gives the same bits back.

    Raises
    ------
    NoSuchRun
        When no run has one of the ids.
    """
    rows = [get_run(store, run_id) for run_id in run_ids]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        written: set[str] = set()
        described = [_write_run(store, row, archive, place, written) for place, row in enumerate(rows)]
        about = {
            "format": FORMAT,
            "version": VERSION,
            "created_at": time.time(),
            "scalars": SCALARS.names,
            "layer_statistics": LAYER_STATISTICS.names,
            "runs": described,
        }
        _add(archive, MANIFEST, json.dumps(about, allow_nan=False).encode())


def _write_run(
    store: Store, row: RunRow, archive: zipfile.ZipFile, place: int, written: set[str]
) -> dict[str, Any]:
    with store.reading() as connection:
        stored = connection.execute(
            sa.select(runs.c.config, runs.c.fingerprint).where(runs.c.id == row.id)
        ).one()
        if row.dataset_id not in written:
            content = sa.select(datasets.c.content).where(datasets.c.id == row.dataset_id)
            _add(archive, f"data/{row.dataset_id}", connection.scalar(content) or b"")
            written.add(row.dataset_id)
        happened = connection.execute(
            sa.select(events).where(events.c.run_id == row.id, events.c.step >= 0).order_by(events.c.id)
        ).mappings()
        listed = [
            {name: value for name, value in each.items() if name not in ("id", "run_id")} for each in happened
        ]
    state, _ = latest_checkpoint(store, row.id)
    if state is not None:
        _add(archive, f"runs/{place}/state", state.to_bytes())
    parts = 0
    for part in read_parts(store, row.id):
        _add(archive, f"runs/{place}/records/{parts}", _packed(part))
        parts += 1
    steps = _write_snapshots(store, row.id, archive, place)
    predictions = stored_predictions(store, row.id)
    if predictions is not None:
        _add(archive, f"runs/{place}/predictions", predictions[1])
    return {
        **run_summary(row),
        "config": stored.config,
        "config_version": row.config_version,
        "fingerprint": stored.fingerprint,
        "score_name": row.score_name,
        "dataset": row.dataset_id,
        "has_state": state is not None,
        "parts": parts,
        "snapshots": steps,
        "predictions": None if predictions is None else predictions[0],
        "events": listed,
    }


def _write_snapshots(store: Store, run_id: int, archive: zipfile.ZipFile, place: int) -> list[int]:
    query = sa.select(snapshots).where(snapshots.c.run_id == run_id).order_by(snapshots.c.step)
    with store.reading() as connection:
        steps = []
        for row in connection.execute(query):
            _add(archive, f"runs/{place}/snapshots/{row.step}", row.parameters)
            steps.append(row.step)
    return steps


def _packed(part: Series) -> bytes:
    arrays = {"values": part.scalars, "measured": part.measured, "layers": part.layers}
    return pack(arrays | recorded_mask(part))


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EARLIEST), content)
