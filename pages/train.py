"""Train: describe a network, start it, watch it learn."""

import streamlit as st

from engine.plugins.loading import refresh_plugins
from ui.live_chart import preload
from ui.shared.form_state import fill_form
from ui.shared.frame import page_store
from ui.shared.run_picker import pick_run
from ui.shared.text import as_markdown
from ui.train.class_link import (
    PRESET,
    hide_editing,
    link_button,
    linked_controls,
    take_linked_settings,
)
from ui.train.copied_settings import copy_settings, show_differences
from ui.train.draft import show_draft
from ui.train.edits import is_draft, start_button
from ui.train.form import config_form
from ui.train.lesson_beside import show_lesson_beside
from ui.train.live import show_run
from ui.train.long_training import ask_where_long, start_or_ask
from ui.train.presets import choose_preset
from ui.train.welcome import show_welcome

store = page_store()
take_linked_settings(store)
controls = linked_controls()
left, right = st.columns([5, 2], vertical_alignment="center")
with right.container(horizontal=True, vertical_alignment="center", gap="small", key="train_choice"):
    row = pick_run(store, "train_run", newest=True)
    if row is not None and row.can_be_built:
        st.button(
            "Copy",
            icon=":material/content_copy:",
            key="train_copy",
            on_click=copy_settings,
            args=(row,),
            help="Copy the settings of this run into the form. Change one and start a comparable run.",
        )
notes = st.container(key="train_notes", gap="small")
bar = left.container(horizontal=True, vertical_alignment="center", gap="small", key="train_bar")
with bar:
    # Where the form is folded away, on a narrow screen, the button stands with the others.
    narrow = st.empty()
if "train_dataset" not in st.session_state and row is not None and row.can_be_built:
    fill_form(row.config)
# The run before the form, whose many settings would otherwise be drawn first and keep the browser busy.
draft = is_draft(row)
if row is not None and not draft:
    show_run(row, bar)
with st.sidebar.container(gap="xsmall", key="train_form"):
    place = st.container(key="train_start_place")
    if controls is None or PRESET in controls:
        choose_preset()
    config, sentence = config_form(controls)
    if controls is None:
        link_button(config, row)
with place:
    start_button(store, config, "train_start", start_or_ask, shortcut="Alt+Enter")
with narrow:
    start_button(store, config, "train_start_narrow", start_or_ask)
ask_where_long(store)
with notes:
    if config is not None:
        show_differences(store, config)
    sentence = sentence or st.session_state.pop("train_refused", "")
    if sentence:
        st.error(as_markdown(sentence), icon=":material/error:")
    for broken in refresh_plugins():
        st.warning(as_markdown(f"plugin not loaded: {broken}"), icon=":material/extension_off:")
if draft and config is not None:
    show_draft(store, config, row, bar)
elif draft and row is not None:
    show_run(row, bar)
elif row is None and "run" not in st.query_params:
    show_welcome(store, bar)
elif row is None:
    preload()
show_lesson_beside()
if controls is not None:
    hide_editing(controls)
