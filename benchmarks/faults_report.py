"""The table of what was inflicted and what held; inflicts nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.speed_report import markdown


@dataclass
class Outcome:
    """What came of one fault.

    Attributes
    ----------
    times : int
        How often it was inflicted.
    held : int
        How often everything that is promised was kept. Where one run or store was struck several times and
        a promise was broken, none of these counts.
    broken : list of str
        What was not kept, a sentence each.
    """

    name: str
    checked: str
    times: int = 0
    held: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, times: int, broken: str) -> None:
        """Count what was inflicted together."""
        self.times += times
        if broken:
            self.broken.append(broken)
        else:
            self.held += times


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a row for each fault."""
    rows = [
        (each.name, each.times, each.held if each.held == each.times else f"**{each.held}**", each.checked)
        for each in outcomes
    ]
    return markdown(["fault", "times inflicted", "held", "what was checked"], rows)


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Return when, on what and with which seed it was done."""
    return markdown(["", ""], rows)
