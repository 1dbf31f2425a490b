"""Opens the store and gives out transactions; the one place that knows SQLite from other databases."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from engine.paths import STORE
from engine.store.errors import REPAIR, StoreError, StoreWaits, explained
from engine.store.schema import APPLICATION, MIGRATIONS, SCHEMA_VERSION, metadata, schema_version

STORE_VARIABLE = "BACKPROP_LAB_STORE"
# How long SQLite itself waits for a lock before we hear of it, and how long a write tries in all.
BUSY_SECONDS, PATIENCE_SECONDS = 5, 30.0
RETRY_SECONDS, SAID_AGAIN_SECONDS = 1.0, 60.0
# The state of a network of a million weights: what does not fit goes to the disk twice within a commit.
CACHE_KILOBYTES = 16_000


def default_url() -> str:
    """Return $BACKPROP_LAB_STORE, or the embedded store .lab/lab.db beside the program."""
    return os.environ.get(STORE_VARIABLE) or f"sqlite:///{STORE}"


Written = TypeVar("Written")
# With a level of its own: whatever a library asks of the root's, this is said.
LOG = logging.getLogger("backprop_lab")
LOG.setLevel(logging.WARNING)


class Store:
    """A database of runs.

    Attributes
    ----------
    url : str
        Where another process finds the same store.
    engine : sqlalchemy.Engine
    patience : float
        Seconds that a write waits for a lock that another process holds; infinite where a run is trained.
    """

    def __init__(self, url: str, engine: sa.Engine, patience: float = PATIENCE_SECONDS) -> None:
        self.url, self.engine, self.patience = url, engine, patience
        self._said: dict[str, float] = {}

    @property
    def place(self) -> str:
        """Where it is, for people: the path of its file, or its address without a password."""
        address = self.engine.url
        return (address.database or "") if self.is_sqlite else address.render_as_string()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite's."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Give back the connections; the store may be used again."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection for a short read.

        Raises
        ------
        StoreError
            When what is read is damaged.
        """
        with self._explaining(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """Give a connection in a transaction that took the write lock at its start; commits at the end.

        One that is not ``durable`` may be lost, as a whole, when the machine loses power before the next
        one that is; it does not wait for the disk.

        Raises
        ------
        StoreWaits
            When the disk is full, or others held the lock for longer than the store's patience; nothing was
            written.
        StoreError
            When the store is damaged.
        """
        with self._explaining(), self.engine.connect() as connection:
            if self.is_sqlite:
                if not durable:
                    connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
                self._begin(connection)
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            finally:
                if self.is_sqlite and not durable:
                    connection.exec_driver_sql("PRAGMA synchronous = FULL")

    def write_patiently(self, write: Callable[[sa.Connection], Written]) -> Written:
        """Write in one transaction, again as often as it takes while the disk is full or the store locked."""
        while True:
            try:
                with self.writing() as connection:
                    return write(connection)
            except StoreWaits as waits:
                self.say_waiting(waits)
                time.sleep(RETRY_SECONDS)

    def say_waiting(self, waits: StoreWaits) -> None:
        """Say where no write is needed, on the terminal or in the worker's log, what is waited for."""
        sentence, now = str(waits), time.monotonic()
        if now - self._said.get(sentence, float("-inf")) > SAID_AGAIN_SECONDS:
            self._said[sentence] = now
            LOG.warning("waiting: %s; it goes on by itself", sentence)

    def _begin(self, connection: sa.Connection) -> None:
        """Take the write lock; what waits for it longer than SQLite does says so."""
        until = time.monotonic() + self.patience
        while True:
            try:
                with self._explaining():
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except StoreWaits as waits:
                if time.monotonic() >= until:
                    raise
                self.say_waiting(waits)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            if (sentence := explained(self.place, error)) is None:
                raise
            raise sentence from error


def open_store(url: str | None = None, patience: float = PATIENCE_SECONDS) -> Store:
    """Open the store at a URL such as ``sqlite:////home/me/lab.db``; an absent one is made.

    Parameters
    ----------
    patience : float
        As in :class:`Store`.

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
        busy = min(BUSY_SECONDS, patience)
        event.listen(engine, "connect", lambda connection, _: _prepare_connection(connection, busy))
    store = Store(url, engine, patience)
    try:
        _migrate(store)
    except StoreError as error:
        raise error from None
    except DatabaseError as error:
        unknown = StoreError(f"the store {store.place} cannot be used: {error.orig}")
        raise (explained(store.place, error) or unknown) from None
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


def _prepare_connection(connection: sqlite3.Connection, busy_seconds: float) -> None:
    connection.isolation_level = None  # transactions are begun by Store.writing alone
    # One damaged text would end the reading of a whole list.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}")
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
    if {"schema_version", "runs"} <= names and _has_columns(store, schema_version):
        with store.reading() as connection:
            newest = sa.select(schema_version).order_by(schema_version.c.version.desc())
            row = connection.execute(newest).first()
    if row is None or row.application != APPLICATION:
        raise StoreError(f"the database {store.place} belongs to another program; nothing was changed")
    if row.version > SCHEMA_VERSION:
        raise StoreError(
            f"the store {store.place} was written by a newer version (schema {row.version}, "
            f"this program knows {SCHEMA_VERSION}); nothing was changed"
        )
    if row.version < SCHEMA_VERSION:
        _upgrade(store, row.version)
    elif missing := [name for name in metadata.tables if name not in names]:
        raise StoreError(f"the store {store.place} is damaged (it lacks {', '.join(missing)}): {REPAIR}")


def _has_columns(store: Store, table: sa.Table) -> bool:
    there = {column["name"] for column in sa.inspect(store.engine).get_columns(table.name)}
    return {column.name for column in table.columns} <= there


def _create(store: Store) -> None:
    if store.is_sqlite:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with store.writing() as connection:
        metadata.create_all(connection)
        if connection.execute(sa.select(schema_version.c.version)).first() is None:
            _note_version(connection, SCHEMA_VERSION)


def _upgrade(store: Store, version: int) -> None:
    """Bring a store from ``version`` to the newest in one transaction; SQLite's is copied before."""
    if store.is_sqlite:
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
