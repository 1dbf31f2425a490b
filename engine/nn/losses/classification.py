"""Cross-entropies from raw outputs, with label smoothing and class weights."""

from dataclasses import dataclass

import numpy as np

from engine.nn.activations.squashing import record_sigmoid
from engine.nn.losses.means import elements, record_mean
from engine.nn.losses.registry import loss
from engine.nn.registry import option
from engine.nn.tape import Block, Tape


@loss
@dataclass(frozen=True)
class BinaryCrossEntropy:
    """``-y log p - (1 - y) log(1 - p)`` with ``p = sigmoid(z)``, from logits, mean over all elements.

    It is the softmax cross-entropy of the two outputs ``(0, z)``, with smoothing and weights too.

    Parameters
    ----------
    label_smoothing : float
        Share of each target that goes to both classes alike: y becomes ``(1 - s) y + s / 2``.
    class_weights : tuple of float, optional
        Of class 0 and class 1; the mean is then over the weights of the rows' own classes, as in torch.
    """

    label_smoothing: float = option(0.0)
    class_weights: tuple[float, ...] | None = option(None)
    fits, gives_probabilities = ("two classes",), True
    name, formula = "binary_cross_entropy", "mean(max(z, 0) - z y + log(1 + exp(-|z|)))"

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = (sigmoid(z) - y) / elements``; weighted ``(p s - q) / W``."""
        count, error = elements(target), output.error
        q, s, mass = self._record_targets(tape, target)
        record_sigmoid(tape, output.values, error)
        if s is not None:
            tape.multiply(error, s, error)
        tape.subtract(error, q, error)
        if mass is not None:
            tape.divide(error, mass, error)
            return
        tape.multiply(error, tape.constant(1 / count, f"1/{count}"), error)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the stable form of the formula."""
        z = output.values
        terms, part = tape.like(target, "t"), tape.like(target, "p")
        q, s, mass = self._record_targets(tape, target)
        tape.abs(z, terms)
        tape.negative(terms, terms)
        tape.exp(terms, terms)
        tape.log1p(terms, terms)
        tape.maximum(z, 0, part)
        tape.add(terms, part, terms)
        if s is not None:
            tape.multiply(terms, s, terms)
        tape.multiply(z, q, part)
        tape.subtract(terms, part, terms)
        _record_weighted_mean(tape, terms, elements(target), mass, value)

    def _record_targets(
        self, tape: Tape, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Record what stands for y, the weight of both classes together, and the sum of the rows' weights."""
        soft = _record_smoothed(tape, y, self.label_smoothing, classes=2)
        if self.class_weights is None:
            return soft, None, None
        first, second = self.class_weights
        q, s, own = (tape.like(y, name) for name in "qsw")
        tape.multiply(soft, second, q)
        for of, into in ((soft, s), (y, own)):
            tape.multiply(of, second - first, into)
            tape.add(into, first, into)
        return q, s, _record_mass(tape, own)

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probability of class 1."""
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-outputs))

    def mass(self, target: np.ndarray) -> float:
        """Return the number of elements, or the sum of their classes' weights."""
        if self.class_weights is None:
            return target.size
        first, second = self.class_weights
        return float((first + (second - first) * target.astype(np.float64)).sum())


@loss
@dataclass(frozen=True)
class CrossEntropy:
    """``-log p[class]`` with ``p = softmax(z)``, from logits shifted by their maximum, mean over rows.

    Parameters
    ----------
    label_smoothing : float
        Share s of each target that goes to all K classes alike: y becomes ``(1 - s) y + s / K``.
    class_weights : tuple of float, optional
        One for each class: ``-sum over c of w_c y_c log p_c``, divided by the sum of the weights of the
        rows' own classes, as in torch.
    """

    label_smoothing: float = option(0.0)
    class_weights: tuple[float, ...] | None = option(None)
    fits, gives_probabilities = ("classes", "two classes"), True
    name, formula = "cross_entropy", "mean(-log softmax(z)[class])"

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = (softmax(z) - y) / rows``; weighted ``(p s - q) / W``."""
        z, error, rows = output.values, output.error, target.shape[-1]
        row = tape.array(1, rows, name="r")
        q, s, mass = self._record_targets(tape, target)
        tape.call(np.maximum.reduce, z, -2, None, row, True, output=row)
        tape.subtract(z, row, error)
        tape.exp(error, error)
        tape.call(np.add.reduce, error, -2, None, row, True, output=row)
        tape.divide(error, row, error)
        if s is not None:
            tape.multiply(error, s, error)
        tape.subtract(error, q, error)
        if mass is not None:
            tape.divide(error, mass, error)
            return
        tape.multiply(error, tape.constant(1 / rows, f"1/{rows}"), error)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record ``log sum exp(z - m) - (z - m)[class]``."""
        z, rows = output.values, target.shape[-1]
        shifted, part = tape.like(z, "t"), tape.like(z, "p")
        row, total = tape.array(1, rows, name="r"), tape.array(1, rows, name="l")
        q, s, mass = self._record_targets(tape, target)
        tape.call(np.maximum.reduce, z, -2, None, row, True, output=row)
        tape.subtract(z, row, shifted)
        tape.exp(shifted, part)
        tape.call(np.add.reduce, part, -2, None, total, True, output=total)
        tape.log(total, total)
        if s is not None:
            tape.multiply(total, s, total)
        tape.multiply(shifted, q, part)
        tape.call(np.add.reduce, part, -2, None, row, True, output=row)
        tape.subtract(total, row, total)
        _record_weighted_mean(tape, total, rows, mass, value)

    def _record_targets(
        self, tape: Tape, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Record what stands for y, its sum in each row, and the sum of the rows' weights."""
        classes, rows = y.shape[-2:]
        soft = _record_smoothed(tape, y, self.label_smoothing, classes)
        if self.class_weights is None:
            return soft, None, None
        across = tape.named(np.array([self.class_weights], tape.dtype), "wᵀ")
        down = tape.named(np.ascontiguousarray(across.T), "w")
        q, s, own = tape.like(y, "q"), tape.array(1, rows, name="s"), tape.array(1, rows, name="own")
        tape.multiply(soft, down, q)
        tape.matmul(across, soft, s)
        tape.matmul(across, y, own)
        return q, s, _record_mass(tape, own)

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probability of each class."""
        shifted = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        return shifted / shifted.sum(axis=-1, keepdims=True)

    def mass(self, target: np.ndarray) -> float:
        """Return the number of rows, or the sum of their classes' weights."""
        if self.class_weights is None:
            return target.shape[-1]
        return float(np.array(self.class_weights) @ target.sum(axis=-1, dtype=np.float64))


def _record_smoothed(tape: Tape, y: np.ndarray, share: float, classes: int) -> np.ndarray:
    if not share:
        return y
    soft = tape.like(y, "y")
    tape.multiply(y, 1 - share, soft)
    tape.add(soft, tape.constant(share / classes, f"{share:g}/{classes}"), soft)
    return soft


def _record_mass(tape: Tape, own: np.ndarray) -> np.ndarray:
    """Record the sum of ``lead + (outputs, rows)`` weights, ``lead + (1, 1)``."""
    mass = tape.array(1, 1, name="W")
    tape.call(np.add.reduce, own, (-2, -1), None, mass, True, output=mass)
    return mass


def _record_weighted_mean(
    tape: Tape, terms: np.ndarray, count: int, mass: np.ndarray | None, value: np.ndarray
) -> None:
    if mass is None:
        record_mean(tape, terms, count, value)
        return
    record_mean(tape, terms, 1, value)
    tape.divide(value, mass[..., 0, 0], value)
