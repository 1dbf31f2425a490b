"""Predictions row by row: mistakes, confusion, worst rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.tape import Arena, Tape
from engine.training.model import build_loss, in_data_units, outputs_of, target_columns, trained_network

WORST_SHOWN = 12


def probability_of_second(outputs: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` the probability of the second of two classes, 0 to 1; 0.5 is the boundary.

    Two columns of scores (classes learned with mse) count by their difference, cut to the range.
    """
    if outputs.shape[1] == 1:
        return np.clip(outputs[:, 0], 0, 1)
    with np.errstate(invalid="ignore"):  # outputs of a diverged network are infinite or NaN
        return np.clip((outputs[:, 1] - outputs[:, 0] + 1) / 2, 0, 1)


def decided(outputs: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` the predicted class, from ``(n, 1)`` or ``(n, classes)`` predictions."""
    return (outputs[:, 0] > 0.5).astype(np.int64) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def wrong(outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` bool: which rows with the labels ``y`` are misclassified; NaN always is."""
    return (decided(outputs) != y) | ~np.isfinite(outputs).all(axis=1)


def row_losses(config: RunConfig, dataset: Dataset, outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` the loss of each row, its weight and smoothing left out.

    Their mean is the loss of the run's curves where neither is set.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    outputs : numpy.ndarray
        ``(n, outputs)`` as the network gives them, from :func:`engine.training.model.outputs_of`.
    y : numpy.ndarray
        ``(n,)`` labels, or ``(n, outputs)`` values in the units of the data.
    """
    plain = config.model_copy(update={"label_smoothing": 0.0, "class_weights": None, "dtype": "float64"})
    target = target_columns(plain, dataset, y).T
    # By the loss's own calls, whichever it is: rows are replicates with a batch of one.
    lead, losses = (len(y),), np.empty(len(y))
    arena, tape = Arena([("dense", "z", target.shape[1])], 1, np.float64, lead), Tape(np.float64, lead)
    output = arena.blocks["z"]
    output.values[...] = outputs[:, :, np.newaxis]
    build_loss(plain, dataset).record_value(tape, output, target[:, :, np.newaxis], losses)
    with np.errstate(all="ignore"):  # outputs of a diverged network are infinite or NaN
        tape.replay()
    return losses


@dataclass(frozen=True, eq=False)
class Mistakes:
    """How a network does on the validation rows, at one set of parameters.

    Attributes
    ----------
    confusion : numpy.ndarray
        ``(classes, classes)`` counts, rows true, columns predicted; ``(0, 0)`` for regression.
    truth, predicted : numpy.ndarray
        Of every validation row: labels ``(n,)``, or values ``(n, outputs)`` in the units of the data.
    worst : numpy.ndarray
        Numbers of the validation rows with the highest losses, highest first.
    losses, confidence : numpy.ndarray
        Of those rows; ``confidence`` is the probability of the predicted class, NaN for regression.
    """

    confusion: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    worst: np.ndarray
    losses: np.ndarray
    confidence: np.ndarray


def mistakes(
    config: RunConfig, dataset: Dataset, learned: Mapping[str, np.ndarray], *, count: int = WORST_SHOWN
) -> Mistakes:
    """Return confusion and worst rows of the validation split.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    learned : mapping
        What a state or a snapshot holds: ``theta``, and ``statistics`` of batch norm.
    count : int
        Worst rows to name.
    """
    network, y = trained_network(config, dataset, learned), dataset.y_val
    raw = outputs_of(network, dataset.x_val)
    losses, outputs = row_losses(config, dataset, raw, y), in_data_units(network, dataset, raw)
    worst = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[:count]
    if dataset.task == "regression":
        blank = np.full(len(worst), np.nan)
        return Mistakes(np.zeros((0, 0), int), y, outputs, worst, losses[worst], blank)
    predicted = decided(outputs)
    confusion = np.zeros((dataset.classes, dataset.classes), int)
    np.add.at(confusion, (y, predicted), 1)
    sure = outputs.max(axis=1) if outputs.shape[1] > 1 else np.maximum(outputs[:, 0], 1 - outputs[:, 0])
    return Mistakes(confusion, y, predicted, worst, losses[worst], sure[worst])
