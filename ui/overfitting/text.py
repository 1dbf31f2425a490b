"""Sentences about gap, early stopping, training rows and network size of a run."""

from collections.abc import Sequence

import numpy as np

from engine.analysis.learning_curve import data_gain
from engine.analysis.overfitting import (
    EarlyStop,
    SizedRun,
    Verdict,
    generalization_gap,
    size_effect,
    stop_gain,
)
from ui.shared.text import NOTHING, count, format_share, number


def describe_best(verdict: Verdict, epochs: np.ndarray, train: np.ndarray, val: np.ndarray) -> str:
    """Say where validation loss was lowest; the arrays hold the evaluations in order."""
    if len(val) == 0:
        return NOTHING
    best = verdict.best
    return (
        f"Best epoch {epochs[best]:.4g}: validation loss {number(val[best])}, training loss "
        f"{number(train[best])}. Latest training loss {number(train[-1])}."
    )


def describe_gap(gap: np.ndarray, train: np.ndarray) -> str:
    """Say how large the gap is now, beside the training loss."""
    found = generalization_gap(gap, train)
    if found is None:
        return NOTHING
    if found.last <= 0:
        return f"No gap: validation loss is {number(-found.last)} below training loss."
    times = found.times_training
    beside = "while training loss is 0" if times is None else f"{number(times, 2)} times the training loss"
    return f"Latest gap {number(found.last)}, {beside}; widest {number(found.widest)}."


def describe_stop(stop: EarlyStop, patience: int, epochs: np.ndarray, val: np.ndarray) -> str:
    """Say where patience, in epochs, would have ended the run, what it would have kept, what that costs."""
    found = stop_gain(stop, epochs, val)
    waiting = count(patience, "epoch")
    if stop.stopped is None:
        return (
            f"With a patience of {waiting} training does not stop early; the best weights (epoch "
            f"{epochs[stop.kept]:.4g}) give {number(found.kept)}, the latest {number(found.last)}."
        )
    sentence = (
        f"With a patience of {waiting} training stops at epoch {epochs[stop.stopped]:.4g} with a validation "
        f"loss of {number(found.kept)}, saving {format_share(found.saved)} of the epochs."
    )
    if found.is_too_early:
        return f"{sentence} Too early: epoch {epochs[found.lowest_at]:.4g} reaches {number(found.lowest)}."
    return f"{sentence} Later epochs are no better; the latest has {number(found.last)}."


def describe_data_gain(rows: np.ndarray, val: np.ndarray, best: np.ndarray) -> str:
    """Say whether more rows still help, judged by the lowest validation loss of each size.

    Parameters
    ----------
    rows, val, best : numpy.ndarray
        ``(n,)`` training rows ascending, the last validation loss and the lowest one on the way; not finite
        where a run diverged.
    """
    found = data_gain(rows, val, best)
    if found is None:
        return "Needs at least two finished sizes."
    fewest, before, most = found.rows
    verdict = {
        "helps": f"More data would help: going from {before:,} to {most:,} rows lowered the best "
        f"validation loss by {format_share(found.gain)}.",
        "delays": "More data only delays overfitting: the last validation loss improves, the best one "
        "hardly.",
        "little": f"More data would help little: from {before:,} to {most:,} rows the best validation "
        "loss hardly improved.",
    }[found.kind]
    return (
        f"{verdict} From {fewest:,} to {most:,} rows: last {number(found.last[0], 3)} to "
        f"{number(found.last[1], 3)}, best {number(found.best[0], 3)} to {number(found.best[1], 3)}."
    )


def describe_sizes(sized: Sequence[SizedRun]) -> str:
    """Say how the gap goes with the number of parameters over the chosen runs."""
    found = size_effect(sized)
    if found is None:
        return "Choose at least two runs to compare the sizes of their networks."
    if not found.is_comparable:
        return (
            f"The {len(sized)} runs have {found.smallest.parameters:,} parameters each: size is not what "
            "differs."
        )
    verdict = "a wider" if found.is_wider else "no wider"
    large, small = (
        f"run {each.run}, {each.parameters:,} parameters" for each in (found.largest, found.smallest)
    )
    return (
        f"The largest network has {verdict} gap: {number(found.largest.gap)} ({large}) against "
        f"{number(found.smallest.gap)} ({small})."
    )
