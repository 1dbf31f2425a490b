"""SETTINGS: every field of RunConfig as facts for form, command line and docs; must not validate."""

from collections.abc import Collection
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from engine.config.run_config import SECTIONS, RunConfig, help_of
from engine.config.setting import Help, OneOf

KINDS = {str: "text", bool: "switch", int: "integer", float: "number"}
BOUNDS = {"gt": "> {}", "ge": ">= {}", "lt": "< {}", "le": "<= {}"}


@dataclass(frozen=True)
class Setting:
    """One setting as people meet it.

    Attributes
    ----------
    kind : str
        ``choice``, ``integer``, ``number``, ``switch``, ``text``, ``list``, ``list or word``,
        ``number or list`` or ``integer or full``.
    names : collection of str
        The names accepted, for a choice; a plugin may add to them.
    range_text : str
        Such as ``> 0 and <= 1000000``, or ``true or false``; empty for a choice.
    default : object
        None where the value follows from other settings or the data, or is off.
    """

    name: str
    section: str
    description: str
    kind: str
    default: Any
    names: Collection[str]
    range_text: str
    explained: Help

    @property
    def choices(self) -> tuple[str, ...]:
        """The names accepted now, for a choice."""
        return tuple(self.names)

    @property
    def unit(self) -> str:
        """The unit of the value, empty for a pure number."""
        return self.explained.unit

    @property
    def group(self) -> str:
        """``main`` for the controls that open the form, ``more`` for those that fold."""
        return self.explained.group

    @property
    def help_text(self) -> str:
        """What it is, and what happens when it is too low or too high, as one text."""
        effects = [
            f"Too {word}: {effect}."
            for word, effect in (("low", self.explained.too_low), ("high", self.explained.too_high))
            if effect
        ]
        opening = self.description[0].upper() + self.description[1:]
        return " ".join([f"{opening}.", *effects])


def _setting(name: str, section: str, field: FieldInfo) -> Setting:
    open_choice = next((entry for entry in field.metadata if isinstance(entry, OneOf)), None)
    kind, names = ("choice", open_choice.names) if open_choice else _kind(field.annotation)
    return Setting(
        name, section, field.description or "", kind, field.default, names, _range(kind, field), help_of(name)
    )


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    annotation = _bare(annotation)
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(choice) for choice in get_args(annotation))
    parts = [_bare(part) for part in get_args(annotation)] if _is_union(annotation) else [annotation]
    parts = [part for part in parts if part is not type(None)]
    lists = [part for part in parts if get_origin(part) is tuple]
    if any(get_origin(part) is Literal for part in parts):
        return ("list or word" if lists else "integer or full"), ()
    if str in parts:
        return "text", ()
    if lists:
        entries = _bare(get_args(lists[0])[0])
        names = _kind(entries)[1] if get_origin(entries) is Literal else ()
        return ("list" if len(parts) == 1 else "number or list"), names
    return KINDS[parts[0]], ()


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _range(kind: str, field: FieldInfo) -> str:
    if kind == "switch":
        return "true or false"
    annotated = [part for part in get_args(field.annotation) if get_origin(part) is Annotated]
    of_a_number = [entry for part in annotated for entry in _limits(part)]
    found = [
        text.format(f"{getattr(entry, bound):.10g}")
        for entry in [*field.metadata, *of_a_number]
        for bound, text in BOUNDS.items()
        if getattr(entry, bound, None) is not None
    ]
    return " and ".join(found)


def _limits(annotated: Any) -> list[Any]:
    """Return the limits of a number that stands beside other kinds of value; a list's are its entries'."""
    bare, *extra = get_args(annotated)
    return [
        entry for each in extra if isinstance(each, FieldInfo) and bare is float for entry in each.metadata
    ]


SETTINGS: dict[str, Setting] = {
    name: _setting(name, section, RunConfig.model_fields[name])
    for section, model in SECTIONS.items()
    for name in model.model_fields
}
