"""Cases that are computed here and in PyTorch: which settings, from which numbers."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.config.settings import SETTINGS, applies
from engine.training.laboratory import Laboratory

STORED = Path(__file__).with_name("reference_values.npz")
FEATURES, ROWS, BATCH, STEPS, LONG = 3, 48, 8, 20, 200
OUTPUTS = {"binary_cross_entropy": 1, "cross_entropy": 3}
OUTPUTS_OF_VALUES = 2
Numbers = dict[str, np.ndarray]

# What a case draws beside the choices that the engine itself lists. A setting of the training that stands in
# neither table is named by `uncovered`.
SHAPES = ((), (5,), (5, 4), (6, 5, 4), (4, 4), (5, 4, 4, 4))
VALUES: dict[str, tuple[Any, ...]] = {
    "weight_decay": (0.0, 0.03),
    "l1": (0.0, 0.0, 0.01),
    "decay_kind": ("auto", "coupled", "decoupled"),
    "decay_biases": (True, False),
    "decay_normalization": (True, False),
    "clip_norm": (None, 0.3),
    "clip_layer_norm": (None, 0.15),
    "clip_value": (None, 0.05),
    "warmup_epochs": (0, 4),
    "momentum": (None, 0.7),
    "alpha": (None, 0.9),
    "beta1": (None, 0.8),
    "beta2": (None, 0.99),
    "eps": (None, 1e-4),
    "dampening": (None, 0.4),
    "centered": (None, True),
    "amsgrad": (None, True),
    "rho": (None, 0.8),
    "lr_decay": (None, 0.2),
    "initial_accumulator_value": (None, 0.05),
    "momentum_decay": (None, 0.5),
    "eta_minus": (None, 0.3),
    "eta_plus": (None, 1.4),
    "step_size_min": (None, 0.002),
    "step_size_max": (None, 0.03),
    "schedule_gamma": (None, 0.5),
    "schedule_every": (None, 5),
    "schedule_milestones": ((3, 7), (2, 4, 11)),
    "schedule_power": (None, 2.5),
    "min_learning_rate": (None, 0.001),
    "cycle_epochs": (None, 3, 4),
    "cycle_multiple": (None, 1, 3),
    "pct_start": (None, 0.6),
    "div_factor": (None, 4.0),
    "final_div_factor": (None, 10.0),
    "plateau_patience": (0, 1, 2),
    "plateau_threshold": (None, 0.05),
    "plateau_cooldown": (None, 1, 3),
    "loss_delta": (None, 0.5),
    "label_smoothing": (0.0, 0.1),
}
CLASS_WEIGHTS = {"binary_cross_entropy": (1.0, 2.5), "cross_entropy": (0.5, 1.0, 2.0)}
CHOICES = ("activation", "loss", "normalization", "optimizer", "schedule")
NO_PART_OF_AN_UPDATE = {"learning_rate", "batch_size", "epochs", "seed", "record_every", "blas_threads"}
NO_PART_OF_AN_UPDATE |= {"last_batch", "evaluation"}
NO_PART_OF_AN_UPDATE |= {"early_stopping", "early_stopping_min_delta", "restore_best"}
MAGNIFIERS, SMALLEST_GRADIENT = ("rprop", "adagrad"), 1e-12
RATES = {"adadelta": 1.0, "sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "lion": 0.004}


@dataclass(frozen=True)
class Case:
    """One network with its settings, trained for some steps on stored numbers."""

    settings: Mapping[str, Any]
    steps: int

    @property
    def name(self) -> str:
        """What it is, as one readable word for each setting that is not the default."""
        parts = [str(self.settings[name]) for name in ("optimizer", "normalization", "activation", "loss")]
        return "-".join([*parts, f"{self.steps}"])

    @property
    def outputs(self) -> int:
        """Width of the output."""
        return OUTPUTS.get(self.settings["loss"], OUTPUTS_OF_VALUES)

    def targets(self, numbers: Numbers) -> np.ndarray:
        """Return the targets of all rows: labels, or values ``(rows, outputs)``."""
        if self.settings["loss"] in OUTPUTS:
            return numbers["labels"] % max(self.outputs, 2)
        return numbers["values"]


def draw_numbers(seed: int = 0) -> Numbers:
    """Draw rows, targets, the order of the batches and a pool of numbers that weights start from."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.normal(size=(ROWS, FEATURES)),
        "labels": rng.integers(0, 6, ROWS),
        "values": rng.normal(size=(ROWS, OUTPUTS_OF_VALUES)),
        "order": rng.permuted(np.tile(np.arange(ROWS), (LONG, 1)), axis=1)[:, :BATCH],
        "pool": rng.normal(size=200),
    }


