"""Reads bundles: what was exported comes back bit for bit; every array is checked before it is believed."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import sqlalchemy as sa

from engine.codec import CodecError, unpack
from engine.config import ConfigError, RunConfig
from engine.config.resolve import resolve
from engine.config.stored import stored_config
from engine.data.dataset import Dataset, dataset_from_bytes
from engine.exchange.export.bundle import MANIFEST
from engine.exchange.imports.errors import BadFile, checked, shown
from engine.exchange.imports.manifest import BundledRun, Event, Manifest, Row
from engine.exchange.imports.parts import (
    BundleColumns,
    check_dataset,
    check_predictions,
    check_scalars,
    check_state,
    series_of,
)
from engine.store.checkpoints import write_checkpoint
from engine.store.edit import as_tags
from engine.store.predictions import write_predictions
from engine.store.records import Series, write_series
from engine.store.row import ENDED, SPLITS
from engine.store.runs import insert_run, keep_dataset
from engine.store.schema import events, snapshots
from engine.store.store import Store
from engine.training.interventions import CHANGEABLE, check_change
from engine.training.model import build_network, initial_state
from engine.training.plan import check_memory, plan
from engine.training.state import State

MEMBERS_AT_MOST = 200_000
LARGEST_MANIFEST = 50_000_000
BROKEN = (
    CodecError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)
# What zipfile raises of headers that are not what they were, beside its own error: a version or a method that
# it does not know, a place that is none.
UNREADABLE = (zipfile.BadZipFile, RuntimeError, ValueError, OverflowError, EOFError, struct.error)
RESULTS = ("train_loss", "val_loss", "test_loss", "best_val_loss", "best_step")


@dataclass(eq=False)
class _Run:
    manifest: BundledRun
    row: dict[str, Any]
    data: bytes
    dataset: Dataset
    parts: list[Series]
    state: State | None
    snapshots: dict[int, bytes]
    predictions: tuple[int, bytes] | None


def read_bundle(store: Store, content: bytes) -> list[int]:
    """Put the runs of a bundle into the store, all of them or none, and return their numbers.

    Raises
    ------
    BadFile
        One sentence on what is wrong.
    """
    with _opened(content) as archive:
        members = _members(archive, len(content))
        found = list(_runs(archive, members))
    numbers: dict[int, int] = {}
    with store.writing() as connection:
        for run in found:
            run.row["dataset_id"] = keep_dataset(connection, run.data, run.dataset.name)
            parent = numbers.get(run.manifest.parent_run) if run.manifest.parent_run is not None else None
            run_id = insert_run(connection, **run.row, parent_run=parent)
            numbers[run.manifest.run] = run_id
            _fill(connection, run_id, run)
    return list(numbers.values())


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except UNREADABLE as error:
        raise BadFile(f"the bundle is damaged: {error}") from None


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name once it is sure that all of them together are no larger than the file."""
    listed = archive.infolist()
    members = {info.filename: info for info in listed}
    if MANIFEST not in members:
        raise BadFile(f"the zip file must be a bundle with {MANIFEST}, got another one")
    if len(listed) > MEMBERS_AT_MOST or len(members) != len(listed):
        raise BadFile("the bundle must name each of its parts once")
    for info in listed:
        if (
            info.compress_type != zipfile.ZIP_STORED
            or info.file_size != info.compress_size
            or info.flag_bits & 1
        ):
            raise BadFile(f"the bundle must not be compressed or encrypted, got {shown(info.filename)} so")
    if sum(info.file_size for info in listed) > size:
        raise BadFile("the bundle must not be larger inside than outside")
    if members[MANIFEST].file_size > LARGEST_MANIFEST:
        raise BadFile(f"{MANIFEST} must have at most {LARGEST_MANIFEST / 1e6:.0f} MB")
    return members


