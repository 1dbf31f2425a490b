"""Mounts live charts on a page and remembers what each browser was sent."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from ui.live_chart.assets import FRAMING, Script, plotly_script, static_url
from ui.live_chart.cards import ChartCard, cards_message, resent
from ui.live_chart.encoding import whole_figure
from ui.live_chart.message import framed
from ui.shared.text import as_markdown

HERE = Path(__file__).parent
# What draws a chart, in these cards and on the stage of the Train page.
DRAWING = [HERE / name for name in ("chart.css", "whole.js", "chart.js", "cursor.js")]
BESIDE = [HERE / name for name in ("beside.css", "linked.js", "values.js", "chips.js")]
SCRIPT = Script("live_chart", [HERE / "cards.css", FRAMING, *DRAWING, *BESIDE, HERE / "cards.js"])
COMPONENT = component(
    "backprop_lab_live_chart",
    html='<div class="live-cards"></div>',
    js=SCRIPT.loader,
    isolate_styles=False,
)
FAILED = "live_chart_script_failed"


def resend_all(*keys: str) -> None:
    """Have the cards ``keys`` sent whole next time; a page calls it in each full run of its script."""
    for key in keys:
        st.session_state[f"{key}_sent"] = resent(st.session_state.get(f"{key}_sent", {}))


def show_cards(key: str, cards: Sequence[ChartCard], *, wide: int = 1) -> str | None:
    """Show framed charts, sending only what the browser does not hold yet.

    All of them are one message: Streamlit takes a third of a millisecond for each element of a page, and
    frames, titles and sentences would be six for each chart.

    Parameters
    ----------
    key : str
        Constant key of these cards on their page.
    wide : int
        How many go side by side where there is room.

    Returns
    -------
    str or None
        The group of the chip whose cross was pressed just now.
    """
    if plotly_failed():
        show_plainly(key, cards, wide)
        resend_all(key)
        return None
    header = {"plotly": plotly_url(), "wide": wide}
    blob, st.session_state[f"{key}_sent"] = cards_message(
        header, cards, st.session_state.get(f"{key}_sent", {})
    )
    SCRIPT.serve()
    shown = COMPONENT(
        key=key,
        data=blob,
        on_resend_change=lambda: resend_all(key),
        on_failed_change=note_plotly_failure,
        on_removed_change=lambda: None,
    )
    return shown.get("removed")


def plotly_failed() -> bool:
    """Tell whether Plotly's script did not load in this window."""
    return FAILED in st.session_state


def note_plotly_failure() -> None:
    """Note that Plotly's script did not load in this window."""
    st.session_state[FAILED] = True


def preload() -> None:
    """Have the browser load Plotly's script, which takes half a second, before a chart needs it."""
    SCRIPT.serve()
    COMPONENT(key="live_chart_ready", data=framed(json.dumps({"plotly": plotly_url()}), []))


@cache
def plotly_url() -> str:
    """Return where the server serves Plotly's script."""
    return static_url(plotly_script())


def show_plainly(key: str, cards: Sequence[ChartCard], wide: int) -> None:
    """Show cards by Streamlit's own charts, which lose their zoom at each update, and say so."""
    places = [place for _ in range(-(-len(cards) // wide)) for place in st.columns(wide, gap="medium")]
    for place, card in zip(places, cards, strict=False):
        with place, st.container(border=True, gap=None):
            if card.title:
                st.markdown(f"**{as_markdown(card.title)}**")
            for chart in card.charts:
                st.plotly_chart(whole_figure(chart.encoded()), key=f"{chart.key}_plain")
            if card.sentence:
                st.caption(as_markdown(card.sentence))
    st.caption("The live chart's script did not load: zoom is lost at each update. Reload the page to retry.")
