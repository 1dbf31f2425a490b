"""Actions on all selected runs: compare, tag, archive, delete, export."""

import streamlit as st

from engine.store.edit import change_tags, delete_runs, set_archived
from engine.store.query import RunFilter, find_ids
from engine.store.row import RunRow
from engine.store.store import Store
from ui.runs.files import export_popover
from ui.shared.run_picker import ADDRESSED_AT_MOST
from ui.shared.text import as_markdown, count, visible

NAMED_AT_MOST = 8


def action_bar(store: Store, selected: list[RunRow], wanted: RunFilter) -> None:
    """Draw the actions on the selected runs; they stay in place, disabled, when none is."""
    ids, none = [row.id for row in selected], not selected
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_actions"):
        if st.button(
            "Compare",
            icon=":material/stacked_line_chart:",
            key="runs_compare",
            type="primary",
            disabled=none or len(ids) > ADDRESSED_AT_MOST,
            help=f"Overlay the curves of the selected runs ({ADDRESSED_AT_MOST} at most).",
        ):
            st.switch_page("pages/compare.py", query_params={"runs": ",".join(map(str, ids))})
        _tag_popover(store, ids)
        export_popover(store, selected)
        puts_back = not none and all(row.archived for row in selected)
        st.button(
            "Unarchive" if puts_back else "Archive",
            icon=":material/unarchive:" if puts_back else ":material/archive:",
            key="runs_archive",
            disabled=none,
            on_click=_archive,
            args=(store, ids, not puts_back),
            help="Hide the selected runs from all lists, or show them again. Nothing is lost.",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            key="runs_delete",
            disabled=none,
            on_click=lambda: st.session_state.update(runs_asking=ids),
            help="Delete the selected runs permanently, after one confirmation.",
        )
        st.button(
            "Select all results",
            icon=":material/done_all:",
            key="runs_select_all",
            type="tertiary",
            on_click=lambda: st.session_state.update(runs_selected=find_ids(store, wanted)),
            help="Select every run that matches the search, on all pages of the table.",
        )
        st.button(
            "Clear selection",
            icon=":material/remove_done:",
            key="runs_clear",
            type="tertiary",
            disabled=none,
            on_click=lambda: st.session_state.update(runs_selected=[]),
            help="Clear the selection.",
        )
        st.caption(f"{len(ids):,} selected" if ids else "Select runs in the table.")


def _tag_popover(store: Store, ids: list[int]) -> None:
    with st.popover("Tag", icon=":material/label:", key="runs_tag", disabled=not ids):
        st.text_input(
            "Tags",
            key="runs_tags",
            placeholder="baseline, week 3",
            max_chars=400,
            help="Separated by commas.",
        )
        with st.container(horizontal=True):
            st.button(
                "Add",
                key="runs_tags_add",
                on_click=_tag,
                args=(store, ids, True),
                type="primary",
                help="Add these tags to all selected runs.",
            )
            st.button(
                "Remove",
                key="runs_tags_remove",
                on_click=_tag,
                args=(store, ids, False),
                help="Remove these tags from all selected runs.",
            )


def _tag(store: Store, ids: list[int], is_added: bool) -> None:
    text = st.session_state["runs_tags"]
    change_tags(store, ids, add=text if is_added else "", remove="" if is_added else text)
    st.session_state["runs_tags"] = ""


def _archive(store: Store, ids: list[int], archived: bool) -> None:
    set_archived(store, ids, archived)
    st.session_state["runs_selected"] = []
    report(f"{count(len(ids), 'run')} {'archived' if archived else 'unarchived'}.")


def ask_before_deleting(store: Store) -> None:
    """Ask whether to delete, once; the question stays until it is answered or closed."""
    if st.session_state.get("runs_asking"):
        _question(store)


def _stop_asking() -> None:
    st.session_state.pop("runs_asking", None)


@st.dialog("Delete permanently?", icon=":material/delete:", on_dismiss=_stop_asking)
def _question(store: Store) -> None:
    ids = st.session_state.get("runs_asking", [])
    named = ", ".join(str(run_id) for run_id in ids[:NAMED_AT_MOST])
    rest = f" and {len(ids) - NAMED_AT_MOST:,} more" if len(ids) > NAMED_AT_MOST else ""
    st.write(
        f"{count(len(ids), 'run')} ({named}{rest}): records, weights, snapshots and notes will be deleted. "
        "This cannot be undone. To keep a copy, export a bundle first."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="runs_delete_no"):
            _stop_asking()
            st.rerun()
        if st.button("Delete", key="runs_delete_yes", type="primary", icon=":material/delete:"):
            deleted, refused = delete_runs(store, ids)
            _stop_asking()
            st.session_state["runs_selected"] = []
            report(f"{count(len(deleted), 'run')} deleted." if deleted else "", refused)
            st.rerun()


def report(done: str, refused: list[str] | None = None) -> None:
    """Have the page say once what was done and what was refused."""
    st.session_state["runs_report"] = {"done": done, "refused": refused or []}


def show_report() -> None:
    """Show what the last action did, once."""
    report = st.session_state.pop("runs_report", None)
    if report is None:
        return
    if report["done"]:
        st.toast(as_markdown(report["done"]), icon=":material/check:")
    refused = report["refused"]
    if refused:
        more = f" (and {len(refused) - 3} more)" if len(refused) > 3 else ""
        st.warning(
            as_markdown("; ".join(visible(text, 300) for text in refused[:3]) + more), icon=":material/info:"
        )
