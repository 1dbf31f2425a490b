"""What plugins have added to the tables of names, and how it is taken away again; knows no check."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.settings import SETTINGS
from engine.config.text import OPEN_CHOICES

# A table of names that grows: entries by name, or names alone.
Table = dict[str, Any] | list[str]
GOOD_NAME = re.compile("[a-z][a-z0-9_]{0,39}")


class PluginError(ValueError):
    """A plugin that cannot be used; its text is one sentence for people."""


@dataclass(frozen=True)
class Definition:
    """One thing that a plugin adds, checked already.

    Parameters
    ----------
    kind : str
        The setting that it becomes a choice of: ``activation``, ``optimizer``, ``loss``, ``normalization``.
    name, meaning : str
    checks : tuple of str
        What was checked, with the figures that came out.
    entries : tuple of (table, value)
        Where its name goes, and what stands there; what builds it comes before what offers it.
    """

    kind: str
    name: str
    meaning: str
    checks: tuple[str, ...]
    entries: tuple[tuple[Table, Any], ...]


@dataclass(frozen=True)
class Source:
    """A file of definitions, with the sha256 of its content."""

    path: Path
    digest: str
    definitions: tuple[Definition, ...]

    @property
    def names(self) -> set[tuple[str, str]]:
        """Kind and name of each definition."""
        return {(each.kind, each.name) for each in self.definitions}


@dataclass(frozen=True)
class _Collection:
    path: Path
    found: list[Definition]


SOURCES: dict[Path, Source] = {}
HERE = Path("<python>")
REVISION = {"number": 0}
# The setting ``normalization`` chooses a layer of one's own, too.
SPOKEN = {"normalization": "layer"}
_collection: ContextVar[_Collection | None] = ContextVar("collection", default=None)


@contextmanager
def collecting(path: Path) -> Iterator[list[Definition]]:
    """Gather what is declared inside, as definitions of the file ``path``; nothing is registered yet."""
    found: list[Definition] = []
    token = _collection.set(_Collection(path, found))
    try:
        yield found
    finally:
        _collection.reset(token)


def plugins_used(values: Mapping[str, Any]) -> str:
    """Return the plugins behind the settings, each with the beginning of its file's sha256."""
    used = [
        f"{kind}:{values[kind]}:{source.digest[:12]}"
        for kind in OPEN_CHOICES
        for source in SOURCES.values()
        if (kind, values.get(kind)) in source.names
    ]
    return ",".join(used)


def check_name(kind: str, name: str) -> None:
    """Refuse a name that cannot be one, or that is taken.

    Raises
    ------
    PluginError
    """
    spoken = SPOKEN.get(kind, kind)
    if not GOOD_NAME.fullmatch(name):
        raise PluginError(
            f"{spoken} {name[:60]!r}: a name must be small letters, digits and _, at most 40, a letter first"
        )
    collection = _collection.get()
    path, found = (collection.path, collection.found) if collection else (HERE, [])
    holder = next((source.path for source in SOURCES.values() if (kind, name) in source.names), None)
    if any((each.kind, each.name) == (kind, name) for each in found):
        raise PluginError(f"{spoken} {name}: each name must be given once, got it twice")
    if holder is not None and holder != path:
        raise PluginError(f"{spoken} {name}: the name must be free, got one that {holder} gives")
    if holder is None and name in SETTINGS[kind].choices:
        raise PluginError(f"{spoken} {name}: the name must be free, got that of a built-in one")


def declare(definition: Definition) -> None:
    """Take up a definition that was checked: into the file that is being loaded, or at once where none is."""
    collection = _collection.get()
    if collection is not None:
        collection.found.append(definition)
        return
    before = SOURCES.get(HERE)
    others = [
        each
        for each in (before.definitions if before else ())
        if (each.kind, each.name) != (definition.kind, definition.name)
    ]
    register(Source(HERE, "", (*others, definition)))


def register(source: Source) -> None:
    """Add all that a file defines, in place of what it defined before."""
    before = SOURCES.get(source.path)
    REVISION["number"] += 1
    for definition in source.definitions:
        for table, value in definition.entries:
            if isinstance(table, dict):
                table[definition.name] = value
            elif definition.name not in table:
                table.append(definition.name)
    SOURCES[source.path] = source
    for definition in before.definitions if before else ():
        kept = [
            table for new in source.definitions if new.name == definition.name for table, _ in new.entries
        ]
        _take_away(definition, kept)


def withdraw(path: Path) -> None:
    """Take away all that a file added; nothing where it added nothing."""
    source = SOURCES.pop(path, None)
    REVISION["number"] += 1
    for definition in source.definitions if source else ():
        _take_away(definition, [])


def revision() -> int:
    """Return a number that changes with what plugins define; what was made of settings holds as long."""
    return REVISION["number"]


def _take_away(definition: Definition, kept: list[Table]) -> None:
    for table, _ in reversed(definition.entries):
        if any(table is each for each in kept):
            continue
        if isinstance(table, dict):
            table.pop(definition.name, None)
        elif definition.name in table:
            table.remove(definition.name)
