"""What people set and request of a run that is trained alone: its speed, pauses, single steps and changes."""

import time
from bisect import bisect_right
from dataclasses import dataclass, field

from engine.training.interventions import Change


@dataclass
class Controls:
    """What people set and request of a run that was claimed alone.

    Attributes
    ----------
    changes : list of Change
        By hand, in the order in which they act.
    pause_seconds : float
        How long the run is waited for while it is paused.
    request : str
        ``pause``, ``resume``, ``step`` or ``stop`` where one is to be handled.
    speed : float or None
        Epochs a second; None is as fast as possible.
    epoch_started : float
        When the epoch began that ``speed`` holds back, on the monotonic clock.
    stepped_from : int or None
        Where a single step of one epoch began, as long as it goes on.
    """

    changes: list[Change]
    pause_seconds: float
    request: str = ""
    speed: float | None = None
    epoch_started: float = field(default_factory=time.monotonic)
    stepped_from: int | None = None

    def update(self, request: str, paused: bool, speed: float | None) -> None:
        """Take what the run's row says now; a request stays until it is handled."""
        self.request = request or self.request or ("pause" if paused else "")
        if speed != self.speed:
            self.speed, self.epoch_started = speed, time.monotonic()

    @property
    def holds_back(self) -> bool:
        """Whether the end of an epoch is something to wait for."""
        return bool(self.speed) or self.stepped_from is not None

    def add_change(self, change: Change) -> None:
        """Insert a change behind those that act at its step or before."""
        self.changes.insert(bisect_right([each.step for each in self.changes], change.step), change)
