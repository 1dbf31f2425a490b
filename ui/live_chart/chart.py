"""Mounts live charts on a page and remembers what each browser was sent; must not know what is drawn."""

import json
from collections.abc import Callable, Hashable
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from engine.figures.figure import Figure
from ui.live_chart.assets import Script, plotly_script, static_url
from ui.live_chart.drawn import Drawn, drawn, whole_figure
from ui.live_chart.message import framed, message

SCRIPT = Script("live_chart", [Path(__file__).with_name("live_chart.js")])
COMPONENT = component(
    "backprop_lab_live_chart",
    html='<div class="live-chart" role="img"></div>',
    css=".live-chart { width: 100%; }",
    js=SCRIPT.loader,
    isolate_styles=False,
)
FAILED = "live_chart_script_failed"


def send_whole(*keys: str) -> None:
    """Have the charts ``keys`` sent whole next time; a page calls it in each full run of its script."""
    for key in keys:
        sent = st.session_state.get(f"{key}_sent", {})
        st.session_state[f"{key}_sent"] = {"serial": sent.get("serial", 0)}
        st.session_state.pop(f"{key}_shown", None)


def show_chart(key: str, figure: Figure | Drawn, *, identity: str, title: str) -> None:
    """Draw a figure in the chart ``key``, sending only what the browser does not hold yet.

    Parameters
    ----------
    key : str
        Constant key of the chart on its page.
    figure : Figure or dict
        With a fixed height; or what :func:`ui.live_chart.drawn.drawn` made of it. Colours of text and grid
        are taken from the page's theme.
    identity : str
        What is shown, such as the ids of the runs; zoom and hidden legend items are kept while it stays.
    title : str
        What a screen reader says.
    """
    found = drawn(figure) if isinstance(figure, Figure) else figure
    if FAILED in st.session_state:
        _show_plainly(key, found)
        st.session_state.pop(f"{key}_shown", None)
        return
    header = {"identity": identity, "title": title, "plotly": _plotly_url()}
    blob, sent = message(header, found, st.session_state.get(f"{key}_sent", {}))
    st.session_state[f"{key}_sent"] = sent
    st.session_state[f"{key}_shown"] = blob
    _mount(key, blob)


def update_chart(
    key: str, state: Hashable, draw: Callable[[], Figure | Drawn], *, identity: str, title: str
) -> None:
    """Draw what ``draw`` returns, as ``show_chart`` does, unless the chart shows this state already."""
    if st.session_state.get(f"{key}_state") == state and can_repeat(key):
        repeat_chart(key)
        return
    show_chart(key, draw(), identity=identity, title=title)
    st.session_state[f"{key}_state"] = state


def make_ready() -> None:
    """Have the browser load Plotly's script, which takes half a second, before a chart needs it."""
    SCRIPT.serve()
    COMPONENT(key="live_chart_ready", data=framed(json.dumps({"plotly": _plotly_url()}), []))


def can_repeat(*keys: str) -> bool:
    """Tell whether the charts ``keys`` can be left as they are: all were sent, and their script works."""
    return FAILED not in st.session_state and all(f"{key}_shown" in st.session_state for key in keys)


def repeat_chart(key: str) -> None:
    """Leave the chart ``key`` as it is; the browser draws nothing anew."""
    _mount(key, st.session_state[f"{key}_shown"])


def _mount(key: str, blob: bytes) -> None:
    SCRIPT.serve()
    COMPONENT(
        key=key,
        data=blob,
        on_resend_change=lambda: send_whole(key),
        on_failed_change=lambda: st.session_state.update({FAILED: True}),
    )


@cache
def _plotly_url() -> str:
    return static_url(plotly_script())


def _show_plainly(key: str, found: Drawn) -> None:
    st.plotly_chart(whole_figure(found), key=f"{key}_plain")
    st.caption("The live chart's script did not load: zoom is lost at each update. Reload the page to retry.")
