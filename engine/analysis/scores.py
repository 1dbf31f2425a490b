"""Scores of predictions by scikit-learn, each a number or the reason why there is none."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from engine.analysis.predictions import decided
from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.losses import PROBABILITY_LOSSES

NAMED_AT_MOST = 3


@dataclass(frozen=True)
class ScoreMeaning:
    """What the screen says about a score."""

    title: str
    description: str


SCORES = {
    "accuracy": ScoreMeaning("accuracy", "share of the rows that are classified correctly"),
    "balanced_accuracy": ScoreMeaning(
        "balanced accuracy",
        "mean of the recalls of all classes; always predicting one class scores 1 / classes, however rare "
        "the others are",
    ),
    "precision": ScoreMeaning("precision", "of a class: share of the rows predicted as it that belong to it"),
    "recall": ScoreMeaning("recall", "of a class: share of its rows that are predicted as it"),
    "f1": ScoreMeaning(
        "F1",
        "2 precision recall / (precision + recall) of a class; for a run with two classes that of the second "
        "one",
    ),
    "f1_macro": ScoreMeaning("F1, macro", "mean of the F1 of three or more classes"),
    "f1_weighted": ScoreMeaning("F1, weighted", "the same mean, each class weighted by its rows"),
    "roc_auc": ScoreMeaning(
        "ROC AUC",
        "how often a row of a class is ranked above one of another class, 0.5 is chance; for a run with two "
        "classes that of the second one, otherwise the mean of each class against the rest",
    ),
    "log_loss": ScoreMeaning(
        "log loss",
        "mean of -log(probability of the true class), without class weights and label smoothing; not for "
        "classes learned with mse or a custom loss, whose outputs are not probabilities",
    ),
    "r2": ScoreMeaning(
        "R²",
        "1 - squared errors / squared distances from the mean of the same rows; of several outputs the mean "
        "of theirs",
    ),
    "mae": ScoreMeaning(
        "MAE",
        "mean distance from the truth, in the units of the target; of several targets for each alone, as "
        "their units may differ",
    ),
    "rmse": ScoreMeaning(
        "RMSE",
        "root of the mean squared distance from the truth, in the units of the target; of several targets "
        "for each alone, as their units may differ",
    ),
}


class Score(TypedDict):
    """A number, or None and why it is not defined."""

    value: float | None
    why: str


class PartScores(TypedDict):
    """The scores of one class, or of one output where there are several."""

    name: str
    rows: int
    scores: dict[str, Score]


class SplitScores(TypedDict):
    """Scores of the predictions of one split, as plain values that JSON can hold.

    Attributes
    ----------
    scores : dict
        Of all rows, by their name in :data:`SCORES`.
    confusion : list of list of int or None
        Rows true, columns predicted; None for regression, and where nothing can be predicted.
    """

    rows: int
    scores: dict[str, Score]
    parts: list[PartScores]
    confusion: list[list[int]] | None


def scores_by_split(
    config: RunConfig, dataset: Dataset, outputs: Mapping[str, np.ndarray | None]
) -> dict[str, SplitScores]:
    """Return the scores of a network by split.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    outputs : mapping
        By ``val`` and ``test`` what :func:`engine.training.model.predict` returns for all rows of the
        split; None where nothing was predicted.
    """
    found = {}
    for split, y in (("val", dataset.y_val), ("test", dataset.y_test)):
        predicted = outputs.get(split)
        if predicted is None or not len(predicted):
            continue
        if dataset.task == "regression":
            found[split] = value_scores(y, predicted, dataset.target_names)
        else:
            found[split] = class_scores(y, predicted, dataset.class_names, loss=config.loss)
    return found


def class_scores(y: np.ndarray, outputs: np.ndarray, class_names: Sequence[str], *, loss: str) -> SplitScores:
    """Return the scores of a classification.

    Parameters
    ----------
    y : numpy.ndarray
        ``(n,)`` labels, one row or more.
    outputs : numpy.ndarray
        ``(n, 1)`` of the second class, or ``(n, classes)``.
    loss : str
        The loss of the run: with most losses outputs only rank classes, and are not probabilities.
    """
    found = _Classification(y, outputs, class_names)
    not_finite, unmet = found.not_finite, found.not_finite or found.missing(range(found.classes))
    is_sure = loss in PROBABILITY_LOSSES
    no_loss = "" if is_sure else f"outputs of classes learned with {loss} are not probabilities"
    scores = {
        "accuracy": _score(not_finite, found.accuracy),
        "balanced_accuracy": _score(unmet, lambda: found.recall.mean()),
    }
    if found.classes == 2:
        scores["f1"] = _score(not_finite or found.missing([1]), lambda: found.f1[1])
        scores["roc_auc"] = _score(unmet, lambda: found.auc(1))
    else:
        scores["f1_macro"] = _score(unmet, lambda: found.f1.mean())
        scores["f1_weighted"] = _score(not_finite, lambda: np.average(found.f1, weights=found.rows))
        every = range(found.classes)
        scores["roc_auc"] = _score(unmet, lambda: np.mean([found.auc(label) for label in every]))
    scores["log_loss"] = _score(not_finite or no_loss, found.log_loss)
    return SplitScores(
        rows=len(y),
        scores=scores,
        parts=[found.of_class(label) for label in range(found.classes)],
        confusion=None if not_finite else found.confusion(),
    )


class _Classification:
    """Labels, predicted classes and outputs of one split, and their scores by scikit-learn."""

    def __init__(self, y: np.ndarray, outputs: np.ndarray, class_names: Sequence[str]) -> None:
        from sklearn.metrics import precision_recall_fscore_support

        self.y, self.outputs, self.names = y, outputs, class_names
        self.classes, self.labels = len(class_names), np.arange(len(class_names))
        self.rows = np.bincount(y, minlength=self.classes)
        self.not_finite, self.predicted = _not_finite(outputs), decided(outputs)
        nothing: Any = 0  # scikit-learn's hints know texts alone
        with _quietly():
            found = precision_recall_fscore_support(
                y, self.predicted, labels=self.labels, zero_division=nothing
            )
        self.precision, self.recall, self.f1 = (np.asarray(part) for part in found[:3])

    def missing(self, labels: Sequence[int]) -> str:
        """Return which of the classes have no row, or nothing."""
        gone = [f"{self.names[label]!r}" for label in labels if not self.rows[label]]
        named = ", ".join(gone[:NAMED_AT_MOST]) + (", ..." if len(gone) > NAMED_AT_MOST else "")
        return f"no rows of class {named}" if gone else ""

    def accuracy(self) -> float:
        from sklearn.metrics import accuracy_score

        return float(accuracy_score(self.y, self.predicted))

    def auc(self, label: int) -> float:
        """Return the area for one class against the rest."""
        from sklearn.metrics import roc_auc_score

        sure = self.outputs.astype(np.float64)
        if self.classes == 2:
            sure = sure[:, 1] - sure[:, 0] if sure.shape[1] == 2 else sure[:, 0]
            sure = sure if label == 1 else -sure
        else:
            sure = sure[:, label]
        return float(roc_auc_score(self.y == label, sure))

    def log_loss(self) -> float:
        from sklearn.metrics import log_loss

        single = self.outputs.shape[1] == 1
        shares = np.hstack([1 - self.outputs, self.outputs]) if single else self.outputs.astype(np.float64)
        return float(log_loss(self.y, shares, labels=self.labels))

    def confusion(self) -> list[list[int]]:
        from sklearn.metrics import confusion_matrix

        with _quietly():
            return confusion_matrix(self.y, self.predicted, labels=self.labels).tolist()

    def of_class(self, label: int) -> PartScores:
        rows = int(self.rows[label])
        absent = self.not_finite or ("" if rows else "no rows of this class")
        alone = absent or ("all rows are of this class" if rows == len(self.y) else "")
        never = self.not_finite or (
            "" if (self.predicted == label).any() else "this class is never predicted"
        )
        scores = {
            "precision": _score(never, lambda: self.precision[label]),
            "recall": _score(absent, lambda: self.recall[label]),
            "f1": _score(absent, lambda: self.f1[label]),
            "roc_auc": _score(alone, lambda: self.auc(label)),
        }
        return PartScores(name=self.names[label], rows=rows, scores=scores)


def value_scores(y: np.ndarray, outputs: np.ndarray, target_names: Sequence[str] = ()) -> SplitScores:
    """Return the scores of a regression, and those of each output where there are several.

    R² of several is the mean of theirs, as in the curves of a run; one that never varies has none. Distances
    are in the units of a target, so those of several are never put together.

    Parameters
    ----------
    y, outputs : numpy.ndarray
        ``(n, outputs)`` in the units of the data, one row or more.
    target_names : sequence of str
        Of the outputs where there are several, as a dataset has them.
    """
    parts = [
        PartScores(name=name, rows=len(y), scores=_values(y[:, [index]], outputs[:, [index]]))
        for index, name in enumerate(target_names)
    ]
    return SplitScores(rows=len(y), scores=_values(y, outputs), parts=parts, confusion=None)


def _values(y: np.ndarray, outputs: np.ndarray) -> dict[str, Score]:
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    y, outputs, not_finite = y.astype(np.float64), outputs.astype(np.float64), _not_finite(outputs)
    varies = np.ptp(y, axis=0) > 0
    flat = "" if varies.any() else "the true values do not vary"
    mixed = (
        "" if y.shape[1] == 1 else "the units of several targets may differ: see the scores of each target"
    )
    return {
        "r2": _score(not_finite or flat, lambda: r2_score(y[:, varies], outputs[:, varies])),
        "mae": _score(not_finite or mixed, lambda: mean_absolute_error(y, outputs)),
        "rmse": _score(not_finite or mixed, lambda: root_mean_squared_error(y, outputs)),
    }


def _not_finite(outputs: np.ndarray) -> str:
    count = int((~np.isfinite(outputs)).any(axis=1).sum())
    return f"{count:,} of {len(outputs):,} predictions are infinite or NaN" if count else ""


def _score(why: str, compute: Callable[[], float | np.floating]) -> Score:
    """Return a score, unless there is a reason against it, or the errors overflow."""
    if why:
        return Score(value=None, why=why)
    with _quietly():
        value = float(compute())
    return Score(value=value, why="") if np.isfinite(value) else Score(value=None, why="errors are too large")


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence warnings and overflows in scikit-learn: a score says itself what is wrong."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
