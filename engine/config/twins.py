"""What differs between configurations once everything left open is decided, and what of it was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.config.errors import ConfigError
from engine.config.resolve import DataFacts, resolve
from engine.config.run_config import RunConfig
from engine.config.settings import SETTINGS
from engine.nn.optimizers import OPTIMIZERS

LEFT_OPEN = (None, "auto")


def differences(first: RunConfig, second: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which two resolved configurations differ, each with both values.

    A setting left open counts as what it was resolved to: an ``auto`` initializer that changes with the
    activation is a difference of its own.
    """
    one, other = decided_settings(first), decided_settings(second)
    return {name: (value, other[name]) for name, value in one.items() if value != other[name]}


def decided_settings(config: RunConfig) -> dict[str, Any]:
    """Return the settings of a resolved configuration by name, as they are used.

    An ``auto`` initializer that starts layers in different ways is the list of theirs, the output layer's
    last; a list of one value for all hidden layers is that value.
    """
    values, starts = config.shortened().model_dump(), config.initializers
    return values if len(set(starts)) == 1 else {**values, "initializer": starts}


@dataclass(frozen=True)
class Differing:
    """Settings in which configurations differ, in the order of the configuration.

    Attributes
    ----------
    chosen : tuple of str
        Somebody gave them different values.
    following : tuple of str
        Left open, they would differ just so: ``beta1`` between adam and sgd, the start of the weights between
        tanh and relu.
    """

    chosen: tuple[str, ...]
    following: tuple[str, ...]


def differing(settings: Sequence[Mapping[str, Any]], facts: Sequence[DataFacts | None]) -> Differing:
    """Return which settings of several configurations differ by choice, and which only follow.

    A setting follows when every configuration would give it the value that it has if it were left open.

    Parameters
    ----------
    settings : sequence of mapping
        Resolved, from :func:`decided_settings`.
    facts : sequence
        Of the data of each; None where it cannot be resolved here, such as without a plugin: of such a one a
        setting counts as left open only while it has its plain default.
    """
    apart = unequal(settings)
    following = tuple(
        name
        for name in apart
        if all(_as_if_left_open(name, *each) for each in zip(settings, facts, strict=True))
    )
    chosen = tuple(name for name in apart if name not in following)
    # Something must tell them apart: where all could follow, what they follow is not among the settings.
    return Differing(chosen, following) if chosen else Differing(following, ())


def unequal(settings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names under which not all of the mappings hold the same, in their order."""
    names = dict.fromkeys(name for each in settings for name in each)
    return tuple(name for name in names if any(each.get(name) != settings[0].get(name) for each in settings))


def _as_if_left_open(name: str, settings: Mapping[str, Any], facts: DataFacts | None) -> bool:
    declared, value = SETTINGS.get(name), settings.get(name)
    if declared is None or value == declared.default:
        return declared is not None
    if facts is None or declared.default not in LEFT_OPEN:
        return False
    given: dict[str, Any] = {**settings, name: declared.default}
    if isinstance(given["initializer"], tuple):  # the starts of the layers that its auto stood for
        given["initializer"] = "auto"
    try:
        return decided_settings(resolve(RunConfig.model_construct(**given), facts))[name] == value
    except ConfigError:
        return False


def same_arithmetic(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Tell whether two resolved configurations differ in the name of their optimizer, not in what it does.

    adamw is adam whose weight decay acts apart from the gradient: without decay the two are one.
    """
    apart = {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
    if "optimizer" not in apart or not apart <= {"optimizer", "decay_kind"}:
        return False
    if not all(each["optimizer"] in OPTIMIZERS for each in (first, second)):
        return False
    one, other = (OPTIMIZERS[each["optimizer"]].transforms(each) for each in (first, second))
    return one == other and (first["weight_decay"] == 0 or "decay_kind" not in apart)
