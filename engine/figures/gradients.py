"""Gradients layer by layer over time, as lines and as one heatmap."""

import numpy as np
from plotly.colors import sample_colorscale

from engine.figures.figure import Figure
from engine.figures.smoothing import Middle, middle_of
from engine.figures.theme import LAYERS, MAGNITUDES, VALIDATION, empty_figure

LOWEST, HIGHEST = -8.0, 1.0
COLUMNS_AT_MOST = 400
NAMED_LAYERS_AT_MOST = 12
IN_LEGEND_AT_MOST = 5
LINES_AT_MOST = 40
BANDS_AT_MOST, BAND_OPACITY = 12, 0.22


def layer_lines(
    steps: np.ndarray,
    values: np.ndarray,
    *,
    title: str = "gradient norm",
    x_title: str = "step",
    log_y: bool = True,
    numbers: np.ndarray | None = None,
    height: int = 320,
) -> Figure:
    """Show vanishing and exploding gradients: the lines of the layers fan out over orders of magnitude.

    A long run is drawn as the running median of neighbouring records, with a band that holds four fifths of
    them: mini-batches are noisy. Healthy layers lie together. When layer 1 (the input side) lies far below
    the last one, the early layers learn nothing; far above, every step shakes them.

    Parameters
    ----------
    steps : numpy.ndarray
        ``(n,)``, the x axis.
    values : numpy.ndarray
        ``(n, layers)``, layer 1 first. On a log axis zeros cannot be drawn and are passed over.
    numbers : numpy.ndarray, optional
        Layers to draw, 1 on the input side; all by default. A layer's colour does not depend on the others.
        Of more than 40 evenly spread ones are drawn, the first and the last among them.
    """
    layers = values.shape[1]
    colours = _layer_colours(layers)
    chosen = np.arange(layers) if numbers is None else numbers - 1
    indices = _spread(chosen).tolist()
    if len(indices) < len(chosen):
        title = f"{title} ({len(indices)} of {len(chosen)} layers)"
    figure = empty_figure(x_title, title, log_y=log_y, height=height)
    for index in indices:
        known = np.isfinite(values[:, index]) & (values[:, index] > 0 if log_y else True)
        found, name = middle_of(steps[known], values[known, index]), _layer_name(index, layers)
        if found.size > 1 and len(indices) <= BANDS_AT_MOST:
            _add_band(figure, found, name, colours[index])
        figure.add_scatter(
            x=found.x,
            y=found.median,
            mode="lines",
            name=name,
            legendgroup=name,
            line={"color": colours[index], "width": 1.8},
            hovertemplate="%{y:.3g}" if found.size == 1 else f"%{{y:.3g}}, median of {found.size} records",
            showlegend=len(indices) <= IN_LEGEND_AT_MOST or index in (indices[0], indices[-1]),
        )
    return figure


def _add_band(figure: Figure, found: Middle, name: str, colour: str) -> None:
    edge = {"mode": "lines", "line": {"width": 0, "color": colour}, "hoverinfo": "skip"}
    edge |= {"showlegend": False, "legendgroup": name}
    fill = {
        "fill": "tonexty",
        "fillcolor": colour.replace("rgb(", "rgba(").replace(")", f", {BAND_OPACITY})"),
    }
    figure.add_scatter(x=found.x, y=found.low, name=f"{name}, low", **edge)
    figure.add_scatter(x=found.x, y=found.high, name=f"{name}, high", **edge, **fill)


def _spread(indices: np.ndarray) -> np.ndarray:
    """Return at most as many of the layers as eyes can follow, first and last included."""
    if len(indices) <= LINES_AT_MOST:
        return indices
    return indices[np.linspace(0, len(indices) - 1, LINES_AT_MOST).round().astype(int)]


def layer_heatmap(
    steps: np.ndarray,
    values: np.ndarray,
    *,
    title: str = "gradient norm",
    x_title: str = "step",
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    numbers: np.ndarray | None = None,
    height: int = 320,
) -> Figure:
    """Show vanishing gradients as dark lower layers, exploding ones as bright layers.

    The scale is logarithmic and fixed, so that the pictures of two runs can be compared. What lies outside
    it takes the colour at its end, and the scale says how far it goes; an exact zero has a colour of its own;
    what was not measured, or is NaN, stays blank.

    Parameters
    ----------
    steps : numpy.ndarray
        ``(n,)``, ascending.
    values : numpy.ndarray
        ``(n, layers)`` magnitudes, layer 1 (the input side, drawn at the bottom) first.
    lowest, highest : float
        Ends of the scale, as powers of ten.
    numbers : numpy.ndarray, optional
        Layers to draw, ascending, 1 on the input side; all by default.
    """
    figure = empty_figure(x_title, "layer (1 = input side)", height=height)
    shown = np.arange(1, values.shape[1] + 1) if numbers is None else numbers
    columns, magnitudes = _thinned(steps, values[:, shown - 1])
    layers = len(shown)
    ticks, texts, exceeded = _scale(magnitudes, lowest, highest)
    figure.add_heatmap(
        x=columns,
        y=_rows(shown),
        z=_log10(magnitudes, lowest, highest).T,
        customdata=magnitudes.T,
        zmin=lowest,
        zmax=highest,
        colorscale=MAGNITUDES,
        colorbar={
            "title": {"text": f"{title}{exceeded}", "side": "right"},
            "tickvals": ticks,
            "ticktext": texts,
            "thickness": 14,
        },
        hovertemplate=f"layer %{{y}}, {x_title} %{{x:.6g}}: %{{customdata:.3g}}<extra></extra>",
        hoverongaps=False,
    )
    _mark_zeros(figure, columns, _rows(shown), magnitudes)
    if _rows(shown).dtype.kind == "U":
        figure.update_yaxes(type="category")
    else:
        figure.update_yaxes(dtick=1 if layers <= NAMED_LAYERS_AT_MOST else None)
        figure.update_yaxes(range=[shown[0] - 0.5, shown[-1] + 0.5] if layers else None)
    figure.update_yaxes(showgrid=False, exponentformat="none")
    return figure


