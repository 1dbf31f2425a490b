"""What a lesson can say of a run in one number: the measures, and how each is taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.training.evaluation import columns
from engine.training.model import build_network, initial_state, take_over
from engine.training.plan import TrainingPlan
from engine.training.state import State
from engine.training.summary import final_summary
from engine.training.telemetry import LAYER_INDEX, SCALAR_INDEX

Values = dict[str, float | str]
# Gradients are a mean over the beginning of the plan: this share of its updates, one at least.
BEGINNING = 0.1
FINISHED, STOPPED_EARLY, DIVERGED = STATUSES = ("finished", "stopped_early", "diverged")
LOWER, HIGHER = "lower", "higher"


@dataclass(frozen=True)
class Measure:
    """One number of a run.

    Attributes
    ----------
    words : str
        What sentences call it.
    meaning : str
        What it is, and at which moment it is measured.
    unit : str
    better : str
        ``lower`` or ``higher``; empty where neither is better.
    """

    words: str
    meaning: str
    unit: str = ""
    better: str = ""


_AT_THE_BEGINNING = "mean over the recorded updates in the first tenth of the planned ones, before clipping"
MEASURES = {
    "loss": Measure(
        "training loss",
        "on all training rows, with the weights that the run ends with; inf when it diverged",
        "",
        LOWER,
    ),
    "val_loss": Measure("validation loss", "the same on all validation rows", "", LOWER),
    "best_val_loss": Measure("lowest validation loss", "the lowest that was recorded", "", LOWER),
    "start_loss": Measure("first training loss", "before the first update"),
    "gap": Measure("gap", "val_loss - loss", "", LOWER),
    "score": Measure(
        "validation score",
        "accuracy, or R² for values, on all validation rows, with the weights that the run ends with",
        "fraction",
        HIGHER,
    ),
    "train_score": Measure("training score", "the same on all training rows", "fraction", HIGHER),
    "status": Measure("status", "how the run ended: finished, stopped_early or diverged"),
    "epochs": Measure("epochs", "passes over the training rows that were made", "epochs"),
    "steps": Measure("steps", "updates that were made", "steps"),
    "samples": Measure("rows seen", "training rows seen in all updates together", "rows"),
    "seconds": Measure("training time", "time spent training", "s", LOWER),
    "seconds_per_pass": Measure("time for a pass", "time spent training / epochs", "s", LOWER),
    "samples_to_loss": Measure(
        "rows until the target loss",
        "training rows seen at the first evaluation with a training loss below the block's target; inf if "
        "there was none",
        "rows",
        LOWER,
    ),
    "parameters": Measure("parameters", "weights and biases of the network"),
    "weight_norm": Measure("norm of the weights", "of all parameters that the run ends with"),
    "grad_norm": Measure("gradient norm", f"of the whole gradient: {_AT_THE_BEGINNING}"),
    "max_grad_norm": Measure(
        "largest gradient norm", "of the whole gradient in any recorded update, before clipping"
    ),
    "first_layer_gradient": Measure(
        "gradient norm of the first layer", f"the layer next to the input: {_AT_THE_BEGINNING}"
    ),
    "last_layer_gradient": Measure(
        "gradient norm of the last layer", f"the output layer: {_AT_THE_BEGINNING}"
    ),
    "gradient_ratio": Measure(
        "first layer's gradient by the last one's", "first_layer_gradient / last_layer_gradient"
    ),
    "dead": Measure(
        "dead units",
        "largest share in a hidden layer, at the last evaluation; 0 where none can die",
        "fraction",
        LOWER,
    ),
    "saturated": Measure(
        "saturated outputs",
        "largest share in a hidden layer, at the last evaluation; 0 where none can saturate",
        "fraction",
        LOWER,
    ),
    "gradient_noise": Measure(
        "noise of the gradient",
        "at the start weights, over the batches of the first epoch: root mean square distance of a batch's "
        "gradient from their mean / norm of that mean; nothing is dropped",
        "",
        LOWER,
    ),
}


def measured(
    config: RunConfig,
    dataset: Dataset,
    planned: TrainingPlan,
    state: State,
    records: tuple[np.ndarray, np.ndarray],
    target: float | None,
) -> Values:
    """Return all measures of a run that has ended, by name.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    state : State
        At its end.
    records : (numpy.ndarray, numpy.ndarray)
        ``(n, scalars)`` and ``(n, layers, statistics)``, as :class:`engine.training.telemetry.Record` has
        them, record 0 first.
    target : float or None
        For ``samples_to_loss``, which is NaN without one.
    """
    scalars, layers = records
    epochs = state.step / planned.steps_per_epoch
    values: Values = {
        "status": DIVERGED if state.diverged else STOPPED_EARLY if state.stopped_early else FINISHED,
        "epochs": epochs,
        "steps": float(state.step),
        "samples": float(planned.batches.seen(state.step)),
        "seconds": state.seconds,
        "seconds_per_pass": state.seconds / epochs if epochs else float("nan"),
        "parameters": float(planned.parameters),
        "weight_norm": float(np.linalg.norm(state.theta.astype(np.float64))),
        "start_loss": float(scalars[0, SCALAR_INDEX["train_loss"]]),
        "samples_to_loss": _samples_to(scalars, planned, target),
        "gradient_noise": gradient_noise(config, dataset, planned),
    }
    return values | _at_the_end(config, dataset, state, scalars) | _of_layers(planned, scalars, layers)


def _at_the_end(config: RunConfig, dataset: Dataset, state: State, scalars: np.ndarray) -> Values:
    summary, name = final_summary(config, dataset, state), dataset.score_name
    lowest = scalars[:, SCALAR_INDEX["val_loss"]]
    known = lowest[np.isfinite(lowest)]
    # What a diverged network says of a row is no loss that could be compared.
    loss, val_loss = (np.inf, np.inf) if state.diverged else (summary["train_loss"], summary["val_loss"])
    is_off = state.diverged
    return {
        "loss": float(loss),
        "val_loss": float(val_loss),
        "gap": float("nan") if is_off else float(val_loss - loss),
        "best_val_loss": float(known.min()) if len(known) else float("inf"),
        "score": float("nan") if is_off else float(summary[f"val_{name}"]),
        "train_score": float("nan") if is_off else float(summary[f"train_{name}"]),
    }


def _of_layers(planned: TrainingPlan, scalars: np.ndarray, layers: np.ndarray) -> Values:
    steps, norms = scalars[:, SCALAR_INDEX["step"]], scalars[:, SCALAR_INDEX["grad_norm"]]
    is_early = (steps > 0) & (steps <= max(1, BEGINNING * planned.total_steps))
    by_layer = layers[is_early][:, :, LAYER_INDEX["grad_norm"]]
    first, last = (_mean(by_layer[:, place]) for place in (0, -1))
    return {
        "grad_norm": _mean(norms[is_early]),
        "max_grad_norm": _largest(norms[steps > 0]),
        "first_layer_gradient": first,
        "last_layer_gradient": last,
        "gradient_ratio": first / last if last else float("nan"),
        "dead": _largest_share(layers, "dead_fraction"),
        "saturated": _largest_share(layers, "saturated_fraction"),
    }


def _mean(norms: np.ndarray) -> float:
    """Return the mean of norms, a record each; infinite where one of them was no number."""
    if not len(norms):
        return float("nan")
    return float(norms.mean()) if np.isfinite(norms).all() else float("inf")


def _largest(norms: np.ndarray) -> float:
    if not len(norms):
        return float("nan")
    return float(norms.max()) if np.isfinite(norms).all() else float("inf")


def _largest_share(layers: np.ndarray, name: str) -> float:
    shares = layers[:, :-1, LAYER_INDEX[name]]
    known = np.flatnonzero(np.isfinite(shares).any(axis=1))
    return float(np.nanmax(shares[known[-1]])) if len(known) else 0.0


def _samples_to(scalars: np.ndarray, planned: TrainingPlan, target: float | None) -> float:
    if target is None:
        return float("nan")
    reached = np.flatnonzero(scalars[:, SCALAR_INDEX["train_loss"]] < target)
    if not len(reached):
        return float("inf")
    return float(planned.batches.seen(int(scalars[reached[0], SCALAR_INDEX["step"]])))


def gradient_noise(config: RunConfig, dataset: Dataset, planned: TrainingPlan) -> float:
    """Return by how much the gradients of the first epoch's batches scatter around their mean.

    ``sqrt(mean |g_i - m|²) / |m|`` at the start weights, ``m`` the mean of all ``g_i``, each weighted by its
    rows; 0 where the batch is all rows.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    """
    state = initial_state(config, dataset)
    network = build_network(config, dataset)
    take_over(network, state.learned)
    order = state.shuffling.permutation(len(dataset.x_train))
    rows = columns(config, dataset, dataset.x_train[order], dataset.y_train[order])
    gradients, weights = [], []
    with np.errstate(all="ignore"):
        for number in range(planned.steps_per_epoch):
            part = np.s_[:, planned.batches.place(number)]
            recording = network.gradient_recording(rows.x[part].shape[1])
            recording.x[...], recording.target[...] = rows.x[part], rows.target[part]
            recording.tape.replay()
            gradients.append(network.parameters.grad.astype(np.float64))
            weights.append(recording.x.shape[1])
        each = np.stack(gradients)
        mean = np.average(each, axis=0, weights=weights)
        squares = np.average(np.square(each - mean).sum(axis=1), weights=weights)
        return float(np.sqrt(squares) / np.linalg.norm(mean))


def format_measure(name: str, value: float | str, score: str = "accuracy") -> str:
    """Return a measured value as sentences have it: three digits, shares in percent.

    Parameters
    ----------
    score : str
        What the run's score is: an ``r2`` is no share.
    """
    if isinstance(value, str):
        return value.replace("_", " ")
    if value != value:
        return "–"
    if value in (np.inf, -np.inf):
        return "never" if name == "samples_to_loss" else "infinite"
    if MEASURES[name].unit == "fraction" and not (score == "r2" and name.endswith("score")):
        return f"{100 * value:z.1f} %"
    if MEASURES[name].unit == "s":
        return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"
    if name in ("epochs", "steps", "samples", "parameters", "samples_to_loss"):
        return f"{value:,.6g}"
    return f"{value:z.3g}"


def is_better(name: str, first: float | str, second: float | str) -> bool:
    """Tell whether one value of a measure is better than another; never where neither direction is."""
    better = MEASURES[name].better
    if isinstance(first, str) or isinstance(second, str) or not better:
        return False
    return first < second if better == LOWER else first > second


def facts(values: Mapping[str, Any], names: tuple[str, ...]) -> Values:
    """Return some of the measures of a run."""
    return {name: values[name] for name in names}
