"""A framed picture with its title and one sentence under it; must not know what is drawn."""

from collections.abc import Callable

import streamlit as st


def picture_cell(key: str, title: str, sentence: str, draw: Callable[[], None]) -> None:
    """Draw a picture in a frame; room for the sentence is kept (``ui/style.css``), so that nothing jumps.

    Parameters
    ----------
    key : str
        Constant key of the chart on its page.
    sentence : str
        Made from the data; free of names that people gave.
    draw : callable
        Draws the chart where it is called.
    """
    with st.container(border=True, height="stretch", gap=None):
        st.markdown(f"**{title}**")
        draw()
        with st.container(key=f"words_{key}"):
            st.caption(sentence)
