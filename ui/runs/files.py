"""Export of runs to files, and import."""

import streamlit as st

from engine.exchange.export import FORMATS, exported
from engine.exchange.imports import BadFile, import_file
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.text import as_markdown, visible
from ui.shared.widgets import kept


def export_popover(store: Store, selected: list[RunRow]) -> None:
    """Draw the formats in which the selected runs can be downloaded."""
    with st.popover("Export", icon=":material/download:", key="runs_export", disabled=not selected):
        chosen = st.selectbox(
            "Format",
            list(FORMATS),
            format_func=lambda name: FORMATS[name].title,
            help="CSV (long), Parquet and bundles can be imported again.",
            **kept("runs_format"),
        )
        form = FORMATS[chosen]
        st.caption(f"{form.description[0].upper()}{form.description[1:]}.")
        safe = st.toggle(
            "For spreadsheets",
            key="runs_spreadsheet",
            disabled=form.mime != "text/csv",
            help="Put an apostrophe before names that a spreadsheet would read as a formula.",
        )
        without = [row.id for row in selected if row.status == "imported" or row.step == 0]
        unknown = next((row.missing_plugin for row in selected if row.missing_plugin), "")
        is_refused = chosen == "npz" and bool(without or unknown)
        if is_refused and unknown:
            st.caption(as_markdown(unknown))
        elif is_refused:
            st.caption(f"Run {without[0]} has no weights: it was imported, or has not started.")
        ids = [row.id for row in selected]
        stamp = "_".join(map(str, ids[:10])) + (f"_and_{len(ids) - 10}_more" if len(ids) > 10 else "")
        st.download_button(
            "Download",
            data=lambda: exported(store, ids, chosen, spreadsheet_safe=safe),
            file_name=f"{chosen}_runs_{stamp}.{form.ending}",
            mime=form.mime,
            icon=":material/download:",
            key="runs_download",
            type="primary",
            on_click="ignore",
            disabled=not ids or is_refused,
            help="Creates the file and downloads it.",
        )


def import_popover(store: Store) -> None:
    """Draw the upload of exported runs."""
    with (
        st.popover("Import", icon=":material/upload:", key="runs_import"),
        st.form("runs_import_form", clear_on_submit=True, border=False),
    ):
        st.file_uploader(
            "Exported runs",
            type=["csv", "parquet", "zip"],
            accept_multiple_files=True,
            key="runs_files",
            help="CSV (long) and Parquet restore the curves, bundles whole runs.",
        )
        st.form_submit_button(
            "Import",
            key="runs_import_now",
            type="primary",
            on_click=_import_files,
            args=(store,),
            help="Checks each file and stores its runs; a bad file changes nothing.",
        )


def _import_files(store: Store) -> None:
    numbers: list[int] = []
    refused: list[str] = []
    for file in st.session_state.get("runs_files") or []:
        try:
            numbers += import_file(store, file.getvalue())
        except BadFile as error:
            refused.append(f"{visible(file.name)}: {error}")
    done = f"imported as {'run' if len(numbers) == 1 else 'runs'} {', '.join(map(str, numbers[:8]))}"
    st.session_state["runs_report"] = {"done": done if numbers else "", "refused": refused}
    if numbers:
        st.session_state["runs_selected"] = numbers
