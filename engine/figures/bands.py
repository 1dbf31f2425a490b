"""Curves over several seeds: one mean line a configuration, with a band."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from engine.analysis.statistics import interval_over
from engine.figures.curves import BAND_EDGE, BAND_OPACITY, VALIDATION_COLUMNS, compare_runs, smoothing_of
from engine.figures.figure import Figure
from engine.figures.smoothing import Smoothing, difference
from engine.figures.theme import colours_apart, faint, label, symbols_apart

SEED_OPACITY = 0.4
SEEDS_DRAWN_AT_MOST = 20
CAN_BE_NEGATIVE = ("generalization_gap",)
BANDS = {"interval": "95 % interval of the mean", "range": "lowest to highest"}


@dataclass(frozen=True)
class Seeds:
    """Runs of one configuration that count, one a seed.

    Attributes
    ----------
    runs : dict of int to int
        Number of the run by seed.
    name : str
        What people call it; may be empty.
    """

    runs: dict[int, int]
    name: str = ""

    @property
    def first(self) -> int:
        """The run whose colour the group has."""
        return min(self.runs.values())


def format_run_ids(runs: Sequence[int]) -> str:
    """Return the numbers of runs in few characters: ``1-5, 8``."""
    ordered, parts = sorted(runs), []
    for place, run in enumerate(ordered):
        if place and run == ordered[place - 1] + 1:
            parts[-1] = (parts[-1][0], run)
        else:
            parts.append((run, run))
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in parts)


def colours_together(groups: Sequence[Seeds], runs: Sequence[int]) -> dict[int, str]:
    """Return the colours of runs that are shown together: one for each group, and for each run of none."""
    return {run: colour for run, (colour, _) in looks_together(groups, runs).items()}


def looks_together(groups: Sequence[Seeds], runs: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return colour and marker of runs that are shown together; those of one group have the same."""
    first = {run: group.first for group in groups for run in group.runs.values()}
    colours = colours_apart([*(group.first for group in groups), *(run for run in runs if run not in first)])
    symbols = symbols_apart(colours)
    shown_as = {run: first.get(run, run) for run in runs}
    return {run: (colours[shown], symbols[shown]) for run, shown in shown_as.items()}


def compare_seeds(
    frames: Mapping[int, pd.DataFrame],
    groups: Sequence[Seeds],
    columns: list[str],
    *,
    x: str = "step",
    log_x: bool = False,
    log_y: bool = False,
    smoothing: float = 0.0,
    baseline: int | None = None,
    band: str = "interval",
    height: int = 380,
    names: Mapping[int, str] | None = None,
) -> Figure:
    """Show whether configurations differ by more than chance: the mean over seeds, and how sure it is.

    Behind the mean stand the single seeds, faint. The band is the 95 % interval of the mean by Student's t,
    or what the seeds span from lowest to highest.
    It is cut where no value can lie: a loss below 0, an accuracy above 1.
    Each point stands at a step that all seeds of its group were evaluated at; nothing is interpolated. Runs
    of no group are drawn as they are. Smoothing acts on each seed's curve, before the mean. Where the
    interval reaches below zero, a logarithmic axis shows it down to the lowest seed.

    Parameters
    ----------
    frames : mapping of int to pandas.DataFrame
        As :func:`engine.figures.curves.compare_runs` takes it.
    groups : sequence of Seeds
        Two runs or more in each.
    baseline : int, optional
        One of the runs, those of a group included; the others are shown as their difference from it.
        Two groups are subtracted seed by seed, so that the band is that of the paired difference.
    band : {"interval", "range"}
    names : mapping, optional
        What people call the runs of no group.
    """
    taken = {run for group in groups for run in group.runs.values()}
    base = next((group for group in groups if baseline in group.runs.values()), None)
    single = {run: frame for run, frame in frames.items() if run not in taken}
    if base is not None:
        single = {base.first: _mean_frame(frames, base, columns, x), **single}
        baseline = base.first
    elif baseline is not None and len(frames.get(baseline, ())) == 0:
        baseline = None
    looks = looks_together(groups, list(frames))
    smooth = smoothing_of(frames, x, smoothing, is_log=log_x)
    figure = compare_runs(
        single,
        columns,
        x=x,
        log_x=log_x,
        log_y=log_y,
        smoothing=smooth,
        baseline=baseline,
        height=height,
        colours={run: colour for run, (colour, _) in looks.items()},
        symbols={run: symbol for run, (_, symbol) in looks.items()},
        names=names,
    )
    if base is not None:
        figure.update_yaxes(title={"text": f"{', '.join(columns)}, difference from runs {_numbers(base)}"})
    for group in groups:
        if group is base:
            continue
        for column in columns:
            seeds = sorted(group.runs)
            if baseline is None:
                at, curves = aligned(frames, [group.runs[seed] for seed in seeds], x, column)
                curves = np.array([smooth(at, curve) for curve in curves])
            elif base is not None:
                seeds = [seed for seed in seeds if seed in base.runs]
                at, curves = _paired(frames, group, base, x, column, smooth)
            else:
                at, curves = _minus_run(frames, group, baseline, x, column, smooth)
            line = _line(group, looks[group.first], column, len(columns) == 1)
            _add_seeds(figure, at, curves, seeds, line)
            possible = _possible(column) if baseline is None else (-np.inf, np.inf)
            _add_band(figure, at, curves, line, x, band, log_y, possible)
    return figure


