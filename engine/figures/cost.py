"""What a gradient costs as the network grows, by the chain rule and without it."""

from collections.abc import Sequence
from typing import Any

from engine.figures.figure import Figure
from engine.figures.theme import QUIET, TRAIN, VALIDATION, empty_figure


def cost_figure(
    growth: Sequence[dict[str, Any]], weights: int, backward: int, differences: int, *, height: int = 300
) -> Figure:
    """Show the products of one gradient over the number of weights, both on logarithmic axes.

    Parameters
    ----------
    growth : sequence of dict
        ``width``, ``weights``, ``backward`` and ``differences`` of networks of one depth.
    weights, backward, differences : int
        Of the network itself.
    """
    figure = empty_figure("weights", "products", height=height)
    ways = (
        ("differences", "finite differences", VALIDATION, "dash", differences),
        ("backward", "one backward pass", TRAIN, "solid", backward),
    )
    for name, title, colour, dash, own in ways:
        figure.add_scatter(
            x=[each["weights"] for each in growth],
            y=[each[name] for each in growth],
            mode="lines+markers",
            name=title,
            line={"color": colour, "width": 2, "dash": dash},
            text=[f"{each['width']} units a layer" for each in growth],
            hovertemplate="%{y:,} products, %{x:,} weights, %{text}",
        )
        figure.add_scatter(
            x=[weights],
            y=[own],
            mode="markers",
            name="this network",
            showlegend=name == "backward",
            marker={"color": QUIET, "size": 12, "symbol": "diamond"},
            hovertemplate="%{y:,} products",
        )
    figure.update_xaxes(type="log")
    figure.update_yaxes(type="log")
    return figure
