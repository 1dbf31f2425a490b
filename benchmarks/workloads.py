"""What the speed benchmark trains: six networks with their data, batches and start.

W1 to W6 are what learners, practitioners and people with hundreds of runs train: from the seventeen units of
W1 to the half million weights of W5 and the full batches of W6.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from engine.config import RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.training.model import initial_state
from engine.training.plan import network_sizes

WIDE_FEATURES, WIDE_CLASSES, WIDE_ROWS = 784, 10, 1280


@dataclass(frozen=True)
class Workload:
    """One network on one dataset.

    Attributes
    ----------
    name : str
        As in the tables.
    words : str
        The network in a few words.
    settings : dict
        Settings of a run by name; ``data`` by a dataset of the program, or ``{}`` for random wide rows.
    data : dict
    """

    name: str
    words: str
    settings: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def dataset(self) -> Dataset:
        """The data; rows that do not fill a batch are never used."""
        return build_dataset(parse_config(self.data)) if self.data else _wide_rows()

    @cached_property
    def config(self) -> RunConfig:
        """The settings, resolved."""
        return resolve(parse_config(self.settings | self.data), self.dataset.facts)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features, units of each hidden layer, outputs."""
        return network_sizes(self.config, self.dataset)

    @property
    def batch(self) -> int:
        """Rows of a batch."""
        rows = len(self.dataset.x_train)
        return rows if self.config.batch_size == "full" else self.config.batch_size

    @property
    def batches(self) -> list[slice]:
        """Rows of each batch, in the order in which every candidate takes them, again and again."""
        count = len(self.dataset.x_train) // self.batch
        return [slice(i * self.batch, (i + 1) * self.batch) for i in range(count)]

    @cached_property
    def start(self) -> np.ndarray:
        """The flat vector of parameters that every candidate begins with, float64."""
        wide = self.config.model_copy(update={"dtype": "float64"})
        return initial_state(wide, self.dataset).theta.copy()

    def with_settings(self, **settings: Any) -> "Workload":
        """Return the same workload with some settings changed."""
        return Workload(self.name, self.words, self.settings | settings, self.data)


def _wide_rows() -> Dataset:
    """Return random rows as wide as a picture of 28 by 28, with labels that can be learned."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(WIDE_ROWS, WIDE_FEATURES))
    y = (x @ rng.normal(size=(WIDE_FEATURES, WIDE_CLASSES))).argmax(axis=1)
    names = tuple(f"x{number}" for number in range(1, WIDE_FEATURES + 1))
    classes = tuple(str(label) for label in range(WIDE_CLASSES))
    mean, scale = np.zeros(WIDE_FEATURES), np.ones(WIDE_FEATURES)
    return Dataset("wide", "classification", x, y, x[:128], y[:128], mean, scale, names, classes)


MOONS = {"dataset": "moons", "samples": 1280}
DIGITS = {"dataset": "digits"}
ADAM = {"optimizer": "adam", "loss": "cross_entropy", "activation": "relu", "batch_size": 32}
DEEP = {"hidden_sizes": [32] * 20, "learning_rate": 0.001}
W4 = {**ADAM, "hidden_sizes": [128, 64], "learning_rate": 0.001}
SGD = {"loss": "mse", "activation": "tanh", "learning_rate": 0.01}

WORKLOADS = {
    each.name: each
    for each in (
        Workload(
            "W1",
            "2-8-8-1 tanh, batch 10, SGD",
            {**SGD, "optimizer": "sgd", "hidden_sizes": [8, 8], "batch_size": 10},
            {"dataset": "plane", "samples": 400},
        ),
        Workload("W2", "2-16-16-16-2 relu, batch 32, Adam", {**ADAM, "hidden_sizes": [16] * 3}, MOONS),
        Workload(
            "W3",
            "2-(32 x 20)-2 relu, batch 32, Adam, clip norm 1, dropout .1",
            {**ADAM, **DEEP, "clip_norm": 1.0, "dropout": 0.1},
            MOONS,
        ),
        Workload("W4", "digits 64-128-64-10 relu, batch 32, Adam", W4, DIGITS),
        Workload("W4d", "W4 with dropout .2", {**W4, "dropout": 0.2}, DIGITS),
        Workload("W4b", "W4 with batch norm", {**W4, "normalization": "batch"}, DIGITS),
        Workload(
            "W5",
            "784-512-256-10 relu, batch 128, Adam",
            {**ADAM, "hidden_sizes": [512, 256], "batch_size": 128, "learning_rate": 0.001},
        ),
        Workload(
            "W6",
            "2-64-64-1 tanh, full batch of 10 000, momentum",
            {**SGD, "optimizer": "momentum", "hidden_sizes": [64, 64], "batch_size": "full"},
            {"dataset": "plane", "samples": 20_000, "validation_fraction": 0.5},
        ),
    )
}
# Trained for long before they are timed: units die, gradients vanish, and what is left of them is subnormal.
VANISHING = {"activation": "tanh", "initializer": "normal", "initializer_std": 0.01}
LONG = (
    WORKLOADS["W2"],
    Workload(
        "vanishing",
        "2-(32 x 20)-2 tanh from weights of 0.01, batch 32, Adam",
        {**ADAM, **DEEP, **VANISHING},
        MOONS,
    ),
)
