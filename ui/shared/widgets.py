"""What several widgets have in common: a value that stays, the choice of an x axis, an empty page."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.figures.curves import AXES

# The tab of the Data page on which a table is uploaded.
OWN_TABLES = "Your data"
MEANINGS = {
    "step": "optimizer steps",
    "epoch": "epochs",
    "samples": "training rows seen",
    "seconds": "seconds of training",
}


def kept(key: str) -> dict[str, Any]:
    """Return the arguments of a widget that keeps its value while the session lasts, on whatever page."""
    return {"key": key, "persist_state": "session"}


def choose_axis(key: str, default: str, *, with_samples: bool = False, more: str = "") -> str:
    """Draw the choice of the x axis and return it: a key of :data:`engine.figures.curves.AXES`.

    Parameters
    ----------
    with_samples : bool
        Whether training rows seen are offered, too; the label is shown then.
    more : str
        Goes behind the help.
    """
    names = [name for name in AXES if with_samples or name != "samples"]
    st.session_state.setdefault(key, default)
    chosen = st.segmented_control(
        "X axis",
        names,
        required=True,
        label_visibility="visible" if with_samples else "collapsed",
        help=f"X axis of the charts: {', '.join(MEANINGS[name] for name in names)}.{more}",
        **kept(key),
    )
    return chosen or default


def empty_page(
    title: str, text: str, action: str, key: str, start: Callable[..., None], args: tuple[Any, ...] = ()
) -> None:
    """Show what a page says before there is anything on it, with the one button that changes that.

    Parameters
    ----------
    key : str
        Constant key of the button.
    start : callable
        What the button does, called with ``args``.
    """
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader(title)
        st.write(text)
        st.button(action, icon=":material/play_arrow:", type="primary", key=key, on_click=start, args=args)
