"""Puts all runs of a grid into the queue at once, or none of them; must not know who trains them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import sqlalchemy as sa

from engine.config import ConfigError, RunConfig
from engine.config.data import DataSettings
from engine.config.grid import Entry
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, content_id, dataset_to_bytes
from engine.data.table import Table
from engine.store.datasets import dataset_for
from engine.store.edit import as_tags
from engine.store.runs import insert_runs, keep_dataset, queued_row
from engine.store.schema import runs
from engine.store.store import Store
from engine.training.plan import check_memory, expected_seconds, plan

# What a run costs beside its steps: claimed, loaded, scored at its end, committed.
SECONDS_A_RUN = 0.02
DATA_BYTES_AT_MOST = 10**9


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs that are checked and ready to be queued together.

    Attributes
    ----------
    rows : list of dict
        Columns of ``runs``.
    leaders : list of int
        For each row the place of the first row of its group; -1 without one.
    blobs : dict of str to (str, bytes)
        Name and content of each dataset, by its id.
    seconds : float
        A rough estimate of the time that one worker needs.
    """

    rows: list[dict[str, Any]]
    leaders: list[int]
    blobs: dict[str, tuple[str, bytes]]
    seconds: float

    @property
    def total_steps(self) -> int:
        """Updates of all runs."""
        return sum(row["total_steps"] for row in self.rows)


def prepare(store: Store, entries: Sequence[Entry], table: Table | None = None) -> Batch:
    """Return what has to be stored for the runs of a grid; nothing is stored yet.

    Each dataset is made once, whatever the number of runs on it.

    Parameters
    ----------
    table : Table, optional
        The file that they name as ``table``; otherwise it is read from the store.

    Raises
    ------
    ConfigError
        One sentence that names the first entry that does not fit its data or the memory.
    """
    available = psutil.virtual_memory().available
    batch, made = Batch([], [], {}, 0.0), {}
    seconds = 0.0
    for entry in entries:
        try:
            dataset, dataset_id = _made(store, entry.configs[0], table, made, batch)
            resolved = resolve(entry.configs[0], dataset.facts)
            planned = plan(resolved, dataset)
            check_memory(planned, available)
        except ConfigError as error:
            raise ConfigError(f"{entry.place}: {error}") from None
        leader = len(batch.rows) if len(entry.configs) > 1 else -1
        tags = ", ".join(as_tags(entry.tags))
        for config, name in zip(entry.configs, entry.names, strict=True):
            row = queued_row(config, dataset, dataset_id, planned, name=name)
            batch.rows.append({**row, "tags": tags})
            batch.leaders.append(leader)
        seconds += len(entry.configs) * (expected_seconds(planned, dataset) + SECONDS_A_RUN)
    return Batch(batch.rows, batch.leaders, batch.blobs, seconds)


def _made(
    store: Store, config: RunConfig, table: Table | None, made: dict[str, tuple[Dataset, str]], batch: Batch
) -> tuple[Dataset, str]:
    """Return a dataset with its id, made once for equal settings and packed once for equal content."""
    key = config.model_dump_json(include=set(DataSettings.model_fields))
    if key not in made:
        dataset = dataset_for(store, config, table)
        blob = dataset_to_bytes(dataset)
        dataset_id = content_id(blob)
        batch.blobs.setdefault(dataset_id, (dataset.name, blob))
        size = sum(len(each) for _, each in batch.blobs.values())
        if size > DATA_BYTES_AT_MOST:
            raise ConfigError(f"the data of all runs must have at most {DATA_BYTES_AT_MOST / 1e9:g} GB")
        made[key] = dataset, dataset_id
    return made[key]


def queue(store: Store, batch: Batch) -> list[int]:
    """Put prepared runs into the queue in one transaction; return their ids, ascending."""
    with store.writing() as connection:
        for name, blob in batch.blobs.values():
            keep_dataset(connection, blob, name)
        ids = insert_runs(connection, batch.rows)
        members = [
            {"member": run_id, "leader": ids[leader]}
            for run_id, leader in zip(ids, batch.leaders, strict=True)
            if leader >= 0
        ]
        if members:
            joined = runs.update().where(runs.c.id == sa.bindparam("member"))
            connection.execute(joined.values(group_id=sa.bindparam("leader")), members)
    return ids
