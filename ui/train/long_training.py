"""Asks once before a training of more than an hour begins."""

import streamlit as st

from engine.config import ConfigError, RunConfig, config_from_json
from engine.store.store import Store
from engine.store.submit import prepare, with_seeds
from engine.training.estimates import LONG_SECONDS, rough_duration
from ui.shared.prepared_data import dataset_of
from ui.train.edits import ask_whole_page, start

# The configuration that was to be trained, as JSON, until the question is answered.
ASKED = "train_long_asked"


def start_or_ask(store: Store, config: RunConfig) -> None:
    """Train what the form describes, or have the page ask first where that takes more than an hour."""
    if _estimate(store, config)[1] > LONG_SECONDS:
        st.session_state[ASKED] = config.to_json()
        ask_whole_page()
    else:
        start(store, config)


def ask_where_long(store: Store) -> None:
    """Put the question that Start left open, until it is answered or closed."""
    if ASKED in st.session_state:
        _question(store)


def _estimate(store: Store, config: RunConfig) -> tuple[int, float]:
    """Return the steps of a run and about how many seconds of one core they take; 0 where it is refused."""
    try:
        batch = prepare(store, with_seeds(config, 1, dataset=dataset_of(config)))
    except ConfigError:
        return 0, 0.0  # starting it says why not
    return batch.total_steps, batch.seconds


def _stop_asking() -> None:
    st.session_state.pop(ASKED, None)


@st.dialog("A long training", icon=":material/schedule:", on_dismiss=_stop_asking)
def _question(store: Store) -> None:
    config = config_from_json(st.session_state[ASKED])
    steps, seconds = _estimate(store, config)
    st.write(
        f"{steps:,} steps take about {rough_duration(seconds)} of one core. "
        "The run can be paused and stopped at any time."
    )
    with st.container(horizontal=True):
        if st.button("Cancel", key="train_long_no"):
            _stop_asking()
            st.rerun()
        if st.button("Start anyway", type="primary", key="train_long_yes"):
            _stop_asking()
            start(store, config)
            st.rerun()
