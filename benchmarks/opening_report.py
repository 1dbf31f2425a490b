"""Tables, ratios and goals of what opening a page costs; measures nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.opening_pages import COMPARE, EMPTY, RUNS, TENSORBOARD, TRAIN
from benchmarks.speed_report import figure, markdown


@dataclass(frozen=True)
class Cost:
    """One opening.

    Attributes
    ----------
    first, drawn : float
        Seconds from the navigation to the first picture, and to all that the window shows.
    browser, server : float
        Processor seconds until two seconds after it was drawn.
    requests : int
    kilobytes : float
        1000 bytes over the wire.
    """

    first: float
    drawn: float
    browser: float
    server: float
    requests: int
    kilobytes: float


@dataclass(frozen=True)
class Idle:
    """A page that nobody touched: processor seconds, requests and messages of its WebSocket."""

    seconds: float
    browser: float
    server: float
    requests: int
    messages: int


@dataclass
class Openings:
    """All that was measured: openings by page, idle pages, and first picture after a start and later."""

    runs: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    idle: dict[str, Idle] = field(default_factory=dict)
    starts: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Goal:
    """A claim with the number that decides on it: held when it is at most ``most``."""

    claim: str
    found: float
    most: float

    @property
    def is_held(self) -> bool:
        """Whether the number is within the goal."""
        return self.found <= self.most


def middle(costs: Sequence[Cost], value: Callable[[Cost], float]) -> float:
    """Return the median of one quantity."""
    return median(value(each) for each in costs)


def against(found: Openings, one: str, other: str, value: Callable[[Cost], float]) -> float:
    """Return the median ratio of one page to another, round by round."""
    pairs = zip(found.costs[one], found.costs[other], strict=True)
    return median(value(mine) / value(theirs) for mine, theirs in pairs)


def goals(found: Openings) -> list[Goal]:
    """Return the goals, decided."""

    def first(each: Cost) -> float:
        return each.first

    def browser(each: Cost) -> float:
        return each.browser

    listed = [
        Goal("Train's first picture against the empty page's", against(found, TRAIN, EMPTY, first), 1.6),
        Goal("Train's first picture against TensorBoard's", against(found, TRAIN, TENSORBOARD, first), 1.0),
        Goal("Train's browser time against the empty page's", against(found, TRAIN, EMPTY, browser), 2.0),
        Goal("requests of Train", middle(found.costs[TRAIN], lambda each: each.requests), 100),
        Goal(
            "Compare's first picture against TensorBoard's", against(found, COMPARE, TENSORBOARD, first), 1.0
        ),
    ]
    for name, pairs in found.starts.items():
        ratio = median(fresh / later for fresh, later in pairs)
        listed.append(Goal(f"{name}: first page after a server start against a later one", ratio, 1.3))
    return listed


def goal_table(found: Openings) -> str:
    """Return the goals with what came of them."""
    rows = [
        (each.claim, figure(each.found), f"≤ {each.most:g} {'held' if each.is_held else '**not held**'}")
        for each in goals(found)
    ]
    return markdown(["", "median", "goal"], rows)


def cost_table(found: Openings) -> str:
    """Return a row for each page: medians, in brackets smallest and largest of the first picture."""
    head = ["page", "first picture", "all drawn", "browser", "server", "requests", "KB"]
    rows = []
    for name, costs in found.costs.items():
        times = [each.first for each in costs]
        title = f"{name} of {found.runs}" if name == RUNS else name
        rows.append(
            (
                title,
                f"{figure(median(times))} s ({figure(min(times))} to {figure(max(times))})",
                f"{figure(middle(costs, lambda each: each.drawn))} s",
                f"{figure(middle(costs, lambda each: each.browser))} s",
                f"{figure(middle(costs, lambda each: each.server))} s",
                f"{middle(costs, lambda each: each.requests):.0f}",
                f"{middle(costs, lambda each: each.kilobytes):,.0f}",
            )
        )
    return markdown(head, rows)


def idle_table(found: Openings) -> str:
    """Return what each page cost while nobody touched it."""
    head = ["page", "seconds", "browser", "server", "requests", "messages"]
    rows = [
        (
            name,
            f"{each.seconds:g}",
            f"{figure(each.browser)} s",
            f"{figure(each.server)} s",
            each.requests,
            each.messages,
        )
        for name, each in found.idle.items()
    ]
    return markdown(head, rows)


def blocks(found: Openings, machine: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return what stands between the marks of the document, by name."""
    return {
        "machine": markdown(["", ""], machine),
        "opening": cost_table(found),
        "goals": goal_table(found),
        "idle": idle_table(found),
    }
