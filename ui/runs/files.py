"""Export of runs to files, and import."""

import streamlit as st

from engine.exchange.export import FORMATS, exported
from engine.exchange.imports import BadFile, import_file
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.text import as_markdown, visible


def export_popover(store: Store, ticked: list[RunRow]) -> None:
    """Draw the formats in which the ticked runs can be downloaded."""
    with st.popover("Export", icon=":material/download:", key="runs_export", disabled=not ticked):
        chosen = st.selectbox(
            "Format",
            list(FORMATS),
            key="runs_format",
            format_func=lambda name: FORMATS[name].title,
            help="CSV (long), Parquet and bundles can be imported again.",
            persist_state="session",
        )
        described = FORMATS[chosen]
        st.caption(f"{described.description[0].upper()}{described.description[1:]}.")
        safe = st.toggle(
            "For spreadsheets",
            key="runs_spreadsheet",
            disabled=described.mime != "text/csv",
            help="Put an apostrophe before names that a spreadsheet would take for a formula.",
        )
        without = [row.id for row in ticked if row.status == "imported" or row.step == 0]
        unknown = next((row.missing_plugin for row in ticked if row.missing_plugin), "")
        lacks = chosen == "npz" and bool(without or unknown)
        if lacks and unknown:
            st.caption(as_markdown(unknown))
        elif lacks:
            st.caption(f"Run {without[0]} has no weights: it was not trained here yet.")
        ids = [row.id for row in ticked]
        stamp = "_".join(map(str, ids[:10])) + (f"_and_{len(ids) - 10}_more" if len(ids) > 10 else "")
        st.download_button(
            "Download",
            data=lambda: exported(store, ids, chosen, spreadsheet_safe=safe),
            file_name=f"{chosen}_runs_{stamp}.{described.ending}",
            mime=described.mime,
            icon=":material/download:",
            key="runs_download",
            type="primary",
            on_click="ignore",
            disabled=not ids or lacks,
            help="The file is made when you press.",
        )


def import_popover(store: Store) -> None:
    """Draw where exported runs are brought back."""
    with (
        st.popover("Import", icon=":material/upload:", key="runs_import"),
        st.form("runs_import_form", clear_on_submit=True, border=False),
    ):
        st.file_uploader(
            "Exported runs",
            type=["csv", "parquet", "zip"],
            accept_multiple_files=True,
            key="runs_files",
            help="CSV (long) and Parquet bring the curves back, bundles whole runs.",
        )
        st.form_submit_button(
            "Import",
            key="runs_import_now",
            type="primary",
            on_click=_import_files,
            args=(store,),
            help="Check the files throughout, then store their runs; a bad file changes nothing.",
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
    st.session_state["runs_told"] = {"done": done if numbers else "", "refused": refused}
    if numbers:
        st.session_state["runs_ticked"] = numbers
