"""What the losses of one run show, in a sentence that holds in every state of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.analysis.constant_answer import ConstantAnswer
from engine.analysis.overfitting import EVALUATIONS_AT_LEAST, Verdict, judge
from ui.shared.text import NOTHING, number, percent


@dataclass(frozen=True)
class Assessment:
    """What is to be said first about a run.

    Attributes
    ----------
    kind : str
        Of a :class:`engine.analysis.overfitting.Verdict`; or ``diverged``, ``guessing`` (no better than
        always the same answer) or ``unknown`` (nothing was evaluated).
    sentence : str
    verdict : Verdict
        Of the evaluations alone.
    """

    kind: str
    sentence: str
    verdict: Verdict


def assess(
    frame: pd.DataFrame,
    *,
    moves: bool = False,
    constant: ConstantAnswer | None = None,
    diverged_at: int | None = None,
) -> Assessment:
    """Say what the losses of a run show: whether it learned anything, and whether it overfits.

    Parameters
    ----------
    frame : pandas.DataFrame
        The records of the run.
    moves : bool
        Whether more may follow: then everything is said of what there is so far.
    constant : ConstantAnswer, optional
        What always the same answer reaches; without it the run is not compared with that.
    diverged_at : int, optional
        The step at which it diverged.
    """
    known = frame.loc[np.isfinite(frame["train_loss"]) & np.isfinite(frame["val_loss"])]
    train, val, epochs = (known[name].to_numpy() for name in ("train_loss", "val_loss", "epoch"))
    verdict = judge(train, val)
    if diverged_at is not None:
        return Assessment("diverged", _describe_divergence(diverged_at, epochs, val), verdict)
    if len(known) == 0:
        return Assessment("unknown", NOTHING, verdict)
    sentence = describe_overfitting(verdict, epochs, val, train, moves=moves)
    if constant is None or verdict.kind == "short":
        return Assessment(verdict.kind, sentence, verdict)
    score = float(known["val_accuracy" if constant.is_class else "val_r2"].iloc[-1])
    if not constant.is_as_good(float(val[-1]), score):
        return Assessment(verdict.kind, sentence, verdict)
    more = f" {sentence}" if verdict.kind == "overfits" else ""
    return Assessment("guessing", _describe_guessing(score, constant, moves) + more, verdict)


def _describe_divergence(step: int, epochs: np.ndarray, val: np.ndarray) -> str:
    sentence = f"Diverged at step {step:,}: the loss or a gradient is no longer finite."
    if len(val) == 0:
        return sentence
    return f"{sentence} Last evaluation, at epoch {epochs[-1]:.4g}: validation loss {number(val[-1], 3)}."


def _describe_guessing(score: float, constant: ConstantAnswer, moves: bool) -> str:
    name, form, what = ("accuracy", percent, "class") if constant.is_class else ("R²", number, "value")
    known = f": validation {name} {form(score)}; one {what} for every row gives {form(constant.score)}"
    is_known = np.isfinite(score) and np.isfinite(constant.score)
    return f"No better than always the same answer{' so far' if moves else ''}{known if is_known else ''}."


def describe_overfitting(
    verdict: Verdict, epochs: np.ndarray, val: np.ndarray, train: np.ndarray, *, moves: bool = False
) -> str:
    """Say whether and since when a run overfits; the arrays hold its evaluations in order.

    While it moves it is not said since when: that may still change with what follows.
    """
    if verdict.kind == "short":
        return f"Too few evaluations for a verdict: {len(val)}, at least {EVALUATIONS_AT_LEAST} are needed."
    best = f"{number(val[verdict.best], 3)} at epoch {epochs[verdict.best]:.4g}"
    last, far = number(val[-1], 3), " so far" if moves else ""
    if verdict.onset is not None and moves:
        return (
            f"Overfitting{far}: validation loss rises (best {best}, latest {last}) while training loss falls."
        )
    if verdict.onset is not None:
        return (
            f"Overfitting since epoch {epochs[verdict.onset]:.4g}. Best validation loss {best}, "
            f"latest {last}, while training loss kept falling."
        )
    above = number(float(val[-1] - train[-1]), 3)
    return {
        "unstable": f"Unstable{far}, not overfitting: after its best ({best}) validation loss rose to "
        f"{last}, and so did training loss.",
        "flat": f"Validation loss has hardly fallen{far}: {number(val[0], 3)} at first, best {best}.",
        "rises": f"Validation loss lies above its best ({best}) at {last}, for too few evaluations to call "
        "it overfitting.",
        "noisy": f"Validation loss fluctuates: best {best}, latest {last}. No clear rise{far}.",
        "apart": f"Validation loss stays near its best ({best}){far}, but {above} above training loss.",
        "holds": f"No overfitting{far}: validation loss stays near its best ({best}).",
    }[verdict.kind]
