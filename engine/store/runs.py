"""The runs of a store as people know them: submitted, listed, looked up, asked to pause or stop."""

import json
import time
from functools import lru_cache
from typing import Any

import psutil
import sqlalchemy as sa

from engine.config import CONFIG_VERSION, RunConfig, config_from_json
from engine.config.resolve import DataFacts, resolve
from engine.data.dataset import Dataset, content_id, dataset_from_bytes, dataset_to_bytes
from engine.plugins.registry import revision
from engine.store.lease import holder_is_gone
from engine.store.row import RunRow
from engine.store.schema import datasets, retired_ids, runs
from engine.store.store import Store
from engine.training.plan import TrainingPlan, check_memory, plan

REQUESTS = ("pause", "resume", "stop", "step")
NAME_LENGTH = 200
LARGEST_ID = 2**63 - 1
RESOLVED_KEPT_AT_MOST = 128


class NoSuchRun(LookupError):
    """No run has this id; its text is one sentence for people."""


COLUMNS = [runs.c[name] for name in RunRow.__dataclass_fields__]
HOLDER = [runs.c.lease_host, runs.c.lease_pid, runs.c.lease_process_start]


def submit(store: Store, config: RunConfig, dataset: Dataset, *, name: str = "", paused: bool = False) -> int:
    """Put a run into the queue and return its id.

    The configuration is resolved and checked first, the data stored by its content. A run submitted paused
    waits for whoever asks for it by name: no worker claims it by itself.

    Raises
    ------
    ConfigError
        When the configuration does not fit the data or the memory.
    """
    planned = plan(resolve(config, dataset.facts), dataset)
    check_memory(planned, psutil.virtual_memory().available)
    blob = dataset_to_bytes(dataset)
    with store.writing() as connection:
        dataset_id = keep_dataset(connection, blob, dataset.name)
        row = queued_row(config, dataset, dataset_id, planned, name=name)
        return insert_run(connection, **row | {"paused": paused})


def queued_row(
    config: RunConfig, dataset: Dataset, dataset_id: str, planned: TrainingPlan, *, name: str
) -> dict[str, Any]:
    """Return the row of a run that waits for a worker."""
    return {
        "name": plain_text(name),
        "created_at": time.time(),
        "config": config.to_json(),
        "config_version": CONFIG_VERSION,
        "dataset_id": dataset_id,
        "status": "queued",
        "paused": False,
        "total_steps": planned.total_steps,
        "parameters": planned.parameters,
        "score_name": "r2" if dataset.task == "regression" else "accuracy",
    }


def keep_dataset(connection: sa.Connection, blob: bytes, name: str) -> str:
    """Store data unless its content is there already; return its id."""
    dataset_id = content_id(blob)
    if connection.scalar(sa.select(datasets.c.id).where(datasets.c.id == dataset_id)) is None:
        row = {"id": dataset_id, "name": name[:NAME_LENGTH], "created_at": time.time(), "content": blob}
        connection.execute(datasets.insert().values(row))
    return dataset_id


def insert_run(connection: sa.Connection, **values: Any) -> int:
    """Insert a row of ``runs`` and return its id, which no run had before."""
    return insert_runs(connection, [values])[0]


def insert_runs(connection: sa.Connection, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows of ``runs`` that have the same columns and return their ids, ascending.

    SQLite would give the highest number again once its run was deleted; PostgreSQL's sequence does not.
    """
    if connection.dialect.name == "sqlite":
        used = [connection.scalar(sa.select(sa.func.max(table.c.id))) or 0 for table in (retired_ids, runs)]
        rows = [{**row, "id": number} for number, row in enumerate(rows, start=max(used) + 1)]
    ids = runs.insert().returning(runs.c.id, sort_by_parameter_order=True)
    return list(connection.execute(ids, rows).scalars())


def plain_text(text: str, length: int = NAME_LENGTH) -> str:
    """Return a text as it can be stored: without NUL and lone surrogates, ``length`` characters at most."""
    return text[: 4 * length].encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:length]


def tags_of(text: str) -> list[str]:
    """Return the tags that stand in a run's row."""
    return [part.strip() for part in text.split(",") if part.strip()]


def list_runs(store: Store, limit: int = 1000, *, archived: bool = False) -> list[RunRow]:
    """Return the newest runs, newest first; archived ones only when asked for."""
    query = sa.select(*COLUMNS, *HOLDER).order_by(runs.c.id.desc()).limit(limit)
    if not archived:
        query = query.where(sa.not_(runs.c.archived))
    with store.reading() as connection:
        return [row_of(row) for row in connection.execute(query).all()]


def count_runs(store: Store) -> int:
    """Return how many runs there are, archived ones too."""
    with store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(runs)) or 0


