"""Outputs of a network over its input space: decision boundaries, curve and surface fits."""

import numpy as np

from engine.analysis.predictions import probability_of_second, wrong
from engine.data.dataset import Dataset
from engine.data.grid import Grid
from engine.figures.figure import Figure
from engine.figures.theme import (
    HIGH,
    LOW,
    MAGNITUDES,
    MIDDLE,
    QUIET,
    TRAIN,
    VALIDATION,
    WRONG,
    class_colour,
    empty_figure,
    label,
)

DIVERGING = [[0.0, LOW], [0.5, MIDDLE], [1.0, HIGH]]
POINTS_AT_MOST = 1000


def decision_boundary(
    dataset: Dataset,
    grid: Grid,
    outputs: np.ndarray,
    *,
    at_rows: tuple[np.ndarray, np.ndarray] | None = None,
    height: int = 380,
) -> Figure:
    """Show what was learned: a smooth line between the classes, or islands around single noisy points.

    Islands mean overfitting; a straight line through bent classes means underfitting; a plane of one grey
    means that nothing was learned yet.

    Parameters
    ----------
    dataset : Dataset
        In a plane; its points are drawn, training filled, validation as open diamonds.
    grid : Grid
        From :func:`engine.data.grid.grid_over`.
    outputs : numpy.ndarray
        ``(n, 1)`` probability of class 1, or ``(n, classes)`` probabilities or scores, at ``grid.points``.
    at_rows : tuple of numpy.ndarray, optional
        The same at the training and at the validation rows: those misclassified get an open ring.
    """
    figure = empty_figure(*(label(name) for name in dataset.axis_names), height=height)
    across, up = grid.axes
    shape = (len(up), len(across))
    if dataset.classes == 2:
        _two_classes(figure, across, up, probability_of_second(outputs).reshape(shape))
    else:
        _many_classes(figure, across, up, outputs.argmax(axis=1).reshape(shape), dataset.class_names)
    for split, y in (("training", dataset.y_train), ("validation", dataset.y_val)):
        _points(figure, dataset, split, y)
    if at_rows is not None:
        _rings(figure, dataset, *at_rows)
    figure.update_xaxes(range=[across[0], across[-1]], showgrid=False)
    figure.update_yaxes(range=[up[0], up[-1]], showgrid=False)
    return figure


def regression_fit(dataset: Dataset, grid: Grid, outputs: np.ndarray, *, height: int = 380) -> Figure:
    """Show what was learned of a curve: too stiff underfits, a line through every noisy point overfits.

    Parameters
    ----------
    dataset : Dataset
        With one feature and one target.
    grid : Grid
        From :func:`engine.data.grid.grid_over`.
    outputs : numpy.ndarray
        ``(n, 1)`` predictions at ``grid.points``.
    """
    figure = empty_figure(label(dataset.axis_names[0]), "target", height=height)
    for split, y, colour, symbol in (
        ("training", dataset.y_train, TRAIN, "circle"),
        ("validation", dataset.y_val, VALIDATION, "diamond-open"),
    ):
        figure.add_scatter(
            x=dataset.coordinates(split)[:POINTS_AT_MOST, 0],
            y=y[:POINTS_AT_MOST, 0],
            mode="markers",
            name=_split_name(split, len(y)),
            marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.7},
        )
    figure.add_scatter(
        x=grid.axes[0],
        y=outputs[:, 0],
        mode="lines",
        name="network",
        line={"color": class_colour(2), "width": 3},
    )
    return figure


