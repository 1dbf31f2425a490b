"""Losses of raw outputs against targets: the error that starts the backward pass, and the value; no layer."""

from typing import Protocol

import numpy as np

from engine.nn.squashing import record_sigmoid
from engine.nn.tape import Block, Tape, maximum


class Loss(Protocol):
    """What a network asks of a loss; outputs and targets have shape ``lead + (outputs, batch)``."""

    name: str
    formula: str

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record the derivative of the loss with respect to the outputs into ``output.error``."""
        ...

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean loss of the batch into ``value``, float64 of shape ``lead``."""
        ...

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return what the outputs predict, ``(n, outputs)`` to probabilities or values of the same shape."""
        ...


def _record_mean(tape: Tape, terms: np.ndarray, count: int, value: np.ndarray) -> None:
    tape.call(np.add.reduce, terms, (-2, -1), np.float64, value, label="L = sum of the terms", output=value)
    tape.call(np.divide, value, np.float64(count), value, label=f"L = L / {count}")


class MeanSquaredError:
    """Mean over all elements of ``(output - target)²``, without the factor 1/2."""

    name, formula = "mse", "mean((a - y)²)"

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = 2 (a - y) / elements``."""
        elements = target.shape[-2] * target.shape[-1]
        tape.call(np.subtract, output.values, target, output.error, label=f"e = {output.name} - y")
        scale = tape.constant(2 / elements)
        tape.call(np.multiply, output.error, scale, output.error, label=f"d{output.name} = 2 e / {elements}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of the squares."""
        terms = tape.array(*target.shape[-2:])
        tape.call(np.subtract, output.values, target, terms, label=f"e = {output.name} - y")
        tape.call(np.multiply, terms, terms, terms, label="e²")
        _record_mean(tape, terms, target.shape[-2] * target.shape[-1], value)

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return the outputs as they are."""
        return outputs


class BinaryCrossEntropy:
    """``-y log p - (1 - y) log(1 - p)`` with ``p = sigmoid(z)``, from logits, mean over all elements."""

    name, formula = "binary_cross_entropy", "mean(max(z, 0) - z y + log(1 + exp(-|z|)))"

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = (sigmoid(z) - y) / elements``."""
        elements = target.shape[-2] * target.shape[-1]
        error = output.error
        record_sigmoid(tape, output.values, error, output.name, "p")
        tape.call(np.subtract, error, target, error, label="e = p - y")
        tape.call(
            np.multiply, error, tape.constant(1 / elements), error, label=f"d{output.name} = e / {elements}"
        )

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the stable form of the formula."""
        z = output.values
        terms, part = tape.array(*target.shape[-2:]), tape.array(*target.shape[-2:])
        tape.call(np.abs, z, terms, label="t = |z|")
        tape.call(np.negative, terms, terms, label="t = -t")
        tape.call(np.exp, terms, terms, label="t = exp(t)")
        tape.call(np.log1p, terms, terms, label="t = log(1 + t)")
        tape.call(maximum, z, tape.constant(0), part, label="p = max(z, 0)")
        tape.call(np.add, terms, part, terms, label="t = t + p")
        tape.call(np.multiply, z, target, part, label="p = z y")
        tape.call(np.subtract, terms, part, terms, label="t = t - p")
        _record_mean(tape, terms, target.shape[-2] * target.shape[-1], value)

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probability of class 1."""
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-outputs))


class CrossEntropy:
    """``-log p[class]`` with ``p = softmax(z)``, from logits shifted by their maximum, mean over rows."""

    name, formula = "cross_entropy", "mean(-log softmax(z)[class])"

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = (softmax(z) - y) / rows``."""
        z, error, rows = output.values, output.error, target.shape[-1]
        row = tape.array(1, rows)
        name = output.name
        tape.call(np.maximum.reduce, z, -2, None, row, True, label=f"m = max {name}", output=row)
        tape.call(np.subtract, z, row, error, label=f"p = {name} - m")
        tape.call(np.exp, error, error, label="p = exp(p)")
        tape.call(np.add.reduce, error, -2, None, row, True, label="s = sum p", output=row)
        tape.call(np.divide, error, row, error, label="p = p / s")
        tape.call(np.subtract, error, target, error, label="e = p - y")
        tape.call(np.multiply, error, tape.constant(1 / rows), error, label=f"d{name} = e / {rows}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record ``log sum exp(z - m) - (z - m)[class]``."""
        z, rows = output.values, target.shape[-1]
        shifted, part, row = tape.array(*z.shape[-2:]), tape.array(*z.shape[-2:]), tape.array(1, rows)
        total = tape.array(1, rows)
        tape.call(np.maximum.reduce, z, -2, None, row, True, label="m = max z", output=row)
        tape.call(np.subtract, z, row, shifted, label="t = z - m")
        tape.call(np.exp, shifted, part, label="p = exp(t)")
        tape.call(np.add.reduce, part, -2, None, total, True, label="s = sum p", output=total)
        tape.call(np.log, total, total, label="s = log s")
        tape.call(np.multiply, shifted, target, part, label="p = t y")
        tape.call(np.add.reduce, part, -2, None, row, True, label="c = sum p", output=row)
        tape.call(np.subtract, total, row, total, label="s - c")
        _record_mean(tape, total, rows, value)

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probability of each class."""
        shifted = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        return shifted / shifted.sum(axis=-1, keepdims=True)


LOSSES: dict[str, Loss] = {
    each.name: each for each in (MeanSquaredError(), BinaryCrossEntropy(), CrossEntropy())
}
