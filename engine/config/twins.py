"""What differs between two configurations once everything left open is decided."""

from typing import Any

from engine.config.run_config import RunConfig


def differences(first: RunConfig, second: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which two resolved configurations differ, each with both values.

    A setting left open counts as what it was resolved to: an ``auto`` initializer that changes with the
    activation is a difference of its own.
    """
    one, other = first.model_dump(), second.model_dump()
    return {name: (value, other[name]) for name, value in one.items() if value != other[name]}
