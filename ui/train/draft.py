"""The stage of a network that was never trained: what the form describes, with its first weights."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import RunConfig, config_from_json
from engine.store.records import no_records
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.model import initial_state
from ui.replay.frames_cache import NO_FRAMES, ReplayFrames, frames_of
from ui.shared.prepared_data import dataset_of, resolve_and_plan
from ui.stage import Stage, resend_stage, show_stage
from ui.train.edits import apply_edit, leave_draft
from ui.train.live import STAGE, show_controls
from ui.train.redrawn import redraw
from ui.train.run_stage import activation_names, choices_of, choose, editable_layers, records_at

DRAWN_PARAMETERS_AT_MOST = 2_000_000


def show_draft(store: Store, config: RunConfig, row: RunRow | None, bar: DeltaGenerator) -> None:
    """Show the network of the form as it is before its first step, and how to get back to the run."""
    resend_stage(STAGE)
    show_controls(store, None, bar)
    redraw(_draft_stage, store, config, row)


def _draft_stage(store: Store, config: RunConfig, row: RunRow | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_draft_line"):
        st.badge("not trained", icon=":material/draft:", color="gray")
        st.caption("The network of the form, with the weights that it starts from. Press Start to train it.")
        st.button(
            "Back to the example" if row is None else "Back to the run",
            icon=":material/undo:",
            type="tertiary",
            key="train_draft_back",
            on_click=leave_draft,
            help="Shows what was here before; the form keeps the edited network.",
        )
    frames = _first_frame(config.model_dump_json())
    stage = Stage(
        identity=f"draft {config.model_dump_json()}",
        frames={**frames, "run": 0},
        records=records_at(no_records(), frames["steps"]),
        cards=(),
        choices=choices_of(None),
        of_epochs=config.epochs,
        layers=editable_layers(config),
        activations=activation_names(),
        note="Nothing is recorded yet."
        if frames["facts"]
        else "This network is too large to be drawn before it trains.",
    )
    show_stage(STAGE, stage, choose, lambda change: apply_edit(store, row, change))


@st.cache_data(show_spinner=False, max_entries=16)
def _first_frame(config_json: str) -> ReplayFrames:
    config = config_from_json(config_json)
    resolved, planned = resolve_and_plan(config)
    if planned.parameters > DRAWN_PARAMETERS_AT_MOST:
        return NO_FRAMES
    dataset = dataset_of(config)
    return frames_of(resolved, dataset, {0: initial_state(resolved, dataset).learned})
