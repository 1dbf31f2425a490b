"""What differs between two configurations once everything left open is decided."""

from typing import Any

from engine.config.run_config import RunConfig


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
