"""Errors on the validation rows: confusion matrix, predictions against targets."""

import numpy as np

from engine.figures.figure import Figure
from engine.figures.theme import MAGNITUDES, QUIET, VALIDATION, empty_figure, label

CELLS_WITH_SHARES = 5
CLASSES_SHOWN = 30
NAMES_ALONG_A_SIDE, NAME_LENGTH = 15, 14


def confusion_matrix(counts: np.ndarray, class_names: tuple[str, ...], *, height: int = 340) -> Figure:
    """Show which classes are taken for which: a network without mistakes fills the diagonal alone.

    Of more than 30 classes those with the most mistakes are shown; the axes say so.

    Parameters
    ----------
    counts : numpy.ndarray
        ``(classes, classes)``, rows true, columns predicted.
    class_names : tuple of str
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = _most_mistaken(counts)
    among = np.ix_(shown, shown)
    names = _distinct([label(_shortened(class_names[index]), NAME_LENGTH) for index in shown])
    counts, shares = counts[among], shares[among]
    text = [
        [
            f"{count}<br>{100 * share:.0f} %" if len(names) <= CELLS_WITH_SHARES else f"{count or ''}"
            for count, share in zip(*row, strict=True)
        ]
        for row in zip(counts, shares, strict=True)
    ]
    is_part = len(names) < len(class_names)
    part = f" ({len(names)} of {len(class_names)} classes, most mistakes)" if is_part else ""
    figure = empty_figure(f"predicted{part}", "true", height=height)
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
    named = names[:: -(-len(names) // NAMES_ALONG_A_SIDE)]
    figure.update_xaxes(type="category", showgrid=False, tickvals=named, automargin=True)
    figure.update_yaxes(
        type="category", autorange="reversed", showgrid=False, tickvals=named, automargin=True
    )
    return figure


def _most_mistaken(counts: np.ndarray) -> np.ndarray:
    """Return the classes to show in their order: rows of a class taken for others count, and the reverse."""
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    return np.sort(np.argsort(-wrong, kind="stable")[:CLASSES_SHOWN])


def _shortened(name: str) -> str:
    """Return a long name without its middle: names of many classes often begin alike."""
    return name if len(name) <= NAME_LENGTH else f"{name[:5]}…{name[6 - NAME_LENGTH :]}"


def _distinct(names: list[str]) -> list[str]:
    """Return names of which those that were cut to the same text are numbered: an axis would merge them."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return [name if seen[name] == 1 else f"{name} {place}" for place, name in enumerate(names, start=1)]


def predicted_against_true(truth: np.ndarray, predicted: np.ndarray, *, height: int = 340) -> Figure:
    """Show predictions over true values: good ones lie on the diagonal, a flat cloud has learned nothing.

    Parameters
    ----------
    truth, predicted : numpy.ndarray
        ``(n,)`` of the validation rows.
    """
    figure = empty_figure("true", "predicted", height=height)
    ends = [float(truth.min()), float(truth.max())]
    figure.add_scatter(x=ends, y=ends, mode="lines", name="perfect", line={"color": QUIET, "dash": "dot"})
    figure.add_scatter(
        x=truth,
        y=predicted,
        mode="markers",
        name="validation rows",
        marker={"color": VALIDATION, "symbol": "diamond", "size": 6, "opacity": 0.7},
        hovertemplate="true %{x:.4g}, predicted %{y:.4g}<extra></extra>",
    )
    return figure
