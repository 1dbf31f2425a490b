"""The first page of an empty store: a trained example that moves, and three doors."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import parse_config
from engine.store.records import RecordBuffer, Series
from engine.store.store import Store
from engine.training.model import initial_state
from engine.training.trainer import train
from ui.replay.frames_cache import frames_of
from ui.shared.cache import built_once
from ui.shared.loss_text import assess
from ui.shared.output_figure import scalars_frame
from ui.shared.prepared_data import dataset_of, resolve_and_plan
from ui.shared.widgets import OWN_TABLES
from ui.stage import Stage, resend_stage, show_stage
from ui.train.doors import start_failing
from ui.train.edits import apply_edit, ask_whole_page, start
from ui.train.live import STAGE, show_controls
from ui.train.redrawn import redraw
from ui.train.run_stage import (
    activation_names,
    built_cards,
    cards_from,
    choices_of,
    choose,
    editable_layers,
    records_at,
)

EXAMPLE: dict[str, Any] = {}


def show_welcome(store: Store, bar: DeltaGenerator) -> None:
    """Show what a newcomer can do, and the example on the stage."""
    resend_stage(STAGE)
    show_controls(store, None, bar)
    redraw(_example_stage, store)


def _example_stage(store: Store) -> None:
    doors = st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_doors")
    with doors:
        st.button(
            "Watch it learn",
            icon=":material/play_circle:",
            key="train_example",
            on_click=_start_example,
            args=(store,),
            help="Trains this example anew: two moons, two hidden layers of 16 units.",
        )
        st.button(
            "See it fail and mend it",
            icon=":material/healing:",
            key="train_fail",
            on_click=start_failing,
            args=(store,),
            help="Trains ten sigmoid layers, whose gradient vanishes. When they have ended, *Mend it* trains "
            "ten that learn.",
        )
        if st.button(
            "Bring your own table",
            icon=":material/upload_file:",
            key="train_own",
            help="Opens the Data page: drop a CSV file and choose what to predict.",
        ):
            st.session_state["data_tab"] = OWN_TABLES
            st.switch_page("pages/data.py")
        st.caption("A trained example. Move the slider, click a unit, change the network.")
    example = _example()
    series = Series(*example["series"])
    choices = choices_of(series)
    state = ("example", choices.axis, choices.log_y, choices.strip)
    config = parse_config(EXAMPLE)
    layers = len(config.hidden_sizes) + 1

    def build() -> dict[str, Any]:
        sentence = assess(scalars_frame(series)).sentence
        return built_cards(series, choices, layers, "the example", sentence=sentence)

    built = built_once("welcome", store, state, build)
    stage = Stage(
        identity="example",
        frames={**example["frames"], "run": 0},
        records=records_at(series, example["frames"]["steps"]),
        cards=cards_from(built, state, "example", choices),
        choices=choices,
        plays=True,
        of_epochs=config.epochs,
        layers=editable_layers(config),
        activations=activation_names(),
    )
    show_stage(STAGE, stage, choose, lambda change: apply_edit(store, None, change))


def _start_example(store: Store) -> None:
    start(store, parse_config(EXAMPLE))
    ask_whole_page()


@st.cache_resource(show_spinner=False)
def _example() -> dict[str, Any]:
    """Return the example, trained here: plain values, as everywhere in ``st.cache_resource``."""
    config = parse_config(EXAMPLE)
    resolved, planned = resolve_and_plan(config)
    dataset = dataset_of(config)
    state, records, snapshots = initial_state(resolved, dataset), RecordBuffer(), {}
    for record in train(resolved, dataset, state):
        if record is None:
            continue
        records.add(record)
        if record.step in planned.snapshot_steps:
            snapshots[record.step] = {name: array.copy() for name, array in state.learned.items()}
    return {
        "series": records.series.arrays,
        "frames": frames_of(resolved, dataset, snapshots),
    }
