"""Runs: find, name, continue, export, archive and delete."""

import streamlit as st

from engine.config import parse_config
from ui.runs.actions import action_bar, ask_before_deleting, show_report
from ui.runs.card import run_card
from ui.runs.files import import_popover
from ui.runs.search import choose_columns, group_seeds, search_bar, show_filter_error
from ui.runs.table import run_table, selected_runs, watch
from ui.shared.frame import page_store
from ui.shared.transport import launch
from ui.shared.widgets import empty_page


def start_example() -> None:
    """Train the default network."""
    launch(store, parse_config({}))


store = page_store()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="runs_search"):
    wanted = search_bar(store)
    columns = choose_columns()
    grouped = group_seeds()
    import_popover(store)
show_report()
if wanted is None:
    show_filter_error()
    st.stop()
selected = selected_runs(store)
rows, total = run_table(
    store, wanted, columns, grouped, place=lambda found: action_bar(store, selected, found)
)
ask_before_deleting(store)
if len(selected) == 1:
    run_card(store, selected[0])
elif total == 0 and wanted.is_open:
    empty_page(
        "No runs yet",
        "Every training run is kept here with its curves, weights and settings.",
        "Train an example",
        "runs_example",
        start_example,
    )
watch(store, rows)
