"""Checks a store's file, saves what can be read of a damaged one, and copies whole ones: backup, restore."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError

from engine.codec import CodecError, unpack, unpack_table
from engine.data.dataset import content_id
from engine.store.errors import StoreError
from engine.store.schema import APPLICATION, SCHEMA_VERSION, metadata
from engine.store.store import open_store

PROBLEMS_AT_MOST = 20
FURTHEST_SKIP = 2**40
# By table the columns that hold arrays, each with what it is called.
ARRAYS = {
    "datasets": ("content",),
    "chunks": ("scalars", "layers"),
    "checkpoints": ("state",),
    "snapshots": ("parameters",),
    "predictions": ("outputs",),
}
# What belongs to the processes of the moment; nobody misses it.
PASSING = ("workers", "maintenance")


def file_of(url: str) -> Path | None:
    """Return the file of a store, None where it is kept by a database server, or the address is none."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(parsed.database).resolve() if is_file and parsed.database else None


def problems_of(path: Path) -> list[str]:
    """Return what is wrong with the file of a store, a sentence each; empty for one that is whole."""
    if not path.is_file():
        return [f"there is no store {path}"]
    with closing(_reading(path)) as connection:
        try:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({PROBLEMS_AT_MOST})")]
            found = [] if found == ["ok"] else [" ".join(line.split()) for line in found]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        except sqlite3.DatabaseError as error:
            return [str(error)]
        found += [f"the table {name} is missing" for name in metadata.tables if name not in tables]
        for table in metadata.sorted_tables:
            if table.name in tables:
                found += _problems_of_table(connection, table)
    return found


def _problems_of_table(connection: sqlite3.Connection, table: sa.Table) -> Iterator[str]:
    lost: list[str] = []
    for row in _rows(connection, table.name, lost):
        if sentence := _damage_of_row(table, row):
            yield sentence
    yield from lost


