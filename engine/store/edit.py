"""Keeps runs in order: names, tags, notes, archive and deletion."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from engine.store.runs import RUNS, plain_text, row_of, tags_of
from engine.store.schema import baselines, datasets, metadata, retired_ids, runs
from engine.store.store import Store

TAG_LENGTH, TAGS_AT_MOST = 40, 20
NOTE_LENGTH = 10_000
TOGETHER = 500


def as_tags(text: str) -> list[str]:
    """Return the tags that a text names, separated by commas: each once, trimmed, twenty at most."""
    parts = (
        " ".join(plain_text(part, 50 * TAG_LENGTH).split())[:TAG_LENGTH].strip() for part in text.split(",")
    )
    return list(dict.fromkeys(part for part in parts if part))[:TAGS_AT_MOST]


def rename(store: Store, run_id: int, name: str) -> None:
    """Give a run another name; 200 characters of it are kept."""
    _update(store, [run_id], name=plain_text(name))


def write_note(store: Store, run_id: int, note: str) -> None:
    """Write down what people want to remember of a run; 10 000 characters are kept."""
    _update(store, [run_id], note=plain_text(note, NOTE_LENGTH))


def set_archived(store: Store, run_ids: Sequence[int], archived: bool) -> None:
    """Take runs out of the lists, or put them back; nothing of them is lost."""
    _update(store, run_ids, archived=archived)


def set_tags(store: Store, run_id: int, tags: Iterable[str]) -> None:
    """Replace the tags of a run."""
    _update(store, [run_id], tags=", ".join(as_tags(",".join(tags))))


def change_tags(store: Store, run_ids: Sequence[int], *, add: str = "", remove: str = "") -> None:
    """Add tags to runs and take others away; both are texts with commas between the tags."""
    gone = set(as_tags(remove))
    with store.writing() as connection:
        for part in _parts(run_ids):
            query = sa.select(runs.c.id, runs.c.tags).where(runs.c.id.in_(part))
            for row in connection.execute(query).all():
                kept = [tag for tag in [*tags_of(row.tags), *as_tags(add)] if tag not in gone]
                changed = (
                    runs.update().where(runs.c.id == row.id).values(tags=", ".join(as_tags(",".join(kept))))
                )
                connection.execute(changed)


def _update(store: Store, run_ids: Sequence[int], **values: Any) -> None:
    with store.writing() as connection:
        for part in _parts(run_ids):
            connection.execute(runs.update().where(runs.c.id.in_(part)).values(**values))


def delete_runs(store: Store, run_ids: Sequence[int]) -> tuple[list[int], list[str]]:
    """Delete runs with everything that belongs to them; those in training are left alone.

    Children keep what they have; they only forget their parent. Data that no other run learned from goes too.
    The number of a deleted run is never given to another one.

    Returns
    -------
    deleted : list of int
    refused : list of str
        One sentence for each run that was left.
    """
    deleted: list[int] = []
    refused: list[str] = []
    with store.writing() as connection:
        for part in _parts(run_ids):
            query = RUNS.where(runs.c.id.in_(part)).order_by(runs.c.id)
            rows = [row_of(row) for row in connection.execute(query).all()]
            refused += [
                f"run {row.id} is in training: stop it first" for row in rows if row.status == "running"
            ]
            gone = [row.id for row in rows if row.status != "running"]
            _delete(connection, gone)
            deleted += gone
        _drop_unused_data(connection)
    return deleted, refused


def _delete(connection: sa.Connection, run_ids: list[int]) -> None:
    if not run_ids:
        return
    for table in reversed(metadata.sorted_tables):
        for column in (key.parent for key in table.foreign_keys if key.column is runs.c.id):
            mine = column.in_(run_ids)
            forget = table.update().where(mine).values({column.name: None})
            connection.execute(forget if table is runs else table.delete().where(mine))
    connection.execute(runs.delete().where(runs.c.id.in_(run_ids)))
    connection.execute(retired_ids.delete().where(retired_ids.c.id <= max(run_ids)))
    if not connection.scalar(sa.select(sa.exists().where(retired_ids.c.id > max(run_ids)))):
        connection.execute(retired_ids.insert().values(id=max(run_ids)))


def _drop_unused_data(connection: sa.Connection) -> None:
    used = sa.select(runs.c.dataset_id)
    connection.execute(baselines.delete().where(baselines.c.dataset_id.not_in(used)))
    connection.execute(datasets.delete().where(datasets.c.id.not_in(used)))


def _parts(run_ids: Sequence[int]) -> Iterable[list[int]]:
    for start in range(0, len(run_ids), TOGETHER):
        yield list(run_ids[start : start + TOGETHER])
