"""Twins: two runs of which exactly one resolved setting differs; must not know how a run is stored."""

from typing import Any

from engine.config.run_config import RunConfig


def differences(first: RunConfig, second: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which two resolved configurations differ, each with both values.

    A setting left open counts as what it was resolved to: an ``auto`` initializer that changes with the
    activation is a difference of its own.
    """
    one, other = first.model_dump(), second.model_dump()
    return {name: (value, other[name]) for name, value in one.items() if value != other[name]}


def twin_sentence(run: int, differing: dict[str, tuple[Any, Any]]) -> str:
    """Return one sentence that says whether a configuration describes a twin of a run."""
    told = [f"{name} {_words(old)} → {_words(new)}" for name, (old, new) in differing.items()]
    if not told:
        return f"The settings of run {run}: change one of them to train its twin."
    if len(told) == 1:
        return f"A twin of run {run}: {told[0]} is the only difference."
    return f"{len(told)} settings differ from run {run}, so it is no twin: {', '.join(told)}."


def _words(value: Any) -> str:
    if value is None:
        return "off"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
