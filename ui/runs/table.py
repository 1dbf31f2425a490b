"""The table of all runs: groups of seeds that open, an order by any column, pages and selection.

A table of our own: Streamlit's sorts in the browser, so only what is shown, and tells nobody; its rows do not
open. This one sorts all runs in the store; its order, columns and open groups are in the address.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.components.v2 import component

from engine.store.groups import SeedGroup, seed_groups
from engine.store.query import RunFilter, find_runs, get_runs
from engine.store.row import RunRow
from engine.store.store import Store
from ui.live_chart.assets import Script
from ui.runs.best import Best, best_line, best_runs
from ui.runs.columns import CURVE, CURVES_AT_MOST
from ui.runs.lines import in_lines, shown_runs, single, table_message
from ui.runs.view import View, current_view, note_serial, show_columns, take_order
from ui.shared.frame import page_store
from ui.shared.run_state import is_moving, state_of
from ui.shared.sparklines import sparks
from ui.shared.text import count

# 300 runs are 126 KB, 17 KB as they are packed for the browser, and 14 ms to make.
LINES_A_PAGE = 500
# Beyond it the settings of all runs would be compared at each look.
GROUPED_AT_MOST = 1000
LINE_HEIGHT, TABLE_HEIGHT = 34, 540
PACE = 2.0
FAILED = "runs_table_script_failed"
HERE = Path(__file__).parent
SCRIPT = Script("runs_table", [HERE / name for name in ("table.css", "cells.js", "head.js", "table.js")])
COMPONENT = component(
    "backprop_lab_runs_table", html='<div class="runs-table"></div>', js=SCRIPT.loader, isolate_styles=False
)


def selected_runs(store: Store) -> list[RunRow]:
    """Return the selected runs, on whatever page of the table they are."""
    rows = get_runs(store, st.session_state.get("runs_selected", []))
    st.session_state["runs_selected"] = [row.id for row in rows]
    return rows


def run_table(
    store: Store,
    wanted: RunFilter,
    columns: Sequence[str],
    grouped: bool,
    place: Callable[[RunFilter], None],
) -> tuple[list[RunRow], int]:
    """Draw one page of the table under what ``place`` draws; return its runs and how many were found."""
    view = current_view()
    lines, best, total, lines_in_all = _page_of_lines(store, wanted, view, grouped)
    if total == 0 and wanted.is_open:
        return [], 0
    place(wanted)
    if not lines:
        st.info(
            "No run matches. Clear the search and the filter, or show archived runs.",
            icon=":material/search_off:",
        )
        return [], 0
    best_line(best)
    _draw(store, lines, columns, view, best)
    _pages(len(lines), lines_in_all, total)
    return [row for group in lines for row in group.rows], total


def _page_of_lines(
    store: Store, wanted: RunFilter, view: View, grouped: bool
) -> tuple[list[SeedGroup], list[Best], int, int]:
    """Return one page of lines, the best runs, how many runs match, and how many lines they make."""
    order = {"sort": view["sort"], "descending": view["descending"]}
    rows, total = find_runs(store, wanted, **order, limit=GROUPED_AT_MOST)
    page = st.session_state.setdefault("runs_page", 0)
    if total > GROUPED_AT_MOST:
        page = st.session_state["runs_page"] = min(page, (total - 1) // LINES_A_PAGE)
        start, end = page * LINES_A_PAGE, (page + 1) * LINES_A_PAGE
        shown = rows[start:end]
        if end > len(rows):
            shown, total = find_runs(store, wanted, **order, limit=LINES_A_PAGE, offset=start)
        return single(shown), [], total, total
    oldest_first = sorted(rows, key=lambda row: row.id)
    lines = in_lines(seed_groups(store, oldest_first), **order) if grouped else single(rows)
    page = st.session_state["runs_page"] = min(page, max(0, len(lines) - 1) // LINES_A_PAGE)
    shown = lines[page * LINES_A_PAGE : (page + 1) * LINES_A_PAGE]
    return shown, best_runs(store, rows), total, len(lines)


def _draw(
    store: Store, lines: Sequence[SeedGroup], columns: Sequence[str], view: View, best: Sequence[Best]
) -> None:
    drawn = shown_runs(lines, view["open"], CURVES_AT_MOST) if CURVE in columns else []
    message = table_message(
        lines,
        columns,
        view,
        selected=set(st.session_state["runs_selected"]),
        best={each.row.id: each.sentence for each in best},
        curves=sparks(store, drawn),
    )
    height = min(LINE_HEIGHT * (len(message["lines"]) + 1) + 14, TABLE_HEIGHT)
    if FAILED in st.session_state:
        _show_plainly(message)
        return
    SCRIPT.serve()
    COMPONENT(
        key="runs_table",
        data={**message, "height": height},
        height=height,
        on_view_change=lambda: take_order(_event("view")),
        on_columns_change=lambda: show_columns(_event("columns").get("columns") or []),
        on_select_change=_take_selection,
        on_failed_change=lambda: st.session_state.update({FAILED: True}),
    )


def _show_plainly(message: dict[str, Any]) -> None:
    """Show the table's text without its script."""
    heads = [column["title"] for column in message["columns"]]
    texts = [[each if isinstance(each, str) else "" for each in line["cells"]] for line in message["lines"]]
    st.dataframe(pd.DataFrame(texts, columns=heads), hide_index=True, height=TABLE_HEIGHT, key="runs_plain")
    st.caption("The table's script did not load: rows cannot be selected. Reload the page to retry.")


def _event(name: str) -> dict[str, Any]:
    """Return what the browser sent with an event, nothing where that is no object."""
    sent = st.session_state["runs_table"].get(name)
    return sent if isinstance(sent, dict) else {}


def _take_selection() -> None:
    """Take over the selection of this page; that of other pages stays."""
    sent = _event("select")
    listed, picked = (
        [run_id for run_id in sent.get(name) or [] if isinstance(run_id, int)]
        for name in ("listed", "picked")
    )
    shown = set(listed)
    elsewhere = [run_id for run_id in st.session_state["runs_selected"] if run_id not in shown]
    st.session_state["runs_selected"] = [*elsewhere, *(run_id for run_id in picked if run_id in shown)]
    note_serial(current_view(), sent)


def _pages(shown: int, lines: int, total: int) -> None:
    page = st.session_state["runs_page"]
    first = page * LINES_A_PAGE + 1
    what = count(total, "run") if lines == total else f"{count(lines, 'row')}, {count(total, 'run')}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{first:,} to {first + shown - 1:,} of {what}")
        if total > GROUPED_AT_MOST:
            st.caption(f"Seeds are grouped and best runs marked for up to {GROUPED_AT_MOST:,} runs.")
        if lines > LINES_A_PAGE:
            last = (lines - 1) // LINES_A_PAGE
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
