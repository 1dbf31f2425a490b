"""Runs: find, name, continue, export, archive and delete."""

import streamlit as st

from engine.config import parse_config
from ui.runs.actions import action_bar, ask_before_deleting, tell_what_was_done
from ui.runs.card import run_card
from ui.runs.files import import_popover
from ui.runs.table import run_table, search_bar, ticked_runs, watch
from ui.shared.frame import page_store
from ui.shared.transport import launch


def start_example() -> None:
    """Train the default network."""
    launch(store, parse_config({}))


store = page_store()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="runs_search"):
    wanted, sort, descending = search_bar(store)
    import_popover(store)
tell_what_was_done()
ticked = ticked_runs(store)
rows, total = run_table(store, wanted, sort, descending, place=lambda found: action_bar(store, ticked, found))
ask_before_deleting(store)
if len(ticked) == 1:
    run_card(store, ticked[0])
elif total == 0 and wanted.is_open:
    with st.container(border=True, horizontal_alignment="center"):
        st.subheader("No runs yet")
        st.write("Every training leaves a run here, with its curves, weights and settings.")
        st.button(
            "Train the example",
            icon=":material/play_arrow:",
            type="primary",
            key="runs_example",
            on_click=start_example,
        )
watch(store, rows)
