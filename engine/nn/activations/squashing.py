"""Activations that are flat at both ends, or made of one that is."""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.tape import Block, Tape


@activation(start="xavier_uniform")
class Tanh:
    """Hyperbolic tangent."""

    name, formula, derivative = "tanh", "tanh(z)", "1 - a²"
    meaning = "From -1 to 1. Slope 1 at zero, fading on both sides: saturated units hardly learn."
    saturated, dies, kinks = (-0.97, 0.97), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = tanh(z)``."""
        tape.tanh(z.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - a²)``."""
        slope = tape.like(a.values, "s")
        tape.multiply(a.values, a.values, slope)
        tape.subtract(1, slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="xavier_uniform")
class Sigmoid:
    """Logistic function ``1 / (1 + exp(-z))``."""

    name, formula, derivative = "sigmoid", "1 / (1 + exp(-z))", "a (1 - a)"
    meaning = "From 0 to 1. Slope 0.25 at most: each layer shrinks the gradient fourfold or more."
    saturated, dies, kinks = (0.03, 0.97), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = 1 / (1 + exp(-z))``."""
        record_sigmoid(tape, z.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da a (1 - a)``."""
        slope = tape.like(a.values, "s")
        tape.subtract(1, a.values, slope)
        tape.multiply(a.values, slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="xavier_uniform")
class LogSigmoid:
    """Logarithm of the logistic function, ``min(z, 0) - log(1 + exp(-|z|))``: overflows nowhere."""

    name, formula, derivative = "log_sigmoid", "log(1 / (1 + exp(-z)))", "1 - exp(a)"
    meaning = "Softplus upside down: z on the left, 0 on the right, never positive."
    saturated, dies, kinks = (-math.inf, -0.03), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = min(z, 0) - log1p(exp(-|z|))``."""
        soft = tape.like(a.values, "t")
        tape.abs(z.values, soft)
        tape.negative(soft, soft)
        tape.exp(soft, soft)
        tape.log1p(soft, soft)
        tape.minimum(z.values, 0, a.values)
        tape.subtract(a.values, soft, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - exp(a))``."""
        slope = tape.like(a.values, "s")
        tape.expm1(a.values, slope)
        tape.negative(slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="xavier_uniform")
class HardTanh:
    """A line from -1 to 1, flat outside; at both ends its derivative is taken as 0, as torch does."""

    name, formula, derivative = "hard_tanh", "max(-1, min(z, 1))", "1 where -1 < z < 1, else 0"
    meaning = "Tanh of three straight lines: a saturated unit gets no gradient at all."
    saturated, dies, kinks = (-0.97, 0.97), False, (-1.0, 1.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(-1, min(z, 1))``."""
        tape.minimum(z.values, 1, a.values)
        tape.maximum(a.values, -1, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(1 - |a|)``."""
        slope = tape.like(a.values, "s")
        tape.abs(a.values, slope)
        tape.subtract(1, slope, slope)
        tape.sign(slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="xavier_uniform")
class HardSigmoid:
    """A line from 0 at -3 to 1 at 3, flat outside; at both ends its derivative is 0, as torch does."""

    name, formula = "hard_sigmoid", "max(0, min(z + 3, 6)) / 6"
    derivative = "1/6 where -3 < z < 3, else 0"
    meaning = "Sigmoid of three straight lines, slope 1/6 in the middle: cheap, and blind outside."
    saturated, dies, kinks = (0.03, 0.97), False, (-3.0, 3.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0, min(z + 3, 6)) / 6``."""
        record_ramp(tape, z.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(3 - min(|z|, 3)) / 6``."""
        slope = tape.like(a.values, "s")
        record_inside(tape, z.values, slope, 3)
        tape.multiply(slope, tape.constant(1 / 6, "1/6"), slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="xavier_uniform")
class Softsign:
    """``z / (1 + |z|)``: like tanh, with tails that fade as ``1 / z²``."""

    name, formula, derivative = "softsign", "z / (1 + |z|)", "1 / (1 + |z|)²"
    meaning = "Like tanh, but it saturates slowly: far units still get a little gradient."
    saturated, dies, kinks = (-0.97, 0.97), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z / (1 + |z|)``; an infinite z is taken as the largest float."""
        finite = tape.like(a.values, "t")
        record_between(tape, z.values, finite, float(np.finfo(tape.dtype).max))
        tape.abs(finite, a.values)
        tape.add(a.values, 1, a.values)
        tape.divide(finite, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da / (1 + |z|)²``."""
        slope = tape.like(a.values, "s")
        tape.abs(z.values, slope)
        tape.add(slope, 1, slope)
        tape.reciprocal(slope, slope)
        tape.multiply(slope, slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="xavier_uniform")
class TanhShrink:
    """``z - tanh(z)``: nothing near 0, a line far away."""

    name, formula, derivative = "tanh_shrink", "z - tanh(z)", "tanh(z)²"
    meaning = "Hushes what is near 0 and passes the rest: with small weights it passes no gradient."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z - tanh(z)``."""
        tape.tanh(z.values, a.values)
        tape.subtract(z.values, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da tanh(z)²``."""
        slope = tape.like(a.values, "s")
        tape.tanh(z.values, slope)
        tape.multiply(slope, slope, slope)
        tape.multiply(a.error, slope, z.error)


def record_sigmoid(tape: Tape, z: np.ndarray, a: np.ndarray) -> None:
    """Record ``a = 1 / (1 + exp(-z))``; -z is capped where exp would overflow, there a is 0 in any case."""
    tape.negative(z, a)
    tape.minimum(a, largest_exponent(tape), a)
    record_logistic(tape, a)


def record_logistic(tape: Tape, a: np.ndarray) -> None:
    """Record ``a = 1 / (1 + exp(a))`` in place, for an a of :func:`largest_exponent` or less."""
    tape.exp(a, a)
    tape.add(a, 1, a)
    tape.reciprocal(a, a)


def largest_exponent(tape: Tape) -> float:
    """Return the largest whole number whose exp is finite in the tape's precision."""
    return float(np.floor(np.log(np.finfo(tape.dtype).max)))


def record_between(tape: Tape, z: np.ndarray, between: np.ndarray, bound: float) -> None:
    """Record ``between = min(max(z, -bound), bound)``, NaN kept; two calls, as np.clip takes longer."""
    tape.maximum(z, -bound, between)
    tape.minimum(between, bound, between)


def record_ramp(tape: Tape, z: np.ndarray, a: np.ndarray) -> None:
    """Record ``a = max(0, min(z + 3, 6)) / 6``: the hard sigmoid."""
    tape.add(z, 3, a)
    tape.minimum(a, 6, a)
    tape.maximum(a, 0, a)
    tape.multiply(a, tape.constant(1 / 6, "1/6"), a)


def record_inside(tape: Tape, z: np.ndarray, inside: np.ndarray, bound: float) -> None:
    """Record 1 where ``|z| < bound``, else 0."""
    tape.abs(z, inside)
    tape.minimum(inside, bound, inside)
    tape.subtract(bound, inside, inside)
    tape.sign(inside, inside)
