"""Tables, targets and verdicts of what live pages cost; measures nothing."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import streamlit

from benchmarks.speed_report import Ratio, figure, markdown

MILLISECONDS_A_TICK, KILOBYTES_A_SECOND, SLOWDOWN = 30.0, 40.0, 0.10


@dataclass(frozen=True)
class Window:
    """Some seconds with viewers.

    Attributes
    ----------
    milliseconds : float
        Processor time of the server for one update of one viewer.
    kilobytes : float
        What each viewer received a second, in 1000 bytes.
    updates : float
        How often each viewer saw the page drawn anew, a second.
    """

    milliseconds: float
    kilobytes: float
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
    """Training at full speed in turn alone and with twenty viewers.

    Attributes
    ----------
    alone, watched : sequence of (float, float)
        Steps a second by the wall clock and by the worker's processor time, window by window.
    updates : sequence of float
        How often each viewer saw the page drawn anew, a second.
    """

    page: str
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
    """Return the target with what came of it."""
    return f"≤ {words} {'held' if found <= target else 'not held'}"


def scene_table(scenes: Sequence[Scene]) -> str:
    """Return what an update costs, a row for each page and number of viewers."""
    head = ["page", "viewers", "updates a second, each", "server ms an update", "", "KB a second, each", ""]
    rows = []
    for each in scenes:
        time_taken, sent = each.spread(lambda w: w.milliseconds), each.spread(lambda w: w.kilobytes)
        rows.append(
            [
                each.page.capitalize(),
                each.viewers,
                each.spread(lambda w: w.updates),
                time_taken,
                verdict(time_taken.median, MILLISECONDS_A_TICK, f"{MILLISECONDS_A_TICK:g} ms"),
                sent,
                verdict(sent.median, KILOBYTES_A_SECOND, f"{KILOBYTES_A_SECOND:g} KB"),
            ]
        )
    return markdown(head, rows)


def slowdown_table(slowdowns: Sequence[Slowdown]) -> str:
    """Return what twenty viewers take from a training at full speed."""
    head = ["page", "steps a second alone", "slower by the wall clock", "", "slower by processor time", "", "updates"]
    rows = []
    for each in slowdowns:
        cells: list[object] = [each.page.capitalize(), f"{median(wall for wall, _ in each.alone):,.0f}"]
        for clock in (0, 1):
            lost = each.share(clock)
            cells += [percent(lost), verdict(lost.median, SLOWDOWN, f"{100 * SLOWDOWN:g} %")]
        rows.append([*cells, spread(each.updates)])
    return markdown(head, rows)


def percent(share: Ratio) -> str:
    """Return median and extremes in percent."""
    return f"{100 * share.median:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def machine_words() -> str:
    """Return when and on what it was measured, as a table."""
    return markdown(
        ["", ""],
        [
            ("date", time.strftime("%Y-%m-%d")),
            ("processor", f"{_processor()}, {os.cpu_count()} cores"),
            ("python, streamlit", f"{platform.python_version()}, {streamlit.__version__}"),
            ("load before", f"{figure(os.getloadavg()[0])} (others used the machine, too, where above 0.1)"),
        ],
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def document_blocks(scenes: Sequence[Scene], slowdowns: Sequence[Slowdown], machine: str) -> dict[str, str]:
    """Return what stands between the marks of the document, by name."""
    return {"machine": machine, "ticks": scene_table(scenes), "slowdown": slowdown_table(slowdowns)}