def choices(name: str) -> list[str]:
    """Return the names that the engine knows for a setting, without those that stand for another one."""
    return [choice for choice in SETTINGS[name].choices if choice != "auto"]


def uncovered() -> list[str]:
    """Return the settings of network and training that no case draws."""
    known = {*VALUES, *CHOICES, *NO_PART_OF_AN_UPDATE, "hidden_sizes", "dropout", "dtype"}
    known |= {"initializer", "initializer_std", "initializer_gain", "class_weights", "residual"}
    return [name for name, each in SETTINGS.items() if each.section != "data" and name not in known]


def draw_cases(count: int, mapped: Mapping[str, Iterable[str]], seed: int = 0) -> list[Case]:
    """Draw combinations in which each choice comes up equally often.

    Parameters
    ----------
    mapped : mapping of str to names
        For each setting of ``CHOICES`` what the other side can compute.
    """
    rng = np.random.default_rng(seed)
    columns = {}
    for name in CHOICES:
        usable = [choice for choice in choices(name) if choice in set(mapped[name])]
        columns[name] = rng.permutation(np.resize(np.array(usable), count)).tolist()
    columns["hidden_sizes"] = [SHAPES[i] for i in rng.permutation(np.resize(np.arange(len(SHAPES)), count))]
    cases = []
    for index in range(count):
        settings = {name: column[index] for name, column in columns.items()}
        settings |= {"learning_rate": RATES.get(settings["optimizer"], 0.01), "epochs": STEPS}
        for name in (name for name in VALUES if name in SETTINGS):
            decided = {each: setting.default for each, setting in SETTINGS.items()} | settings
            value = VALUES[name][int(rng.integers(len(VALUES[name])))]
            if applies(SETTINGS[name].explained, decided) and value != SETTINGS[name].default:
                settings[name] = value
        if settings["loss"] in CLASS_WEIGHTS and rng.random() < 0.5:
            settings["class_weights"] = CLASS_WEIGHTS[settings["loss"]]
        if any(one == other for one, other in pairwise(settings["hidden_sizes"])) and rng.random() < 0.7:
            settings["residual"] = True
        cases.append(Case(settings, STEPS))
    return cases


def long_cases(mapped: Mapping[str, Iterable[str]]) -> list[Case]:
    """Return each optimizer with each normalisation over 200 steps."""
    return [
        Case(
            {
                "hidden_sizes": (5, 4),
                "activation": "tanh",
                "loss": "cross_entropy",
                "normalization": normalization,
                "optimizer": optimizer,
                "learning_rate": RATES.get(optimizer, 0.01),
                "epochs": LONG,
            },
            LONG,
        )
        for optimizer in choices("optimizer")
        for normalization in choices("normalization")
        if optimizer in set(mapped["optimizer"])
    ]


def start(shapes: Mapping[str, tuple[int, ...]], pool: np.ndarray) -> Numbers:
    """Return the values that a case starts from, taken from the pool in the order of the names."""
    values, position = {}, 0
    for name, shape in shapes.items():
        part = np.resize(pool[position:], shape)
        position += part.size
        values[name] = 1 + 0.2 * part if name.endswith("gamma") else part / np.sqrt(shape[-1])
    return values


