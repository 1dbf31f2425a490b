"""A choice among many: common options as pills, all others in a list."""

from collections.abc import Sequence

import streamlit as st

from ui.shared.widgets import kept

COMMON_AT_MOST = 6
NAMED_AT_MOST = 2


def select_common(
    label: str,
    options: Sequence[str],
    key: str,
    help_text: str,
    common: int = COMMON_AT_MOST,
) -> str:
    """Draw the first options as pills, the others as a list below; return the choice.

    What is taken from the list becomes a pill, so that the choice is always seen among the pills.

    Parameters
    ----------
    options : sequence of str
        The common ones first.
    key : str
        Constant key of the pills, which holds the choice; the list has the same with ``_more`` behind it.
    common : int
        How many are common.
    """
    # Not in a callback: a run of the page that is overtaken by the next one, as while a network trains, would
    # lose what it did, since the browser sends its own old state along. So each run looks for itself.
    picked = st.session_state.get(f"{key}_more")
    if picked in options:
        st.session_state[key] = picked
    st.session_state[f"{key}_more"] = None
    chosen = st.session_state[key]
    shown = [option for number, option in enumerate(options) if number < common or option == chosen]
    others = [option for option in options if option not in shown]
    with st.container(gap="xsmall"):
        picked_pill = st.pills(
            label,
            shown,
            required=True,
            help=help_text,
            **kept(key),
        )
        if others:
            st.selectbox(
                f"More: {label.lower()}",
                others,
                index=None,
                key=f"{key}_more",
                placeholder=_placeholder(others),
                label_visibility="collapsed",
                help=help_text,
            )
    return picked_pill or chosen


def _placeholder(others: Sequence[str]) -> str:
    names = ", ".join(others[:NAMED_AT_MOST])
    return f"{len(others)} more: {names}" + (" ..." if len(others) > NAMED_AT_MOST else "")
