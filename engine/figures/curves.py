"""Curves over time: losses with their gap, and any column of several runs; must not know a store."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from engine.figures.theme import (
    QUIET,
    TRAIN,
    VALIDATION,
    empty_figure,
    label,
    run_colour,
    run_label,
    run_symbol,
)

AXES = {"step": "step", "epoch": "epoch", "seconds": "training time (s)"}
GAP_FILL = "rgba(213,94,0,0.18)"
ALWAYS_MEASURED = ("batch_loss", "grad_norm", "penalty")
VALIDATION_COLUMNS = ("val_loss", "val_accuracy", "val_r2")


def loss_curves(
    frame: pd.DataFrame, *, x: str = "epoch", log_y: bool = False, height: int = 320
) -> go.Figure:
    """Show overfitting: training loss goes on falling while validation loss rises, and the gap opens.

    Training is solid, validation dashed. The gap is shaded where validation is worse; the best epoch is
    where validation loss was lowest: what came after it was learned by heart.

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
    frame: pd.DataFrame, columns: list[str], *, x: str = "step", log_y: bool = False, height: int = 380
) -> go.Figure:
    """Show which run does better and where they part: one or more columns of several runs on one scale.

    Each run keeps its colour; validation columns are dashed. A cross marks where a run diverged.

    Parameters
    ----------
    frame : pandas.DataFrame
        Metrics with the columns ``run`` and ``name``; the runs in the order of the legend.
    columns : list of str
        Such as ``["train_loss", "val_loss"]``.
    """
    figure = empty_figure(AXES[x], ", ".join(columns), log_y=log_y, height=height)
    for run, part in frame.groupby("run", sort=False):
        number = int(str(run))
        name = run_label(number, str(part["name"].iloc[0]))
        for column in columns:
            shown = f"{name} {column}" if len(columns) > 1 else name
            _add_line(figure, part, x, column, name=shown, colour=run_colour(number), group=str(number))
            _mark_end(figure, part, x, column, number)
        end = divergence(part)
        if end is not None:
            _mark_divergence(figure, part, x, columns[0], end, colour=run_colour(number))
    return figure


def mark_changes(figure: go.Figure, places: list[float], texts: list[str]) -> go.Figure:
    """Add a line at each place of the x axis where somebody changed the run, with what was changed."""
    for place, text in zip(places, texts, strict=True):
        figure.add_vline(
            x=place,
            line={"color": QUIET, "width": 1, "dash": "dash"},
            annotation={"text": label(text), "textangle": -90, "font": {"size": 10}, "yanchor": "top"},
        )
    return figure


def divergence(frame: pd.DataFrame) -> int | None:
    """Return the step at which a run stopped being finite, or None for a run that stayed so.

    Batch loss, gradient norm and penalty are measured at every recorded update: where the last one holds no
    finite number for one of them, the run diverged there.
    """
    last = frame.iloc[-1] if len(frame) else None
    if last is None or last["step"] == 0:
        return None
    is_finite = all(np.isfinite(last[name]) for name in ALWAYS_MEASURED)
    return None if is_finite else int(last["step"])


def _drawn(frame: pd.DataFrame, x: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    values = frame[column].to_numpy(np.float64)
    known = np.isfinite(values)
    return frame[x].to_numpy(np.float64)[known], values[known]


def _add_line(
    figure: go.Figure,
    frame: pd.DataFrame,
    x: str,
    column: str,
    *,
    name: str,
    colour: str,
    group: str | None = None,
) -> None:
    drawn_x, drawn_y = _drawn(frame, x, column)
    dash = "dash" if column in VALIDATION_COLUMNS else "solid"
    figure.add_scatter(
        x=drawn_x,
        y=drawn_y,
        mode="lines",
        name=name,
        legendgroup=group,
        line={"color": colour, "dash": dash, "width": 2},
        hovertemplate=f"%{{y:.4g}} at {x} %{{x:.6g}}",
    )


def _shade_gap(figure: go.Figure, known: pd.DataFrame, x: str) -> None:
    at, lower = _drawn(known, x, "train_loss")
    upper = np.maximum(lower, _drawn(known, x, "val_loss")[1])
    silent = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "gap"}
    figure.add_scatter(x=at, y=lower, showlegend=False, **silent)
    figure.add_scatter(x=at, y=upper, name="gap", fill="tonexty", fillcolor=GAP_FILL, **silent)


def _mark_best(figure: go.Figure, known: pd.DataFrame, x: str) -> None:
    best = known.loc[known["val_loss"].idxmin()]
    figure.add_vline(x=float(best[x]), line={"color": QUIET, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=[float(best[x])],
        y=[float(best["val_loss"])],
        mode="markers",
        name=f"best epoch {best['epoch']:.4g}",
        marker={"symbol": "star", "size": 12, "color": VALIDATION, "line": {"color": QUIET, "width": 1}},
        hovertemplate=f"lowest validation loss %{{y:.4g}} at epoch {best['epoch']:.4g}<extra></extra>",
    )


def _mark_end(figure: go.Figure, frame: pd.DataFrame, x: str, column: str, run: int) -> None:
    drawn_x, drawn_y = _drawn(frame, x, column)
    if len(drawn_y) == 0:
        return
    figure.add_scatter(
        x=drawn_x[-1:],
        y=drawn_y[-1:],
        mode="markers",
        marker={"symbol": run_symbol(run), "size": 8, "color": run_colour(run)},
        legendgroup=str(run),
        showlegend=False,
        hoverinfo="skip",
    )


def _mark_divergence(
    figure: go.Figure, frame: pd.DataFrame, x: str, column: str, step: int, colour: str = QUIET
) -> None:
    _, drawn_y = _drawn(frame, x, column)
    if len(drawn_y) == 0:
        return
    figure.add_scatter(
        x=[float(frame[x].iloc[-1])],
        y=drawn_y[-1:],
        mode="markers",
        name=f"diverged at step {step}",
        marker={"symbol": "x", "size": 11, "color": colour},
        hovertemplate=f"diverged at step {step}<extra></extra>",
    )
