"""The table of all runs: search, order, pages and selection."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from engine.store.query import (
    SORT_COLUMNS,
    STATES,
    RunFilter,
    find_runs,
    get_runs,
    known_datasets,
)
from engine.store.row import RunRow
from engine.store.runs import tags_of
from engine.store.store import Store
from ui.shared.frame import page_store
from ui.shared.run_state import is_moving, state_of
from ui.shared.sparklines import spark_column, sparks
from ui.shared.text import format_layers, format_names, visible, when

ROWS_A_PAGE = 50
TABLE_HEIGHT = 420
PACE = 2.0
KINDS = {"active": False, "archived": True, "all": None}


def search_bar(store: Store) -> tuple[RunFilter, str, bool]:
    """Draw search and order; return the filter, the column to sort by, and whether it descends."""
    text = st.text_input(
        "Search",
        key="runs_text",
        placeholder="name, tag, note or number",
        max_chars=200,
        icon=":material/search:",
        width=260,
        on_change=_to_first_page,
        help="Runs whose name, tags or note contain this text, or whose number it is.",
        bind="query-params",
    )
    status = _choice("Status", "runs_status", STATES, "Status of the runs.")
    dataset = _choice("Data", "runs_dataset", tuple(known_datasets(store)), "Dataset of the runs.")
    kind = st.selectbox(
        "Show",
        list(KINDS),
        key="runs_kind",
        width=130,
        on_change=_to_first_page,
        help="Archived runs are kept but hidden from all lists.",
        bind="query-params",
    )
    sort = st.selectbox(
        "Sort by",
        list(SORT_COLUMNS),
        key="runs_sort",
        width=200,
        on_change=_to_first_page,
        help="Sorts all runs, not only this page; runs without a value come last.",
        bind="query-params",
    )
    descending = st.toggle(
        "Descending",
        value=True,
        key="runs_descending",
        on_change=_to_first_page,
        help="Highest first; sorted by number: newest first.",
        bind="query-params",
    )
    return RunFilter(text or "", status or "", dataset or "", KINDS[kind]), sort, descending


def _choice(title: str, key: str, options: tuple[str, ...], help_text: str) -> str | None:
    return st.selectbox(
        title,
        options,
        index=None,
        key=key,
        placeholder="any",
        width=140,
        format_func=visible,
        on_change=_to_first_page,
        help=help_text,
        bind="query-params",
    )


def _to_first_page() -> None:
    st.session_state["runs_page"] = 0


def selected_runs(store: Store) -> list[RunRow]:
    """Return the selected runs, on whatever page of the table they are."""
    rows = get_runs(store, st.session_state.get("runs_selected", []))
    st.session_state["runs_selected"] = [row.id for row in rows]
    return rows


def run_table(
    store: Store,
    wanted: RunFilter,
    sort: str,
    descending: bool,
    place: Callable[[RunFilter], None],
) -> tuple[list[RunRow], int]:
    """Draw one page of the table under what ``place`` draws; return its runs and how many were found."""
    page = st.session_state.setdefault("runs_page", 0)
    order = {"sort": sort, "descending": descending, "limit": ROWS_A_PAGE}
    rows, total = find_runs(store, wanted, **order, offset=page * ROWS_A_PAGE)
    if not rows and page:
        st.session_state["runs_page"] = page = max(0, (total - 1) // ROWS_A_PAGE)
        rows, total = find_runs(store, wanted, **order, offset=page * ROWS_A_PAGE)
    if total == 0 and wanted.is_open:
        return [], 0
    place(wanted)
    if rows:
        _draw(store, rows)
        _pages(page, len(rows), total)
    else:
        st.info("No run matches. Clear the search, or show archived runs.", icon=":material/search_off:")
    return rows, total


def _draw(store: Store, rows: list[RunRow]) -> None:
    ids = [row.id for row in rows]
    selected = set(st.session_state["runs_selected"])
    st.session_state["runs_listed"] = ids
    places = [place for place, run_id in enumerate(ids) if run_id in selected]
    st.session_state["runs_table"] = {"selection": {"rows": places}}
    lines = sparks(store, rows)
    st.dataframe(
        pd.DataFrame([_table_row(row, lines[row.id]) for row in rows]),
        hide_index=True,
        height=min(35 * (len(rows) + 1) + 3, TABLE_HEIGHT),
        on_select=_take_selection,
        selection_mode="multi-row",
        key="runs_table",
        placeholder="–",
        column_config=_columns(),
        alt="table of runs; select runs to work on",
    )


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "run": column.NumberColumn("run", width=60, format="%d", pinned=True),
        "name": column.TextColumn("name", width=170),
        "tags": column.ListColumn("tags", width=150),
        "state": column.TextColumn("state", width=95),
        "curve": spark_column(),
        "validation loss": column.NumberColumn(format="%.4g"),
        "best": column.NumberColumn("best", format="%.4g", help="Lowest validation loss of the curve."),
        "score": column.NumberColumn(
            "score",
            format="%.4g",
            help="Validation accuracy (a fraction), or R² for regression.",
        ),
        "learning rate": column.NumberColumn(format="%g"),
        "done": column.ProgressColumn("done", format="percent", width=90),
        "training": column.NumberColumn("training", format="%.1f s", help="Time spent training."),
        "note": column.TextColumn("note", width=220),
    }


def _table_row(row: RunRow, curve: list[float]) -> dict[str, Any]:
    config = row.config if row.has_settings else {}
    sizes = config.get("hidden_sizes")
    return {
        "run": row.id,
        "name": visible(row.name),
        "tags": [visible(tag) for tag in tags_of(row.tags)],
        "state": state_of(row) + (" (archived)" if row.archived else ""),
        "curve": curve,
        "validation loss": row.val_loss,
        "best": row.best_val_loss,
        "score": row.val_score,
        "data": config.get("dataset", "–"),
        "layers": "–" if sizes is None else format_layers(sizes),
        "activation": format_names(config.get("activation", "–")),
        "optimizer": config.get("optimizer", "–"),
        "learning rate": config.get("learning_rate"),
        "done": row.done,
        "training": row.seconds,
        "parent": "" if row.parent_run is None else f"run {row.parent_run}",
        "started": when(row.created_at),
        "note": visible(row.note, 200),
    }


def _take_selection() -> None:
    """Take over the selection of this page; that of other pages stays."""
    listed = st.session_state["runs_listed"]
    picked = st.session_state["runs_table"]["selection"]["rows"]
    elsewhere = [run_id for run_id in st.session_state["runs_selected"] if run_id not in set(listed)]
    st.session_state["runs_selected"] = [
        *elsewhere,
        *(listed[place] for place in picked if place < len(listed)),
    ]


def _pages(page: int, shown: int, total: int) -> None:
    first = page * ROWS_A_PAGE + 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{first:,} to {first + shown - 1:,} of {total:,} runs")
        if total > ROWS_A_PAGE:
            last = (total - 1) // ROWS_A_PAGE
            _turn("Previous", ":material/chevron_left:", "runs_previous", page - 1, page == 0)
            _turn("Next", ":material/chevron_right:", "runs_next", page + 1, page >= last)


def _turn(title: str, icon: str, key: str, page: int, disabled: bool) -> None:
    st.button(
        title,
        icon=icon,
        key=key,
        disabled=disabled,
        on_click=lambda: st.session_state.update(runs_page=page),
        help="Page of the table.",
    )


def watch(store: Store, rows: list[RunRow]) -> None:
    """Redraw the page when one of the shown runs has moved."""
    if is_moving(rows):
        seen = [(row.id, row.step, state_of(row)) for row in rows]
        st.fragment(_poll, run_every=PACE)([row.id for row in rows], seen)


def _poll(ids: list[int], seen: list[tuple[int, int, str]]) -> None:
    rows = get_runs(page_store(), ids)
    if [(row.id, row.step, state_of(row)) for row in rows] != seen:
        st.rerun()
