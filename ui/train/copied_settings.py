"""The settings of a run copied into the form, and how the form differs from them since."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.config import ConfigError, RunConfig
from engine.config.twins import differences
from engine.store.row import RunRow
from engine.store.runs import NoSuchRun, load_run
from engine.store.store import Store
from ui.shared.form_state import COPIED_FROM, fill_form
from ui.shared.prepared_data import resolve_and_plan
from ui.shared.text import as_markdown, count, format_setting


def copy_settings(origin: RunRow) -> None:
    """Put a run's settings into the form and remember whose they are."""
    fill_form(origin.config)
    st.session_state[COPIED_FROM] = origin.id


def show_differences(store: Store, config: RunConfig) -> None:
    """Say how the form differs from the run whose settings were copied, both resolved."""
    run_id = st.session_state.get(COPIED_FROM)
    if run_id is None:
        return
    try:
        origin, _ = load_run(store, run_id)
    except (NoSuchRun, ConfigError):
        return
    resolved, _ = resolve_and_plan(config)
    st.caption(as_markdown(describe_differences(run_id, differences(origin, resolved))))


def describe_differences(run_id: int, differing: Mapping[str, tuple[Any, Any]]) -> str:
    """Return which settings differ from a run, by name with both values."""
    if not differing:
        return f"Settings copied from run {run_id}. Change one to start a comparable run."
    changes = ", ".join(
        f"{name} {format_setting(old, 'off')} → {format_setting(new, 'off')}"
        for name, (old, new) in differing.items()
    )
    if len(differing) == 1:
        return f"One setting differs from run {run_id}: {changes}."
    return f"{count(len(differing), 'setting')} differ from run {run_id}: {changes}."
