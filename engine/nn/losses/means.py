"""What losses share that are a mean over all elements of a batch."""

import numpy as np

from engine.nn.tape import Tape


def record_mean(tape: Tape, terms: np.ndarray, count: int, value: np.ndarray) -> None:
    """Record the sum of the terms in float64, divided by ``count``, into ``value``."""
    tape.call(np.add.reduce, terms, (-2, -1), np.float64, value, output=value)
    tape.divide(value, count, value)


def elements(target: np.ndarray) -> int:
    """Return what a mean over a batch of targets ``lead + (outputs, batch)`` divides by."""
    return target.shape[-2] * target.shape[-1]


class OfElements:
    """What losses share that are a mean over all elements and take outputs as they are."""

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return the outputs as they are."""
        return outputs

    def mass(self, target: np.ndarray) -> float:
        """Return the number of elements."""
        return target.size
