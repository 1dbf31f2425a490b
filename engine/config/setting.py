"""What a field of the configuration says of itself: unit, effects, when it applies; knows no field."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# What each choice of a setting takes beside it: other settings by name, with their defaults. Open: a plugin
# adds an entry, and validation, form, command line and docs know it.
Takes = dict[str, dict[str, Any]]


class Takers(Collection[str]):
    """The choices of a table that take a setting, as the table stands when asked.

    Parameters
    ----------
    table : dict
        By choice the settings that it takes, with their defaults.
    name : str
        The setting.
    """

    def __init__(self, table: Takes, name: str) -> None:
        self.table, self.name = table, name

    def __contains__(self, choice: object) -> bool:
        return choice in self.table and self.name in self.table[choice]  # type: ignore[index]

    def __iter__(self) -> Iterator[str]:
        return (choice for choice, taken in list(self.table.items()) if self.name in taken)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of the setting by choice."""
        return {choice: self.table[choice][self.name] for choice in self}


@dataclass(frozen=True)
class Above(Collection[float]):
    """The numbers above a limit, for a setting that applies only where another one has an effect."""

    limit: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and value > self.limit

    def __iter__(self) -> Iterator[Any]:
        return iter((f"> {self.limit:g}",))

    def __len__(self) -> int:
        return 1


class Given(Collection[Any]):
    """Any value but None, for a setting that applies only where another one is on."""

    def __contains__(self, value: object) -> bool:
        return value is not None

    def __iter__(self) -> Iterator[str]:
        return iter(("given",))

    def __len__(self) -> int:
        return 1


@dataclass(frozen=True, eq=False)
class OneOf:
    """Accepts the names of a table as it stands when a value is validated: an open ``Literal``."""

    names: Collection[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a text that is one of the names."""
        return core_schema.no_info_before_validator_function(self._known, core_schema.str_schema(strict=True))

    def _known(self, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.names:
            raise PydanticCustomError("unknown_choice", "unknown choice", {"names": list(self.names)})
        return value


@dataclass(frozen=True)
class Help:
    """What people are told about a setting, beside its description.

    Parameters
    ----------
    too_low, too_high : str
        What happens when the value is chosen too low or too high.
    unit : str
        The unit of the value, empty for a pure number.
    group : str
        ``main`` for the controls that open the form, ``more`` for those that fold.
    applies_when : tuple of (str, collection)
        The setting that decides, and its values for which this one applies; empty when it always does.
    or_when : tuple of (str, collection)
        A second setting that decides in the same way; one of them is enough.
    """

    too_low: str = ""
    too_high: str = ""
    unit: str = ""
    group: str = "more"
    applies_when: tuple[str, Collection[Any]] | tuple[()] = ()
    or_when: tuple[str, Collection[Any]] | tuple[()] = ()

    @property
    def defaults(self) -> dict[str, Any]:
        """What the setting is where it is left open, by the choice that decides; empty where nothing does."""
        accepted = self.applies_when[1] if self.applies_when else ()
        return accepted.defaults if isinstance(accepted, Takers) else {}


def setting(default: Any, description: str, explained: Help | None = None, **limits: Any) -> Any:
    """Declare one field of a settings model: a pydantic field that carries its help."""
    extra: dict[str, Any] = {"help": explained or Help()}
    return Field(default=default, description=description, json_schema_extra=extra, **limits)


def applies(explained: Help, values: Mapping[str, Any]) -> bool:
    """Tell whether a setting has a meaning beside the other values of a configuration."""
    deciders = [each for each in (explained.applies_when, explained.or_when) if each]
    return not deciders or any(values[decider] in accepted for decider, accepted in deciders)
