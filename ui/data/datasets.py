"""The built-in datasets, one card each."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.config import parse_config
from engine.config.data import TABLE
from engine.config.settings import SETTINGS
from engine.data.dataset import content_id, dataset_to_bytes
from engine.store.baselines import baselines_for, read_baselines
from engine.store.store import Store
from ui.shared.form_state import use_data
from ui.shared.frame import go_to_train
from ui.shared.prepared_data import dataset_of
from ui.shared.score_text import describe_baselines
from ui.shared.text import count
from ui.shared.thumbnails import dataset_picture, show_picture

COLUMNS = 4
ABOUT = {
    "moons": "Two interleaving half circles: the boundary must bend.",
    "circles": "A ring around a ring: no straight line separates them.",
    "xor": "A chessboard of four squares: needs a hidden layer.",
    "blobs": "Four Gaussian clouds: easy until noise makes them overlap.",
    "spiral": "Two spiral arms: needs width or depth, and many epochs.",
    "spiral3": "Three spiral arms: the same with three classes.",
    "sine": "A noisy sine wave: fit a curve.",
    "plane": "A tilted plane: regression on two inputs, linear apart from noise.",
    "digits": "Handwritten digits of 8 x 8 pixels: learned in seconds.",
    "wine": "Thirteen measurements of wines from three growers.",
    "iris": "Petals and sepals of three kinds of iris (Fisher, 1936).",
    "breast_cancer": "Thirty measurements of cell nuclei: malignant or benign.",
    "diabetes": "Ten measurements of patients; the target is disease progression after a year.",
    "linnerud": "Three exercises of twenty men; three targets: weight, waist and pulse.",
}


def show_datasets(store: Store) -> None:
    """Show one card for each dataset; its buttons put it into the form or compute its baselines."""
    names = [name for name in SETTINGS["dataset"].choices if name != TABLE]
    for start in range(0, len(names), COLUMNS):
        row = names[start : start + COLUMNS]
        for place, name in zip(st.columns(COLUMNS, gap="small"), row, strict=False):
            with place, _box(name):
                _card(store, name)


def _box(name: str) -> DeltaGenerator:
    """Return the box of a card: the buttons of a row of cards stand side by side, at the lower edge."""
    return st.container(
        border=True, height="stretch", vertical_alignment="distribute", key=f"data_card_{name}"
    )


def _card(store: Store, name: str) -> None:
    picture, facts, score_name, dataset_id = _facts(name)
    scores = read_baselines(store, dataset_id)
    with st.container(gap="small"):
        show_picture(picture, f"training rows of {name}", st.container())
        st.markdown(f"**{name.replace('_', ' ')}** · {ABOUT[name]}")
        st.caption(facts + (f" · {describe_baselines(scores, score_name)}" if scores else ""))
    with st.container(horizontal=True, gap="small"):
        if st.button("Use", key=f"data_use_{name}", help="Put this dataset into the form on the Train page."):
            use_data({"dataset": name})
            go_to_train()
        if not scores:
            st.button(
                "Baselines",
                key=f"data_baselines_{name}",
                on_click=_compute,
                args=(store, name),
                help="Score a majority or mean guess, a linear model and gradient boosting on the same "
                "validation rows.",
            )


def _compute(store: Store, name: str) -> None:
    with st.spinner(f"Training the baselines on {name}"):
        baselines_for(store, dataset_of(parse_config({"dataset": name})))


@st.cache_data(show_spinner="Preparing the datasets")
def _facts(name: str) -> tuple[str, str, str, str]:
    dataset = dataset_of(parse_config({"dataset": name}))
    rows = len(dataset.x_train) + len(dataset.x_val)
    kind = "regression"
    if dataset.classes:
        kind = f"{dataset.classes} classes"
    elif dataset.target_names:
        kind = f"{len(dataset.target_names)} targets"
    facts = f"{rows:,} rows, {count(dataset.features, 'input')}, {kind}"
    score_name = dataset.score_name
    return dataset_picture(dataset), facts, score_name, content_id(dataset_to_bytes(dataset))
