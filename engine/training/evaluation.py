"""Losses, scores and activation statistics at given weights, in evaluation mode."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.network import Network, Recording
from engine.training.model import target_columns
from engine.training.plan import network_sizes, rows_at_once
from engine.training.state import EVALUATION, stream
from engine.training.telemetry import LAYER_INDEX, LAYER_STATISTICS

ACTIVE_SHARE_OF_A_DEAD_UNIT = 0.01
TINY_SQUARE, HUGE_SQUARE = 1e-24, 1e30


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to evaluate on: ``x (features, n)``, ``target (outputs, n)``, targets as they are learned."""

    x: np.ndarray
    target: np.ndarray
    y: np.ndarray


def fixed_rows(config: RunConfig, dataset: Dataset) -> tuple[Rows, Rows]:
    """Return the parts of both splits that a run's curves are measured on: seeded, 2048 rows or fewer.

    Very wide networks are measured on as many as :func:`engine.training.plan.rows_at_once` says.
    """
    parts, most = [], rows_at_once(network_sizes(config, dataset))
    for index, (x, y) in enumerate(((dataset.x_train, dataset.y_train), (dataset.x_val, dataset.y_val))):
        chosen = np.sort(stream(config.data_seed, EVALUATION, index).permutation(len(x))[:most])
        parts.append(columns(config, dataset, x[chosen], y[chosen]))
    return parts[0], parts[1]


def columns(config: RunConfig, dataset: Dataset, x: np.ndarray, y: np.ndarray) -> Rows:
    """Return rows in the shape that a network takes."""
    target = target_columns(config, dataset, y)
    return Rows(np.ascontiguousarray(x.T, dtype=config.dtype), target, dataset.learned_targets(y))


def evaluate(network: Network, rows: Rows) -> tuple[float, float, Recording]:
    """Return loss, score (accuracy, or R² for real targets) and the recording that holds all activations."""
    recording = network.recording(rows.x.shape[1], training=False)
    recording.x[...] = rows.x
    recording.target[...] = rows.target
    recording.tape.replay()
    recording.loss_tape.replay()
    return float(recording.loss), score(recording.output.values, rows.y), recording


def score(outputs: np.ndarray, y: np.ndarray) -> float:
    """Return accuracy for labels ``(n,)``, R² for values ``(n, outputs)``; outputs are ``(outputs, n)``.

    R² of several outputs is the mean of theirs, as scikit-learn's ``r2_score`` has it, so that it does not
    depend on their units; an output that never varies has none, and R² is NaN where all are so. Outputs
    that are infinite or NaN, as after a divergence, predict nothing: then there is no accuracy either.
    """
    if y.ndim == 1:
        if not np.isfinite(outputs).all():
            return float("nan")
        decided = outputs[0] > 0 if len(outputs) == 1 else outputs.argmax(axis=0)
        return np.count_nonzero(decided == y) / len(y)
    residual = np.square(outputs.T.astype(np.float64) - y).sum(axis=0)
    total = np.square(y - y.mean(axis=0)).sum(axis=0)
    varies = total > 0
    return float((1 - residual[varies] / total[varies]).mean()) if varies.any() else float("nan")


def evaluate_all(network: Network, rows: Rows) -> tuple[float, float]:
    """Return loss and score over any number of rows, block by block."""
    count, at_once = rows.x.shape[1], rows_at_once(network.sizes)
    outputs, losses, masses = [], [], []
    for start in range(0, count, at_once):
        part = np.s_[start : start + at_once]
        block = Rows(rows.x[:, part], rows.target[:, part], rows.y[part])
        loss, _, recording = evaluate(network, block)
        masses.append(network.loss.mass(block.target))
        losses.append(loss * masses[-1])
        outputs.append(recording.output.values.copy())
    return sum(losses) / sum(masses), score(np.concatenate(outputs, axis=1), rows.y)


def activation_statistics(network: Network, recording: Recording, layers: np.ndarray) -> None:
    """Write mean, spread, saturated and dead share of each layer's outputs into ``layers``."""
    assert layers.shape == (network.depth, len(LAYER_STATISTICS))
    for number in range(1, network.depth + 1):
        is_last = number == network.depth
        outputs = recording.arena.blocks[f"z{number}" if is_last else f"a{number}"].values
        row = layers[number - 1]
        row[LAYER_INDEX["activation_mean"]], row[LAYER_INDEX["activation_std"]] = mean_and_spread(outputs)
        if is_last:
            continue
        activation = network.activations[number - 1]
        if activation.saturated is not None:
            low, high = activation.saturated
            beyond = np.count_nonzero(outputs < low) + np.count_nonzero(outputs > high)
            row[LAYER_INDEX["saturated_fraction"]] = beyond / outputs.size
        if activation.dies:
            active = _row_sums((outputs > 0).astype(np.float32))
            is_dead = active < ACTIVE_SHARE_OF_A_DEAD_UNIT * outputs.shape[1]
            row[LAYER_INDEX["dead_fraction"]] = is_dead.mean()


def mean_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of all values, ``(units, rows)``.

    In the precision of the values where their squares are numbers of it with room to spare, else in float64,
    which takes several times as long.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(_row_sums(values).sum(dtype=np.float64)) / values.size
        centred = (values - values.dtype.type(mean)).ravel()
        variance = float(np.dot(centred, centred)) / centred.size
    if TINY_SQUARE < variance < HUGE_SQUARE:
        return mean, math.sqrt(variance)
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))


def _row_sums(values: np.ndarray) -> np.ndarray:
    """Return the sum of each row; a product with ones is several times as fast as numpy's own sum."""
    return np.dot(values, _ones(values.shape[1], values.dtype))


@lru_cache(maxsize=8)
def _ones(count: int, dtype: np.dtype[Any]) -> np.ndarray:
    ones = np.ones(count, dtype)
    ones.flags.writeable = False
    return ones
