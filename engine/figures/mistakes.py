"""Where a network errs on rows that it did not learn from: confusion, predictions against the truth."""

import numpy as np
import plotly.graph_objects as go

from engine.figures.theme import MAGNITUDES, QUIET, VALIDATION, empty_figure, label

CELLS_WITH_SHARES = 5


def confusion_matrix(counts: np.ndarray, class_names: tuple[str, ...], *, height: int = 340) -> go.Figure:
    """Show which classes are taken for which: a network without mistakes fills the diagonal alone.

    Parameters
    ----------
    counts : numpy.ndarray
        ``(classes, classes)``, rows true, columns predicted.
    class_names : tuple of str
    """
    names = [label(name, 14) for name in class_names]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    text = [
        [
            f"{count}<br>{100 * share:.0f} %" if len(names) <= CELLS_WITH_SHARES else f"{count or ''}"
            for count, share in zip(*row, strict=True)
        ]
        for row in zip(counts, shares, strict=True)
    ]
    figure = empty_figure("predicted", "true", height=height)
    figure.add_heatmap(
        x=names,
        y=names,
        z=shares,
        zmin=0,
        zmax=1,
        colorscale=MAGNITUDES,
        xgap=2,
        ygap=2,
        text=text,
        texttemplate="%{text}",
        customdata=counts,
        colorbar={"title": {"text": "share of the true class", "side": "right"}, "thickness": 14},
        hovertemplate="true %{y}, predicted %{x}: %{customdata} rows (%{z:.1%})<extra></extra>",
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def predicted_against_true(truth: np.ndarray, predicted: np.ndarray, *, height: int = 340) -> go.Figure:
    """Show predictions over true values: good ones lie on the diagonal, a flat cloud has learned nothing.

    Parameters
    ----------
    truth, predicted : numpy.ndarray
        ``(n,)`` of the validation rows.
    """
    figure = empty_figure("true", "predicted", height=height)
    ends = [float(truth.min()), float(truth.max())]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="as it should be", line={"color": QUIET, "dash": "dot"}
    )
    figure.add_scatter(
        x=truth,
        y=predicted,
        mode="markers",
        name="validation rows",
        marker={"color": VALIDATION, "symbol": "diamond", "size": 6, "opacity": 0.7},
        hovertemplate="true %{x:.4g}, predicted %{y:.4g}<extra></extra>",
    )
    return figure
