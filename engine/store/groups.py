"""Groups: runs that answer one question together, such as the seeds of one configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine.codec import CodecError
from engine.config import ConfigError, RunConfig
from engine.config.resolve import DataFacts
from engine.config.seeds import without_seed
from engine.store.query import get_runs
from engine.store.row import RunRow
from engine.store.runs import load_dataset, resolved_config
from engine.store.schema import events, runs
from engine.store.store import Store
from engine.training.interventions import CHANGEABLE

LOOKED_THROUGH_AT_MOST = 500
# By the data's id, which is that of their content: the same in every store and for ever.
FACTS: dict[str, DataFacts] = {}


def group_members(store: Store, group_id: int) -> list[RunRow]:
    """Return the runs of a group, oldest first; empty when there is no such group."""
    query = sa.select(runs.c.id).where(runs.c.group_id == group_id).order_by(runs.c.id)
    with store.reading() as connection:
        ids = list(connection.scalars(query))
    return get_runs(store, ids)


@dataclass(frozen=True)
class SeedGroup:
    """Runs on the same data whose resolved settings are equal but for the seed; perhaps one alone.

    Attributes
    ----------
    rows : tuple of RunRow
    """

    rows: tuple[RunRow, ...]

    @property
    def counted(self) -> dict[int, RunRow]:
        """Its evidence, by seed: runs that finished; of several with one seed the first, they are equal."""
        found: dict[int, RunRow] = {}
        for row in sorted(self.rows, key=lambda row: row.id):
            if row.status == "finished":
                found.setdefault(row.config["seed"], row)
        return dict(sorted(found.items()))

    @property
    def left_out(self) -> list[RunRow]:
        """The runs that do not count: those that have not finished, or repeat a seed."""
        counted = {row.id for row in self.counted.values()}
        return [row for row in self.rows if row.id not in counted]

    def values(self, field: str) -> dict[int, float]:
        """Return a number such as ``val_score`` of each run that counts and has it, by seed."""
        found = {seed: getattr(row, field) for seed, row in self.counted.items()}
        return {seed: float(value) for seed, value in found.items() if value is not None}


def seed_groups(store: Store, rows: Sequence[RunRow]) -> list[SeedGroup]:
    """Return runs sorted into groups that differ in their seed alone, in the order of their first runs.

    How they were started does not matter. A run that was changed by hand while it trained goes with those
    that were changed equally; curves without settings stand alone.
    """
    found: dict[str, list[RunRow]] = {}
    for row, key in zip(rows, _keys(store, rows), strict=True):
        found.setdefault(key, []).append(row)
    return [SeedGroup(tuple(members)) for members in found.values()]


def same_but_seed(store: Store, rows: Sequence[RunRow]) -> list[RunRow]:
    """Return all runs that differ from one of the given runs in their seed alone, those too, oldest first.

    The newest 500 runs on the same data are looked through, archived ones left out.
    """
    query = (
        sa.select(runs.c.id)
        .where(runs.c.dataset_id.in_({row.dataset_id for row in rows}), sa.not_(runs.c.archived))
        .order_by(runs.c.id.desc())
        .limit(LOOKED_THROUGH_AT_MOST)
    )
    with store.reading() as connection:
        ids = list(connection.scalars(query))
    given = {row.id for row in rows}
    groups = seed_groups(store, get_runs(store, sorted({*ids, *given})))
    alike = [row for group in groups if any(row.id in given for row in group.rows) for row in group.rows]
    return sorted(alike, key=lambda row: row.id)


def facts_of(store: Store, row: RunRow) -> DataFacts:
    """Return what the settings of a run must know of its data; the data is read once a process."""
    if row.dataset_id not in FACTS:
        FACTS[row.dataset_id] = load_dataset(store, row.dataset_id).facts
    return FACTS[row.dataset_id]


def settings_on_data(store: Store, row: RunRow) -> RunConfig:
    """Return the settings of a run with nothing left open; its data is read once.

    Raises
    ------
    ConfigError
        When they name something that is not known here, or do not fit the data.
    CodecError
        When the data is damaged.
    """
    return resolved_config(row, facts_of(store, row))


def known_settings(store: Store, row: RunRow) -> RunConfig | None:
    """Return what :func:`settings_on_data` does, or None for a run that cannot be built here."""
    if not row.can_be_built:
        return None
    try:
        return settings_on_data(store, row)
    except (CodecError, ConfigError):
        return None


def _keys(store: Store, rows: Sequence[RunRow]) -> list[str]:
    """Return for each run a text that is equal for those that differ in their seed alone."""
    query = (
        sa.select(events)
        .where(events.c.run_id.in_([row.id for row in rows]), events.c.field.in_(CHANGEABLE))
        .order_by(events.c.step, events.c.id)
    )
    with store.reading() as connection:
        changed: dict[int, list[object]] = {}
        for event in connection.execute(query).all():
            changed.setdefault(event.run_id, []).append((event.step, event.field, event.new))
    keys = []
    for row in rows:
        settings = known_settings(store, row)
        if settings is None:
            keys.append(f"run {row.id}")
        else:
            keys.append(f"{row.dataset_id} {without_seed(settings)} {changed.get(row.id, [])}")
    return keys
