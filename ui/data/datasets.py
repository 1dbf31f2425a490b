"""The built-in datasets, one card each."""

import streamlit as st

from engine.config import parse_config
from engine.config.data import TABLE
from engine.config.settings import SETTINGS
from engine.data.dataset import content_id, dataset_to_bytes
from engine.store.baselines import baselines_for, read_baselines
from engine.store.store import Store
from ui.shared.frame import go_to_train
from ui.shared.thumbnails import dataset_picture
from ui.train.form import dataset_of, use_data
from ui.train.metrics import baseline_words

COLUMNS = 4
ABOUT = {
    "moons": "Two interleaving half circles: the smallest task that needs a bend.",
    "circles": "A ring around a ring: no straight line helps.",
    "xor": "A chessboard of four squares: impossible without a hidden layer.",
    "blobs": "Four Gaussian clouds: easy, until noise makes them overlap.",
    "spiral": "Two arms around each other: needs width or depth, and patience.",
    "spiral3": "Three arms: the same with three classes.",
    "sine": "One wave with noise on the values: watch a curve being fitted.",
    "plane": "A tilted plane: a regression on two inputs, linear but for its noise.",
    "digits": "Handwritten digits of 8 x 8 pixels: small enough to be learned in seconds.",
    "wine": "Thirteen measurements of wines from three growers.",
    "iris": "Petals and sepals of three kinds of iris (Fisher, 1936).",
    "breast_cancer": "Thirty measurements of cell nuclei: malignant or benign.",
    "diabetes": "Ten measurements of patients; the target is the disease a year later.",
    "linnerud": "Three exercises of twenty men; three targets: weight, waist and pulse.",
}


def show_gallery(store: Store) -> None:
    """Show one card for each dataset; its buttons put it into the form or compute what it stands against."""
    names = [name for name in SETTINGS["dataset"].choices if name != TABLE]
    for start in range(0, len(names), COLUMNS):
        row = names[start : start + COLUMNS]
        for place, name in zip(st.columns(COLUMNS, gap="small"), row, strict=False):
            with place, st.container(border=True, height="stretch", gap="small", key=f"data_card_{name}"):
                _card(store, name)


def _card(store: Store, name: str) -> None:
    picture, facts, score_name, dataset_id = _facts(name)
    st.image(picture, width="stretch", alt=f"training rows of {name}")
    st.markdown(f"**{name.replace('_', ' ')}** · {ABOUT[name]}")
    scores = read_baselines(store, dataset_id)
    st.caption(facts + (f" · {baseline_words(scores, score_name)}" if scores else ""))
    with st.container(horizontal=True, gap="small"):
        if st.button("Use", key=f"data_use_{name}", help="Put this data into the form of the Train page."):
            use_data({"dataset": name})
            go_to_train()
        if not scores:
            st.button(
                "Baselines",
                key=f"data_baselines_{name}",
                on_click=_compute,
                args=(store, name),
                help="What guessing, a linear model and gradient boosting reach on the same validation rows.",
            )


def _compute(store: Store, name: str) -> None:
    with st.spinner(f"Training simple methods on {name}"):
        baselines_for(store, dataset_of(parse_config({"dataset": name})))


@st.cache_data(show_spinner="Preparing the datasets")
def _facts(name: str) -> tuple[str, str, str, str]:
    dataset = dataset_of(parse_config({"dataset": name}))
    rows = len(dataset.x_train) + len(dataset.x_val)
    outputs = len(dataset.target_names)
    kind = f"{dataset.classes} classes" if dataset.classes else f"{outputs} targets" if outputs else "values"
    facts = f"{rows:,} rows, {dataset.features} inputs, {kind}"
    score_name = dataset.score_name
    return dataset_picture(dataset), facts, score_name, content_id(dataset_to_bytes(dataset))
