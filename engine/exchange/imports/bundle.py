"""Reads bundles: what was exported comes back bit for bit; every array is checked before it is believed."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import sqlalchemy as sa

from engine.codec import CodecError, unpack
from engine.config import CONFIG_VERSION, ConfigError, config_from_json
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, dataset_from_bytes
from engine.exchange.export.bundle import FORMAT, MANIFEST, VERSION
from engine.exchange.imports.errors import BadFile, shown
from engine.exchange.imports.fields import Fields
from engine.exchange.imports.parts import (
    BundleColumns,
    check_dataset,
    check_predictions,
    check_state,
    series_of,
)
from engine.store.checkpoints import write_checkpoint
from engine.store.edit import as_tags
from engine.store.predictions import write_predictions
from engine.store.records import Series, write_series
from engine.store.row import ENDED
from engine.store.runs import insert_run, keep_dataset, plain_text
from engine.store.schema import events, snapshots
from engine.store.store import Store
from engine.training.interventions import CHANGEABLE, check_change
from engine.training.model import build_network, initial_state
from engine.training.plan import check_memory, plan
from engine.training.state import State

RUNS_AT_MOST, MEMBERS_AT_MOST = 1000, 200_000
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
RESULTS = ("train_loss", "val_loss", "test_loss", "best_val_loss")


@dataclass(eq=False)
class _Run:
    row: dict[str, Any]
    data: bytes
    dataset: Dataset
    parts: list[Series]
    state: State | None
    snapshots: dict[int, bytes]
    predictions: tuple[int, bytes] | None
    events: list[dict[str, Any]]
    place: int
    old_number: int
    old_parent: int | None


def read_bundle(store: Store, content: bytes) -> list[int]:
    """Put the runs of a bundle into the store, all of them or none, and return their numbers.

    Raises
    ------
    BadFile
        One sentence on what is wrong.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _members(archive, len(content))
            found = list(_runs(archive, members))
    except zipfile.BadZipFile as error:
        raise BadFile(f"the bundle is damaged: {error}") from None
    numbers: dict[int, int] = {}
    with store.writing() as connection:
        for run in found:
            run.row["dataset_id"] = keep_dataset(connection, run.data, run.dataset.name)
            parent = numbers.get(run.old_parent) if run.old_parent is not None else None
            run_id = insert_run(connection, **run.row, parent_run=parent)
            numbers[run.old_number] = run_id
            _fill(connection, run_id, run)
    return list(numbers.values())


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
        return archive.read(name)

    try:
        about = json.loads(read(MANIFEST))
    except (ValueError, RecursionError):
        raise BadFile(f"{MANIFEST} must be JSON") from None
    fields = Fields(about, MANIFEST)
    if about.get("format") != FORMAT or about.get("version") != VERSION:
        raise BadFile(
            f"{MANIFEST} must be of a {FORMAT}, version {VERSION}, got {shown(about.get('version'))}"
        )
    columns = BundleColumns.of(fields.names("scalars"), fields.names("layer_statistics"))
    listed = fields.objects("runs")
    if not 0 < len(listed) <= RUNS_AT_MOST:
        raise BadFile(f"a bundle must hold 1 to {RUNS_AT_MOST:,} runs, got {len(listed):,}")
    for place, each in enumerate(listed):
        told = Fields(each, f"run {place + 1} of the bundle")
        try:
            yield _run(told, place, columns, read)
        except (BadFile, MemoryError):
            raise
        except ConfigError as error:
            raise BadFile(f"run {place + 1} of the bundle cannot be used: {error}") from None
        except BROKEN as error:
            raise BadFile(f"run {place + 1} of the bundle is damaged: {str(error)[:200]}") from None


