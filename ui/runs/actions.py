"""Actions on all selected runs: compare, tag, archive, delete, export."""

import streamlit as st

from engine.store.edit import change_tags, delete_runs, set_archived
from engine.store.query import RunFilter, find_ids
from engine.store.row import RunRow
from engine.store.store import Store
from ui.runs.files import export_popover
from ui.shared.run_picker import ASKED_AT_MOST
from ui.shared.text import as_markdown, visible

NAMED_AT_MOST = 8


def action_bar(store: Store, ticked: list[RunRow], wanted: RunFilter) -> None:
    """Draw what can be done with the ticked runs; it stays in place, asleep, when none is."""
    ids, none = [row.id for row in ticked], not ticked
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_actions"):
        if st.button(
            "Compare",
            icon=":material/stacked_line_chart:",
            key="runs_compare",
            type="primary",
            disabled=none or len(ids) > ASKED_AT_MOST,
            help=f"Lay the curves of the ticked runs over each other ({ASKED_AT_MOST} at most).",
        ):
            st.switch_page("pages/compare.py", query_params={"runs": ",".join(map(str, ids))})
        _tag_popover(store, ids)
        export_popover(store, ticked)
        puts_back = not none and all(row.archived for row in ticked)
        st.button(
            "Unarchive" if puts_back else "Archive",
            icon=":material/unarchive:" if puts_back else ":material/archive:",
            key="runs_archive",
            disabled=none,
            on_click=_archive,
            args=(store, ids, not puts_back),
            help="Take the ticked runs out of all lists, or put them back. Nothing is lost.",
        )
        st.button(
            "Delete",
            icon=":material/delete:",
            key="runs_delete",
            disabled=none,
            on_click=lambda: st.session_state.update(runs_asking=ids),
            help="Delete the ticked runs for good; you are asked once.",
        )
        st.button(
            "Tick all found",
            icon=":material/done_all:",
            key="runs_tick_all",
            type="tertiary",
            on_click=lambda: st.session_state.update(runs_ticked=find_ids(store, wanted)),
            help="Tick every run that the search finds, on all pages of the table.",
        )
        st.button(
            "Untick",
            icon=":material/remove_done:",
            key="runs_untick",
            type="tertiary",
            disabled=none,
            on_click=lambda: st.session_state.update(runs_ticked=[]),
            help="Untick all runs.",
        )
        st.caption(f"{len(ids):,} ticked" if ids else "Tick runs in the table to work on them.")


def _tag_popover(store: Store, ids: list[int]) -> None:
    with st.popover("Tag", icon=":material/label:", key="runs_tag", disabled=not ids):
        st.text_input(
            "Tags",
            key="runs_tags",
            placeholder="baseline, week 3",
            max_chars=400,
            help="Separate several with commas.",
        )
        with st.container(horizontal=True):
            st.button(
                "Add",
                key="runs_tags_add",
                on_click=_tag,
                args=(store, ids, True),
                type="primary",
                help="Give these tags to all ticked runs.",
            )
            st.button(
                "Remove",
                key="runs_tags_remove",
                on_click=_tag,
                args=(store, ids, False),
                help="Take these tags from all ticked runs.",
            )


def _tag(store: Store, ids: list[int], is_added: bool) -> None:
    text = st.session_state["runs_tags"]
    change_tags(store, ids, add=text if is_added else "", remove="" if is_added else text)
    st.session_state["runs_tags"] = ""


def _archive(store: Store, ids: list[int], archived: bool) -> None:
    set_archived(store, ids, archived)
    st.session_state["runs_ticked"] = []
    tell(f"{_counted(len(ids))} {'archived' if archived else 'put back into the lists'}.")


def ask_before_deleting(store: Store) -> None:
    """Ask whether to delete, once; the question stays until it is answered or closed."""
    if st.session_state.get("runs_asking"):
        _question(store)


def _stop_asking() -> None:
    st.session_state.pop("runs_asking", None)


@st.dialog("Delete for good?", icon=":material/delete:", on_dismiss=_stop_asking)
def _question(store: Store) -> None:
    ids = st.session_state.get("runs_asking", [])
    named = ", ".join(str(run_id) for run_id in ids[:NAMED_AT_MOST])
    rest = f" and {len(ids) - NAMED_AT_MOST:,} more" if len(ids) > NAMED_AT_MOST else ""
    st.write(
        f"{_counted(len(ids))} ({named}{rest}): records, weights, snapshots and notes are deleted. "
        "This cannot be undone; a bundle of them could be exported first."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="runs_delete_no"):
            _stop_asking()
            st.rerun()
        if st.button("Delete", key="runs_delete_yes", type="primary", icon=":material/delete:"):
            deleted, refused = delete_runs(store, ids)
            _stop_asking()
            st.session_state["runs_ticked"] = []
            tell(f"{_counted(len(deleted))} deleted." if deleted else "", refused)
            st.rerun()


def tell(done: str, refused: list[str] | None = None) -> None:
    """Have the page say once what was done, and what was not."""
    st.session_state["runs_told"] = {"done": done, "refused": refused or []}


def tell_what_was_done() -> None:
    """Say what the last action did."""
    told = st.session_state.pop("runs_told", None)
    if told is None:
        return
    if told["done"]:
        st.toast(as_markdown(told["done"]), icon=":material/check:")
    refused = told["refused"]
    if refused:
        more = f" (and {len(refused) - 3} more)" if len(refused) > 3 else ""
        st.warning(
            as_markdown("; ".join(visible(text, 300) for text in refused[:3]) + more), icon=":material/info:"
        )


def _counted(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"
