"""What a network makes of the validation rows where its inputs fill no plane: a confusion or predictions."""

import numpy as np

from engine.analysis.predictions import decided
from engine.data.dataset import Dataset
from engine.nn.network import Network
from engine.training.model import in_data_units, outputs_of

CLASSES_AT_MOST = 20
ROWS_COUNTED, ROWS_DRAWN = 1000, 300


def outcome_kind(dataset: Dataset) -> str:
    """Return ``confusion``, ``predictions``, or nothing for more classes than can be drawn."""
    if dataset.task == "regression":
        return "predictions"
    return "confusion" if dataset.classes <= CLASSES_AT_MOST else ""


def outcomes(network: Network, dataset: Dataset) -> dict[str, np.ndarray]:
    """Return the outcome of a network as an array of a frame.

    Returns
    -------
    dict of str to numpy.ndarray
        ``confusion``, int16 ``(classes * classes,)``: how many of the first 1000 validation rows of each
        class (one after the other) are taken for which, those without a finite output left out; or
        ``predicted``, float ``(n,)``: the first output in the units of the data for the first 300 of them; or
        neither.
    """
    kind = outcome_kind(dataset)
    if kind == "confusion":
        rows = dataset.x_val[:ROWS_COUNTED]
        outputs = network.loss.decide(outputs_of(network, rows))
        known = np.isfinite(outputs).all(axis=1)
        places = dataset.y_val[:ROWS_COUNTED] * dataset.classes + decided(outputs)
        counts = np.bincount(places[known], minlength=dataset.classes**2)
        return {"confusion": counts.astype(np.int16)}
    if kind == "predictions":
        outputs = outputs_of(network, dataset.x_val[:ROWS_DRAWN])
        return {"predicted": in_data_units(network, dataset, outputs)[:, 0].astype(np.float64)}
    return {}


def outcome_facts(dataset: Dataset) -> dict:
    """Return what a drawing of :func:`outcomes` needs to know beside the frames, as plain values for JSON."""
    kind = outcome_kind(dataset)
    facts: dict = {"outcome": kind}
    if kind == "confusion":
        facts["classNames"] = [str(name) for name in dataset.class_names]
        facts["counted"] = min(len(dataset.y_val), ROWS_COUNTED)
    elif kind == "predictions":
        facts["targetName"] = str(dataset.target_names[0]) if dataset.target_names else "target"
        facts["truth"] = [float(f"{value:.5g}") for value in dataset.y_val[:ROWS_DRAWN, 0]]
    facts["validationRows"] = len(dataset.y_val)
    return facts
