"""What a field of the configuration says of itself: unit, effects, when it applies; knows no field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

GIVEN = ("given",)


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
    applies_when : tuple of (str, tuple of str)
        The setting that decides, and its values for which this one applies, or ``GIVEN`` for any value but
        None; empty when it always does.
    """

    too_low: str = ""
    too_high: str = ""
    unit: str = ""
    group: str = "more"
    applies_when: tuple[str, tuple[str, ...]] | tuple[()] = ()


def setting(default: Any, description: str, explained: Help | None = None, **limits: Any) -> Any:
    """Declare one field of a settings model: a pydantic field that carries its help."""
    extra: dict[str, Any] = {"help": explained or Help()}
    return Field(default=default, description=description, json_schema_extra=extra, **limits)


def applies(explained: Help, values: Mapping[str, Any]) -> bool:
    """Tell whether a setting has a meaning beside the other values of a configuration."""
    if not explained.applies_when:
        return True
    decider, accepted = explained.applies_when
    return values[decider] is not None if accepted == GIVEN else values[decider] in accepted