def aligned(
    frames: Mapping[int, pd.DataFrame], runs: Sequence[int], x: str, column: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the curves of runs at the steps that all of them were measured at.

    Returns
    -------
    at : numpy.ndarray
        ``(points,)`` places on the x axis; their mean where runs differ in them, as in seconds.
    curves : numpy.ndarray
        ``(runs, points)``.
    """
    if not runs:
        return np.zeros(0), np.zeros((0, 0))
    measured = []
    for run in runs:
        steps, along, values = (frames[run][name].to_numpy(np.float64) for name in ("step", x, column))
        known = np.isfinite(values)
        measured.append((steps[known], along[known], values[known]))
    common = reduce(np.intersect1d, (steps for steps, _, _ in measured))
    places = [np.searchsorted(steps, common) for steps, _, _ in measured]
    at, curves = (
        np.array([each[kind][chosen] for each, chosen in zip(measured, places, strict=True)])
        for kind in (1, 2)
    )
    return at.mean(axis=0), curves


def _paired(
    frames: Mapping[int, pd.DataFrame], group: Seeds, base: Seeds, x: str, column: str, smooth: Smoothing
) -> tuple[np.ndarray, np.ndarray]:
    seeds = sorted(group.runs.keys() & base.runs.keys())
    runs = [chosen.runs[seed] for chosen in (group, base) for seed in seeds]
    at, curves = aligned(frames, runs, x, column)
    curves = np.array([smooth(at, curve) for curve in curves])
    return at, curves[: len(seeds)] - curves[len(seeds) :]


def _minus_run(
    frames: Mapping[int, pd.DataFrame], group: Seeds, run: int, x: str, column: str, smooth: Smoothing
) -> tuple[np.ndarray, np.ndarray]:
    at, curves = aligned(frames, [group.runs[seed] for seed in sorted(group.runs)], x, column)
    base_at, (base,) = aligned(frames, [run], x, column)
    found = [difference(at, smooth(at, c), base_at, smooth(base_at, base)) for c in curves]
    return found[0][0], np.array([values for _, values in found])


def _mean_frame(frames: Mapping[int, pd.DataFrame], group: Seeds, columns: list[str], x: str) -> pd.DataFrame:
    """Return the mean of a group as if it were one run."""
    parts = []
    for column in columns:
        at, curves = aligned(frames, list(group.runs.values()), x, column)
        parts.append(pd.DataFrame({x: at, column: curves.mean(axis=0)}))
    return pd.concat(parts).groupby(x, as_index=False).first()


def _add_seeds(
    figure: Figure, at: np.ndarray, curves: np.ndarray, seeds: Sequence[int], line: "_Line"
) -> None:
    """Draw the single seeds behind their mean, thin and faint; of many the band alone."""
    if curves.size == 0 or len(curves) > SEEDS_DRAWN_AT_MOST:
        return
    thin = {"color": line.colour, "width": 1, "dash": line.dash}
    silent = {"mode": "lines", "legendgroup": line.legend_group, "showlegend": False, "hoverinfo": "skip"}
    for seed, values in zip(seeds, curves, strict=True):
        name = f"{line.name} (n = {len(curves)}), seed {seed}"
        figure.add_scatter(x=at, y=values, name=name, opacity=SEED_OPACITY, line=thin, **silent)


def _add_band(
    figure: Figure,
    at: np.ndarray,
    curves: np.ndarray,
    line: "_Line",
    x: str,
    band: str,
    log_y: bool,
    possible: tuple[float, float],
) -> None:
    if curves.size == 0:
        return
    mean, half = interval_over(curves)
    low, high = np.maximum(mean - half, possible[0]), np.minimum(mean + half, possible[1])
    if band == "range":
        low, high = curves.min(axis=0), curves.max(axis=0)
    elif log_y:
        low = np.where(low > 0, low, curves.min(axis=0))
    name = f"{line.name} (n = {len(curves)})"
    common = {"mode": "lines", "legendgroup": line.legend_group}
    edge = {"line": {"width": BAND_EDGE, "color": line.colour}, "showlegend": False, **common}
    fill = {"fill": "tonexty", "fillcolor": faint(line.colour, BAND_OPACITY)}
    ends = f"%{{y:.4g}} at {x} %{{x:.6g}}"
    figure.add_scatter(x=at, y=low, name=f"{name}, lower end", hovertemplate=ends, **edge)
    figure.add_scatter(x=at, y=high, name=f"{name}, upper end", hovertemplate=ends, **fill, **edge)
    style = {"color": line.colour, "dash": line.dash, "width": 2}
    figure.add_scatter(x=at, y=mean, name=name, line=style, hovertemplate=ends, **common)
    figure.add_scatter(
        x=at[-1:],
        y=mean[-1:],
        mode="markers",
        marker={"symbol": line.symbol, "size": 8, "color": line.colour},
        legendgroup=line.legend_group,
        showlegend=False,
        hoverinfo="skip",
    )


def _possible(column: str) -> tuple[float, float]:
    """Return between which numbers a metric lies: the interval of few seeds reaches far beyond."""
    lowest = -np.inf if column in CAN_BE_NEGATIVE or column.endswith("r2") else 0.0
    return lowest, 1.0 if column.endswith(("accuracy", "r2")) else np.inf


@dataclass(frozen=True)
class _Line:
    name: str
    colour: str
    symbol: str
    dash: str
    legend_group: str


def _line(group: Seeds, look: tuple[str, str], column: str, is_alone: bool) -> _Line:
    numbers = _numbers(group)
    name = f"{numbers} · {label(group.name)}" if group.name else f"runs {numbers}"
    dash = "dash" if column in VALIDATION_COLUMNS else "solid"
    name = name if is_alone else f"{name} {column}"
    return _Line(name, *look, dash, str(group.first))


def _numbers(group: Seeds) -> str:
    return format_run_ids(list(group.runs.values()))
