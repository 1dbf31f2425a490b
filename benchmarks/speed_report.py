"""Ratios, targets and tables of the speed benchmark's times; measures nothing, imports no peer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.rounds import STATISTICS_EVERY, Times

PLAIN, PASSES = "plain", "passes"
EAGER, FUSED, HOOKS = "torch eager", "torch fused", "torch with hooks"
SKLEARN, JAX, FLOOR = "scikit-learn", "jax", "matmul floor"
PEERS = (EAGER, FUSED, SKLEARN, JAX, FLOOR, HOOKS)
# The largest ratio to the peer's step that counts as held, of ours with passes and statistics every 10 steps;
# every step where the peer has them too.
TARGETS: dict[str, dict[str, float]] = {
    "W1": {EAGER: 0.036, FUSED: 0.04, SKLEARN: 0.075, FLOOR: 2.3, HOOKS: 0.045},
    "W2": {EAGER: 0.046, FUSED: 0.07, SKLEARN: 0.095, FLOOR: 3.4, HOOKS: 0.05},
    "W3": {EAGER: 0.06, FUSED: 0.085, SKLEARN: 0.17, FLOOR: 2.5, HOOKS: 0.05},
    "W4": {EAGER: 0.125, FUSED: 0.18, SKLEARN: 0.2, FLOOR: 2.4, HOOKS: 0.12},
    "W4d": {EAGER: 0.125, FUSED: 0.17, FLOOR: 2.7, HOOKS: 0.12},
    "W4b": {EAGER: 0.14, FUSED: 0.23, FLOOR: 3.8, HOOKS: 0.13},
    "W5": {EAGER: 0.8, FUSED: 1.05, SKLEARN: 0.5, FLOOR: 1.5, HOOKS: 0.8},
    "W6": {EAGER: 0.65, FUSED: 0.65, SKLEARN: 0.5, FLOOR: 1.1, HOOKS: 0.7},
}


def with_statistics(tape: str, every: int) -> str:
    """Return the name of one of our candidates, such as ``passes, every 10``; 0 is never."""
    return f"{tape}, every {every}" if every else tape


@dataclass(frozen=True)
class Ratio:
    """Median, smallest and largest of the ratios of all rounds."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{figure(self.median)} ({figure(self.low)}-{figure(self.high)})"


def figure(value: float) -> str:
    """Return a number with three digits that count, never as a power of ten."""
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Divide round by round: what disturbs a round disturbs both."""
    each = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(median(each), min(each), max(each))


@dataclass(frozen=True)
class Comparison:
    """Our step against a peer's on one workload."""

    workload: str
    peer: str
    plain: Ratio
    passes: Ratio
    target: float | None

    @property
    def is_held(self) -> bool | None:
        """Whether the median is within the target; None where there is none."""
        return None if self.target is None else self.passes.median <= self.target

    @property
    def verdict(self) -> str:
        """The target with what came of it."""
        if self.target is None:
            return "none set"
        return f"≤ {figure(self.target)} {'held' if self.is_held else 'not held'}"


def comparisons(workload: str, times: Times) -> Iterator[Comparison]:
    """Yield a comparison with every peer that was timed."""
    for peer in PEERS:
        if peer not in times:
            continue
        every = 1 if peer == HOOKS else STATISTICS_EVERY
        plain, passes = (ratio(times[with_statistics(tape, every)], times[peer]) for tape in (PLAIN, PASSES))
        yield Comparison(workload, peer, plain, passes, TARGETS.get(workload, {}).get(peer))


Row = Sequence[object]


def markdown(head: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def summary_table(found: Sequence[Comparison]) -> str:
    """Return medians with passes, a row for each workload and a column for each peer."""
    cells = {(each.workload, each.peer): each for each in found}
    names = list(dict.fromkeys(each.workload for each in found))
    peers = [peer for peer in PEERS if any(each.peer == peer for each in found)]
    rows = []
    for name in names:
        row = [name]
        for peer in peers:
            cell = cells.get((name, peer))
            verdict = "" if cell is None or cell.target is None else f" ({cell.verdict})"
            row.append(f"{figure(cell.passes.median)}{verdict}" if cell else "")
        rows.append(row)
    return markdown(["", *peers], rows)


def ratio_table(found: Sequence[Comparison]) -> str:
    """Return every ratio with its extremes, plain and with passes."""
    rows = [(each.workload, each.peer, each.plain, each.passes, each.verdict) for each in found]
    return markdown(["", "against", "plain tape", "with passes", "target"], rows)


def misses(found: Sequence[Comparison]) -> str:
    """Return a sentence for each target that does not hold."""
    sentences = [
        f"- {each.workload} against {each.peer}: at most {figure(each.target)} was wanted, "
        f"{each.passes} was measured."
        for each in found
        if each.is_held is False and each.target is not None
    ]
    return "\n".join(sentences) or "All targets hold."


def without_reason(found: Sequence[Comparison], text: str) -> list[str]:
    """Return the targets that do not hold and that no bold words of a text name, such as **W5, torch eager**.

    Bold words may name several workloads and peers at once: **W4b, W5: torch eager, torch fused**.
    """
    named = [set(re.split(r"[,:] *", words)) for words in re.findall(r"\*\*(.+?)\*\*", text)]
    missing = [each for each in found if each.is_held is False]
    return [
        f"{each.workload}, {each.peer}"
        for each in missing
        if not any({each.workload, each.peer} <= words for words in named)
    ]


def statistics_table(all_times: Mapping[str, Times]) -> str:
    """Return what statistics cost: a step with them as a multiple of the same step without."""
    head, rows = [""], []
    for words in ("plain tape", "with passes"):
        head += [f"{words}, every step", f"{words}, every {STATISTICS_EVERY}"]
    for name, times in all_times.items():
        row: list[object] = [name]
        for tape in (PLAIN, PASSES):
            row += [ratio(times[with_statistics(tape, n)], times[tape]) for n in (1, STATISTICS_EVERY)]
        rows.append([*row, ratio(times[HOOKS], times[EAGER])])
    return markdown([*head, "torch by hooks, every step"], rows)


def times_table(all_times: Mapping[str, Times]) -> str:
    """Return the median microseconds of a step of every candidate."""
    columns = [PLAIN, PASSES, with_statistics(PASSES, STATISTICS_EVERY), with_statistics(PASSES, 1), *PEERS]
    columns = [name for name in columns if any(name in times for times in all_times.values())]
    rows = [
        [name, *(figure(1e6 * median(times[each])) if each in times else "" for each in columns)]
        for name, times in all_times.items()
    ]
    return markdown(["µs a step", *columns], rows)
