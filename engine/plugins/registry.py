"""What plugins have added to the registries, and how it is taken away again."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.choices import CHOICES, OPEN_CHOICES, chosen_names
from engine.nn.registry import Entry, PluginError

Check = Callable[[str, Any], tuple[str, ...]]
GOOD_NAME = re.compile("[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Definition:
    """One thing that a plugin adds, checked already.

    Parameters
    ----------
    kind : str
        The setting that it becomes a choice of: ``activation``, ``optimizer``, ``loss``, ``normalization``.
    entry : Entry
        Its name, its meaning, and what builds it.
    checks : tuple of str
        What was checked, with the figures that came out.
    """

    kind: str
    entry: Entry[Any]
    checks: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called in the configuration."""
        return self.entry.name

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return self.entry.meaning


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
# Where definitions come from that stand in no file.
INTERACTIVE = Path("<python>")
_revision = 0
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
        f"{kind}:{name}:{source.digest[:12]}"
        for kind in OPEN_CHOICES
        for name in chosen_names(values.get(kind))
        for source in SOURCES.values()
        if (kind, name) in source.names
    ]
    return ",".join(used)


class Checked:
    """Guards the registry of a kind: what joins it from now on has a free name and passes its check.

    Parameters
    ----------
    check : callable
        From name and thing to what holds of it; raises :class:`PluginError`.
    """

    def __init__(self, check: Check) -> None:
        self.check = check

    def check_name(self, kind: str, name: str) -> None:
        """Refuse a name that cannot be one, or that is taken.

        Raises
        ------
        PluginError
        """
        if not GOOD_NAME.fullmatch(name):
            raise PluginError(
                f"{kind} {name[:60]!r}: a name must be small letters, digits and _, at most 40, "
                "a letter first"
            )
        collection = _collection.get()
        path, found = (collection.path, collection.found) if collection else (INTERACTIVE, [])
        holder = next((source.path for source in SOURCES.values() if (kind, name) in source.names), None)
        if any((each.kind, each.name) == (kind, name) for each in found):
            raise PluginError(f"{kind} {name}: each name must be given once, got it twice")
        if holder is not None and holder != path:
            raise PluginError(f"{kind} {name}: the name must be free, got one that {holder} gives")
        if holder is None and name in CHOICES[kind]:
            raise PluginError(f"{kind} {name}: the name must be free, got that of a built-in one")

    def admit(self, kind: str, entry: Entry[Any]) -> None:
        """Check an entry and declare it.

        Raises
        ------
        PluginError
        """
        declare(Definition(kind, entry, self.check(entry.name, entry.thing)))


def declare(definition: Definition) -> None:
    """Take up a definition that was checked: into the file that is being loaded, or at once where none is."""
    collection = _collection.get()
    if collection is not None:
        collection.found.append(definition)
        return
    before = SOURCES.get(INTERACTIVE)
    others = [
        each
        for each in (before.definitions if before else ())
        if (each.kind, each.name) != (definition.kind, definition.name)
    ]
    register(Source(INTERACTIVE, "", (*others, definition)))


def register(source: Source) -> None:
    """Add all that a file defines, in place of what it defined before."""
    global _revision
    before = SOURCES.get(source.path)
    _revision += 1
    for definition in source.definitions:
        CHOICES[definition.kind].registry.add(definition.entry)
    SOURCES[source.path] = source
    for definition in before.definitions if before else ():
        if (definition.kind, definition.name) not in source.names:
            CHOICES[definition.kind].registry.take_away(definition.name)


def withdraw(path: Path) -> None:
    """Take away all that a file added; nothing where it added nothing."""
    global _revision
    source = SOURCES.pop(path, None)
    _revision += 1
    for definition in source.definitions if source else ():
        CHOICES[definition.kind].registry.take_away(definition.name)


def revision() -> int:
    """Return a number that changes with what plugins define; what was made of settings holds as long."""
    return _revision


def plain(value: float) -> str:
    """Return a number as a sentence shows it: seven digits."""
    return f"{value:z.7g}"
