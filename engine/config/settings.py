"""What a field of the configuration says of itself, and SETTINGS: all of them as facts; validates none."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field, GetCoreSchemaHandler, create_model
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engine.config.choices import CHOICES, option_table
from engine.nn.registry import declared_options

Model = TypeVar("Model", bound=BaseModel)
KINDS = {str: "text", bool: "switch", int: "integer", float: "number"}
BOUNDS = {"gt": "> {}", "ge": ">= {}", "lt": "< {}", "le": "<= {}"}


@dataclass(frozen=True, eq=False)
class NameOf:
    """Accepts the names that a setting has when a value is validated: a ``Literal`` that plugins add to."""

    setting: str

    @property
    def names(self) -> Collection[str]:
        """The names accepted now."""
        return CHOICES[self.setting]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a text that is one of the names."""
        return core_schema.no_info_before_validator_function(self._known, core_schema.str_schema(strict=True))

    def _known(self, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.names:
            raise PydanticCustomError("unknown_choice", "unknown choice", {"names": list(self.names)})
        return value


@dataclass(frozen=True)
class When:
    """A condition on another setting, under which a setting applies; one of these is given.

    Parameters
    ----------
    setting : str
        The other setting.
    values : sequence
        Its value is one of these.
    has : str
        Its value is a choice that this setting belongs to, such as an optimizer that ``has`` a momentum.
    above : float
        Its value is a number above this one.
    given : bool
        Its value is anything but None.
    """

    setting: str
    values: Sequence[Any] = ()
    has: str = ""
    above: float | None = None
    given: bool = False

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Tell whether it is so beside the other values of a configuration."""
        value = values[self.setting]
        if self.has:
            return self.has in CHOICES[self.setting].options(value)
        if self.above is not None:
            return isinstance(value, int | float) and value > self.above
        return value is not None if self.given else value in self.values

    def __str__(self) -> str:
        """Return it in words: ``optimizer momentum or nesterov``."""
        if self.above is not None:
            return f"{self.setting} > {self.above:g}"
        accepted = ["given"] if self.given else list(self.defaults) if self.has else self.values
        return f"{self.setting} {' or '.join(accepted)}"

    @property
    def defaults(self) -> dict[str, Any]:
        """What the setting is where it is left open, by the choice that it belongs to; else empty."""
        table = option_table(self.setting) if self.has else {}
        return {choice: options[self.has] for choice, options in table.items() if self.has in options}


@dataclass(frozen=True)
class Help:
    """What people read about a setting, beside its description.

    Parameters
    ----------
    too_low, too_high : str
        What happens when the value is chosen too low or too high.
    unit : str
        The unit of the value, empty for a pure number.
    group : str
        ``main`` for the controls that open the form, ``more`` for those that fold.
    depends_on : sequence of When
        Where the setting applies: one of them is enough; empty when it always does.
    """

    too_low: str = ""
    too_high: str = ""
    unit: str = ""
    group: str = "more"
    depends_on: Sequence[When] = ()

    @property
    def defaults(self) -> dict[str, Any]:
        """What the setting is where it is left open, by the choice that decides; empty where nothing does."""
        return self.depends_on[0].defaults if self.depends_on else {}


def setting(default: Any, description: str, explained: Help | None = None, **limits: Any) -> Any:
    """Declare one field of a settings model: a pydantic field that carries its help."""
    extra: dict[str, Any] = {"help": explained or Help()}
    return Field(default=default, description=description, json_schema_extra=extra, **limits)


def with_declared_options(model: type[Model], decider: str, kinds: Iterable[type]) -> type[Model]:
    """Return a model with a field for each setting that a dataclass declares and describes by ``option``.

    The field is None where it is left open, and applies beside the choices of ``decider`` that have it.
    """
    found: dict[str, Any] = {}
    for kind in kinds:
        types = get_type_hints(kind)
        for name, (field, _, declared) in declared_options(kind).items():
            if declared.description and name not in {*model.model_fields, *found}:
                when = [When(decider, has=name)]
                explained = Help(declared.too_low, declared.too_high, declared.unit, depends_on=when)
                described = setting(None, declared.description, explained, **declared.limits)
                found[name] = (types[field] | None, described)
    return create_model(model.__name__, __base__=model, **found)


def help_of(field: FieldInfo) -> Help:
    """Return the help that a field carries."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    explained = extra["help"]
    assert isinstance(explained, Help)
    return explained


def applies(explained: Help, values: Mapping[str, Any]) -> bool:
    """Tell whether a setting has a meaning beside the other values of a configuration."""
    return not explained.depends_on or any(when.holds(values) for when in explained.depends_on)


@dataclass(frozen=True)
class Setting:
    """One setting as people meet it.

    Attributes
    ----------
    kind : str
        ``choice``, ``choice or list``, ``integer``, ``number``, ``switch``, ``text``, ``list``,
        ``list or word``, ``number or list`` or ``integer or full``.
    names : collection of str
        The names accepted, for a choice or a list of choices; a plugin may add to them.
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
    open_choice = next((entry for entry in field.metadata if isinstance(entry, NameOf)), None)
    kind, names = ("choice", open_choice.names) if open_choice else _kind(field.annotation)
    described = field.description or ""
    return Setting(name, section, described, kind, field.default, names, _range(kind, field), help_of(field))


def _kind(annotation: Any) -> tuple[str, Collection[str]]:
    annotation = _bare(annotation)
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(choice) for choice in get_args(annotation))
    parts = [_bare(part) for part in get_args(annotation)] if _is_union(annotation) else [annotation]
    parts = [part for part in parts if part is not type(None)]
    lists = [part for part in parts if get_origin(part) is tuple]
    if str in parts and lists and (names := _names_of(annotation)):
        return "choice or list", names
    if any(get_origin(part) is Literal for part in parts):
        return ("list or word" if lists else "integer or full"), ()
    if str in parts:
        return "text", ()
    if lists:
        return ("list" if len(parts) == 1 else "number or list"), _names_of(get_args(lists[0])[0])
    return KINDS[parts[0]], ()


def _names_of(annotation: Any) -> Collection[str]:
    """Return the names that an annotation, or the first part of a union, accepts; none where it has none."""
    part = get_args(annotation)[0] if _is_union(annotation) else annotation
    return next((entry.names for entry in get_args(part) if isinstance(entry, NameOf)), ())


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


# Filled where RunConfig is made, section by section.
SETTINGS: dict[str, Setting] = {}


def describe_sections(sections: Mapping[str, type[BaseModel]], fields: Mapping[str, FieldInfo]) -> None:
    """Fill :data:`SETTINGS` with the fields of a model, in the order of its sections."""
    for section, model in sections.items():
        for name in model.model_fields:
            SETTINGS[name] = _setting(name, section, fields[name])
