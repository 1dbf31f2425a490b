"""Cross-entropies from raw outputs, with label smoothing and class weights; knows no layer."""

from dataclasses import dataclass

import numpy as np

from engine.nn.activations.squashing import record_sigmoid
from engine.nn.losses.means import elements, record_mean
from engine.nn.losses.registry import loss
from engine.nn.registry import option
from engine.nn.tape import Block, Tape, maximum


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
        record_sigmoid(tape, output.values, error, output.name, "p")
        if s is not None:
            tape.call(np.multiply, error, s, error, label="p = p s")
        tape.call(np.subtract, error, q, error, label="e = p - y")
        if mass is not None:
            tape.call(np.divide, error, mass, error, label=f"d{output.name} = e / W")
            return
        share = tape.constant(1 / count)
        tape.call(np.multiply, error, share, error, label=f"d{output.name} = e / {count}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the stable form of the formula."""
        z = output.values
        terms, part = tape.array(*target.shape[-2:]), tape.array(*target.shape[-2:])
        q, s, mass = self._record_targets(tape, target)
        tape.call(np.abs, z, terms, label="t = |z|")
        tape.call(np.negative, terms, terms, label="t = -t")
        tape.call(np.exp, terms, terms, label="t = exp(t)")
        tape.call(np.log1p, terms, terms, label="t = log(1 + t)")
        tape.call(maximum, z, tape.constant(0), part, label="p = max(z, 0)")
        tape.call(np.add, terms, part, terms, label="t = t + p")
        if s is not None:
            tape.call(np.multiply, terms, s, terms, label="t = t s")
        tape.call(np.multiply, z, q, part, label="p = z y")
        tape.call(np.subtract, terms, part, terms, label="t = t - p")
        _record_weighted_mean(tape, terms, elements(target), mass, value)

    def _record_targets(
        self, tape: Tape, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Record what stands for y, the weight of both classes together, and the sum of the rows' weights."""
        soft = _record_smoothed(tape, y, self.label_smoothing, classes=2)
        if self.class_weights is None:
            return soft, None, None
        first, second = self.class_weights
        rise = tape.constant(second - first)
        q, s, own = (tape.array(*y.shape[-2:]) for _ in range(3))
        tape.call(np.multiply, soft, tape.constant(second), q, label=f"q = {second:g} y")
        for of, into, name in ((soft, s, "s"), (y, own, "w")):
            tape.call(np.multiply, of, rise, into, label=f"{name} = {second - first:g} y")
            tape.call(np.add, into, tape.constant(first), into, label=f"{name} = {name} + {first:g}")
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
        row = tape.array(1, rows)
        name = output.name
        q, s, mass = self._record_targets(tape, target)
        tape.call(np.maximum.reduce, z, -2, None, row, True, label=f"m = max {name}", output=row)
        tape.call(np.subtract, z, row, error, label=f"p = {name} - m")
        tape.call(np.exp, error, error, label="p = exp(p)")
        tape.call(np.add.reduce, error, -2, None, row, True, label="s = sum p", output=row)
        tape.call(np.divide, error, row, error, label="p = p / s")
        if s is not None:
            tape.call(np.multiply, error, s, error, label="p = p s")
        tape.call(np.subtract, error, q, error, label="e = p - y")
        if mass is not None:
            tape.call(np.divide, error, mass, error, label=f"d{name} = e / W")
            return
        tape.call(np.multiply, error, tape.constant(1 / rows), error, label=f"d{name} = e / {rows}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record ``log sum exp(z - m) - (z - m)[class]``."""
        z, rows = output.values, target.shape[-1]
        shifted, part, row = tape.array(*z.shape[-2:]), tape.array(*z.shape[-2:]), tape.array(1, rows)
        total = tape.array(1, rows)
        q, s, mass = self._record_targets(tape, target)
        tape.call(np.maximum.reduce, z, -2, None, row, True, label="m = max z", output=row)
        tape.call(np.subtract, z, row, shifted, label="t = z - m")
        tape.call(np.exp, shifted, part, label="p = exp(t)")
        tape.call(np.add.reduce, part, -2, None, total, True, label="s = sum p", output=total)
        tape.call(np.log, total, total, label="s = log s")
        if s is not None:
            tape.call(np.multiply, total, s, total, label="s = s sum q")
        tape.call(np.multiply, shifted, q, part, label="p = t y")
        tape.call(np.add.reduce, part, -2, None, row, True, label="c = sum p", output=row)
        tape.call(np.subtract, total, row, total, label="s - c")
        _record_weighted_mean(tape, total, rows, mass, value)

    def _record_targets(
        self, tape: Tape, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Record what stands for y, its sum in each row, and the sum of the rows' weights."""
        classes, rows = y.shape[-2:]
        soft = _record_smoothed(tape, y, self.label_smoothing, classes)
        if self.class_weights is None:
            return soft, None, None
        product = tape.product()
        across = np.array([self.class_weights], tape.dtype)
        down = np.ascontiguousarray(across.T)
        q, s, own = tape.array(classes, rows), tape.array(1, rows), tape.array(1, rows)
        tape.call(np.multiply, soft, down, q, label="q = w y")
        tape.call(product, across, soft, s, label="s = w · y")
        tape.call(product, across, y, own, label="w of each row's class")
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
    soft = tape.array(*y.shape[-2:])
    tape.call(np.multiply, y, tape.constant(1 - share), soft, label=f"y = {1 - share:g} y")
    tape.call(np.add, soft, tape.constant(share / classes), soft, label=f"y = y + {share:g} / {classes}")
    return soft


def _record_mass(tape: Tape, own: np.ndarray) -> np.ndarray:
    """Record the sum of ``lead + (outputs, rows)`` weights, ``lead + (1, 1)``."""
    mass = tape.array(1, 1)
    tape.call(np.add.reduce, own, (-2, -1), None, mass, True, label="W = sum of the weights", output=mass)
    return mass


def _record_weighted_mean(
    tape: Tape, terms: np.ndarray, count: int, mass: np.ndarray | None, value: np.ndarray
) -> None:
    if mass is None:
        record_mean(tape, terms, count, value)
        return
    record_mean(tape, terms, 1, value)
    tape.call(np.divide, value, mass[..., 0, 0], value, label="L = L / W")
