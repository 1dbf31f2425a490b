"""Uploads a table, previews it and turns it into settings."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.config import ConfigError, config_from_json, parse_config
from engine.config.settings import SETTINGS
from engine.data.columns import unusable
from engine.data.dataset import Dataset, content_id, dataset_to_bytes
from engine.data.inspection import WARNING, inspect_table
from engine.data.reading import read_table
from engine.data.table import Table
from engine.store.baselines import baselines_for, read_baselines
from engine.store.datasets import stored_table
from engine.store.files import keep_file, list_files
from engine.store.runs import plain_text
from engine.store.store import Store
from ui.shared.frame import go_to_train, page_store
from ui.shared.text import as_markdown, visible
from ui.train.form import data_json, dataset_of, use_data
from ui.train.metrics import baseline_words

PREVIEW_ROWS = 100
PREVIEW_HEIGHT = 250
SPLITS = {"random": "random rows", "group": "whole groups", "time": "the latest rows"}


def upload_table(store: Store) -> None:
    """Draw the upload, the look at the table, and the choices that turn it into data to train on."""
    st.file_uploader(
        "A CSV file with a line of column names",
        key="data_file",
        on_change=_take_upload,
        args=(store,),
        help="At most 50 MB, a million rows, 2000 columns. It stays in the store of the runs.",
    )
    refused = st.session_state.get("data_refused", "")
    if refused:
        st.error(as_markdown(refused), icon=":material/error:")
    kept = dict(list_files(store))
    if not kept:
        st.info(
            "No table yet: drop a file above, or take one of the datasets.", icon=":material/upload_file:"
        )
        return
    file_id = st.selectbox(
        "Table",
        list(kept),
        key="data_kept",
        format_func=lambda file: f"{visible(kept.get(file, ''), 50)} · {file[:8]}",
        help="Files that were given before; each is kept once, by its content.",
        persist_state="session",
    )
    try:
        table = cached_table(file_id)
    except ConfigError as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return
    _look(table, file_id)
    values = _choices(table, file_id)
    if values is not None:
        _judge(store, table, values)


def _take_upload(store: Store) -> None:
    upload = st.session_state["data_file"]
    st.session_state.pop("data_refused", None)
    if upload is None:
        return
    content = upload.getvalue()
    try:
        read_table(content)
    except ConfigError as error:
        st.session_state["data_refused"] = str(error)
        return
    st.session_state["data_kept"] = keep_file(store, plain_text(upload.name), content)


@st.cache_data(show_spinner="Reading the table", max_entries=4)
def cached_table(file_id: str) -> Table:
    """Return a stored table; read once."""
    return stored_table(page_store(), file_id)


@st.cache_data(show_spinner=False, max_entries=4)
def _column_facts(file_id: str) -> list[dict[str, Any]]:
    """Return what is told of each column of a stored table; found once."""
    return [
        {
            "column": visible(column.name),
            "kind": column.kind,
            "empty": int(column.missing.sum()),
            "different": column.different(),
            "left out as": unusable(column),
        }
        for column in cached_table(file_id).columns
    ]


def _look(table: Table, file_id: str) -> None:
    st.caption(as_markdown(f"{table.rows:,} rows, {len(table.columns):,} columns; {'; '.join(table.notes)}"))
    left, right = st.columns(2, gap="medium")
    with left:
        cells = {f"{visible(c.name)}": c.first(PREVIEW_ROWS) for c in table.columns}
        st.dataframe(pd.DataFrame(cells), height=PREVIEW_HEIGHT, alt="first rows of the table")
    with right:
        facts = _column_facts(file_id)
        st.dataframe(pd.DataFrame(facts), height=PREVIEW_HEIGHT, hide_index=True, alt="columns of the table")


def _choices(table: Table, file_id: str) -> dict[str, Any] | None:
    """Draw the choices; return the settings of the data, or None before a target was chosen."""
    names = list(table.names)
    if st.session_state.get("data_target_of") != file_id:
        st.session_state["data_target"], st.session_state["data_target_of"] = None, file_id
    target = st.selectbox(
        "Target",
        names,
        key="data_target",
        format_func=visible,
        placeholder="Choose the column to predict",
        help=SETTINGS["target"].help_text,
        persist_state="session",
    )
    if target is None:
        return None
    targets = [target, *_further_targets(table, file_id, target)]
    facts = zip(names, _column_facts(file_id), strict=True)
    usable = [name for name, fact in facts if name not in targets and not fact["left out as"]]
    if st.session_state.get("data_columns_of") != [file_id, *targets]:
        st.session_state["data_columns"], st.session_state["data_columns_of"] = usable, [file_id, *targets]
    with st.expander(f"Columns to learn from ({len(st.session_state['data_columns']):,})", key="data_more"):
        columns = st.multiselect(
            "Columns",
            [name for name in names if name not in targets],
            key="data_columns",
            format_func=visible,
            help=SETTINGS["columns"].help_text,
            label_visibility="collapsed",
            persist_state="session",
        )
    values: dict[str, Any] = {"dataset": "table", "table": file_id, "target": targets}
    if len(targets) == 1:
        values["target"] = target
    values |= _split(names)
    if sorted(columns) != sorted(name for name in usable if name != values.get("split_column")):
        values["columns"] = columns
    return values


def _further_targets(table: Table, file_id: str, target: str) -> list[str]:
    """Draw the choice of more columns to predict beside a column of numbers; return their names."""
    if table.column(target).numbers is None:
        return []
    if st.session_state.get("data_targets_of") != [file_id, target]:
        st.session_state["data_targets"], st.session_state["data_targets_of"] = [], [file_id, target]
    return st.multiselect(
        "Further targets",
        [column.name for column in table.columns if column.numbers is not None and column.name != target],
        key="data_targets",
        format_func=visible,
        placeholder="None: one target alone",
        help="Columns of numbers that one network predicts together with the target, each standardised.",
        persist_state="session",
    )


def _split(names: list[str]) -> dict[str, Any]:
    defaults = {"missing": "impute", "split": "random", "val": 0.2, "test": 0.2}
    for name, default in defaults.items():
        st.session_state.setdefault(f"data_{name}", default)
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    options: dict[str, Any] = {"persist_state": "session"}
    missing = first.segmented_control(
        "Empty cells", SETTINGS["missing"].choices, required=True, key="data_missing",
        help=SETTINGS["missing"].help_text, **options,
    )  # fmt: skip
    split = second.selectbox(
        "Held out are", list(SPLITS), key="data_split", format_func=SPLITS.__getitem__,
        help=SETTINGS["split"].help_text, **options,
    )  # fmt: skip
    shares = {
        "validation_fraction": third.slider(
            "Validation share", 0.05, 0.5, step=0.05, key="data_val",
            help=SETTINGS["validation_fraction"].help_text, **options,
        ),
        "test_fraction": fourth.slider(
            "Test share", 0.0, 0.4, step=0.05, key="data_test",
            help=SETTINGS["test_fraction"].help_text, **options,
        ),
    }  # fmt: skip
    values = {"missing": missing, "split": split, **shares}
    if split != "random":
        values["split_column"] = st.selectbox(
            "Column of the groups" if split == "group" else "Column of the time",
            names,
            key="data_split_column",
            format_func=visible,
            help=SETTINGS["split_column"].help_text,
            persist_state="session",
        )
    return values


def _judge(store: Store, table: Table, values: dict[str, Any]) -> None:
    """Show what is suspicious, what simple methods reach, and the button that takes the table to Train."""
    try:
        config = parse_config(values)
        dataset = dataset_of(config)
        findings = _findings(data_json(config))
    except ConfigError as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return
    warnings = [sentence for severity, sentence in findings if severity == WARNING]
    notes = [sentence for severity, sentence in findings if severity != WARNING]
    if warnings:
        st.warning(_listed(warnings), icon=":material/warning:")
    st.caption(_listed(notes))
    sizes = [f"{len(x):,} {n}" for n, x in _parts(dataset) if len(x)]
    st.caption(f"{', '.join(sizes)} rows · {dataset.features:,} inputs after encoding")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Use this data",
            icon=":material/arrow_forward:",
            type="primary",
            key="data_use",
            help="Put the table into the form of the Train page and go there.",
        ):
            use_data(values)
            go_to_train()
        if st.button(
            "Baselines",
            icon=":material/straighten:",
            key="data_baselines",
            help="What guessing, a linear model and gradient boosting reach on the same split.",
        ):
            with st.spinner("Training simple methods"):
                baselines_for(store, dataset)
    scores = read_baselines(store, _dataset_id(data_json(config)))
    for split in ("val", "test"):
        if scores and split in next(iter(scores.values())):
            name = "accuracy" if dataset.classes else "r2"
            word = {"val": "Validation", "test": "Test"}[split]
            st.caption(
                f"{word} {'accuracy' if dataset.classes else 'R²'}: {baseline_words(scores, name, split)}"
            )


def _parts(dataset: Dataset) -> list[tuple[str, np.ndarray]]:
    return [("training", dataset.x_train), ("validation", dataset.x_val), ("test", dataset.x_test)]


def _listed(sentences: list[str]) -> str:
    return "\n".join(f"- {as_markdown(sentence)}" for sentence in sentences)


@st.cache_data(show_spinner="Looking for traps", max_entries=16)
def _findings(data_settings: str) -> list[tuple[str, str]]:
    config = config_from_json(data_settings)
    found = inspect_table(cached_table(config.table or ""), config, dataset_of(config))
    return [(finding.severity, finding.sentence) for finding in found]


@st.cache_data(show_spinner=False, max_entries=16)
def _dataset_id(data_settings: str) -> str:
    return content_id(dataset_to_bytes(dataset_of(config_from_json(data_settings))))
