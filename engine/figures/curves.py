"""Curves over time: losses with their gap, and any metric of several runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.figures.figure import Figure
from engine.figures.smoothing import Smoothing, difference, envelope
from engine.figures.theme import (
    QUIET,
    TRAIN,
    VALIDATION,
    colours_apart,
    empty_figure,
    faint,
    label,
    run_label,
    symbols_apart,
)

AXES = {"step": "step", "epoch": "epoch", "samples": "samples seen", "seconds": "training time (s)"}
GAP_FILL = faint(VALIDATION, 0.18)
BAND_OPACITY, BAND_EDGE, RAW_OPACITY = 0.25, 1, 0.35
ALWAYS_MEASURED = ("batch_loss", "grad_norm", "penalty")
VALIDATION_COLUMNS = ("val_loss", "val_accuracy", "val_r2")


def loss_curves(frame: pd.DataFrame, *, x: str = "epoch", log_y: bool = False, height: int = 320) -> Figure:
    """Show overfitting: training loss goes on falling while validation loss rises, and the gap opens.

    Training is solid, validation dashed. The gap is shaded where validation is worse; the best epoch is
    where validation loss was lowest.

    Parameters
    ----------
    frame : pandas.DataFrame
        The metrics of one run in the order of its steps. Steps without an evaluation hold NaN and are
        passed over.
    x : {"epoch", "step", "seconds"}
    """
    figure = empty_figure(AXES[x], "loss", log_y=log_y, height=height)
    known = frame.loc[np.isfinite(frame["train_loss"]) & np.isfinite(frame["val_loss"])]
    if len(known) > 0:
        _shade_gap(figure, known, x)
    for column, name, colour in (
        ("train_loss", "training", TRAIN),
        ("val_loss", "validation", VALIDATION),
    ):
        _add_line(figure, frame, x, column, name=name, colour=colour)
    if len(known) > 0:
        _mark_best(figure, known, x)
    end = divergence(frame)
    if end is not None:
        _mark_divergence(figure, frame, x, "train_loss", end)
    return figure


def compare_runs(
    frames: Mapping[int, pd.DataFrame],
    columns: list[str],
    *,
    x: str = "step",
    log_x: bool = False,
    log_y: bool = False,
    smoothing: float | Smoothing = 0.0,
    baseline: int | None = None,
    height: int = 380,
    colours: Mapping[int, str] | None = None,
    symbols: Mapping[int, str] | None = None,
    names: Mapping[int, str] | None = None,
) -> Figure:
    """Show which run does better and where they part: one or more columns of several runs on one scale.

    No two runs share a colour while there are enough; validation columns are dashed. A cross marks where a
    run diverged. Behind a smoothed line stand the measured one, faint, and the band between lowest and
    highest values.

    Parameters
    ----------
    frames : mapping of int to pandas.DataFrame
        By run its metrics, in the order of the legend. A run without records is passed over.
    columns : list of str
        Such as ``["train_loss", "val_loss"]``.
    smoothing : float or Smoothing
        In [0, 1): what remains of the past, see :class:`engine.figures.smoothing.Smoothing`; that of a chart
        that shows more than these runs is given as a whole.
    baseline : int, optional
        One of the runs; the others are shown as their difference from it.
    colours, symbols : mapping, optional
        By run, where more is shown together than these.
    names : mapping, optional
        What people call the runs; those that are missing have a number only.
    """
    if colours is None:
        colours = colours_apart(frames)
    if symbols is None:
        symbols = symbols_apart({run: colours[run] for run in frames})
    if not isinstance(smoothing, Smoothing):
        smoothing = smoothing_of(frames, x, smoothing, is_log=log_x)
    title = ", ".join(columns) + (f", difference from run {baseline}" if baseline is not None else "")
    figure = empty_figure(AXES[x], title, log_y=log_y, height=height)
    if log_x:
        figure.update_xaxes(type="log", exponentformat="power")
    if baseline is not None:
        figure.add_hline(y=0, line={"color": colours[baseline], "width": 1, "dash": "dot"})
    others = frames[baseline] if baseline is not None else None
    for number, part in frames.items():
        if number == baseline or len(part) == 0:
            continue
        name = run_label(number, (names or {}).get(number, ""))
        for column in columns:
            shown = f"{name} {column}" if len(columns) > 1 else name
            points = _measured(part, x, column)
            if others is not None:
                points = difference(*points, *_measured(others, x, column))
            look = (colours[number], symbols[number])
            _add_run_line(figure, points, x, column, name=shown, run=number, look=look, smoothing=smoothing)
        end = divergence(part)
        if end is not None and baseline is None:
            _mark_divergence(figure, part, x, columns[0], end, colour=colours[number])
    return figure


def smoothing_of(frames: Mapping[int, pd.DataFrame], x: str, weight: float, *, is_log: bool) -> Smoothing:
    """Return the smoothing of a chart of these runs over one of :data:`AXES`."""
    places = (frame[x].to_numpy(np.float64) for frame in frames.values())
    return Smoothing.over((each[np.isfinite(each)] for each in places), weight, is_log=is_log)


def mark_changes(figure: Figure, places: list[float], texts: list[str]) -> Figure:
    """Add a line at each place of the x axis where somebody changed the run, with what was changed."""
    for place, text in zip(places, texts, strict=True):
        figure.add_vline(
            x=place,
            line={"color": QUIET, "width": 1, "dash": "dash"},
            annotation={"text": label(text), "textangle": -90, "font": {"size": 10}, "yanchor": "top"},
        )
    return figure


def mark_early_stop(figure: Figure, frame: pd.DataFrame, x: str) -> Figure:
    """Mark on the curves of a run that patience ended it at its last record; the star is the best epoch."""
    if len(frame):
        last = frame.iloc[-1]
        figure.add_vline(x=float(last[x]), line={"color": QUIET, "width": 1.5})
        figure.add_scatter(
            x=[float(last[x])],
            y=[float(last["val_loss"])],
            mode="markers",
            name=f"stopped early at epoch {last['epoch']:.4g}",
            marker={"symbol": "square", "size": 9, "color": VALIDATION},
            hovertemplate=f"stopped early: %{{y:.4g}} at epoch {last['epoch']:.4g}<extra></extra>",
        )
    return figure


def divergence(frame: pd.DataFrame) -> int | None:
    """Return the step at which a run stopped being finite, or None for a run that stayed so.

    Batch loss, gradient norm and penalty are measured at every recorded update: where the last one holds no
    finite number for one of them, the run diverged there. Imported curves may lack them: what holds no number
    at all says nothing while the losses are finite.
    """
    last = frame.iloc[-1] if len(frame) else None
    if last is None or last["step"] == 0:
        return None
    lost = [name for name in ALWAYS_MEASURED if not np.isfinite(last[name])]
    was_measured = any(np.isfinite(frame[name]).any() for name in lost)
    has_losses = any(name in frame and np.isfinite(last[name]) for name in ("train_loss", "val_loss"))
    return int(last["step"]) if lost and (was_measured or not has_losses) else None


def _measured(frame: pd.DataFrame, x: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    values = frame[column].to_numpy(np.float64)
    known = np.isfinite(values)
    return frame[x].to_numpy(np.float64)[known], values[known]


def _add_line(figure: Figure, frame: pd.DataFrame, x: str, column: str, *, name: str, colour: str) -> None:
    at, values = _measured(frame, x, column)
    figure.add_scatter(x=at, y=values, **_line(x, column, name, colour))


def _line(x: str, column: str, name: str, colour: str) -> dict[str, Any]:
    dash = "dash" if column in VALIDATION_COLUMNS else "solid"
    return {
        "mode": "lines",
        "name": name,
        "line": {"color": colour, "dash": dash, "width": 2},
        "hovertemplate": f"%{{y:.4g}} at {x} %{{x:.6g}}",
    }


def _add_run_line(
    figure: Figure,
    points: tuple[np.ndarray, np.ndarray],
    x: str,
    column: str,
    *,
    name: str,
    run: int,
    look: tuple[str, str],
    smoothing: Smoothing,
) -> None:
    at, values = points
    (colour, symbol), group = look, str(run)
    if smoothing.weight:
        _add_measured_behind(figure, at, values, name, colour, group)
        values = smoothing(at, values)
    figure.add_scatter(x=at, y=values, legendgroup=group, **_line(x, column, name, colour))
    if len(values):
        figure.add_scatter(
            x=at[-1:],
            y=values[-1:],
            mode="markers",
            marker={"symbol": symbol, "size": 8, "color": colour},
            legendgroup=group,
            showlegend=False,
            hoverinfo="skip",
        )


def _add_measured_behind(
    figure: Figure, x: np.ndarray, y: np.ndarray, name: str, colour: str, group: str
) -> None:
    """Draw what was measured, faint, and the band between its extremes where points share a place."""
    at, lowest, highest, size = envelope(x, y)
    silent = {"mode": "lines", "legendgroup": group, "showlegend": False, "hoverinfo": "skip"}
    if size > 1:
        edge = {"width": BAND_EDGE, "color": colour}
        band = f"{name} band of {size}"
        figure.add_scatter(x=at, y=lowest, name=f"{band}, lowest", line=edge, **silent)
        fill = {"fill": "tonexty", "fillcolor": faint(colour, BAND_OPACITY)}
        figure.add_scatter(x=at, y=highest, name=f"{band}, highest", line=edge, **fill, **silent)
    thin = {"width": 1, "color": colour}
    figure.add_scatter(x=x, y=y, name=f"{name} measured", opacity=RAW_OPACITY, line=thin, **silent)


def _shade_gap(figure: Figure, known: pd.DataFrame, x: str) -> None:
    at, lower = _measured(known, x, "train_loss")
    upper = np.maximum(lower, _measured(known, x, "val_loss")[1])
    silent = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "gap"}
    figure.add_scatter(x=at, y=lower, showlegend=False, **silent)
    figure.add_scatter(x=at, y=upper, name="gap", fill="tonexty", fillcolor=GAP_FILL, **silent)


def _mark_best(figure: Figure, known: pd.DataFrame, x: str) -> None:
    best = known.loc[known["val_loss"].idxmin()].to_dict()
    figure.add_vline(x=float(best[x]), line={"color": QUIET, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=[float(best[x])],
        y=[float(best["val_loss"])],
        mode="markers",
        name=f"best epoch {best['epoch']:.4g}",
        marker={"symbol": "star", "size": 12, "color": VALIDATION, "line": {"color": QUIET, "width": 1}},
        hovertemplate=f"lowest validation loss %{{y:.4g}} at epoch {best['epoch']:.4g}<extra></extra>",
    )


def _mark_divergence(
    figure: Figure, frame: pd.DataFrame, x: str, column: str, step: int, colour: str = QUIET
) -> None:
    _, values = _measured(frame, x, column)
    if len(values) == 0:
        return
    figure.add_scatter(
        x=[float(frame[x].iloc[-1])],
        y=values[-1:],
        mode="markers",
        name=f"diverged at step {step}",
        marker={"symbol": "x", "size": 11, "color": colour},
        hovertemplate=f"diverged at step {step}<extra></extra>",
    )
