"""Losses of raw outputs against targets: what a network asks of one, and all of them by name; no layer."""

from typing import Protocol

import numpy as np

from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError, SmoothL1
from engine.nn.tape import Block, Tape


class Loss(Protocol):
    """What a network asks of a loss; outputs and targets have shape ``lead + (outputs, batch)``."""

    @property
    def name(self) -> str:
        """As in the configuration."""
        ...

    @property
    def formula(self) -> str:
        """The loss as people write it."""
        ...

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record the derivative of the loss with respect to the outputs into ``output.error``."""
        ...

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean loss of the batch into ``value``, float64 of shape ``lead``."""
        ...

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return what the outputs predict, ``(n, outputs)`` to probabilities or values of the same shape."""
        ...

    def mass(self, target: np.ndarray) -> float:
        """Return what the mean over targets ``(outputs, n)`` divides by: means of parts add up by it."""
        ...


LOSSES: dict[str, Loss] = {
    each.name: each
    for each in (
        MeanSquaredError(),
        CrossEntropy(),
        BinaryCrossEntropy(),
        MeanAbsoluteError(),
        Huber(),
        SmoothL1(),
    )
}
