"""Sentences about overfitting."""

import numpy as np

from engine.analysis.overfitting import EarlyStop, Verdict
from engine.figures.overfitting import SizedRun
from ui.gradients.text import share
from ui.shared.text import number

WORTH_WHILE = 0.05


def verdict_words(verdict: Verdict, steps: np.ndarray, epochs: np.ndarray, val: np.ndarray) -> str:
    """Say whether and when a run began to overfit; the arrays hold its evaluations in order."""
    if verdict.kind == "short":
        return f"Too few evaluations to tell: {len(steps)} so far, five are needed."
    best = f"lowest validation loss {number(val[verdict.best])} at step {steps[verdict.best]:,.0f}"
    if verdict.onset is not None:
        return (
            f"Overfitting began at step {steps[verdict.onset]:,.0f} (epoch {epochs[verdict.onset]:.4g}): "
            f"from there on validation loss never came within {number(verdict.tolerance, 2)} of its minimum "
            f"again, while training loss went on falling ({best}, {number(val[-1])} at the end)."
        )
    if verdict.kind == "unstable":
        return (
            f"Not overfitting: validation loss rose after its minimum, but training loss did so too ({best})."
        )
    return f"No overfitting: validation loss stayed near its minimum to the end ({best})."


def gap_words(gap: np.ndarray, train: np.ndarray) -> str:
    """Say how large the gap is at the end, beside the training loss."""
    if len(gap) == 0:
        return "Nothing is evaluated yet."
    last, widest = float(gap[-1]), float(gap.max())
    if last <= 0:
        return (
            f"At the end validation loss is {number(-last)} below training loss: nothing is learned by heart."
        )
    times = last / train[-1] if train[-1] > 0 else np.inf
    beside = (
        f"{number(times, 2)} times the training loss" if np.isfinite(times) else "with no training loss left"
    )
    return f"At the end the gap is {number(last)}, {beside}; the widest was {number(widest)}."


def stop_words(stop: EarlyStop, patience: int, epochs: np.ndarray, val: np.ndarray) -> str:
    """Say where patience, in epochs, would have ended the run, what it would have kept, what that costs."""
    kept, lowest = float(val[stop.kept]), float(val.min())
    waited = "1 epoch" if patience == 1 else f"{patience} epochs"
    if stop.stopped is None:
        return (
            f"With a patience of {waited} the run would not have stopped early; keeping its best weights "
            f"gives {number(kept)} (epoch {epochs[stop.kept]:.4g}) instead of {number(float(val[-1]))}."
        )
    spared = share((epochs[-1] - epochs[stop.stopped]) / epochs[-1])
    told = (
        f"With a patience of {waited} it stops at epoch {epochs[stop.stopped]:.4g} and keeps "
        f"{number(kept)}; {spared} of the training is spared."
    )
    if lowest < kept:
        later = int(np.argmin(val))
        return f"{told} Too impatient: at epoch {epochs[later]:.4g} it would have found {number(lowest)}."
    return f"{told} The later epochs bring nothing better and end at {number(float(val[-1]))}."


def curve_words(rows: np.ndarray, val: np.ndarray, best: np.ndarray) -> str:
    """Say whether more rows still help, judged by the lowest validation loss of each size.

    Parameters
    ----------
    rows, val, best : numpy.ndarray
        ``(n,)`` training rows ascending, the last validation loss and the lowest one on the way; not finite
        where a run diverged.
    """
    known = np.isfinite(val) & np.isfinite(best)
    rows, val, best = rows[known], val[known], best[known]
    if len(rows) < 2:
        return "The curve needs two finished sizes or more."
    told = (
        f"From {rows[0]:,} to {rows[-1]:,} rows the last validation loss goes from {number(val[0])} to "
        f"{number(val[-1])}, the best one on the way from {number(best[0])} to {number(best[-1])}."
    )
    if _gain(best) > WORTH_WHILE:
        return f"{told} The last step still gained {share(_gain(best))} of the best: more data would help."
    if _gain(val) > WORTH_WHILE:
        return f"{told} More data puts overfitting off, but the best hardly gets better."
    return f"{told} The last step gained next to nothing: more data alone would help little."


def _gain(losses: np.ndarray) -> float:
    return float(1 - losses[-1] / losses[-2]) if losses[-2] > 0 else 0.0


def size_words(sized: list[SizedRun]) -> str:
    """Say how the gap goes with the number of parameters over the chosen runs."""
    if len(sized) < 2:
        return "Choose two runs or more to see how the gap goes with the size of the network."
    small = min(sized, key=lambda each: each.parameters)
    large = max(sized, key=lambda each: each.parameters)
    if small.parameters == large.parameters:
        return f"The {len(sized)} runs have {small.parameters:,} parameters each: settings, not size, differ."
    wider = "wider" if large.gap > small.gap else "not wider"
    return (
        f"The gap of the largest network ({large.parameters:,} parameters, run {large.run}: "
        f"{number(large.gap)}) is {wider} than that of the smallest "
        f"({small.parameters:,}, run {small.run}: {number(small.gap)})."
    )
