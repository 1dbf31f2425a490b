"""SETTINGS: every field of RunConfig as facts for form, command line and docs; must not validate."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from engine.config.run_config import DEFAULTS_BY_CHOICE, SECTIONS, RunConfig, help_of
from engine.config.setting import Help

BOUNDS = {"gt": "> {}", "ge": ">= {}", "lt": "< {}", "le": "<= {}"}


@dataclass(frozen=True)
class Setting:
    """One setting as people meet it.

    Attributes
    ----------
    kind : str
        ``choice``, ``integer``, ``number``, ``switch``, ``text``, ``list``, ``list or word`` or
        ``integer or full``.
    choices : tuple of str
        The names accepted, for a choice.
    range_text : str
        Such as ``> 0 and <= 1000000``; empty for a choice.
    default : object
        None where the value follows from other settings or the data.
    """

    name: str
    section: str
    description: str
    kind: str
    default: Any
    choices: tuple[str, ...]
    range_text: str
    explained: Help

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
    kind, choices = _kind(field.annotation)
    default = field.default if field.default is not None else DEFAULTS_BY_CHOICE.get(name)
    return Setting(
        name, section, field.description or "", kind, default, choices, _range(field), help_of(name)
    )


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(choice) for choice in get_args(annotation))
    if annotation in (str, bool):
        return ("text" if annotation is str else "switch"), ()
    if get_origin(annotation) is tuple:
        return "list", _kind(get_args(annotation)[0])[1]
    parts = [part for part in get_args(annotation) if part is not type(None)] or [annotation]
    if any(get_origin(part) is Literal for part in parts):
        return ("list or word" if _kind(parts[0])[0] == "list" else "integer or full"), ()
    if any(_kind(part)[0] == "text" for part in parts if part is not annotation):
        return "text", ()
    if len(parts) == 1 and parts[0] is not annotation:
        return _kind(parts[0])
    return ("integer" if parts[0] is int else "number"), ()


def _range(field: FieldInfo) -> str:
    found = [
        text.format(f"{getattr(entry, bound):.10g}")
        for entry in field.metadata
        for bound, text in BOUNDS.items()
        if getattr(entry, bound, None) is not None
    ]
    return " and ".join(found)


SETTINGS: dict[str, Setting] = {
    name: _setting(name, section, RunConfig.model_fields[name])
    for section, model in SECTIONS.items()
    for name in model.model_fields
}
