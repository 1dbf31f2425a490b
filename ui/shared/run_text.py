"""Sentences about a run as a whole, and about several runs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.analysis.overfitting import EVALUATIONS_AT_LEAST, Verdict, judge
from engine.analysis.ranking import CLOSE, last_finite, rank
from engine.store.row import RunRow
from ui.shared.text import NOTHING, number, percent


def describe_loss(frame: pd.DataFrame) -> str:
    """Say whether the losses of a run show overfitting."""
    known = frame.loc[np.isfinite(frame["train_loss"]) & np.isfinite(frame["val_loss"])]
    if len(known) == 0:
        return NOTHING
    train, val = known["train_loss"].to_numpy(), known["val_loss"].to_numpy()
    return describe_overfitting(judge(train, val), known["epoch"].to_numpy(), val)


def describe_overfitting(verdict: Verdict, epochs: np.ndarray, val: np.ndarray) -> str:
    """Say whether and since when a run overfits; the arrays hold its evaluations in order."""
    if verdict.kind == "short":
        return f"Too few evaluations for a verdict: {len(val)}, at least {EVALUATIONS_AT_LEAST} are needed."
    lowest, epoch = number(val[verdict.best], 3), f"epoch {epochs[verdict.best]:.4g}"
    if verdict.onset is not None:
        return (
            f"Overfitting since epoch {epochs[verdict.onset]:.4g}. Best validation loss {lowest} at {epoch}, "
            f"latest {number(val[-1], 3)}, while training loss kept falling."
        )
    if verdict.kind == "unstable":
        return (
            f"Unstable, not overfitting: after its best ({lowest} at {epoch}) validation loss rose, and "
            "so did training loss."
        )
    return f"No overfitting: validation loss stays near its best ({lowest} at {epoch})."


def describe_score(row: RunRow) -> str:
    """Say how well the network does on training and validation rows."""
    if row.train_score is None or row.val_score is None:
        return "The outputs are infinite or NaN." if row.status == "diverged" else NOTHING
    name, form = ("R²", number) if row.score_name == "r2" else ("Accuracy", percent)
    return f"{name}: {form(row.train_score)} on training rows, {form(row.val_score)} on validation rows."


def describe_ranking(frames: Sequence[tuple[int, pd.DataFrame]], column: str) -> str:
    """Say which of several runs is best and which is worst in a metric.

    Parameters
    ----------
    frames : sequence of (run, frame)
        The metrics of each run.
    column : str
        Such as ``val_loss``; of scores the highest is best, of everything else the lowest.
    """
    found = rank(column, {run: last_finite(frame[column].to_numpy()) for run, frame in frames})
    if found is None:
        return NOTHING
    metric = column.replace("_", " ").replace("val ", "validation ").replace("train ", "training ")
    best = number(found.best_value)
    if found.best == found.worst:
        return f"Run {found.best}: {metric} {best}."
    if found.is_close:
        return f"All runs are within {100 * CLOSE:g} % of each other: {metric} {best}."
    first, last = ("highest", "lowest") if found.higher_is_better else ("lowest", "highest")
    return (
        f"Run {found.best} has the {first} {metric} ({best}), run {found.worst} the {last} "
        f"({number(found.worst_value)})."
    )
