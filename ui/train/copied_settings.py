"""The settings of a run copied into the form, and how the form differs from them since."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.config import ConfigError, RunConfig
from engine.config.twins import Differing, decided_settings, differing
from engine.store.row import RunRow
from engine.store.runs import NoSuchRun, load_run
from engine.store.store import Store
from ui.shared.form_state import COPIED_FROM, fill_form
from ui.shared.prepared_data import dataset_of, resolve_and_plan
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
        origin, dataset = load_run(store, run_id)
    except (NoSuchRun, ConfigError):
        return
    resolved, _ = resolve_and_plan(config)
    settings = [decided_settings(origin), decided_settings(resolved)]
    found = differing(settings, [dataset.facts, dataset_of(config).facts])
    st.caption(as_markdown(describe_changes(run_id, settings, found)))


def describe_changes(run_id: int, settings: Sequence[Mapping[str, Any]], found: Differing) -> str:
    """Say which choices differ from a run, by name with both values, and what follows from them.

    Parameters
    ----------
    settings : sequence of mapping
        Those of the run, then those of the form.
    """
    if not found.chosen:
        return f"Settings copied from run {run_id}. Change one to start a comparable run."
    old, new = settings
    changes = ", ".join(
        f"{name} {format_setting(old.get(name), 'off')} → {format_setting(new.get(name), 'off')}"
        for name in found.chosen
    )
    follow = f"; {', '.join(found.following)} {'follows' if len(found.following) == 1 else 'follow'}"
    more = follow if found.following else ""
    if len(found.chosen) == 1:
        return f"One setting differs from run {run_id}: {changes}{more}."
    return f"{count(len(found.chosen), 'setting')} differ from run {run_id}: {changes}{more}."
