"""One fragment for whatever the stage shows: a run, an edited network, the example of the first page."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.shared.damage import says_damage
from ui.train.edits import take_edits


def redraw(draw: Callable[..., None], *args: Any, pace: float | None = None) -> None:
    """Draw the stage now, and again at a pace or when something is done on it.

    It is the same fragment each time, as long as equally many elements stand before it: what somebody does on
    the stage while the page changes from one to the other then finds its fragment, and the browser keeps the
    stage as it is. Streamlit knows a fragment by its function and its place.

    Parameters
    ----------
    draw : callable
        Called with ``args``.
    pace : float, optional
        Seconds between two drawings; without it nothing is redrawn by itself.
    """
    st.fragment(_call, run_every=pace)(draw, *args)


@says_damage
def _call(draw: Callable[..., None], *args: Any) -> None:
    take_edits()
    draw(*args)