def flat(named: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return named arrays as one vector, in the order of the names."""
    return np.concatenate([named[name].ravel() for name in sorted(named)] or [np.zeros(0)])


def _laboratory(case: Case, numbers: Numbers) -> Laboratory:
    laboratory = Laboratory(case.settings, FEATURES, case.outputs)
    parameters = {name: array.shape for name, array in laboratory.read().items() if "running" not in name}
    laboratory.set(start(parameters, numbers["pool"]))
    return laboratory


def run_here(case: Case, numbers: Numbers) -> Numbers:
    """Return what the engine makes of a case.

    Returns
    -------
    dict of str to numpy.ndarray
        ``losses`` and ``rates`` of each step, ``gradient`` of the first one, and at the end ``learned``
        (parameters and running statistics), ``outputs`` in evaluation, ``slot.m`` and so on; named arrays are
        one vector in the order of their names.
    """
    laboratory = _laboratory(case, numbers)
    x, y = numbers["x"], case.targets(numbers)
    _, gradients = laboratory.loss_and_gradients(x[numbers["order"][0]], y[numbers["order"][0]])
    losses, rates = [], []
    for rows in numbers["order"][: case.steps]:
        rates.append(laboratory.learning_rate)
        losses.append(laboratory.step(x[rows], y[rows]))
        laboratory.evaluated(losses[-1])
    slots = {f"slot.{name}": flat(named) for name, named in laboratory.slots().items()}
    return {
        "losses": np.array(losses),
        "rates": np.array(rates),
        "gradient": flat(gradients),
        "learned": flat(laboratory.read()),
        "outputs": laboratory.outputs(x[:BATCH]),
        **slots,
    }


def hangs_on_rounding(case: Case, numbers: Numbers) -> bool:
    """Tell whether a rule that magnifies small gradients meets one that is 0, or 0 but for rounding.

    Rprop asks for the sign alone, and Adagrad divides by the size: what they make of 1e-17 on one side and
    of 0 on the other says nothing about either.
    """
    if case.settings["optimizer"] not in MAGNIFIERS:
        return False
    laboratory = _laboratory(case, numbers)
    x, y = numbers["x"], case.targets(numbers)
    for rows in numbers["order"][: case.steps]:
        _, gradients = laboratory.loss_and_gradients(x[rows], y[rows])
        if np.abs(flat(gradients)).min() < SMALLEST_GRADIENT:
            return True
        laboratory.step(x[rows], y[rows])
    return False


def largest_difference(ours: Numbers, theirs: Numbers) -> float:
    """Return the largest ``|a - b| / max(1, |b|)`` over all that both have; infinite where shapes differ."""
    worst = 0.0
    for name in ours.keys() & theirs.keys():
        a, b = ours[name], theirs[name]
        if a.shape != b.shape or not np.isfinite(a).all():
            return float("inf")
        worst = max(worst, float((np.abs(a - b) / np.maximum(1, np.abs(b))).max(initial=0.0)))
    return worst


def store(numbers: Numbers, results: Iterable[tuple[Case, Numbers]], version: str) -> None:
    """Write cases with their reference values into the data file: one vector, and what stands where in it."""
    cases, parts = [], []
    for case, values in results:
        shapes = {name: array.shape for name, array in values.items()}
        cases.append({"settings": case.settings, "steps": case.steps, "shapes": shapes})
        parts += [array.ravel() for array in values.values()]
    arrays: dict[str, Any] = {"about": json.dumps({"torch": version, "cases": cases}), **numbers}
    np.savez_compressed(STORED, computed=np.concatenate(parts), **arrays)


def load() -> tuple[Numbers, list[tuple[Case, Numbers]], str]:
    """Return the numbers that all cases share, the cases with their reference values, torch's version."""
    with np.load(STORED) as stored:
        numbers = dict(stored)
    about, rest = json.loads(str(numbers.pop("about"))), numbers.pop("computed")
    results = []
    for each in about["cases"]:
        values = {}
        for name, shape in each["shapes"].items():
            values[name], rest = rest[: math.prod(shape)].reshape(shape), rest[math.prod(shape) :]
        results.append((Case(each["settings"], each["steps"]), values))
    return numbers, results, about["torch"]
