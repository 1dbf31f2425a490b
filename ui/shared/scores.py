"""Scores of an ended run, computed once and after everything else is on the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.analysis.scores import SCORES, SplitScores, scores_by_split
from engine.store.predictions import predictions_of
from engine.store.row import RunRow
from engine.store.runs import load_dataset, load_run
from engine.store.store import Store
from ui.shared.frame import page_store
from ui.shared.score_text import SPLITS, describe_flattery, describe_undefined
from ui.shared.text import as_markdown, visible
from ui.shared.widgets import kept

OFFERED = {
    "accuracy": {
        "balanced accuracy": ("balanced_accuracy",),
        "F1": ("f1", "f1_macro"),
        "ROC AUC": ("roc_auc",),
        "log loss": ("log_loss",),
    },
    "r2": {"MAE": ("mae",), "RMSE": ("rmse",)},
}
# Pixels: the room around a table of one line, and around a second table.
FRAME_HEIGHT, PARTS_HEIGHT, LINE_HEIGHT = 180, 76, 35
LINES_AT_MOST, LONG_TABLE = 10, 388


@st.cache_data(show_spinner=False, max_entries=500)
def _computed(url: str, run_id: int, step: int, status: str) -> tuple[str, dict[str, SplitScores]]:
    """Return where the predictions of a run come from, and their scores; the arguments are the key."""
    store = page_store()
    found = predictions_of(store, run_id)
    if found is None:
        return "", {}
    config, dataset = load_run(store, run_id)
    return found.origin, scores_by_split(config, dataset, {"val": found.val, "test": found.test})


def run_scores(store: Store, row: RunRow) -> tuple[str, dict[str, SplitScores]]:
    """Return by split the scores of an ended run, after ``stored`` or ``computed``; computed once a server.

    A run whose network cannot be built here has none. scikit-learn is imported at the first call, which takes
    a second or more: draw everything else before.
    """
    if row.missing_plugin:
        return "", {}
    return _computed(store.url, row.id, row.step, row.status)


def scores_frame(store: Store, row: RunRow) -> DeltaGenerator | None:
    """Draw the frame for the scores of a run; it has its size at once, so that nothing below jumps."""
    if not row.can_be_built or row.status == "imported":
        return None
    st.subheader("Scores on held-out rows")
    lines = _parts_count(store.url, row.dataset_id)
    splits = 2 if row.config["test_fraction"] else 1
    height = FRAME_HEIGHT + LINE_HEIGHT * splits
    if lines:
        height += PARTS_HEIGHT + min(LINE_HEIGHT * (lines + 1), LONG_TABLE)
    frame = st.container(border=True, height=height, key="train_scores_frame")
    if not row.ended:
        frame.caption("Available once the run has ended.")
    return frame


@st.cache_data(show_spinner=False, max_entries=500)
def _parts_count(url: str, dataset_id: str) -> int:
    """Return how many classes or targets are scored one by one; none for a single target."""
    dataset = load_dataset(page_store(), dataset_id)
    return dataset.classes or len(dataset.target_names)


def fill_scores(frame: DeltaGenerator | None, store: Store, row: RunRow) -> None:
    """Compute the scores of an ended run and show them in the frame that was drawn for them."""
    if frame is None or not row.ended:
        return
    with frame:
        with st.spinner("Scoring the predictions"):
            origin, by_split = run_scores(store, row)
        if not by_split:
            st.caption("No scores: the run has neither stored predictions nor a checkpoint.")
            return
        _whole(row, origin, by_split)
        if by_split["val"]["parts"]:
            _by_part(row, by_split)


def _whole(row: RunRow, origin: str, by_split: Mapping[str, SplitScores]) -> None:
    names = list(by_split["val"]["scores"])
    table: dict[str, Any] = {"rows": [SPLITS[split] for split in by_split]}
    table |= {
        SCORES[name].title: [found["scores"][name]["value"] for found in by_split.values()] for name in names
    }
    st.markdown("**All rows**")
    _table(table, "train_scores", names, "%.4g" if row.score_name == "r2" else "%.4f")
    rows = " and ".join(f"{found['rows']:,} {SPLITS[split]} rows" for split, found in by_split.items())
    source = "stored at" if origin == "stored" else "computed from the checkpoint of"
    facts = [f"scikit-learn scores of {rows}, from predictions {source} step {row.step:,}."]
    facts += [describe_flattery(by_split["val"]), describe_undefined(by_split)]
    with st.container(key="text_train_scores"):
        st.caption(as_markdown(" ".join(fact for fact in facts if fact), 1000))


def _by_part(row: RunRow, by_split: Mapping[str, SplitScores]) -> None:
    """Show the scores of each class, or of each of several targets, on the validation rows."""
    parts, is_values = by_split["val"]["parts"], row.score_name == "r2"
    names = list(parts[0]["scores"])
    table: dict[str, Any] = {
        "target" if is_values else "class": [visible(part["name"], 30) for part in parts],
        "rows": [part["rows"] for part in parts],
    }
    table |= {SCORES[name].title: [part["scores"][name]["value"] for part in parts] for name in names}
    st.markdown(f"**{'By target' if is_values else 'By class, each against the rest'}**, validation rows")
    _table(table, "train_part_scores", names, "%.4g" if is_values else "%.4f")
    blank = describe_undefined(by_split, of_classes=True)
    if blank:
        st.caption(as_markdown(blank, 1000))


def _table(columns: Mapping[str, Sequence[Any]], key: str, names: Sequence[str], shape: str) -> None:
    """Draw scores in columns; the help of each title says what it means."""
    frame = pd.DataFrame(columns)
    titles = [SCORES[name].title for name in names]
    frame[titles] = frame[titles].astype(float)
    st.dataframe(
        frame,
        hide_index=True,
        height="content" if len(frame) <= LINES_AT_MOST else LONG_TABLE,
        key=key,
        column_config={
            SCORES[name].title: st.column_config.NumberColumn(format=shape, help=SCORES[name].description)
            for name in names
        },
        placeholder="–",
        alt=", ".join(columns),
    )


def chosen_scores(store: Store, rows: Sequence[RunRow]) -> dict[int, dict[str, float | None]]:
    """Draw the choice of further scores for Compare's table and return them by run; nothing at first.

    Only validation rows: whoever chooses between runs by their test rows has no test left.
    """
    offered = {name: keys for kind in OFFERED for name, keys in OFFERED[kind].items() if _any(rows, kind)}
    held = st.session_state.get("compare_scores") or []
    st.session_state["compare_scores"] = [name for name in held if name in offered]
    chosen = st.pills(
        "More validation scores",
        list(offered),
        selection_mode="multi",
        help="Computed by scikit-learn for runs that have ended. F1 of three or more classes is the "
        "macro mean; MAE and RMSE are those of a single target, as units may differ.",
        **kept("compare_scores"),
    )
    if not chosen:
        return {}
    with st.spinner("Scoring the predictions"):
        found = {row.id: run_scores(store, row)[1] if row.ended else {} for row in rows}
    return {
        run: {name: _first(by_split.get("val"), offered[name]) for name in chosen}
        for run, by_split in found.items()
    }


def _any(rows: Sequence[RunRow], kind: str) -> bool:
    return any(row.score_name == kind for row in rows)


def _first(found: SplitScores | None, names: Sequence[str]) -> float | None:
    """Return the score that has one of the names, if the run has it at all."""
    known = [found["scores"][name]["value"] for name in names if name in found["scores"]] if found else []
    return known[0] if known else None
