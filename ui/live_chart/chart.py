"""Mounts live charts on a page and remembers what each browser was sent; must not know what is drawn."""

import json
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from ui.live_chart.assets import plotly_script
from ui.live_chart.message import Line, framed, lines_message, thinned

COMPONENT = st.components.v2.component(
    "backprop_lab_live_chart",
    html='<div class="live-chart" role="img"></div><p class="live-chart-note" hidden></p>',
    css="""
    .live-chart { width: 100%; }
    .live-chart-note { font-size: 0.85rem; opacity: 0.75; margin: 0; color: var(--st-text-color); }
    """,
    js=Path(__file__).with_name("live_chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


class Figure(Protocol):
    """A Plotly figure, as far as it matters here."""

    def to_json(self) -> str | None: ...


def send_whole(*keys: str) -> None:
    """Have the charts ``keys`` sent whole next time; a page calls it in each full run of its script."""
    for key in keys:
        st.session_state.pop(f"{key}_sent", None)


def show_lines(
    key: str, lines: list[Line], layout: dict[str, Any], *, identity: str, title: str, height: int, note: str = ""
) -> None:
    """Draw lines in the chart ``key``, sending only what the browser does not hold yet.

    Parameters
    ----------
    key : str
        Constant key of the chart on its page.
    lines : list of Line
    layout : dict
        Plotly layout; colours of text and grid are taken from the page's theme.
    identity : str
        What is shown, such as the ids of the runs; zoom and hidden legend items are kept while it stays.
    title : str
        What a screen reader says.
    height : int
        Pixels, reserved from the first moment on.
    note : str
        Plain text under the chart.
    """
    if _failed(key):
        data = [_plain_trace(line) for line in lines]
        _show_plainly(key, {"data": data, "layout": {**layout, "height": height}})
        return
    header = {**_header(identity, title, height, note), "layout": layout}
    message, sent = lines_message(header, lines, st.session_state.get(f"{key}_sent", {}))
    st.session_state[f"{key}_sent"] = sent
    _mount(key, message, height)


def show_figure(key: str, figure: Figure, *, identity: str, title: str, note: str = "") -> None:
    """Draw a whole Plotly figure in the chart ``key`` without tearing the previous picture down."""
    described = json.loads(figure.to_json() or "{}")
    described.get("layout", {}).pop("template", None)
    height = int(described["layout"].get("height", 300))
    if _failed(key):
        _show_plainly(key, described)
        return
    _mount(key, framed({**_header(identity, title, height, note), "figure": described}, []), height)


def _header(identity: str, title: str, height: int, note: str) -> dict[str, Any]:
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    url = f"{'/' + base if base else ''}/app/static/{plotly_script()}"
    return {"identity": identity, "title": title, "height": height, "note": note, "plotly": url}


def _mount(key: str, message: bytes, height: int) -> None:
    with st.container(height=height + 4, border=False):
        COMPONENT(
            key=key,
            data=message,
            on_resend_change=lambda: send_whole(key),
            on_failed_change=lambda: None,
        )


def _failed(key: str) -> bool:
    state = st.session_state.get(key)
    return bool(state) and bool(state.get("failed"))


def _plain_trace(line: Line) -> dict[str, Any]:
    x, y = thinned(*line.drawn())
    style = {**line.style, "line": {**line.style.get("line", {}), "color": line.colour[0]}}
    return {"type": "scatter", "mode": "lines", "name": line.name, "x": x, "y": y, **style}


def _show_plainly(key: str, figure: dict[str, Any]) -> None:
    st.plotly_chart(figure, key=f"{key}_plain")
    st.caption("The live chart's script did not load, so zoom is lost at each update. Reload the page to retry.")
