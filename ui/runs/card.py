"""One run on the Runs page: its name, tags, note and actions."""

import streamlit as st

from engine.config import ConfigError, parse_config
from engine.config.text import command_line
from engine.store import edit
from engine.store.branching import CAN_CONTINUE, continue_run, repeat_run
from engine.store.row import RunRow
from engine.store.store import Store, StoreError
from engine.workers.launcher import ensure_workers
from ui.shared.form_state import COPIED_FROM, fill_form
from ui.shared.run_state import settings_of, show_badge, state_of
from ui.shared.text import as_markdown, duration, number
from ui.shared.transport import resume_run

RESUMED = ("stopped", "failed", "interrupted", "paused")


def run_card(store: Store, row: RunRow) -> None:
    """Draw the card of a run: name, tags, note and actions."""
    with st.container(border=True, key="runs_card"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**Run {row.id}**")
            show_badge(row)
            st.caption(as_markdown(_facts(row)))
        _labels(store, row)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            _actions(store, row)
        if row.missing_plugin:
            st.caption(as_markdown(row.missing_plugin))
        elif row.has_settings:
            _reproduce(row)


def _facts(row: RunRow) -> str:
    facts = [f"epoch {row.epoch:,.4g}", f"{duration(row.seconds)} of training"]
    if row.has_settings:
        facts.insert(0, settings_of(row))
    if row.val_loss is not None:
        facts.append(f"validation loss {number(row.val_loss)}")
    if row.parent_run is not None:
        facts.append(f"continues run {row.parent_run} from step {row.branch_step:,}")
    if row.message:
        facts.append(row.message)
    return " · ".join(facts)


def _labels(store: Store, row: RunRow) -> None:
    for field, value in (("name", row.name), ("tag_list", row.tags), ("note", row.note)):
        st.session_state[f"runs_{field}"] = value
    left, right = st.columns(2)
    left.text_input(
        "Name",
        key="runs_name",
        max_chars=200,
        on_change=_save,
        args=(store, row.id),
        help="Shown in lists, legends and files.",
    )
    right.text_input(
        "Tags",
        key="runs_tag_list",
        max_chars=900,
        on_change=_save,
        args=(store, row.id),
        help="Separated by commas; the search finds them.",
    )
    st.text_area(
        "Note",
        key="runs_note",
        max_chars=10_000,
        height=80,
        on_change=_save,
        args=(store, row.id),
        help="Free text; the search finds it.",
    )


def _save(store: Store, run_id: int) -> None:
    edit.rename(store, run_id, st.session_state["runs_name"])
    edit.set_tags(store, run_id, edit.as_tags(st.session_state["runs_tag_list"]))
    edit.write_note(store, run_id, st.session_state["runs_note"])


def _actions(store: Store, row: RunRow) -> None:
    if st.button(
        "Open", icon=":material/open_in_full:", key="runs_open", help="Show this run on the Train page."
    ):
        st.switch_page("pages/train.py", query_params={"run": str(row.id)})
    st.button(
        "Resume",
        icon=":material/resume:",
        key="runs_resume",
        disabled=state_of(row) not in RESUMED,
        on_click=_resume,
        args=(store, row),
        help="Continue from the last checkpoint, with exactly the same result.",
    )
    if st.button(
        "Clone and edit",
        icon=":material/content_copy:",
        key="runs_clone",
        disabled=not row.can_be_built,
        help="Copy its settings into the form on the Train page.",
    ):
        fill_form(row.config)
        st.session_state["train_name"] = row.name
        st.session_state[COPIED_FROM] = row.id
        st.switch_page("pages/train.py", query_params={"run": str(row.id)})
    st.button(
        "Repeat",
        icon=":material/replay:",
        key="runs_repeat",
        disabled=not row.can_be_built,
        on_click=_start,
        args=(store, row.id, "repeats"),
        help="Train it again from the start, with the changes that were made while it trained.",
    )
    st.number_input(
        "More epochs",
        min_value=1,
        max_value=1_000_000,
        value=50,
        step=1,
        key="runs_epochs",
        width=140,
        help="Number of epochs that Continue adds.",
    )
    st.button(
        "Continue",
        icon=":material/fast_forward:",
        key="runs_continue",
        disabled=row.status not in CAN_CONTINUE or bool(row.missing_plugin),
        on_click=_start,
        args=(store, row.id, "continues"),
        help="Train a new run from where this one ended: same weights, optimizer state and order of rows. "
        "The curves so far are copied. A run that stopped early continues from its last weights, with new "
        "patience.",
    )


def _resume(store: Store, row: RunRow) -> None:
    if asked := resume_run(store, row):
        st.session_state["runs_report"] = {"done": "", "refused": [asked]}


def _start(store: Store, run_id: int, how: str) -> None:
    try:
        if how == "continues":
            child = continue_run(store, run_id, int(st.session_state["runs_epochs"]))
        else:
            child = repeat_run(store, run_id)
    except (StoreError, ConfigError) as error:
        st.session_state["runs_report"] = {"done": "", "refused": [str(error)]}
        return
    ensure_workers(store.url)
    st.session_state["runs_selected"] = [child]
    st.session_state["runs_report"] = {"done": f"run {child} {how} run {run_id}", "refused": []}


def _reproduce(row: RunRow) -> None:
    with st.expander("Reproduce", icon=":material/terminal:", key="runs_reproduce"):
        st.caption("The command that trains it again, and the addresses that show it.")
        st.code(command_line(parse_config(row.config)), language="sh", wrap_lines=True)
        base = (st.context.url or "").split("?")[0].rpartition("/")[0]
        st.code(f"{base}/train?run={row.id}\n{base}/compare?runs={row.id}", language=None, wrap_lines=True)
