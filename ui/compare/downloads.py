"""What can be taken along of a comparison: records as CSV files."""

import streamlit as st

from engine.exchange.export import layers_csv, metrics_csv
from engine.store.store import Store
from ui.shared.widgets import kept


def download_buttons(store: Store, run_ids: list[int]) -> None:
    """Draw what the records of the runs are downloaded by."""
    stamp = "_".join(str(run_id) for run_id in run_ids[:10])
    safe = bool(st.session_state.get("compare_spreadsheet"))
    st.download_button(
        "Metrics CSV",
        data=lambda: metrics_csv(store, run_ids, spreadsheet_safe=safe),
        file_name=f"metrics_runs_{stamp}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="compare_metrics_csv",
        on_click="ignore",
        help="Every record of the chosen runs, in full precision.",
    )
    st.download_button(
        "Layers CSV",
        data=lambda: layers_csv(store, run_ids, spreadsheet_safe=safe),
        file_name=f"layers_runs_{stamp}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="compare_layers_csv",
        on_click="ignore",
        help="The statistics of every layer at every record of the chosen runs.",
    )
    st.toggle(
        "For spreadsheets",
        help="Put an apostrophe before names that a spreadsheet would read as a formula.",
        **kept("compare_spreadsheet"),
    )
