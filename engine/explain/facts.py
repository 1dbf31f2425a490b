"""What a step is about: the network, the rows, their targets and what was predicted."""

from typing import Any

import numpy as np

from engine.data.dataset import Dataset
from engine.explain.step import ExplainedStep


def step_facts(step: ExplainedStep, dataset: Dataset) -> dict[str, Any]:
    """Return what there is to know beside the calls of a step that has run, as plain values.

    Returns
    -------
    dict
        ``layers`` from the input on: ``units`` and ``activation``; ``inputs`` and ``outputs``: names;
        ``rows``: how many; ``row``: the training row, where it is one alone; ``target`` and ``predicted``: of
        one row as the loss compares them, probabilities where there are any; ``loss``, ``optimizer``,
        ``rate``, ``dtype``; ``weights``: how many numbers are learned; ``biases``: which layers
        have them; ``places``: where those of each layer stand among them.
    """
    config, network = step.config, step.network
    activations = ["", *config.activations, "identity"]
    sizes = zip(network.sizes, activations, strict=True)
    return {
        "layers": [{"units": units, "activation": name} for units, name in sizes],
        "inputs": list(dataset.feature_names),
        "outputs": list(dataset.class_names if network.sizes[-1] > 1 else dataset.target_names),
        "rows": len(step.rows),
        **(_of_one_row(step, dataset) if len(step.rows) == 1 else {}),
        "loss": config.loss,
        "optimizer": config.optimizer,
        "rate": step.learning_rate,
        "dtype": str(network.parameters.theta.dtype),
        "weights": int(step.before.size),
        "biases": [layer.has_bias for layer in network.dense],
        "places": [_places(step, layer.number) for layer in network.dense],
    }


def _places(step: ExplainedStep, layer: int) -> dict[str, int]:
    """Return where weights and biases of a layer stand among all: the first ones, and the step by unit."""
    named = step.named(np.arange(step.before.size))
    weight, bias = named[f"dense{layer}.weight"], named.get(f"dense{layer}.bias", np.zeros(1, np.int64))
    return {
        "weight": int(weight[0, 0]),
        "step": int(weight[-1, 0] - weight[0, 0]) // max(len(weight) - 1, 1),
        "bias": int(bias[0]),
        "biasStep": int(bias[-1] - bias[0]) // max(len(bias) - 1, 1),
    }


def _of_one_row(step: ExplainedStep, dataset: Dataset) -> dict[str, Any]:
    outputs = np.asarray(step.recording.output.values, np.float64).T
    with np.errstate(all="ignore"):
        predicted = np.asarray(step.network.loss.decide(outputs))[0]
    target = np.asarray(step.recording.target, np.float64)[:, 0]
    label = dataset.class_names[int(dataset.y_train[step.rows[0]])] if dataset.class_names else ""
    return {
        "row": int(step.rows[0]),
        "target": target.tolist(),
        "predicted": [float(value) if np.isfinite(value) else None for value in predicted],
        "label": label,
    }
