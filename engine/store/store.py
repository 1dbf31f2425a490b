"""Opens the store and gives out transactions; the one place that knows SQLite from other databases."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from engine.paths import STORE
from engine.store.schema import APPLICATION, MIGRATIONS, SCHEMA_VERSION, metadata, schema_version

STORE_VARIABLE = "BACKPROP_LAB_STORE"
BUSY_SECONDS = 30
# The state of a network of a million weights: what does not fit goes to the disk twice within a commit.
CACHE_KILOBYTES = 16_000


class StoreError(Exception):
    """A store that cannot be used; its text is one sentence for people."""


def default_url() -> str:
    """Return $BACKPROP_LAB_STORE, or the embedded store .lab/lab.db beside the program."""
    return os.environ.get(STORE_VARIABLE) or f"sqlite:///{STORE}"


def is_transient(error: DatabaseError) -> bool:
    """Tell whether waiting can help: the disk is full, or another process holds the write lock."""
    reason = str(error.orig)
    return "disk is full" in reason or "is locked" in reason


class Store:
    """A database of runs.

    Attributes
    ----------
    url : str
        Where another process finds the same store.
    engine : sqlalchemy.Engine
    """

    def __init__(self, url: str, engine: sa.Engine) -> None:
        self.url = url
        self.engine = engine

    def close(self) -> None:
        """Give back the connections; the store may be used again."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection for a short read."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """Give a connection in a transaction that took the write lock at its start; commits at the end.

        One that is not ``durable`` may be lost, as a whole, when the machine loses power before the next
        one that is; it does not wait for the disk.
        """
        with self.engine.connect() as connection:
            is_sqlite = self.engine.dialect.name == "sqlite"
            if is_sqlite:
                if not durable:
                    connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            else:
                connection.commit()
            finally:
                if is_sqlite and not durable:
                    connection.exec_driver_sql("PRAGMA synchronous = FULL")


def open_store(url: str | None = None) -> Store:
    """Open the store at a URL such as ``sqlite:////home/me/lab.db``; an absent one is made.

    Raises
    ------
    StoreError
        When there is something else, something newer or something damaged at that place.
    """
    url = url or default_url()
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"store must be a database URL such as sqlite:///lab.db, got {url!r}") from None
    if parsed.get_backend_name() == "sqlite":
        url, parsed = _prepare_file(parsed)
    try:
        engine = sa.create_engine(parsed)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"no driver is installed for the store {parsed.render_as_string()}: {error}"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_connection)
    store = Store(url, engine)
    try:
        _migrate(store)
    except (OperationalError, DatabaseError) as error:
        raise StoreError(_sentence(parsed, error)) from None
    return store


def _prepare_file(parsed: sa.URL) -> tuple[str, sa.URL]:
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("store must name a file, such as sqlite:///lab.db: workers open it too")
    path = Path(parsed.database).resolve()
    if path.is_dir():
        raise StoreError(f"store must be a file, got the directory {path}")
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreError(f"store must be writable, got the read-only file {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"store needs the folder {path.parent}, which cannot be created: {error.strerror}"
        ) from None
    parsed = parsed.set(database=str(path))
    return parsed.render_as_string(hide_password=False), parsed


def _prepare_connection(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun by Store.writing alone
    # One damaged text would end the reading of a whole list.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA wal_autocheckpoint = 0")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")
    cursor.close()


def _migrate(store: Store) -> None:
    """Make the tables in an empty database, bring those of an older version up to date, refuse all else."""
    names = set(sa.inspect(store.engine).get_table_names())
    if not names:
        _create(store)
        return
    row = None
    if {"schema_version", "runs"} <= names:
        with store.reading() as connection:
            newest = sa.select(schema_version).order_by(schema_version.c.version.desc())
            row = connection.execute(newest).first()
    if row is None or row.application != APPLICATION:
        raise StoreError(f"the database {_shown(store)} belongs to another program; nothing was changed")
    if row.version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {_shown(store)} was written by a newer version (schema {row.version}, "
            f"this program knows {SCHEMA_VERSION}); nothing was changed"
        )
    if row.version < SCHEMA_VERSION:
        _upgrade(store, row.version)


def _create(store: Store) -> None:
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with store.writing() as connection:
        metadata.create_all(connection)
        if connection.execute(sa.select(schema_version.c.version)).first() is None:
            _note_version(connection, SCHEMA_VERSION)


def _upgrade(store: Store, version: int) -> None:
    """Bring a store from ``version`` to the newest in one transaction; SQLite's is copied before."""
    if store.engine.dialect.name == "sqlite":
        copy = Path(f"{store.engine.url.database}.schema{version}-{time.time_ns()}")
        with store.engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
    with store.writing() as connection:
        done = connection.scalar(sa.select(sa.func.max(schema_version.c.version)))
        for number in range((done or version) + 1, SCHEMA_VERSION + 1):
            MIGRATIONS[number](connection)
            _note_version(connection, number)


def _note_version(connection: sa.Connection, version: int) -> None:
    values = {"version": version, "application": APPLICATION, "applied_at": time.time()}
    connection.execute(schema_version.insert().values(values))


def _shown(store: Store) -> str:
    return store.engine.url.database or store.engine.url.render_as_string()


def _sentence(parsed: sa.URL, error: DatabaseError) -> str:
    reason = str(error.orig)
    where = parsed.database if parsed.get_backend_name() == "sqlite" else parsed.render_as_string()
    if "not a database" in reason or "malformed" in reason:
        return f"the store {where} is damaged or not a database ({reason}); nothing was changed"
    return f"the store {where} cannot be used: {reason}"