def regression_surface(dataset: Dataset, grid: Grid, outputs: np.ndarray, *, height: int = 380) -> Figure:
    """Show what was learned of a surface: where points differ in colour from the ground, it is wrong.

    Parameters
    ----------
    dataset : Dataset
        In a plane, with one target; its points are drawn in the colour of their target.
    grid : Grid
        From :func:`grid_over`.
    outputs : numpy.ndarray
        ``(n, 1)`` predictions at ``grid.points``, in the units of the data.
    """
    figure = empty_figure(*(label(name) for name in dataset.axis_names), height=height)
    across, up = grid.axes
    targets = np.concatenate([dataset.y_train, dataset.y_val])
    scale = {"cmin": float(targets.min()), "cmax": float(targets.max()), "colorscale": MAGNITUDES}
    figure.add_heatmap(
        x=across,
        y=up,
        z=outputs[:, 0].reshape(len(up), len(across)),
        zmin=scale["cmin"],
        zmax=scale["cmax"],
        colorscale=MAGNITUDES,
        zsmooth="best",
        colorbar={"title": {"text": "prediction", "side": "right"}, "thickness": 14},
        hovertemplate="prediction: %{z:.4g}<extra></extra>",
    )
    for split, y, symbol in (
        ("training", dataset.y_train, "circle"),
        ("validation", dataset.y_val, "diamond"),
    ):
        places = dataset.coordinates(split)[:POINTS_AT_MOST]
        edge = {"color": "#FFFFFF" if symbol == "circle" else "#222222", "width": 1}
        values = y[:POINTS_AT_MOST, 0]
        figure.add_scatter(
            x=places[:, 0],
            y=places[:, 1],
            mode="markers",
            name=_split_name(split, len(y)),
            marker={"color": values, **scale, "symbol": symbol, "size": 8, "line": edge},
            customdata=values,
            hovertemplate=f"target %{{customdata:.4g}} ({split})<extra></extra>",
        )
    figure.update_xaxes(range=[across[0], across[-1]], showgrid=False)
    figure.update_yaxes(range=[up[0], up[-1]], showgrid=False)
    return figure


def _two_classes(figure: Figure, across: np.ndarray, up: np.ndarray, probability: np.ndarray) -> None:
    figure.add_heatmap(
        x=across,
        y=up,
        z=probability,
        zmin=0,
        zmax=1,
        colorscale=DIVERGING,
        opacity=0.6,
        zsmooth="best",
        colorbar={"title": {"text": "probability of class 1", "side": "right"}, "thickness": 14},
        hovertemplate="probability of class 1: %{z:.3f}<extra></extra>",
    )
    figure.add_contour(
        x=across,
        y=up,
        z=probability,
        contours={"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"},
        line={"color": QUIET, "width": 2},
        showlegend=False,
        hoverinfo="skip",
    )


def _many_classes(
    figure: Figure, across: np.ndarray, up: np.ndarray, decided: np.ndarray, names: tuple[str, ...]
) -> None:
    last = max(len(names) - 1, 1)
    edges = [(index + side) / (last + 1) for index in range(last + 1) for side in (0, 1)]
    colours = [class_colour(index) for index in range(last + 1) for _ in (0, 1)]
    figure.add_heatmap(
        x=across,
        y=up,
        z=decided,
        zmin=-0.5,
        zmax=last + 0.5,
        colorscale=list(zip(edges, colours, strict=True)),
        opacity=0.45,
        showscale=False,
        hovertemplate="class %{z}<extra></extra>",
    )


def _points(figure: Figure, dataset: Dataset, split: str, y: np.ndarray) -> None:
    places = dataset.coordinates(split)[:POINTS_AT_MOST]
    labels = y[:POINTS_AT_MOST]
    two = (LOW, HIGH)
    colours = np.array([two[i] if dataset.classes == 2 else class_colour(i) for i in range(dataset.classes)])
    is_training = split == "training"
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        name=_split_name(split, len(y)),
        marker={
            "color": colours[labels],
            "symbol": "circle" if is_training else "diamond",
            "size": 7 if is_training else 8,
            "line": {"color": "#FFFFFF" if is_training else "#222222", "width": 1},
        },
        text=[label(dataset.class_names[index]) for index in labels],
        hovertemplate=f"class %{{text}} ({split})<extra></extra>",
    )


def _rings(figure: Figure, dataset: Dataset, at_train: np.ndarray, at_val: np.ndarray) -> None:
    sides = (("training", dataset.y_train, at_train), ("validation", dataset.y_val, at_val))
    missed = [
        dataset.coordinates(split)[:POINTS_AT_MOST][wrong(outputs, y)[:POINTS_AT_MOST]]
        for split, y, outputs in sides
    ]
    places = np.concatenate(missed)
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        name=f"misclassified: {len(missed[0])} + {len(missed[1])}",
        marker={"symbol": "circle-open", "size": 14, "color": WRONG, "line": {"color": WRONG, "width": 2}},
        hoverinfo="skip",
    )


def _split_name(split: str, rows: int) -> str:
    return split if rows <= POINTS_AT_MOST else f"{split} ({POINTS_AT_MOST} of {rows})"
