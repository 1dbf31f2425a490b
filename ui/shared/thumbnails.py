"""Small pictures beside the form's choices, as SVG for light and dark pages."""

import base64
from html import escape

import numpy as np
from plotly.colors import sample_colorscale
from streamlit.delta_generator import DeltaGenerator

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.figures.theme import HIGH, LOW, class_colour
from engine.nn.activations import ACTIVATIONS
from engine.nn.curves import activation_curves
from engine.training.plan import TrainingPlan
from engine.training.schedule import rates

WIDTH, HEIGHT = 300, 150
POINTS_AT_MOST = 300
QUIET = "#808890"
DASHED = ' stroke-dasharray="6 4"'


def dataset_picture(dataset: Dataset) -> str:
    """Return the training rows as a picture: points of the plane, a curve, or the first digits."""
    if dataset.name == "digits":
        return _digits(dataset)
    x = dataset.coordinates("training")[:POINTS_AT_MOST]
    if dataset.task == "regression" and dataset.name == "plane":
        points = x
        low, high = dataset.y_train.min(), dataset.y_train.max()
        share = (dataset.y_train[:POINTS_AT_MOST, 0] - low) / (high - low)
        colours = sample_colorscale("Cividis", np.clip(share, 0, 1).tolist())
    elif dataset.task == "regression":
        points = np.column_stack([x[:, 0], dataset.y_train[:POINTS_AT_MOST, 0]])
        colours = [LOW] * len(points)
    else:
        points = x[:, :2] if x.shape[1] > 1 else np.column_stack([x[:, 0], np.zeros(len(x))])
        palette = [LOW, HIGH] if dataset.classes == 2 else [class_colour(i) for i in range(dataset.classes)]
        colours = [palette[label] for label in dataset.y_train[:POINTS_AT_MOST]]
    across, up = _scaled(points[:, 0], WIDTH, 10), HEIGHT - _scaled(points[:, 1], HEIGHT, 10)
    dots = "".join(
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}" fill-opacity=".8"/>'
        for a, b, colour in zip(across, up, colours, strict=True)
    )
    return _svg(dots)


def _digits(dataset: Dataset) -> str:
    raw = dataset.x_train[:18] * dataset.x_scale + dataset.x_mean
    cell, parts = 5.6, []
    for index, row in enumerate(raw):
        left, top = 3 + index % 6 * 50, 2 + index // 6 * 50
        for pixel, value in enumerate(np.clip(row / 16, 0, 1)):
            x, y = left + pixel % 8 * cell, top + pixel // 8 * cell
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell}" height="{cell}" fill="{LOW}" '
                f'fill-opacity="{value:.2f}"/>'
            )
    return _svg("".join(parts))


def activation_picture(name: str) -> str:
    """Return the curve of an activation (solid) and of its derivative (dashed) for z from -4 to 4."""
    z = np.linspace(-4, 4, 97)
    centre, unit = 62.0, 30.0
    axes = f'<path d="M0 {centre}H{WIDTH}M150 4V108" stroke="{QUIET}" stroke-opacity=".45" fill="none"/>'
    parts = [axes]
    curves = activation_curves(ACTIVATIONS[name], z)
    for values, colour, dash in zip(curves, (LOW, HIGH), ("", DASHED), strict=True):
        heights = centre - unit * values
        places = " ".join(f"{150 + 36 * a:.1f},{b:.1f}" for a, b in zip(z, heights, strict=True))
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>')
    return _svg("".join(parts), height=112)


def schedule_picture(config: RunConfig, planned: TrainingPlan) -> str:
    """Return the learning rate of a resolved configuration from the first update to the last.

    The height is the highest rate, which is written there; nothing that happens while a run trains is known.
    """
    values, top, bottom = rates(config, planned, 2 * POINTS_AT_MOST), 18.0, 84.0
    heights = bottom - (bottom - top) * values / values.max()
    across = np.linspace(2, WIDTH - 2, len(values))
    places = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, heights, strict=True))
    unit = "epoch" if config.epochs == 1 else "epochs"
    text = f'fill="{QUIET}" font-family="sans-serif" font-size="12"'
    return _svg(
        f'<path d="M2 {bottom}H{WIDTH - 2}M2 {top}V{bottom}" stroke="{QUIET}" stroke-opacity=".45"/>'
        f'<polyline points="{places}" fill="none" stroke="{LOW}" stroke-width="2.5"/>'
        f'<text x="4" y="12" {text}>{values.max():.3g}</text>'
        f'<text x="{WIDTH - 2}" y="100" text-anchor="end" {text}>{config.epochs:,} {unit}</text>',
        height=104,
    )


def _scaled(values: np.ndarray, size: int, margin: int) -> np.ndarray:
    low, high = values.min(), values.max()
    return margin + (values - low) / (high - low if high > low else 1) * (size - 2 * margin)


def show_picture(svg: str, alt: str, place: DeltaGenerator) -> None:
    """Show a picture as wide as its place; there is nothing in it that a full screen would show better."""
    data = base64.b64encode(svg.encode()).decode()
    place.html(f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}" width="100%">')


def _svg(content: str, height: int = HEIGHT) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">{content}</svg>'
