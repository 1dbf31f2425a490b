"""Leaves out what nobody sees yet: below the window until somebody scrolls there, or folded away."""

import streamlit as st
from streamlit.components.v2 import component
from streamlit.delta_generator import DeltaGenerator

# Whether everything is built at once: for tests, which have no window.
BUILDS_ALL = False
# It counts once it has stayed in the window: while a page opens, what stands above comes later than it.
# A strip at the lower edge does not: a first screen that fills the window has not been scrolled.
# It tells again while nothing comes: of several places that tell at once, Streamlit answers some alone.
WATCH = """export default function ({ parentElement, data, setTriggerValue }) {
    const place = parentElement.querySelector(".lab-below");
    place.style.height = `${data}px`;
    let waiting = null;
    const tell = () => {
        setTriggerValue("seen", true);
        waiting = setTimeout(tell, 3000);
    };
    const look = (entries) => {
        clearTimeout(waiting);
        if (entries.at(-1).isIntersecting) waiting = setTimeout(tell, 600);
    };
    const observer = new IntersectionObserver(look, { rootMargin: "0px 0px -60px 0px" });
    observer.observe(place);
    return () => {
        clearTimeout(waiting);
        observer.disconnect();
    };
}"""
COMPONENT = component(
    "backprop_lab_sight", html='<div class="lab-below"></div>', js=WATCH, isolate_styles=False
)


def is_open(folded: DeltaGenerator) -> bool:
    """Tell whether somebody opened an expander or a popover that was made with ``on_change="rerun"``."""
    return BUILDS_ALL or bool(getattr(folded, "open", True))


def in_sight(key: str, height: int) -> bool:
    """Tell whether a place was ever in the window; until then it keeps room that can be scrolled to.

    Call it in the fragment that draws what goes there: the fragment runs again once the place is seen.

    Parameters
    ----------
    key : str
        Constant key of the place.
    height : int
        Pixels that are kept.
    """
    if BUILDS_ALL or st.session_state.get(f"{key}_seen"):
        return True
    COMPONENT(key=key, data=height, on_seen_change=lambda: note_seen(key))
    return False


def note_seen(key: str) -> None:
    """Note that a place was in the window."""
    st.session_state[f"{key}_seen"] = True
