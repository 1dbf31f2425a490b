"""Tables, targets and verdicts of what live pages cost; measures nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.speed_report import Ratio, figure, markdown

MILLISECONDS_AN_UPDATE, KILOBYTES_A_SECOND, SLOWDOWN = 30.0, 40.0, 0.10
CLOCKS = ("wall clock", "processor time")


@dataclass(frozen=True)
class Window:
    """Some seconds with viewers.

    Attributes
    ----------
    milliseconds : float
        Processor time of the server for one update of one viewer.
    kilobytes, unpacked : float
        What each viewer received a second, in 1000 bytes: over the wire, and once it was unpacked.
    updates : float
        How often each viewer saw the page drawn anew, a second.
    """

    milliseconds: float
    kilobytes: float
    unpacked: float
    updates: float


@dataclass(frozen=True)
class Scene:
    """One page looked at by some viewers, in several windows."""

    page: str
    viewers: int
    windows: Sequence[Window]

    def spread(self, value: Callable[[Window], float]) -> Ratio:
        """Return median, smallest and largest of something over the windows."""
        return spread([value(each) for each in self.windows])


@dataclass(frozen=True)
class Slowdown:
    """Training at full speed in turn alone and with viewers.

    Attributes
    ----------
    alone, watched : sequence of (float, float)
        Steps a second by the wall clock and by the worker's processor time, window by window.
    updates : sequence of float
        How often each viewer saw the page drawn anew, a second.
    """

    page: str
    viewers: int
    alone: Sequence[tuple[float, float]]
    watched: Sequence[tuple[float, float]]
    updates: Sequence[float]

    def share(self, clock: int) -> Ratio:
        """Return the share of its speed that training lost, by the wall (0) or the processor (1).

        Each window with viewers is held against the one without that came before it.
        """
        pairs = zip(self.alone, self.watched, strict=True)
        return spread([1 - seen[clock] / alone[clock] for alone, seen in pairs])


def spread(values: Sequence[float]) -> Ratio:
    """Return median, smallest and largest."""
    return Ratio(median(values), min(values), max(values))


def verdict(found: float, target: float, words: str) -> str:
    """Return a target with what came of it."""
    return f"≤ {words} {'held' if found <= target else 'not held'}"


def scene_table(scenes: Sequence[Scene]) -> str:
    """Return what an update costs, a row for each page and number of viewers."""
    head = ["page", "viewers", "updates a second", "server ms an update", "target", "KB a second", "target"]
    rows = []
    for each in scenes:
        taken, sent = each.spread(lambda w: w.milliseconds), each.spread(lambda w: w.kilobytes)
        unpacked = each.spread(lambda w: w.unpacked)
        rows.append(
            [
                each.page.capitalize(),
                each.viewers,
                each.spread(lambda w: w.updates),
                taken,
                verdict(taken.median, MILLISECONDS_AN_UPDATE, f"{MILLISECONDS_AN_UPDATE:g} ms"),
                sent,
                verdict(sent.median, KILOBYTES_A_SECOND, f"{KILOBYTES_A_SECOND:g} KB"),
                figure(unpacked.median),
            ]
        )
    return markdown([*head, "KB unpacked"], rows)


def slowdown_table(slowdowns: Sequence[Slowdown]) -> str:
    """Return what viewers take from a training at full speed."""
    head = ["page", "viewers", "updates a second", "steps a second alone"]
    for clock in CLOCKS:
        head += [f"slower by {clock}", "target"]
    rows = []
    for each in slowdowns:
        wall = f"{median(steps for steps, _ in each.alone):,.0f}"
        row: list[object] = [each.page.capitalize(), each.viewers, spread(each.updates), wall]
        for clock in range(len(CLOCKS)):
            lost = each.share(clock)
            row += [percent(lost), verdict(lost.median, SLOWDOWN, f"{100 * SLOWDOWN:g} %")]
        rows.append(row)
    return markdown(head, rows)


def percent(share: Ratio) -> str:
    """Return median and extremes in percent."""
    return f"{100 * share.median:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def document_blocks(
    scenes: Sequence[Scene], slowdowns: Sequence[Slowdown], machine: Sequence[tuple[str, str]]
) -> dict[str, str]:
    """Return what stands between the marks of the document, by name."""
    return {
        "machine": markdown(["", ""], machine),
        "updates": scene_table(scenes),
        "slowdown": slowdown_table(slowdowns),
    }
