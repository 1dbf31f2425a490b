"""Puts runs into the store: one, the seeds of one configuration or a whole grid, all at once or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil
import sqlalchemy as sa

from engine.config import ConfigError, RunConfig
from engine.config.data import TABLE, DataSettings
from engine.config.grid import Entry
from engine.config.resolve import resolve
from engine.config.seeds import seeded, without_seed
from engine.data.dataset import Dataset, content_id, dataset_to_bytes
from engine.data.table import Table
from engine.store.datasets import dataset_for, stored_table
from engine.store.edit import as_tags
from engine.store.runs import insert_runs, keep_dataset, plain_text
from engine.store.schema import datasets, runs
from engine.store.store import Store, StoreError
from engine.training.plan import TrainingPlan, check_memory, expected_seconds, plan

# What a run costs beside its steps: claimed, loaded, scored at its end, committed.
SECONDS_A_RUN = 0.02
DATA_BYTES_AT_MOST = 10**9


@dataclass(frozen=True, eq=False)
class Submission:
    """One run to be queued.

    Attributes
    ----------
    config : RunConfig
    dataset : Dataset, optional
        What it learns from; made as the configuration says where it is not given.
    dataset_id : str
        The id of ``dataset`` where it is in the store already: then it is not packed again.
    name, tags : str
        Tags are separated by commas.
    paused : bool
        Wait until somebody resumes it or trains it by its id: no worker claims it.
    speed : float, optional
        Epochs a second at most.
    group : int, str or None
        The id of a group, or a text that runs submitted together share to become one; a new group has the
        id of its first run.
    place : str
        What the sentence on a run that does not fit begins with, such as ``grid entry 3``.
    columns : mapping
        Further columns of its row.
    fill : callable, optional
        Called with connection, id and plan in the transaction that stores the run, to write what belongs to
        it.
    """

    config: RunConfig
    dataset: Dataset | None = None
    dataset_id: str = ""
    name: str = ""
    tags: str = ""
    paused: bool = False
    speed: float | None = None
    group: int | str | None = None
    place: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    fill: Callable[[sa.Connection, int, TrainingPlan], None] | None = None


@dataclass(eq=False)
class Batch:
    """Runs that are checked and ready to be stored together.

    Attributes
    ----------
    submissions : list of Submission
    plans : list of TrainingPlan
        One for each of them.
    rows : list of dict
        Columns of ``runs``.
    blobs : dict of str to (str, bytes)
        Name and content of each dataset that the store may lack, by its id.
    seconds : float
        A rough estimate of the time that one worker needs.
    """

    submissions: list[Submission] = field(default_factory=list)
    plans: list[TrainingPlan] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total_steps(self) -> int:
        """Updates of all runs."""
        return sum(planned.total_steps for planned in self.plans)


def with_seeds(config: RunConfig, count: int, **options: Any) -> list[Submission]:
    """Return a configuration once for each of ``count`` seeds, as one group; a single one is no group.

    The first has the seed of the configuration, the others those that follow. ``options`` are further
    attributes of each :class:`Submission`.

    Raises
    ------
    ConfigError
        When ``count`` is out of range.
    """
    group = "seeds" if count > 1 else None
    return [Submission(each, group=group, **options) for each in seeded(config, count)]


def of_grid(entries: Sequence[Entry]) -> list[Submission]:
    """Return the runs of a grid; the seeds of an entry become a group."""
    return [
        Submission(
            config,
            name=name,
            tags=entry.tags,
            place=entry.place,
            group=entry.place if len(entry.configs) > 1 else None,
        )
        for entry in entries
        for config, name in zip(entry.configs, entry.names, strict=True)
    ]


def submit_one(store: Store, config: RunConfig, dataset: Dataset | None = None, **options: Any) -> int:
    """Queue one run and return its id; ``options`` are further attributes of its :class:`Submission`.

    Raises
    ------
    ConfigError
        When the configuration does not fit the data or the memory.
    """
    return submit(store, [Submission(config, dataset, **options)])[0]


def submit(store: Store, submissions: Sequence[Submission] | Batch) -> list[int]:
    """Queue runs in one transaction, all or none; return their ids, ascending.

    Every run enters the store here, but for those that are imported.

    Raises
    ------
    ConfigError
        When one of them does not fit its data or the memory.
    StoreError
        When data that was in the store has been deleted since.
    """
    batch = submissions if isinstance(submissions, Batch) else prepare(store, submissions)
    with store.writing() as connection:
        for name, blob in batch.blobs.values():
            keep_dataset(connection, blob, name)
        _check_stored(connection, {row["dataset_id"] for row in batch.rows} - batch.blobs.keys())
        ids = insert_runs(connection, batch.rows)
        _join_groups(connection, ids, batch.submissions)
        for run_id, submission, planned in zip(ids, batch.submissions, batch.plans, strict=True):
            if submission.fill is not None:
                submission.fill(connection, run_id, planned)
    return ids


def prepare(
    store: Store,
    submissions: Sequence[Submission],
    tables: Mapping[str, Table] | None = None,
    *,
    skip: Callable[[ConfigError], None] | None = None,
) -> Batch:
    """Check runs and return what has to be stored for them; nothing is stored yet.

    Data is made once for equal settings, packed and hashed once for equal content; a configuration is
    resolved and planned once for all its seeds.

    Parameters
    ----------
    tables : mapping, optional
        Files by their id that need not be read from the store.
    skip : callable, optional
        Called with the error of each run that does not fit, which is left out; without it the error is
        raised.

    Raises
    ------
    ConfigError
        One sentence that names the first run that does not fit its data or the memory.
    """
    available = psutil.virtual_memory().available
    data, plans = _Data(store, tables or {}), dict[tuple[str, str], TrainingPlan]()
    batch = Batch(blobs=data.blobs)
    for each in submissions:
        try:
            dataset, dataset_id = data.of(each)
            key = dataset_id, without_seed(each.config)
            if key not in plans:
                planned = plan(resolve(each.config, dataset.facts), dataset)
                check_memory(planned, available)
                plans[key] = planned
        except ConfigError as error:
            refused = ConfigError(f"{each.place}: {error}" if each.place else str(error))
            if skip is None:
                raise refused from None
            skip(refused)
            continue
        batch.submissions.append(each)
        batch.plans.append(plans[key])
        batch.rows.append(_row(each, dataset, dataset_id, plans[key]))
        batch.seconds += expected_seconds(plans[key], dataset) + SECONDS_A_RUN
    return batch


class _Data:
    """The datasets of runs that are submitted together."""

    def __init__(self, store: Store, tables: Mapping[str, Table]) -> None:
        self.store, self.tables = store, dict(tables)
        self.made: dict[object, tuple[Dataset, str]] = {}
        self.blobs: dict[str, tuple[str, bytes]] = {}

    def of(self, submission: Submission) -> tuple[Dataset, str]:
        """Return the data of a run and its id, made and packed once."""
        given = submission.dataset
        if given is not None and submission.dataset_id:
            return given, submission.dataset_id
        settings = submission.config.model_dump_json(include=set(DataSettings.model_fields))
        key = settings if given is None else id(given)
        if key not in self.made:
            dataset = self._build(submission.config) if given is None else given
            self.made[key] = dataset, self._pack(dataset)
        return self.made[key]

    def _build(self, config: RunConfig) -> Dataset:
        if config.dataset != TABLE:
            return dataset_for(self.store, config)
        file_id = config.table or ""
        if file_id not in self.tables:
            self.tables[file_id] = stored_table(self.store, file_id)
        return dataset_for(self.store, config, self.tables[file_id])

    def _pack(self, dataset: Dataset) -> str:
        blob = dataset_to_bytes(dataset)
        dataset_id = content_id(blob)
        self.blobs.setdefault(dataset_id, (dataset.name, blob))
        if sum(len(each) for _, each in self.blobs.values()) > DATA_BYTES_AT_MOST:
            raise ConfigError(f"the data of all runs must have at most {DATA_BYTES_AT_MOST / 1e9:g} GB")
        return dataset_id


def _row(submission: Submission, dataset: Dataset, dataset_id: str, planned: TrainingPlan) -> dict[str, Any]:
    return {
        "name": plain_text(submission.name),
        "tags": ", ".join(as_tags(submission.tags)),
        "config": submission.config.to_json(),
        "dataset_id": dataset_id,
        "status": "queued",
        "paused": submission.paused,
        "speed": submission.speed,
        "group_id": submission.group if isinstance(submission.group, int) else None,
        "total_steps": planned.total_steps,
        "parameters": planned.parameters,
        "score_name": dataset.score_name,
        **submission.columns,
    }


def _check_stored(connection: sa.Connection, dataset_ids: set[str]) -> None:
    if dataset_ids:
        query = sa.select(datasets.c.id).where(datasets.c.id.in_(dataset_ids))
        if set(connection.scalars(query)) != dataset_ids:
            raise StoreError("the data of the run was deleted in the meantime")


def _join_groups(connection: sa.Connection, ids: Sequence[int], submissions: Sequence[Submission]) -> None:
    leaders: dict[str, int] = {}
    members = [
        {"member": run_id, "leader": leaders.setdefault(each.group, run_id)}
        for run_id, each in zip(ids, submissions, strict=True)
        if isinstance(each.group, str)
    ]
    if members:
        joined = runs.update().where(runs.c.id == sa.bindparam("member"))
        connection.execute(joined.values(group_id=sa.bindparam("leader")), members)
