"""Overfitting in five figures: losses, gap, early stopping, training rows, parameters."""

import numpy as np
import pandas as pd

from engine.analysis.overfitting import SizedRun
from engine.figures.curves import AXES, GAP_FILL, loss_curves
from engine.figures.figure import Figure
from engine.figures.layers import decades
from engine.figures.theme import (
    QUIET,
    TRAIN,
    VALIDATION,
    empty_figure,
    run_colour,
    run_label,
    run_symbol,
)

SAVED_FILL = "rgba(128,128,128,0.16)"


def overfitting_curves(
    frame: pd.DataFrame, onset: float | None, *, x: str = "epoch", log_y: bool = False, height: int = 360
) -> Figure:
    """Show where overfitting begins: both losses, the gap between them, the onset.

    Parameters
    ----------
    frame : pandas.DataFrame
        The metrics of one run in the order of its steps.
    onset : float or None
        Where overfitting began, in units of ``x``; None for a run that does not overfit.
    """
    figure = loss_curves(frame, x=x, log_y=log_y, height=height)
    _mark_onset(figure, onset)
    return figure


def gap_curve(frame: pd.DataFrame, onset: float | None, *, x: str = "epoch", height: int = 320) -> Figure:
    """Show the gap itself, validation minus training loss: near 0 without overfitting."""
    figure = empty_figure(AXES[x], "validation - training loss", height=height)
    gap = frame["generalization_gap"].to_numpy(np.float64)
    known = np.isfinite(gap)
    at, gap = frame[x].to_numpy(np.float64)[known], gap[known]
    silent = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=at, y=np.zeros(len(at)), name="zero", **silent)
    figure.add_scatter(x=at, y=np.maximum(gap, 0), name="above", fill="tonexty", fillcolor=GAP_FILL, **silent)
    figure.add_scatter(
        x=at,
        y=gap,
        mode="lines",
        name="gap",
        line={"color": VALIDATION, "width": 2},
        hovertemplate=f"%{{y:.4g}} at {x} %{{x:.6g}}",
    )
    figure.add_hline(y=0, line={"color": QUIET, "width": 1})
    _mark_onset(figure, onset)
    return figure


def _mark_onset(figure: Figure, onset: float | None) -> None:
    if onset is None:
        return
    figure.add_vline(x=onset, line={"color": VALIDATION, "width": 1.5, "dash": "dash"})
    figure.add_scatter(
        x=[onset],
        y=[None],
        mode="markers",
        name=f"overfitting starts ({onset:.4g})",
        marker={"symbol": "line-ns-open", "size": 12, "color": VALIDATION, "line": {"width": 2}},
        hoverinfo="skip",
    )


def early_stopping(
    at: np.ndarray,
    val_loss: np.ndarray,
    kept: int,
    stopped: int | None,
    *,
    x: str = "epoch",
    log_y: bool = False,
    height: int = 320,
) -> Figure:
    """Show what patience saves: training up to where it would have stopped, and in grey what came after.

    Parameters
    ----------
    at, val_loss : numpy.ndarray
        ``(n,)`` places and losses of the evaluations, all finite.
    kept, stopped : int, int or None
        Which evaluation's weights are kept, and the last one before the stop; None when nothing stops.
    """
    figure = empty_figure(AXES[x], "validation loss", log_y=log_y, height=height)
    end = len(at) - 1 if stopped is None else stopped
    for name, part, colour in (
        ("trained", np.s_[: end + 1], VALIDATION),
        ("saved", np.s_[end:], QUIET),
    ):
        if name == "saved" and stopped is None:
            continue
        figure.add_scatter(
            x=at[part],
            y=val_loss[part],
            mode="lines",
            name=name,
            line={"color": colour, "width": 2, "dash": "dash"},
            hovertemplate=f"%{{y:.4g}} at {x} %{{x:.6g}}",
        )
    if stopped is not None:
        figure.add_vrect(x0=at[stopped], x1=at[-1], fillcolor=SAVED_FILL, layer="below")
        figure.add_vline(x=at[stopped], line={"color": QUIET, "width": 1.5})
    if len(at):
        figure.add_scatter(
            x=[at[kept]],
            y=[val_loss[kept]],
            mode="markers",
            name="weights kept",
            marker={"symbol": "star", "size": 13, "color": VALIDATION, "line": {"color": QUIET, "width": 1}},
            hovertemplate=f"kept: %{{y:.4g}} at {x} %{{x:.6g}}<extra></extra>",
        )
    if len(at) == 1 and not log_y:
        figure.update_yaxes(range=[0, 2 * abs(val_loss[0]) or 1])
    return figure


def learning_curve(
    rows: np.ndarray, train_loss: np.ndarray, val_loss: np.ndarray, best: np.ndarray, *, height: int = 340
) -> Figure:
    """Show whether more data would help: losses of the same network on more and more training rows.

    Curves that have met will not be moved by more data; a gap that still closes says that more would help.

    Parameters
    ----------
    rows, train_loss, val_loss, best : numpy.ndarray
        ``(n,)`` training rows ascending, the last losses, and the lowest validation loss on the way.
    """
    figure = empty_figure("training rows", "loss", height=height)
    lines = (
        ("training", train_loss, TRAIN, "solid", "circle"),
        ("validation", val_loss, VALIDATION, "dash", "diamond"),
        ("best validation", best, QUIET, "dot", "star"),
    )
    for name, values, colour, dash, symbol in lines:
        known = np.isfinite(values)
        figure.add_scatter(
            x=rows[known],
            y=values[known],
            mode="lines+markers",
            name=name,
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 9, "color": colour},
            hovertemplate="%{y:.4g} with %{x} rows",
        )
    figure.update_xaxes(rangemode="tozero", exponentformat="none")
    figure.update_yaxes(rangemode="tozero")
    return figure


def gap_against_size(sized: list[SizedRun], chosen: int, *, height: int = 340) -> Figure:
    """Show whether larger networks overfit more: gap against parameters, one point a run.

    Parameters
    ----------
    sized : list of SizedRun
    chosen : int
        The run that the page shows; its point is larger.
    """
    figure = empty_figure("parameters", "validation - training loss", height=height)
    for each in sized:
        is_chosen = each.run == chosen
        figure.add_scatter(
            x=[each.parameters],
            y=[each.gap],
            mode="markers",
            name=run_label(each.run, each.name),
            marker={
                "symbol": run_symbol(each.run),
                "size": 16 if is_chosen else 10,
                "color": run_colour(each.run),
                "line": {"color": QUIET, "width": 2 if is_chosen else 1},
            },
            hovertemplate="%{x:,} parameters: gap %{y:.4g}",
        )
    figure.add_hline(y=0, line={"color": QUIET, "width": 1})
    powers = decades(np.array([each.parameters for each in sized], np.float64))
    figure.update_xaxes(type="log", exponentformat="none", separatethousands=True, dtick=1)
    figure.update_xaxes(range=[powers[0] - 0.1, powers[1] + 0.1])
    figure.update_layout(showlegend=len(sized) <= 12)
    return figure