def _reading(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


def _rows(connection: sqlite3.Connection, table: str, lost: list[str]) -> Iterator[dict[str, Any]]:
    """Give the rows of a table that can be read; what cannot is noted in ``lost``."""
    last, skip = -1, 0
    while True:
        try:
            query = f"SELECT rowid AS its_place, * FROM {table} WHERE rowid > ? ORDER BY rowid"  # noqa: S608
            for row in connection.execute(query, (last + skip,)):
                last, skip = row["its_place"], 0
                yield {name: row[name] for name in row.keys() if name != "its_place"}  # noqa: SIM118
        except sqlite3.DatabaseError as error:
            if skip == 0:
                where = "rows" if last < 0 else f"rows after number {last}"
                lost.append(f"{table}: {where} cannot be read ({error})")
            skip = 2 * skip or 1
            if skip <= FURTHEST_SKIP and "no such" not in str(error):
                continue
        return


def _damage_of_row(table: sa.Table, row: dict[str, Any]) -> str:
    """Return a sentence when an array of a row is not what was written, else nothing."""
    for name in ARRAYS.get(table.name, ()):
        try:
            (unpack_table if table.name == "chunks" else unpack)(row[name])
            if table.name == "datasets" and content_id(row[name]) != row["id"]:
                raise CodecError("the content is another one than its id says")
        except (CodecError, TypeError, KeyError) as error:
            keys = ", ".join(f"{key.name} {row.get(key.name)}" for key in table.primary_key)
            return f"{table.name}, {keys}: {name} is damaged ({error})"
    return ""


def repair(path: Path, new: Path) -> tuple[int, list[str]]:
    """Save what can be read of a store in a new one; return how many rows, and what was lost, a line each.

    A run stays, with its curves, where its data or a checkpoint is lost.

    Raises
    ------
    StoreError
        When ``new`` is there already, or there is nothing at ``path``.
    """
    if not path.is_file():
        raise StoreError(f"there is no store {path}")
    if new.exists():
        raise StoreError(f"the file to save into must be new, got {new}, which is there")
    store, saved, lost = open_store(f"sqlite:///{new.resolve()}"), 0, list[str]()
    with closing(_reading(path)) as damaged, store.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in metadata.sorted_tables:
            if table.name in (*PASSING, "schema_version"):
                continue
            for row in _rows(damaged, table.name, lost):
                sentence = _damage_of_row(table, row) or _insert(connection, table, row)
                lost += [sentence] if sentence else []
                saved += not sentence
        _drop_orphans(connection, lost)
    store.close()
    return saved, lost


def _insert(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> str:
    """Write a row as it was read; return a sentence where its columns do not allow that."""
    given = {
        column.name: row[column.name] if column.name in row else getattr(column.default, "arg", None)
        for column in table.columns
    }
    marks = ", ".join("?" * len(given))
    insert = f"INSERT INTO {table.name} ({', '.join(given)}) VALUES ({marks})"  # noqa: S608 - our own names
    try:
        connection.exec_driver_sql(insert, (*given.values(),))
    except IntegrityError as error:
        return f"{table.name}: a row cannot be kept ({error.orig})"
    return ""


def _drop_orphans(connection: sa.Connection, lost: list[str]) -> None:
    """Drop what belongs to runs that were lost; give runs whose data was lost an empty place for it."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            column, target = key.parent, key.column
            orphan = column.is_not(None) & column.not_in(sa.select(target))
            if table.name == "runs" and target.table.name == "datasets":
                for (name,) in connection.execute(sa.select(column).where(orphan).distinct()).all():
                    values = {"id": name, "name": "lost", "created_at": 0.0, "content": b""}
                    connection.execute(target.table.insert().values(values))
                    lost.append(f"datasets, id {name}: runs learned from it and it is gone")
            elif table.name == "runs":
                connection.execute(table.update().where(orphan).values({column.name: None}))
            elif count := connection.execute(table.delete().where(orphan)).rowcount:
                lost.append(f"{table.name}: {count} rows of what was lost")


def check_is_store(path: Path) -> None:
    """Refuse a file that is no store of this program, or a newer one.

    Raises
    ------
    StoreError
        One sentence that names the file.
    """
    if not path.is_file():
        raise StoreError(f"there is no file {path}")
    try:
        with closing(_reading(path)) as connection:
            query = "SELECT application, version FROM schema_version ORDER BY version DESC"
            found = connection.execute(query).fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the file {path} must be a store of this program: {error}") from None
    if found is None or found["application"] != APPLICATION:
        raise StoreError(f"the file {path} must be a store of this program, got another one's")
    if found["version"] > SCHEMA_VERSION:
        raise StoreError(f"the file {path} was written by a newer version (schema {found['version']})")


def _is_store(path: Path) -> bool:
    try:
        check_is_store(path)
    except StoreError:
        return False
    return True


def copy_store(source: Path, target: Path, *, overwrite: bool = False) -> None:
    """Copy a store by SQLite's backup interface, also while it is written; the copy appears when it is whole.

    A store that is replaced keeps its file, so that who has it open sees the new content.

    Raises
    ------
    StoreError
        When ``source`` is no store, ``target`` is there already, or it cannot be written.
    """
    check_is_store(source)
    if target.exists() and not overwrite:
        raise StoreError(f"{target} is there already: --overwrite replaces it")
    if target.exists() and target.samefile(source):
        raise StoreError(f"a store cannot be copied onto itself, got {target}")
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        if target.exists() and _is_store(target):
            with closing(_reading(source)) as old, closing(sqlite3.connect(target, timeout=1.0)) as new:
                old.backup(new)
            return
        with closing(_reading(source)) as old, closing(sqlite3.connect(partial)) as new:
            old.backup(new)
        for ending in ("-wal", "-shm"):
            target.with_name(target.name + ending).unlink(missing_ok=True)
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the store {source} cannot be copied to {target}: {error}") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
