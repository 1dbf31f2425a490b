"""Confusion and worst examples of a run whose data has no plane to draw on."""

import html
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from engine.analysis.predictions import Mistakes, mistakes
from engine.data.dataset import Dataset
from engine.figures.mistakes import confusion_matrix, predicted_against_true
from engine.figures.theme import LOW, WRONG
from engine.store.checkpoints import latest_checkpoint
from engine.store.loading import loaded
from engine.store.row import RunRow
from engine.store.store import Store
from ui.live_chart import Chart, ChartCard, show_cards
from ui.shared.text import as_markdown, visible
from ui.shared.widgets import kept

CARD = "train_mistakes_card"
HEIGHT = 362
FEATURES_SHOWN = 5
DIGITS_IN_A_ROW, DIGIT_SIDE = 6, 8


def show_mistakes(store: Store, row: RunRow) -> None:
    """Draw the section for a run; nothing where a boundary or a curve shows the same and more."""
    if row.missing_plugin:
        return
    config, dataset = loaded(store, row)
    if dataset.has_plane:
        return
    state = latest_checkpoint(store, row.id)[0]
    if state is None:
        return
    found = mistakes(config, dataset, state.learned)
    st.subheader("Mistakes on validation rows")
    shown, output = found, 0
    if dataset.target_names:
        output = _choose_output(dataset)
        shown = of_output(found, output)
    elif not dataset.classes:
        shown = of_output(found, output)
    left, right = st.columns(2, gap="medium")
    with left:
        title = "Confusion matrix" if dataset.classes else "Predicted against true"
        chart = Chart(
            "train_confusion_chart",
            (row.id, row.step, row.status, output),
            lambda: _figure(dataset, shown),
            str(row.id),
            _alt(row, shown),
        )
        show_cards(CARD, [ChartCard(title, [chart])])
    with right, st.container(border=True, height="stretch"):
        st.markdown("**Worst examples** by loss")
        if dataset.name == "digits":
            st.image(worst_digits(dataset, found), width="stretch", alt="digits with the highest loss")
        else:
            st.dataframe(worst_rows(dataset, shown), hide_index=True, key="train_worst", height=HEIGHT - 74)
        st.caption(_describe(dataset, shown))


def _choose_output(dataset: Dataset) -> int:
    return st.selectbox(
        "Target",
        range(len(dataset.target_names)),
        format_func=lambda output: visible(dataset.target_names[output], 40),
        help="The output shown. The loss of a row covers all outputs.",
        **kept("train_mistakes_output"),
    )


def of_output(found: Mistakes, output: int) -> Mistakes:
    """Return mistakes of a regression with one output's values alone, ``(n,)``; the losses stay of all."""
    return replace(found, truth=found.truth[:, output], predicted=found.predicted[:, output])


def _figure(dataset: Dataset, found: Mistakes) -> Any:
    if dataset.classes:
        return confusion_matrix(found.confusion, dataset.class_names, height=HEIGHT)
    return predicted_against_true(found.truth, found.predicted, height=HEIGHT)


def _alt(row: RunRow, found: Mistakes) -> str:
    if not found.confusion.size:
        return f"predictions of run {row.id} against the truth"
    return f"confusion of run {row.id}: {found.confusion.trace()} of {found.confusion.sum()} rows correct"


def _describe(dataset: Dataset, found: Mistakes) -> str:
    """Say which classes are confused most."""
    if not dataset.classes:
        return f"Largest error of {len(found.truth)} rows: {abs(found.predicted - found.truth).max():.3g}."
    errors = found.confusion - np.diag(found.confusion.diagonal())
    if not errors.any():
        return f"All {found.confusion.sum()} rows are correct; these have the highest loss."
    true, predicted = np.unravel_index(errors.argmax(), errors.shape)
    names = [as_markdown(dataset.class_names[index], 40) for index in (true, predicted)]
    return (
        f"{errors.sum()} of {found.confusion.sum()} rows are wrong. Most frequent: {names[0]} predicted as "
        f"{names[1]} ({errors.max()} times)."
    )


def worst_rows(dataset: Dataset, found: Mistakes) -> pd.DataFrame:
    """Return the worst rows of a table, with their first features in the units of the data."""
    raw = dataset.x_val[found.worst] * dataset.x_scale + dataset.x_mean
    truth, predicted = found.truth[found.worst], found.predicted[found.worst]
    columns: dict[str, Any] = {"loss": found.losses, "true": truth, "predicted": predicted}
    if dataset.classes:
        names = np.array([visible(name, 30) for name in dataset.class_names], object)
        columns |= {"true": names[truth], "predicted": names[predicted], "probability": found.confidence}
    columns |= {
        visible(name, 30): raw[:, index]
        for index, name in enumerate(dataset.feature_names[:FEATURES_SHOWN])
        if name not in columns
    }
    return pd.DataFrame(columns)


def worst_digits(dataset: Dataset, found: Mistakes) -> str:
    """Return the worst digits as pictures: true class, arrow, predicted class, its probability."""
    cell, pitch, tall = 5.0, 50, 62
    parts = []
    for place, index in enumerate(found.worst):
        left, top = 5 + place % DIGITS_IN_A_ROW * pitch, 2 + place // DIGITS_IN_A_ROW * tall
        raw = np.clip((dataset.x_val[index] * dataset.x_scale + dataset.x_mean) / 16, 0, 1)
        for pixel, value in enumerate(raw):
            x, y = left + pixel % DIGIT_SIDE * cell, top + pixel // DIGIT_SIDE * cell
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell}" height="{cell}" fill="{LOW}" '
                f'fill-opacity="{0.06 + 0.94 * value:.2f}"/>'
            )
        true, predicted = (dataset.class_names[each] for each in (found.truth[index], found.predicted[index]))
        text = html.escape(f"{true}→{predicted}, {100 * found.confidence[place]:.0f} %")
        colour = "#808890" if true == predicted else WRONG
        parts.append(
            f'<text x="{left + 20}" y="{top + 51}" font-size="7" font-family="sans-serif" '
            f'text-anchor="middle" fill="{colour}">{text}</text>'
        )
    rows = -(-max(len(found.worst), 1) // DIGITS_IN_A_ROW)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {DIGITS_IN_A_ROW * pitch} {rows * tall}">'
        f"{''.join(parts)}</svg>"
    )
