"""What differs between two configurations once everything left open is decided."""

from typing import Any

from engine.config.run_config import RunConfig


def differences(first: RunConfig, second: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which two resolved configurations differ, each with both values.

    A setting left open counts as what it was resolved to: an ``auto`` initializer that changes with the
    activation is a difference of its own. Where it goes by layer, it counts as the initializers of all
    layers. A list of equal entries counts as one of them.
    """
    one, other = _decided(first), _decided(second)
    return {name: (value, other[name]) for name, value in one.items() if value != other[name]}


def _decided(config: RunConfig) -> dict[str, Any]:
    values, starts = config.shortened().model_dump(), config.initializers
    return values if len(set(starts)) == 1 else {**values, "initializer": starts}
