"""Layers of one run beside each other: gradients, activations, update ratios, unit shares, clipping."""

import numpy as np

from engine.analysis.layers import GOOD_RATIO
from engine.figures.figure import Figure
from engine.figures.gradients import layer_lines
from engine.figures.theme import PALETTE, QUIET, TRAIN, VALIDATION, empty_figure, faint

GOOD = PALETTE[2][0]
BAND_FILL, GOOD_FILL = "rgba(128,128,128,0.22)", faint(GOOD, 0.16)
DECADES_AT_LEAST = 2.0
TICKS_AT_MOST = 6


def flow_profile(
    layers: np.ndarray, norms: np.ndarray, *, powers: tuple[float, float], height: int = 320
) -> Figure:
    """Show how the gradient shrinks or grows on its way back through the layers, at one step.

    A level line is healthy. A line that falls towards layer 1 is a vanishing gradient, one that rises towards
    it an exploding one. Layers whose gradient is exactly zero are crosses at the bottom.

    Parameters
    ----------
    layers : numpy.ndarray
        ``(layers,)`` numbers, 1 on the input side.
    norms : numpy.ndarray
        ``(layers,)``.
    powers : (float, float)
        Ends of the axis as powers of ten, so that two runs can share them.
    """
    figure = empty_figure("layer (1 = input side)", "gradient norm", log_y=True, height=height)
    positive = np.isfinite(norms) & (norms > 0)
    figure.add_scatter(
        x=layers[positive],
        y=norms[positive],
        mode="lines+markers",
        name="gradient norm",
        line={"color": TRAIN, "width": 2},
        marker={"size": 9, "color": TRAIN},
        hovertemplate="layer %{x}: %{y:.3g}<extra></extra>",
        showlegend=False,
    )
    zero = norms == 0
    if zero.any():
        figure.add_scatter(
            x=layers[zero],
            y=np.full(zero.sum(), 10.0 ** powers[0]),
            mode="markers",
            name="exactly 0",
            marker={"symbol": "x", "size": 10, "color": VALIDATION},
            hovertemplate="layer %{x}: exactly 0<extra></extra>",
            showlegend=True,
        )
    span_decades(figure, powers[0] - 0.3, powers[1])
    _layer_axis(figure, layers)
    return figure


def decades(*values: np.ndarray) -> tuple[float, float]:
    """Return whole powers of ten that enclose all positive values, two decades or more apart."""
    known = np.concatenate([each[np.isfinite(each) & (each > 0)].ravel() for each in values])
    if len(known) == 0:
        return -4.0, 0.0
    low, high = np.floor(np.log10(known.min())), np.ceil(np.log10(known.max()))
    return float(min(low, high - DECADES_AT_LEAST)), float(high)


def span_decades(figure: Figure, lowest: float, highest: float) -> None:
    """Let a logarithmic y axis go from one power of ten to another, with whole powers named and no others."""
    every = -(-int(np.ceil(highest - lowest)) // TICKS_AT_MOST)
    figure.update_yaxes(range=[lowest, highest], dtick=every)


def spread(*bounds: np.ndarray, room: float = 0.05) -> tuple[float, float]:
    """Return ends of a linear axis that enclose all finite values with a little room."""
    known = np.concatenate([each[np.isfinite(each)].ravel() for each in bounds])
    if len(known) == 0:
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    margin = room * (high - low) or 0.5
    return low - margin, high + margin


def activation_bands(
    layers: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
    *,
    ends: tuple[float, float],
    height: int = 320,
) -> Figure:
    """Show signals that die or drift: outputs of each layer at one step, mean and one deviation around it.

    A band that narrows from layer to layer carries less and less of the input. A sigmoid's band far from
    0.5, or a tanh's near -1 or 1, is saturation. The last layer shows its raw outputs.

    Parameters
    ----------
    layers, mean, std : numpy.ndarray
        ``(layers,)``.
    ends : (float, float)
        Ends of the axis.
    """
    figure = empty_figure("layer (1 = input side)", "output", height=height)
    known = np.isfinite(mean) & np.isfinite(std)
    at, middle, wide = layers[known], mean[known], std[known]
    silent = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "band"}
    figure.add_scatter(x=at, y=middle - wide, showlegend=False, **silent)
    figure.add_scatter(
        x=at, y=middle + wide, name="mean ± std", fill="tonexty", fillcolor=BAND_FILL, **silent
    )
    figure.add_scatter(
        x=at,
        y=middle,
        mode="lines+markers",
        name="mean",
        line={"color": TRAIN, "width": 2},
        marker={"size": 8, "color": TRAIN},
        error_y={"type": "data", "array": wide, "color": QUIET, "thickness": 1, "width": 3},
        customdata=wide,
        hovertemplate="layer %{x}: %{y:.3g} ± %{customdata:.3g}<extra></extra>",
    )
    figure.update_yaxes(range=list(ends))
    _layer_axis(figure, layers)
    return figure


