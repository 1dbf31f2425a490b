"""Sentences about a run as a whole, and about several runs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.analysis.overfitting import judge
from engine.store.row import RunRow
from ui.overfitting.text import verdict_words
from ui.shared.text import number, percent

NOTHING = "Nothing is measured yet."
NO_NUMBERS = "What the network says is no longer a number."
LARGER_IS_BETTER = ("accuracy", "r2")
CLOSE = 0.02


def loss_words(frame: pd.DataFrame) -> str:
    """Say whether the losses of a run tell of overfitting."""
    known = frame.loc[np.isfinite(frame["train_loss"]) & np.isfinite(frame["val_loss"])]
    if len(known) == 0:
        return NOTHING
    train, val = known["train_loss"].to_numpy(), known["val_loss"].to_numpy()
    return verdict_words(judge(train, val), known["step"].to_numpy(), known["epoch"].to_numpy(), val)


def score_words(row: RunRow) -> str:
    """Say what share of the rows, or of their variance, the network gets right."""
    if row.train_score is None or row.val_score is None:
        return NO_NUMBERS if row.status == "diverged" else NOTHING
    if row.score_name == "r2":
        return (
            f"Explains {percent(row.train_score)} of the variance of the training rows and "
            f"{percent(row.val_score)} of the validation rows'."
        )
    return (
        f"Right on {percent(row.train_score)} of the training rows and {percent(row.val_score)} of the "
        "validation rows."
    )


def comparison_words(frames: Sequence[tuple[int, pd.DataFrame]], column: str) -> str:
    """Say which of several runs stands best in a metric, and how far the others are from it.

    Parameters
    ----------
    frames : sequence of (run, frame)
        The metrics of each run.
    column : str
        Such as ``val_loss``; of scores the largest is best, of everything else the smallest is named.
    """
    last = {run: _last(frame, column) for run, frame in frames}
    known = {run: value for run, value in last.items() if value is not None}
    if not known:
        return NOTHING
    words = column.replace("_", " ").replace("val ", "validation ").replace("train ", "training ")
    is_score = column.endswith(LARGER_IS_BETTER)
    order = sorted(known, key=lambda run: known[run], reverse=is_score)
    first, final = order[0], order[-1]
    kind = "highest" if is_score else "lowest"
    if len(order) == 1:
        return f"Run {first} stands at a {words} of {number(known[first])}."
    if abs(known[first] - known[final]) <= CLOSE * max(abs(known[first]), abs(known[final])):
        return f"All runs stand within {100 * CLOSE:g} % of each other: {words} {number(known[first])}."
    return (
        f"The {kind} {words} at the end has run {first}, {number(known[first])}; "
        f"run {final} stands at {number(known[final])}."
    )


def _last(frame: pd.DataFrame, column: str) -> float | None:
    values = frame[column].to_numpy()
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None
