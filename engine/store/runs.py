"""The runs of a store: stored, listed, looked up, asked to pause, resume or stop."""

import time
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from engine.codec import CodecError
from engine.config import CONFIG_VERSION, RunConfig
from engine.config.errors import shown
from engine.config.resolve import DataFacts, resolve
from engine.data.dataset import Dataset, content_id, dataset_from_bytes
from engine.plugins.registry import revision
from engine.store.damage import mended
from engine.store.lease import HOLDER, holder_is_gone
from engine.store.row import RunRow, parsed
from engine.store.schema import datasets, retired_ids, runs
from engine.store.store import Store

REQUESTS = ("pause", "resume", "stop", "step")
NAME_LENGTH = 200
LARGEST_ID = 2**63 - 1
RESOLVED_KEPT_AT_MOST = 1024


class NoSuchRun(LookupError):
    """No run has this id; its text is one sentence for people."""


RUNS = sa.select(
    *(
        runs.c.config.label(name) if name == "config_json" else runs.c[name]
        for name in RunRow.__annotations__
    ),
    *HOLDER,
)
# The columns of a new row that are not given.
DEFAULTS = {c.name: getattr(c.default, "arg", None) for c in runs.c if c.name != "id"}


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
    """Insert rows of ``runs`` and return their ids, ascending; columns left out have their defaults.

    SQLite would give the highest number again once its run was deleted; PostgreSQL's sequence does not.
    """
    if not rows:
        return []
    defaults = {**DEFAULTS, "created_at": time.time(), "config_version": CONFIG_VERSION}
    rows = [{**defaults, **row} for row in rows]
    if connection.dialect.name == "sqlite":
        used = [connection.scalar(sa.select(sa.func.max(table.c.id))) or 0 for table in (retired_ids, runs)]
        rows = [{**row, "id": number} for number, row in enumerate(rows, start=max(used) + 1)]
    ids = runs.insert().returning(runs.c.id, sort_by_parameter_order=True)
    return list(connection.execute(ids, rows).scalars())


def plain_text(text: str, length: int = NAME_LENGTH) -> str:
    """Return a text as it can be stored: without NUL and lone surrogates, ``length`` characters at most."""
    return text[: 4 * length].encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:length]


def tags_of(text: str) -> list[str]:
    """Return the tags in a run's row."""
    return [part.strip() for part in text.split(",") if part.strip()]


def list_runs(store: Store, limit: int = 1000, *, archived: bool = False) -> list[RunRow]:
    """Return the newest runs, newest first; archived ones only when asked for."""
    query = RUNS.order_by(runs.c.id.desc()).limit(limit)
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
            row = connection.execute(RUNS.where(runs.c.id == run_id)).first()
    if row is None:
        raise NoSuchRun(f"no such run: {shown(run_id)}")
    return row_of(row)


def row_of(row: sa.Row) -> RunRow:
    """Return a run from a row of :data:`RUNS`, whatever stands there."""
    values = mended(row._asdict())
    holder = [values.pop(column.name) for column in HOLDER]
    if values["status"] == "running" and holder_is_gone(*holder):
        values["status"] = "interrupted"
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
    return resolved_config(row, dataset.facts), dataset


def resolved_config(row: RunRow, facts: DataFacts) -> RunConfig:
    """Return the configuration of a run on its data with nothing left open.

    Raises
    ------
    ConfigError
        When its settings name something that is not known here.
    """
    return _resolved(row.config_json, facts, revision())


@lru_cache(maxsize=RESOLVED_KEPT_AT_MOST)
def _resolved(config_json: str, facts: DataFacts, plugins: int) -> RunConfig:
    """Resolve a configuration; a page that shows a run asks for the same one each second."""
    return resolve(parsed(config_json, plugins), facts)


def load_dataset(store: Store, dataset_id: str) -> Dataset:
    """Return a stored dataset by its content's id.

    Raises
    ------
    CodecError
        When it is damaged or missing.
    """
    with store.reading() as connection:
        blob = connection.scalar(sa.select(datasets.c.content).where(datasets.c.id == dataset_id))
    if blob is None:
        raise CodecError("the data that the run learned from is not in the store")
    return dataset_from_bytes(blob)


def request(store: Store, run_id: int, action: str) -> None:
    """Ask for a run to ``pause``, ``resume``, ``stop`` or ``step`` (one epoch, then pause).

    A run that has ended is left as it is. A queued run, or one whose worker is gone, is stopped at once;
    resuming or stepping an interrupted or paused run puts it back into the queue when nobody holds it.
    """
    if action not in REQUESTS:
        raise ValueError(f"request must be one of {', '.join(REQUESTS)}, got {action!r}")
    get_run(store, run_id)
    with store.writing() as connection:
        row = connection.execute(RUNS.where(runs.c.id == run_id)).one()
        # As the store has it: one that is damaged otherwise can be stopped, too.
        is_free = row.status == "queued" or (row.status == "running" and holder_is_gone(*row[-len(HOLDER) :]))
        open_run = runs.update().where(runs.c.id == run_id, runs.c.status.in_(("queued", "running")))
        if action == "stop" and is_free:
            fenced = open_run.values(status="stopped", request="", lease_epoch=runs.c.lease_epoch + 1)
            connection.execute(fenced.values(finished_at=time.time()))
        elif is_free:
            paused = action == "pause"
            connection.execute(
                open_run.values(
                    status="queued",
                    paused=paused,
                    request="step" if action == "step" else "",
                    lease_epoch=runs.c.lease_epoch + 1,
                )
            )
        else:
            connection.execute(open_run.values(request=action))


def reopen(store: Store, run_id: int) -> None:
    """Put a stopped or failed run back into the queue; it resumes from its last checkpoint."""
    get_run(store, run_id)
    with store.writing() as connection:
        again = runs.update().where(runs.c.id == run_id, runs.c.status.in_(("stopped", "failed")))
        connection.execute(again.values(status="queued", paused=False, request="", message="", takeovers=0))


def set_speed(store: Store, run_id: int, epochs_per_second: float | None) -> None:
    """Set how many epochs a second a run trains at most; None is as fast as possible."""
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(speed=epochs_per_second))