def get_run(store: Store, run_id: int) -> RunRow:
    """Return one run.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    """
    row = None
    if 0 < run_id <= LARGEST_ID:
        with store.reading() as connection:
            row = connection.execute(sa.select(*COLUMNS, *HOLDER).where(runs.c.id == run_id)).first()
    if row is None:
        raise NoSuchRun(f"no such run: {run_id}")
    return row_of(row)


def row_of(row: sa.Row[Any]) -> RunRow:
    """Return a run from a row with :data:`COLUMNS` and :data:`HOLDER`."""
    values = dict(row._mapping)
    holder = [values.pop(column.name) for column in HOLDER]
    if values["status"] == "running" and holder_is_gone(*holder):
        values["status"] = "interrupted"
    values["config"] = json.loads(values["config"])
    return RunRow(**values)


def load_run(store: Store, run_id: int) -> tuple[RunConfig, Dataset]:
    """Return the resolved configuration and the data of a run.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    CodecError
        When the stored data is damaged.
    ConfigError
        When its settings name something that is not known here.
    """
    row = get_run(store, run_id)
    dataset = load_dataset(store, row.dataset_id)
    return resolved_config(row, dataset), dataset


def resolved_config(row: RunRow, dataset: Dataset) -> RunConfig:
    """Return the configuration of a run on its data with nothing left open.

    Raises
    ------
    ConfigError
        When its settings name something that is not known here.
    """
    return _resolved(json.dumps(row.config), dataset.facts, revision())


@lru_cache(maxsize=RESOLVED_KEPT_AT_MOST)
def _resolved(config: str, facts: DataFacts, plugins: int) -> RunConfig:
    """Resolve a configuration; a page that shows a run asks for the same one each second."""
    return resolve(config_from_json(config), facts)


def load_dataset(store: Store, dataset_id: str) -> Dataset:
    """Return a stored dataset by its content's id."""
    with store.reading() as connection:
        blob = connection.scalar(sa.select(datasets.c.content).where(datasets.c.id == dataset_id))
    assert blob is not None
    return dataset_from_bytes(blob)


def request(store: Store, run_id: int, wish: str) -> None:
    """Ask whoever trains a run to ``pause``, ``resume``, ``stop`` or ``step`` (one epoch, then pause).

    A run that has ended is left as it is. A queued run, or one whose worker is gone, is stopped at once;
    resuming or stepping an interrupted or paused run puts it back into the queue when nobody holds it.
    """
    if wish not in REQUESTS:
        raise ValueError(f"request must be one of {', '.join(REQUESTS)}, got {wish!r}")
    get_run(store, run_id)
    with store.writing() as connection:
        row = connection.execute(sa.select(*COLUMNS, *HOLDER).where(runs.c.id == run_id)).one()
        nobody = row_of(row).status in ("queued", "interrupted")
        open_run = runs.update().where(runs.c.id == run_id, runs.c.status.in_(("queued", "running")))
        if wish == "stop" and nobody:
            fenced = open_run.values(status="stopped", request="", lease_epoch=runs.c.lease_epoch + 1)
            connection.execute(fenced.values(finished_at=time.time()))
        elif nobody:
            paused = wish == "pause"
            connection.execute(
                open_run.values(
                    status="queued",
                    paused=paused,
                    request="step" if wish == "step" else "",
                    lease_epoch=runs.c.lease_epoch + 1,
                )
            )
        else:
            connection.execute(open_run.values(request=wish))


def reopen(store: Store, run_id: int) -> None:
    """Put a stopped or failed run back into the queue; it goes on from its last checkpoint."""
    get_run(store, run_id)
    with store.writing() as connection:
        again = runs.update().where(runs.c.id == run_id, runs.c.status.in_(("stopped", "failed")))
        connection.execute(again.values(status="queued", paused=False, request="", message="", takeovers=0))


def set_speed(store: Store, run_id: int, epochs_per_second: float | None) -> None:
    """Set how many epochs a second a run trains at most; None is as fast as possible."""
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(speed=epochs_per_second))