def ratio_lines(
    steps: np.ndarray,
    ratios: np.ndarray,
    *,
    numbers: np.ndarray,
    x_title: str,
    powers: tuple[float, float],
    height: int = 320,
) -> Figure:
    """Show a learning rate that is too low or too high: length of each update over length of the weights.

    In good runs the lines lie in the green band, :data:`GOOD_RATIO`. Below it a layer hardly learns,
    above it each step throws away what was learned.
    """
    figure = layer_lines(
        steps, ratios, title="update / weight", x_title=x_title, numbers=numbers, height=height
    )
    low, high = GOOD_RATIO
    figure.add_hrect(y0=low, y1=high, fillcolor=GOOD_FILL, layer="below")
    for edge in GOOD_RATIO:
        figure.add_hline(y=edge, line={"color": GOOD, "width": 1, "dash": "dot"})
    span_decades(figure, min(powers[0], -4.0), max(powers[1], 0.0))
    return figure


def share_lines(
    steps: np.ndarray, shares: np.ndarray, *, numbers: np.ndarray, title: str, x_title: str, height: int = 320
) -> Figure:
    """Show units that no longer learn: the share of dead or saturated units of each layer, from 0 to 1."""
    figure = layer_lines(
        steps, shares, title=title, x_title=x_title, numbers=numbers, log_y=False, height=height
    )
    figure.update_yaxes(range=[-0.03, 1.03], tickformat=".0%")
    return figure


def clipping(
    steps: np.ndarray,
    before: np.ndarray,
    after: np.ndarray | None,
    *,
    x_title: str,
    powers: tuple[float, float],
    height: int = 320,
) -> Figure:
    """Show what clipping cuts off: norm of the whole gradient before it (solid) and after it (dashed).

    Where the lines lie on each other nothing was clipped. A dashed line that never touches the solid one
    means that the limit, not the gradient, decides the length of each step.

    Parameters
    ----------
    after : numpy.ndarray or None
        None for a run that does not clip.
    """
    figure = empty_figure(x_title, "gradient norm", log_y=True, height=height)
    for name, values, colour, dash in (
        ("before", before, TRAIN, "solid"),
        ("after clipping", after, VALIDATION, "dash"),
    ):
        if values is None:
            continue
        positive = np.isfinite(values) & (values > 0)
        figure.add_scatter(
            x=steps[positive],
            y=values[positive],
            mode="lines",
            name=name,
            line={"color": colour, "width": 1.8, "dash": dash},
            hovertemplate="%{y:.3g}",
        )
    span_decades(figure, *powers)
    return figure


def _layer_axis(figure: Figure, layers: np.ndarray) -> None:
    first, last = (layers[0], layers[-1]) if len(layers) else (1, 1)
    dense = last - first <= 14
    figure.update_xaxes(range=[first - 0.5, last + 0.5], dtick=1 if dense else None, exponentformat="none")
