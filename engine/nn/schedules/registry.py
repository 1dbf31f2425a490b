"""The registry of schedules: what one is built from, and the decorator that registers it; no optimizer."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

from engine.nn.registry import Entry, Registry, name_of
from engine.nn.schedules.curves import Schedule


@dataclass(frozen=True)
class Span:
    """The part of a run that a schedule is for: what follows the warm-up.

    Attributes
    ----------
    epoch, total : int
        Updates in an epoch, and in all.
    learning_rate : float
        The highest rate; one set by hand during the run moves all others along.
    """

    epoch: int
    total: int
    learning_rate: float


@dataclass(frozen=True)
class ScheduleInfo:
    """One choice of ``schedule``.

    Attributes
    ----------
    name, meaning : str
        As in the configuration; one sentence for people.
    build : callable
        From a :class:`Span` and the settings that belong to it, by name, to the schedule.
    """

    name: str
    meaning: str
    build: Callable[..., Schedule]


SCHEDULES: Registry[ScheduleInfo] = Registry("schedule")


def schedule(meaning: str, *, name: str | None = None) -> Callable[[Callable[..., Schedule]], Any]:
    """Register a schedule: a function of a :class:`Span` and of its settings.

    Parameters
    ----------
    meaning : str
        One sentence for people who choose it.
    name : str, optional
        By default the function's.

    Returns
    -------
    callable
        Takes the function and returns it unchanged. Its keyword arguments are names of settings that
        schedules have, with defaults of its own; it turns epochs into updates.
    """

    def register(build: Callable[..., Schedule]) -> Any:
        called = name_of(build, name)
        SCHEDULES.check_name(called)
        parameters = signature(build).parameters.values()
        options = {each.name: each.default for each in parameters if each.kind is Parameter.KEYWORD_ONLY}
        SCHEDULES.register(Entry(called, ScheduleInfo(called, meaning, build), meaning, options))
        return build

    return register
