"""Train: describe a network, start it, watch it learn."""

import streamlit as st

from engine.config import parse_config
from engine.plugins.loading import refresh_plugins
from ui.live_chart import preload
from ui.shared.form_state import fill_form
from ui.shared.frame import page_store
from ui.shared.run_picker import pick_run
from ui.shared.text import as_markdown
from ui.shared.transport import start_run
from ui.shared.widgets import empty_page
from ui.train.copied_settings import copy_settings, show_differences
from ui.train.form import config_form
from ui.train.live import show_run
from ui.train.presets import choose_preset

store = page_store()
left, right = st.columns([3, 1], vertical_alignment="center")
with right.container(horizontal=True, vertical_alignment="center", gap="small"):
    row = pick_run(store, "train_run")
    if row is not None and row.can_be_built:
        st.button(
            "Copy settings",
            icon=":material/content_copy:",
            key="train_copy",
            on_click=copy_settings,
            args=(row,),
            help="Copy the settings of this run into the form. Change one and start a comparable run.",
        )
if "train_dataset" not in st.session_state and row is not None and row.can_be_built:
    fill_form(row.config)
with st.sidebar:
    choose_preset()
    config, sentence = config_form()
bar = left.container(horizontal=True, vertical_alignment="center", gap="small", key="train_bar")
bar.button(
    "Start",
    icon=":material/play_arrow:",
    type="primary",
    key="train_start",
    shortcut="Alt+Enter",
    on_click=start_run,
    args=(store, config),
    disabled=config is None,
    help="Train a new run with the settings on the left.",
)
if config is not None:
    show_differences(store, config)
sentence = sentence or st.session_state.pop("train_refused", "")
if sentence:
    st.error(as_markdown(sentence), icon=":material/error:")
for broken in refresh_plugins():
    st.warning(as_markdown(f"plugin not loaded: {broken}"), icon=":material/extension_off:")
if row is not None:
    show_run(row, bar)
else:
    preload()
if row is None and "run" not in st.query_params:
    empty_page(
        "Watch a network learn",
        "Two moons, two hidden layers, backpropagation in NumPy. Train the example and watch loss, "
        "gradients and decision boundary; then change one setting and compare.",
        "Train the example",
        "train_example",
        start_run,
        (store, parse_config({})),
    )
