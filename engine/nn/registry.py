"""Registries: what can be chosen by name, one for each kind, filled by a decorator at each definition."""

import pkgutil
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar

Thing = TypeVar("Thing")


class PluginError(ValueError):
    """A definition that cannot be registered; its text is one sentence for people."""


@dataclass(frozen=True)
class Entry(Generic[Thing]):
    """One thing that can be chosen.

    Parameters
    ----------
    name : str
        As in the configuration.
    thing : object
        What the registry holds under the name.
    meaning : str
        One sentence for people who choose it.
    options : mapping
        The settings that belong to it, with its own defaults.
    """

    name: str
    thing: Thing
    meaning: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


class Guard(Protocol):
    """Who is asked before something joins a registry; :mod:`engine.plugins` is, once it is imported."""

    def check_name(self, kind: str, name: str) -> None:
        """Refuse a name with :class:`PluginError`."""
        ...

    def admit(self, kind: str, entry: Entry[Any]) -> None:
        """Check an entry and see that it is added, now or with the rest of its file."""
        ...


class Registry(dict[str, Thing]):
    """The things of one kind by name, in the order in which forms and help list them.

    Attributes
    ----------
    kind : str
        The setting that chooses one of them.
    options : dict of str to mapping
        By name the settings that belong to it, with its defaults.
    guard : Guard, optional
        Asked about all that is registered from then on. The built-in things come before there is one: the
        tests check them, so that importing stays fast.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.options: dict[str, Mapping[str, Any]] = {}
        self.guard: Guard | None = None

    def check_name(self, name: str) -> None:
        """Refuse a name that is taken.

        Raises
        ------
        PluginError
        """
        if self.guard is not None:
            self.guard.check_name(self.kind, name)
        elif name in self:
            raise PluginError(f"{self.kind} {name}: each name must be given once, got it twice")

    def register(self, entry: Entry[Thing]) -> None:
        """Add an entry, once the guard has nothing against it.

        Raises
        ------
        PluginError
        """
        if self.guard is not None:
            self.guard.admit(self.kind, entry)
        else:
            self.add(entry)

    def add(self, entry: Entry[Thing]) -> None:
        """Add an entry unasked, in place of one of the same name."""
        self[entry.name], self.options[entry.name] = entry.thing, entry.options

    def take_away(self, name: str) -> None:
        """Remove an entry; nothing where there is none."""
        self.pop(name, None)
        self.options.pop(name, None)

    def arrange(self, first: Sequence[str]) -> None:
        """Put these names first, in this order; the others follow as they are."""
        for name in [*first, *(name for name in list(self) if name not in first)]:
            self[name] = self.pop(name)


def import_modules(package: str, path: Iterable[str], first: Sequence[str] = ()) -> None:
    """Import every module of a package, some first, the others by name: what they define registers itself."""
    for name in [*first, *sorted(each.name for each in pkgutil.iter_modules(path))]:
        import_module(f"{package}.{name}")


@dataclass(frozen=True)
class Option:
    """A setting that is declared where it is used.

    Parameters
    ----------
    setting : str
        Its name in the configuration; empty where it is that of the field.
    description : str
        What it is, for people; empty where :mod:`engine.config` describes it, because others have it, too.
    too_low, too_high, unit : str
        What happens then, and the unit of the value.
    limits : mapping
        ``gt``, ``ge``, ``lt`` and ``le``.
    """

    setting: str = ""
    description: str = ""
    too_low: str = ""
    too_high: str = ""
    unit: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)


def option(
    default: Any,
    description: str = "",
    *,
    setting: str = "",
    too_low: str = "",
    too_high: str = "",
    unit: str = "",
    **limits: float,
) -> Any:
    """Declare a field of a dataclass that is a setting of a run; see :class:`Option`."""
    declared = Option(setting, description, too_low, too_high, unit, limits)
    return field(default=default, metadata={"option": declared})


def declared_options(kind: Any) -> dict[str, tuple[str, Any, Option]]:
    """Return the fields declared by :func:`option`: by setting the field's name, its default, the rest."""
    found = {}
    for each in fields(kind) if is_dataclass(kind) else ():
        declared = each.metadata.get("option")
        if declared is not None:
            found[declared.setting or each.name] = each.name, each.default, declared
    return found


def name_of(thing: Any, given: str | None) -> str:
    """Return the name given, else its attribute ``name``, else its own: ``MyLion`` is called my_lion.

    What a base class is called is no name of its own.
    """
    named = given or getattr(thing, "__dict__", {}).get("name")
    if isinstance(named, str):
        return named
    own = getattr(thing, "__name__", type(thing).__name__)
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", own).lower()


def meaning_of(thing: Any, given: str | None) -> str:
    """Return the sentence given, else the attribute ``meaning``, else the docstring's first line."""
    meaning = given or getattr(thing, "__dict__", {}).get("meaning")
    if isinstance(meaning, str):
        return meaning
    written = (thing.__doc__ or "").strip()
    is_generated = written.startswith(f"{getattr(thing, '__name__', '')}(")
    return "Of your own." if not written or is_generated else written.splitlines()[0]


def fill_in(kind: type, **defaults: Any) -> None:
    """Give a class those attributes that it lacks."""
    for name, value in defaults.items():
        if not hasattr(kind, name):
            setattr(kind, name, value)
