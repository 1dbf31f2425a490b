"""What was measured around the loop, as a table with targets; measures nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.speed_report import figure, markdown


@dataclass(frozen=True)
class Measured:
    """One quantity, measured in several rounds.

    Attributes
    ----------
    point : str
        The letter that names it in the document.
    values : sequence of float
        One a round.
    unit : str
        ``ratio``, ``%``, ``s``, ``ms``, or what is counted.
    target : float or None
        The largest median that counts as held; None where none is set.
    """

    point: str
    what: str
    values: Sequence[float]
    unit: str = "ratio"
    target: float | None = None

    @property
    def is_held(self) -> bool | None:
        """Whether the median is within the target; None where there is none."""
        return None if self.target is None else median(self.values) <= self.target

    @property
    def row(self) -> tuple[object, ...]:
        """The cells of the table: point, what, median with extremes, unit, rounds, target."""
        low, high = min(self.values), max(self.values)
        spread = "" if low == high else f" ({_signed(low)} to {_signed(high)})"
        verdict = "none set"
        if self.target is not None:
            verdict = f"≤ {figure(self.target)} {'held' if self.is_held else '**not held**'}"
        what, unit = self.what, "" if self.unit == "ratio" else f" {self.unit}"
        return self.point, what, f"{_signed(median(self.values))}{unit}{spread}", len(self.values), verdict


def table(found: Iterable[Measured]) -> str:
    """Return one row for each quantity."""
    return markdown(["", "measured", "median (extremes)", "rounds", "target"], [each.row for each in found])


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Divide round by round: what disturbs a round disturbs both."""
    return [one / other for one, other in zip(first, second, strict=True)]


def costs(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Return round by round how many percent the first is above the second."""
    return [100 * (each - 1) for each in ratios(first, second)]


def _signed(value: float) -> str:
    return f"−{figure(-value)}" if value < 0 else figure(value)