def _run(told: Fields, place: int, columns: BundleColumns, read: Any) -> _Run:
    config_text = told.text("config", 200_000)
    config = config_from_json(config_text)
    data = read(f"data/{told.text('dataset', 64)}")
    dataset = dataset_from_bytes(data)
    check_dataset(dataset)
    resolved = resolve(config, dataset.facts)
    planned = plan(resolved, dataset)
    check_memory(planned, psutil.virtual_memory().available)
    state = None
    if told.flag("has_state"):
        state = State.from_bytes(read(f"runs/{place}/state"))
        check_state(state, initial_state(resolved, dataset))
    depth = len(planned.sizes) - 1
    parts = [
        series_of(unpack(read(f"runs/{place}/records/{number}"))[0], columns, depth)
        for number in range(told.whole("parts", 100_000))
    ]
    _check_order(parts, state)
    kept = {step: read(f"runs/{place}/snapshots/{step}") for step in told.wholes("snapshots")}
    for blob in kept.values():
        if unpack(blob)[0]["theta"].shape != (planned.parameters,):
            raise BadFile("a snapshot does not fit its network")
    said = _predictions(told, dataset, planned.sizes[-1], read, place)
    row = {
        **_row(told),
        "config": config_text,
        "config_version": CONFIG_VERSION if told.whole("config_version", CONFIG_VERSION) else 0,
        "total_steps": planned.total_steps,
        "parameters": planned.parameters,
        "score_name": dataset.score_name,
    }
    if row["status"] == "imported" or state is None:
        row |= {"status": "imported", "total_steps": told.whole("total_steps", 2**53)}
        row |= {"score_name": told.one_of("score_name", ("accuracy", "r2"))}
    happened = [_event(Fields(each, "an event of the bundle")) for each in told.objects("events")]
    changes = [event for event in happened if event["field"] in CHANGEABLE]
    for change in changes:
        check_change(change["field"], change["new"], resolved, build_network(resolved, dataset))
    if state is not None and not 0 <= state.changes_made <= len(changes):
        raise BadFile("the state of a run must have made no more changes than the run knows")
    number, parent = told.whole("run", 2**53), told.optional_whole("parent_run")
    return _Run(row, data, dataset, parts, state, kept, said, happened, place, number, parent)


def _predictions(
    told: Fields, dataset: Dataset, outputs: int, read: Any, place: int
) -> tuple[int, bytes] | None:
    """Return step and bytes of the predictions; bundles of earlier versions have none."""
    step = told.optional_whole("predictions")
    if step is None:
        return None
    blob = read(f"runs/{place}/predictions")
    check_predictions(unpack(blob)[0], dataset, outputs)
    return step, blob


def _check_order(parts: list[Series], state: State | None) -> None:
    steps = np.concatenate([part["step"] for part in parts]) if parts else np.zeros(0)
    if not (np.diff(steps) > 0).all() or not (steps >= 0).all():
        raise BadFile("the records of a run must ascend")
    if state is not None and len(steps) and int(steps[-1]) != state.recorded_step:
        raise BadFile("the records of a run must end where its state does")


def _row(told: Fields) -> dict[str, Any]:
    score = told.one_of("score_name", ("accuracy", "r2"))
    results = Fields(told.object("results"), "the results of a run")
    status = told.text("status", 20)
    row: dict[str, Any] = {
        "name": plain_text(told.text("name", 2000)),
        "note": plain_text(told.text("note", 100_000), 10_000),
        "tags": ", ".join(as_tags(",".join(told.names("tags")))),
        "status": status if status in ENDED else "stopped",
        "message": plain_text(told.text("message", 5000), 1000),
        "created_at": told.number("created_at"),
        "branch_step": told.optional_whole("branch_step"),
        "fingerprint": plain_text(told.text("fingerprint", 10_000), 10_000),
        "step": told.whole("step", 2**53),
        "epoch": told.number("epoch"),
        "seconds": told.number("seconds"),
        "best_step": results.optional_whole("best_step"),
    }
    row |= {name: results.optional_number(name) for name in RESULTS}
    return row | {
        f"{split}_score": results.optional_number(f"{split}_{score}") for split in ("train", "val", "test")
    }


def _event(told: Fields) -> dict[str, Any]:
    return {
        "created_at": told.number("created_at"),
        "step": told.whole("step", 2**53),
        "field": plain_text(told.text("field", 400), 80),
        "old": told.text("old", 100_000),
        "new": told.text("new", 100_000),
    }


def _fill(connection: sa.Connection, run_id: int, run: _Run) -> None:
    write_series(connection, run_id, run.parts)
    if run.state is not None:
        write_checkpoint(connection, run_id, run.state)
    for step, blob in run.snapshots.items():
        connection.execute(snapshots.insert().values(run_id=run_id, step=step, parameters=blob))
    if run.predictions is not None:
        write_predictions(connection, run_id, *run.predictions)
    for event in run.events:
        connection.execute(events.insert().values(run_id=run_id, **event))
