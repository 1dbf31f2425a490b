"""Histograms over time: gradients by magnitude, weights by value."""

from itertools import pairwise

import numpy as np

from engine.figures.figure import Figure
from engine.figures.theme import MAGNITUDES, empty_figure

ZERO_ROOM = 1.5


def gradient_histogram(
    steps: np.ndarray, counts: np.ndarray, powers: np.ndarray, *, x_title: str, height: int = 320
) -> Figure:
    """Show how large the elements of one layer's gradient are: a cloud that sinks is vanishing.

    Exact zeros (dead units, or what underflowed) have a row of their own below the cloud.

    Parameters
    ----------
    steps : numpy.ndarray
        ``(n,)``, ascending.
    counts : numpy.ndarray
        ``(n, len(powers))``: exact zeros first, then the bins between the powers.
    powers : numpy.ndarray
        Edges of the bins as powers of ten.
    """
    figure = empty_figure(x_title, "element's magnitude", height=height)
    centres = (powers[:-1] + powers[1:]) / 2
    rows = np.concatenate([[powers[0] - ZERO_ROOM], centres])
    text = ["exactly 0", *(f"about 1e{power:.1f}" for power in centres)]
    _cloud(figure, steps, rows, counts, text, x_title)
    ticks = np.arange(np.ceil(powers[0]), np.floor(powers[-1]) + 1, 2)
    figure.update_yaxes(
        tickvals=[rows[0], *ticks],
        ticktext=["0", *(f"1e{power:g}" for power in ticks)],
        range=[rows[0] - 0.5, powers[-1]],
    )
    return figure


def weight_histogram(
    steps: np.ndarray,
    counts: np.ndarray,
    edges: np.ndarray,
    *,
    x_title: str,
    widest: float,
    height: int = 320,
) -> Figure:
    """Show how the weights of one layer spread: a band that stays as it was has not learned.

    Parameters
    ----------
    counts : numpy.ndarray
        ``(n, len(edges) - 1)``.
    edges : numpy.ndarray
        Of the bins, in the weights' own unit.
    widest : float
        The axis goes from minus this to plus this, so that two runs can share it.
    """
    figure = empty_figure(x_title, "weight", height=height)
    centres = (edges[:-1] + edges[1:]) / 2
    text = [f"{low:.3g} to {high:.3g}" for low, high in pairwise(edges)]
    _cloud(figure, steps, centres, counts, text, x_title)
    figure.update_yaxes(range=[-widest, widest], exponentformat="none")
    return figure


def _cloud(
    figure: Figure, steps: np.ndarray, rows: np.ndarray, counts: np.ndarray, text: list[str], x_title: str
) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    figure.add_heatmap(
        x=steps,
        y=rows,
        z=np.where(counts > 0, np.sqrt(shares), np.nan).T,
        customdata=shares.T,
        text=np.repeat([text], len(steps), axis=0).T if len(steps) else None,
        zmin=0,
        zmax=1,
        colorscale=MAGNITUDES,
        colorbar={
            "title": {"text": "share of elements", "side": "right"},
            "tickvals": [0, 0.1**0.5, 0.5, 1],
            "ticktext": ["0", "10 %", "25 %", "100 %"],
            "thickness": 14,
        },
        hovertemplate=f"{x_title} %{{x:.6g}}, %{{text}}: %{{customdata:.1%}}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
