"""Why the chain rule: what one backward pass costs beside finite differences."""

from typing import Any

import streamlit as st

from engine.figures.cost import cost_figure
from ui.live_chart import Chart, ChartCard, resend_all, show_cards
from ui.shared.text import duration

KEY = "backprop_cost"


def show_cost(cost: dict[str, Any]) -> None:
    """Show what the gradient of this network costs, either way, and how that grows."""
    backward, differences, weights = cost["backward"], cost["differences"], cost["weights"]
    st.subheader("Why the chain rule")
    ratio = differences["products"] / max(backward["products"], 1)
    measured = differences["seconds"] / max(backward["seconds"], 1e-12)
    st.write(
        f"The gradient of all {weights:,} weights takes **one** pass forward and back: "
        f"{backward['products']:,} products, {duration(backward['seconds'])} here. Without the chain rule "
        "each weight has to be moved a little to either side and the loss computed again: "
        f"**{differences['passes']:,}** passes forward, {differences['products']:,} products, "
        f"{ratio:,.0f} times as many, and {duration(differences['seconds'])}, about {measured:,.0f} times "
        "as long."
    )
    if cost["growth"]:
        resend_all(KEY)
        state = tuple(tuple(each.values()) for each in cost["growth"])
        chart = Chart(
            "backprop_cost_chart",
            state,
            lambda: cost_figure(cost["growth"], weights, backward["products"], differences["products"]),
            "cost",
            "products of one gradient over the number of weights, by backward pass and by finite differences",
        )
        sentence = (
            "This network with other widths: the backward pass grows with the number of weights, finite "
            "differences with its square."
        )
        show_cards(KEY, [ChartCard("Products for one gradient", [chart], sentence)], wide=1)
