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
from ui.shared.form_state import use_data
from ui.shared.frame import go_to_train, page_store
from ui.shared.prepared_data import data_json, dataset_of
from ui.shared.score_text import SPLITS, describe_baselines
from ui.shared.text import as_markdown, count, visible
from ui.shared.widgets import kept

PREVIEW_ROWS = 100
PREVIEW_HEIGHT = 250
HOLD_OUT = {"random": "random rows", "group": "whole groups", "time": "latest rows"}


def upload_table(store: Store) -> None:
    """Draw the upload, the preview, and the choices that turn the table into data to train on."""
    st.file_uploader(
        "CSV file with a header row",
        key="data_file",
        on_change=_take_upload,
        args=(store,),
        help="At most 50 MB, a million rows and 2000 columns. It is kept in the store of the runs.",
    )
    refused = st.session_state.get("data_refused", "")
    if refused:
        st.error(as_markdown(refused), icon=":material/error:")
    files = dict(list_files(store))
    if not files:
        st.info("No table yet. Drop a file above, or use a built-in dataset.", icon=":material/upload_file:")
        return
    file_id = st.selectbox(
        "Table",
        list(files),
        format_func=lambda file: f"{visible(files.get(file, ''), 50)} · {file[:8]}",
        help="Uploaded files; each is stored once, by content.",
        **kept("data_kept"),
    )
    try:
        table = cached_table(file_id)
    except ConfigError as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return
    _preview(table, file_id)
    values = _choices(table, file_id)
    if values is not None:
        _review(store, table, values)


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
    """Return the facts about each column of a stored table; found once."""
    return [
        {
            "column": visible(column.name),
            "kind": column.kind,
            "empty": int(column.missing.sum()),
            "distinct values": column.different(),
            "skipped because": unusable(column),
        }
        for column in cached_table(file_id).columns
    ]


def _preview(table: Table, file_id: str) -> None:
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
        format_func=visible,
        placeholder="Choose the column to predict",
        help=SETTINGS["target"].help_text,
        **kept("data_target"),
    )
    if target is None:
        return None
    targets = [target, *_further_targets(table, file_id, target)]
    facts = zip(names, _column_facts(file_id), strict=True)
    usable = [name for name, fact in facts if name not in targets and not fact["skipped because"]]
    if st.session_state.get("data_columns_of") != [file_id, *targets]:
        st.session_state["data_columns"], st.session_state["data_columns_of"] = usable, [file_id, *targets]
    with st.expander(f"Input columns ({len(st.session_state['data_columns']):,})", key="data_more"):
        columns = st.multiselect(
            "Columns",
            [name for name in names if name not in targets],
            format_func=visible,
            help=SETTINGS["columns"].help_text,
            label_visibility="collapsed",
            **kept("data_columns"),
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
        "More targets",
        [column.name for column in table.columns if column.numbers is not None and column.name != target],
        format_func=visible,
        placeholder="None",
        help="Numeric columns that the network predicts together with the target, each standardised.",
        **kept("data_targets"),
    )


def _split(names: list[str]) -> dict[str, Any]:
    defaults = {"missing": "impute", "split": "random", "val": 0.2, "test": 0.2}
    for name, default in defaults.items():
        st.session_state.setdefault(f"data_{name}", default)
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    missing = first.segmented_control(
        "Empty cells",
        SETTINGS["missing"].choices,
        required=True,
        help=SETTINGS["missing"].help_text,
        **kept("data_missing"),
    )
    split = second.selectbox(
        "Hold out",
        list(HOLD_OUT),
        format_func=HOLD_OUT.__getitem__,
        help=SETTINGS["split"].help_text,
        **kept("data_split"),
    )
    shares = {
        "validation_fraction": third.slider(
            "Validation fraction",
            0.05,
            0.5,
            step=0.05,
            help=SETTINGS["validation_fraction"].help_text,
            **kept("data_val"),
        ),
        "test_fraction": fourth.slider(
            "Test fraction",
            0.0,
            0.4,
            step=0.05,
            help=SETTINGS["test_fraction"].help_text,
            **kept("data_test"),
        ),
    }
    values = {"missing": missing, "split": split, **shares}
    if split != "random":
        values["split_column"] = st.selectbox(
            "Group column" if split == "group" else "Time column",
            names,
            format_func=visible,
            help=SETTINGS["split_column"].help_text,
            **kept("data_split_column"),
        )
    return values


def _review(store: Store, table: Table, values: dict[str, Any]) -> None:
    """Show warnings, baselines, and the button that puts the table into the form."""
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
    st.caption(f"{', '.join(sizes)} rows · {count(dataset.features, 'input')} after encoding")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Use this data",
            icon=":material/arrow_forward:",
            type="primary",
            key="data_use",
            help="Put the table into the form on the Train page.",
        ):
            use_data(values)
            go_to_train()
        if st.button(
            "Baselines",
            icon=":material/straighten:",
            key="data_baselines",
            help="Score a majority or mean guess, a linear model and gradient boosting on the same split.",
        ):
            with st.spinner("Training the baselines"):
                baselines_for(store, dataset)
    scores = read_baselines(store, _dataset_id(data_json(config)))
    for split in ("val", "test"):
        if scores and split in next(iter(scores.values())):
            name = "accuracy" if dataset.classes else "r2"
            st.caption(
                f"{SPLITS[split].capitalize()} {'accuracy' if dataset.classes else 'R²'}: "
                f"{describe_baselines(scores, name, split)}"
            )


def _parts(dataset: Dataset) -> list[tuple[str, np.ndarray]]:
    return [("training", dataset.x_train), ("validation", dataset.x_val), ("test", dataset.x_test)]


def _listed(sentences: list[str]) -> str:
    return "\n".join(f"- {as_markdown(sentence)}" for sentence in sentences)


@st.cache_data(show_spinner="Checking the table", max_entries=16)
def _findings(data_settings: str) -> list[tuple[str, str]]:
    config = config_from_json(data_settings)
    found = inspect_table(cached_table(config.table or ""), config, dataset_of(config))
    return [(finding.severity, finding.sentence) for finding in found]


@st.cache_data(show_spinner=False, max_entries=16)
def _dataset_id(data_settings: str) -> str:
    return content_id(dataset_to_bytes(dataset_of(config_from_json(data_settings))))