def _runs(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Iterator[_Run]:
    def read(name: str) -> bytes:
        if name not in members:
            raise BadFile(f"the bundle lacks its part {name[:80]}")
        try:
            return archive.read(name)
        except UNREADABLE as error:
            raise BadFile(f"the bundle is damaged: {error}") from None

    try:
        about = json.loads(read(MANIFEST))
    except (ValueError, RecursionError):
        raise BadFile(f"{MANIFEST} must be JSON") from None
    manifest = checked(Manifest, about, MANIFEST)
    columns = BundleColumns.of(manifest.scalars, manifest.layer_statistics)
    taken: set[int] = set()
    for place, values in enumerate(manifest.runs):
        where = f"run {place + 1} of the bundle"
        run = checked(BundledRun, values, where)
        if run.run in taken:
            raise BadFile(f"run of {where} must differ from the others, got {run.run} again")
        taken.add(run.run)
        try:
            yield _run(run, place, columns, read)
        except (BadFile, MemoryError):
            raise
        except ConfigError as error:
            raise BadFile(f"{where} cannot be used: {error}") from None
        except BROKEN as error:
            raise BadFile(f"{where} is damaged: {str(error)[:200]}") from None


def _run(run: BundledRun, place: int, columns: BundleColumns, read: Callable[[str], bytes]) -> _Run:
    config = stored_config(run.config)
    data = read(f"data/{run.dataset}")
    dataset = dataset_from_bytes(data)
    check_dataset(dataset)
    resolved = resolve(config, dataset.facts)
    planned = plan(resolved, dataset)
    check_memory(planned, psutil.virtual_memory().available)
    state = None
    if run.has_state:
        state = State.from_bytes(read(f"runs/{place}/state"))
        check_state(state, initial_state(resolved, dataset))
    depth = len(planned.sizes) - 1
    parts = [
        series_of(unpack(read(f"runs/{place}/records/{number}"))[0], columns, depth)
        for number in range(run.parts)
    ]
    _check_records(parts, state)
    kept = {step: read(f"runs/{place}/snapshots/{step}") for step in run.snapshots}
    for blob in kept.values():
        if unpack(blob)[0]["theta"].shape != (planned.parameters,):
            raise BadFile("a snapshot does not fit its network")
    predictions = None
    if run.predictions is not None:  # bundles of earlier versions have none
        blob = read(f"runs/{place}/predictions")
        check_predictions(unpack(blob)[0], dataset, planned.sizes[-1])
        predictions = run.predictions, blob
    _check_changes(run.events, resolved, dataset, state)
    row = _row(run) | {"parameters": planned.parameters, "config": config.to_json()}
    if row["status"] == "imported" or state is None:
        row["status"] = "imported"
    else:
        row |= {"total_steps": planned.total_steps, "score_name": dataset.score_name}
    return _Run(run, row, data, dataset, parts, state, kept, predictions)


def _check_changes(happened: list[Event], resolved: RunConfig, dataset: Dataset, state: State | None) -> None:
    changes = [event for event in happened if event.field in CHANGEABLE]
    for change in changes:
        check_change(change.field, change.new, resolved, build_network(resolved, dataset))
    if state is not None and not 0 <= state.changes_made <= len(changes):
        raise BadFile("the state of a run must have made no more changes than the run knows")


def _check_records(parts: list[Series], state: State | None) -> None:
    if not parts:
        return
    scalars, measured = (
        np.concatenate(each) for each in zip(*(part.arrays[:2] for part in parts), strict=True)
    )
    check_scalars(scalars, measured, "the records of a run")
    if state is not None and int(parts[-1]["step"][-1]) != state.recorded_step:
        raise BadFile("the records of a run must end where its state does")


def _row(run: BundledRun) -> dict[str, Any]:
    results = run.results.model_dump()
    return {
        **run.model_dump(include=set(Row.model_fields)),
        "tags": ", ".join(as_tags(",".join(run.tags))),
        "status": run.status if run.status in ENDED else "stopped",
        **{name: results[name] for name in RESULTS},
        **{f"{split}_score": results[f"{split}_{run.score_name}"] for split in SPLITS},
    }


def _fill(connection: sa.Connection, run_id: int, run: _Run) -> None:
    write_series(connection, run_id, run.parts)
    if run.state is not None:
        write_checkpoint(connection, run_id, run.state)
    for step, blob in run.snapshots.items():
        connection.execute(snapshots.insert().values(run_id=run_id, step=step, parameters=blob))
    if run.predictions is not None:
        write_predictions(connection, run_id, *run.predictions)
    for event in run.manifest.events:
        connection.execute(events.insert().values(run_id=run_id, **event.model_dump()))