def share_heatmap(
    steps: np.ndarray, shares: np.ndarray, *, title: str, x_title: str = "step", height: int = 320
) -> Figure:
    """Show where and when units stop learning: bright layers are those with many dead or saturated units.

    Parameters
    ----------
    steps : numpy.ndarray
        ``(n,)``, ascending.
    shares : numpy.ndarray
        ``(n, layers)`` from 0 to 1, layer 1 first; NaN where nothing was measured.
    title : str
        What the shares are of.
    """
    figure = empty_figure(x_title, "layer (1 = input side)", height=height)
    columns, values = _thinned(steps, shares)
    rows = np.arange(1, shares.shape[1] + 1)
    figure.add_heatmap(
        x=columns,
        y=rows,
        z=values.T,
        zmin=0,
        zmax=1,
        colorscale=MAGNITUDES,
        colorbar={"title": {"text": title, "side": "right"}, "tickformat": ".0%", "thickness": 14},
        hovertemplate=f"layer %{{y}}, {x_title} %{{x:.6g}}: %{{z:.1%}}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_yaxes(dtick=1 if len(rows) <= NAMED_LAYERS_AT_MOST else None)
    figure.update_yaxes(range=[0.5, len(rows) + 0.5] if len(rows) else None)
    figure.update_yaxes(showgrid=False, exponentformat="none")
    return figure


def _rows(shown: np.ndarray) -> np.ndarray:
    """Return where the layers stand: by number where they follow each other, else one below the other."""
    return shown if (np.diff(shown) == 1).all() else shown.astype(str)


def _mark_zeros(figure: Figure, columns: np.ndarray, rows: np.ndarray, magnitudes: np.ndarray) -> None:
    is_zero = magnitudes == 0
    if not is_zero.any():
        return
    figure.add_heatmap(
        x=columns,
        y=rows,
        z=np.where(is_zero, 0.0, np.nan).T,
        colorscale=[[0, VALIDATION], [1, VALIDATION]],
        showscale=False,
        hovertemplate="layer %{y}: exactly 0<extra></extra>",
        hoverongaps=False,
    )
    marker = {"symbol": "square", "size": 11, "color": VALIDATION}
    figure.add_scatter(x=[None], y=[None], mode="markers", name="exactly 0", marker=marker, showlegend=True)


def _scale(magnitudes: np.ndarray, lowest: float, highest: float) -> tuple[list[float], list[str], str]:
    """Return places and texts of the ticks of a fixed scale, and what its title adds where it is exceeded."""
    ticks = np.arange(np.ceil(lowest), np.floor(highest) + 1, 2).tolist()
    texts = [f"1e{power:g}" for power in ticks]
    known = magnitudes[magnitudes > 0]
    if len(known) == 0 or known.max() <= 10.0**highest:
        return ticks, texts, ""
    if ticks and highest - ticks[-1] < 1:
        ticks, texts = ticks[:-1], texts[:-1]
    largest = f"{known.max():.0e}".replace("e+", "e") if np.isfinite(known.max()) else "∞"
    return [*ticks, highest], [*texts, f"≥ 1e{highest:g}"], f", up to {largest}"


def _log10(magnitudes: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Return powers of ten within the scale; what lies outside has the value at its end."""
    return np.log10(np.clip(magnitudes, 10.0**lowest, 10.0**highest))


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at most COLUMNS_AT_MOST columns: of the steps that share one, the largest magnitude stays."""
    measured = ~np.isnan(values).all(axis=1)
    steps, values = steps[measured], values[measured]
    if len(steps) <= COLUMNS_AT_MOST:
        return steps, values
    starts = np.linspace(0, len(steps), COLUMNS_AT_MOST, endpoint=False).astype(int)
    ends = np.append(starts[1:], len(steps)) - 1
    return steps[ends], np.fmax.reduceat(values, starts, axis=0)


def _layer_name(index: int, layers: int) -> str:
    side = {0: " (input side)", layers - 1: " (output)"}.get(index, "") if layers > 1 else ""
    return f"layer {index + 1}{side}"


def _layer_colours(layers: int) -> list[str]:
    positions = np.linspace(0, 1, layers) if layers > 1 else [0.0]
    return [str(colour) for colour in sample_colorscale(list(LAYERS), list(positions))]
