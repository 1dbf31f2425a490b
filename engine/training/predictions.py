"""What predictions are worth, row by row: mistakes, confusion, worst rows; must not know any figure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.losses import LOSSES, Loss
from engine.nn.tape import Arena, Tape
from engine.training.model import predict

# Losses whose formula stands here; one of a plugin is asked itself.
KNOWN_LOSSES = ("mse", "mae", "huber", "smooth_l1", "cross_entropy", "binary_cross_entropy")
SMALLEST_PROBABILITY = 1e-300
WORST_SHOWN = 12


def probability_of_second(outputs: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` how sure a network is of the second of two classes, 0 to 1; 0.5 is the boundary.

    Two columns of scores (classes learned with mse) count by their difference, cut to the range.
    """
    if outputs.shape[1] == 1:
        return np.clip(outputs[:, 0], 0, 1)
    with np.errstate(invalid="ignore"):  # outputs of a diverged network are infinite or NaN
        return np.clip((outputs[:, 1] - outputs[:, 0] + 1) / 2, 0, 1)


def decided(outputs: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` the class that is decided for, from ``(n, 1)`` or ``(n, classes)`` predictions."""
    return (outputs[:, 0] > 0.5).astype(np.int64) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def wrong(outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` bool: which rows with the labels ``y`` are decided wrongly; NaN is never right."""
    return (decided(outputs) != y) | ~np.isfinite(outputs).all(axis=1)


def row_losses(config: RunConfig, outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``(n,)`` the loss of each row; their mean is the loss of the run's curves.

    Class weights and label smoothing are left out.

    Parameters
    ----------
    outputs : numpy.ndarray
        ``(n, outputs)`` from :func:`engine.training.model.predict`; values as they are learned.
    y : numpy.ndarray
        ``(n,)`` labels, or ``(n, outputs)`` values as they are learned.
    """
    outputs = outputs.astype(np.float64)
    if config.loss not in KNOWN_LOSSES:
        return _own_losses(LOSSES[config.loss], outputs, y if y.ndim == 2 else np.eye(outputs.shape[1])[y])
    if y.ndim == 2:
        return _value_losses(config, np.abs(outputs - y)).mean(axis=1)
    if config.loss == "mse":
        return np.square(outputs - np.eye(outputs.shape[1])[y]).mean(axis=1)
    if outputs.shape[1] == 1:
        of_truth = np.where(y == 1, outputs[:, 0], 1 - outputs[:, 0])
    else:
        of_truth = outputs[np.arange(len(y)), y]
    return -np.log(np.maximum(of_truth, SMALLEST_PROBABILITY))


def _own_losses(loss: Loss, outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the loss of each row by its own calls: rows are replicates with a batch of one."""
    lead, losses = (len(y),), np.empty(len(y))
    arena, tape = Arena([("dense", "z", y.shape[1])], 1, np.float64, lead), Tape(np.float64, lead)
    output = arena.blocks["z"]
    output.values[...] = outputs[:, :, np.newaxis]
    loss.record_value(tape, output, y[:, :, np.newaxis].astype(np.float64), losses)
    with np.errstate(all="ignore"):  # outputs of a diverged network are infinite or NaN
        tape.replay()
    return losses


def _value_losses(config: RunConfig, errors: np.ndarray) -> np.ndarray:
    """Return the loss of each error; the formulas are those of :mod:`engine.nn.regression_losses`."""
    if config.loss == "mse":
        return np.square(errors)
    if config.loss == "mae":
        return errors
    delta = config.loss_delta
    assert delta is not None
    huber = np.where(errors < delta, np.square(errors) / 2, delta * (errors - delta / 2))
    return huber if config.loss == "huber" else huber / delta


@dataclass(frozen=True, eq=False)
class Mistakes:
    """How a network does on the validation rows, at one set of parameters.

    Attributes
    ----------
    confusion : numpy.ndarray
        ``(classes, classes)`` counts, rows true, columns predicted; ``(0, 0)`` for regression.
    truth, predicted : numpy.ndarray
        ``(n,)`` of every validation row: labels, or the first target and what is said of it.
    worst : numpy.ndarray
        Numbers of the validation rows with the highest losses, highest first.
    losses, confidence : numpy.ndarray
        Of those rows; ``confidence`` is the probability of the class decided for, NaN for regression.
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
    outputs, y = predict(config, dataset, learned, dataset.x_val), dataset.y_val
    losses = row_losses(config, dataset.learned_targets(outputs), dataset.learned_targets(y))
    worst = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[:count]
    if dataset.task == "regression":
        blank = np.full(len(worst), np.nan)
        return Mistakes(np.zeros((0, 0), int), y[:, 0], outputs[:, 0], worst, losses[worst], blank)
    predicted = decided(outputs)
    confusion = np.zeros((dataset.classes, dataset.classes), int)
    np.add.at(confusion, (y, predicted), 1)
    sure = outputs.max(axis=1) if outputs.shape[1] > 1 else np.maximum(outputs[:, 0], 1 - outputs[:, 0])
    return Mistakes(confusion, y, predicted, worst, losses[worst], sure[worst])
