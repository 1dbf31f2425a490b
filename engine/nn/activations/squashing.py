"""Activations that are flat at both ends, or made of one that is; knows no layer."""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.tape import Block, Tape, maximum, minimum


@activation(start="xavier_uniform")
class Tanh:
    """Hyperbolic tangent."""

    name, formula, derivative = "tanh", "tanh(z)", "1 - a²"
    meaning = "From -1 to 1. Slope 1 at zero, fading on both sides: saturated units hardly learn."
    saturated, dies, kinks = (-0.97, 0.97), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = tanh(z)``."""
        tape.call(np.tanh, z.values, a.values, label=f"{a.name} = tanh({z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - a²)``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.multiply, a.values, a.values, slope, label=f"s = {a.name}²")
        tape.call(np.subtract, tape.constant(1), slope, slope, label="s = 1 - s")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="xavier_uniform")
class Sigmoid:
    """Logistic function ``1 / (1 + exp(-z))``."""

    name, formula, derivative = "sigmoid", "1 / (1 + exp(-z))", "a (1 - a)"
    meaning = "From 0 to 1. Slope 0.25 at most: each layer shrinks the gradient fourfold or more."
    saturated, dies, kinks = (0.03, 0.97), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = 1 / (1 + exp(-z))``."""
        record_sigmoid(tape, z.values, a.values, z.name, a.name)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da a (1 - a)``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.subtract, tape.constant(1), a.values, slope, label=f"s = 1 - {a.name}")
        tape.call(np.multiply, a.values, slope, slope, label=f"s = {a.name} s")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="xavier_uniform")
class LogSigmoid:
    """Logarithm of the logistic function, ``min(z, 0) - log(1 + exp(-|z|))``: overflows nowhere."""

    name, formula, derivative = "log_sigmoid", "log(1 / (1 + exp(-z)))", "1 - exp(a)"
    meaning = "Softplus upside down: z on the left, 0 on the right, never positive."
    saturated, dies, kinks = (-math.inf, -0.03), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = min(z, 0) - log1p(exp(-|z|))``."""
        soft = tape.array(*a.values.shape[-2:])
        tape.call(np.abs, z.values, soft, label=f"t = |{z.name}|")
        tape.call(np.negative, soft, soft, label="t = -t")
        tape.call(np.exp, soft, soft, label="t = exp(t)")
        tape.call(np.log1p, soft, soft, label="t = log(1 + t)")
        tape.call(minimum, z.values, tape.constant(0), a.values, label=f"{a.name} = min({z.name}, 0)")
        tape.call(np.subtract, a.values, soft, a.values, label=f"{a.name} = {a.name} - t")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - exp(a))``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.expm1, a.values, slope, label=f"s = exp({a.name}) - 1")
        tape.call(np.negative, slope, slope, label="s = -s")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="xavier_uniform")
class HardTanh:
    """A line from -1 to 1, flat outside; at both ends its derivative is taken as 0, as torch does."""

    name, formula, derivative = "hard_tanh", "max(-1, min(z, 1))", "1 where -1 < z < 1, else 0"
    meaning = "Tanh of three straight lines: a saturated unit gets no gradient at all."
    saturated, dies, kinks = (-0.97, 0.97), False, (-1.0, 1.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(-1, min(z, 1))``."""
        tape.call(minimum, z.values, tape.constant(1), a.values, label=f"{a.name} = min({z.name}, 1)")
        tape.call(maximum, a.values, tape.constant(-1), a.values, label=f"{a.name} = max({a.name}, -1)")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(1 - |a|)``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.abs, a.values, slope, label=f"s = |{a.name}|")
        tape.call(np.subtract, tape.constant(1), slope, slope, label="s = 1 - s")
        tape.call(np.sign, slope, slope, label="s = sign(s)")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="xavier_uniform")
class HardSigmoid:
    """A line from 0 at -3 to 1 at 3, flat outside; at both ends its derivative is 0, as torch does."""

    name, formula = "hard_sigmoid", "max(0, min(z + 3, 6)) / 6"
    derivative = "1/6 where -3 < z < 3, else 0"
    meaning = "Sigmoid of three straight lines, slope 1/6 in the middle: cheap, and blind outside."
    saturated, dies, kinks = (0.03, 0.97), False, (-3.0, 3.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0, min(z + 3, 6)) / 6``."""
        record_ramp(tape, z.values, a.values, z.name, a.name)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(3 - min(|z|, 3)) / 6``."""
        slope = tape.array(*a.values.shape[-2:])
        record_inside(tape, z.values, slope, 3, z.name)
        tape.call(np.multiply, slope, tape.constant(1 / 6), slope, label="s = s / 6")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="xavier_uniform")
class Softsign:
    """``z / (1 + |z|)``: like tanh, with tails that fade as ``1 / z²``."""

    name, formula, derivative = "softsign", "z / (1 + |z|)", "1 / (1 + |z|)²"
    meaning = "Like tanh, but it saturates slowly: far units still get a little gradient."
    saturated, dies, kinks = (-0.97, 0.97), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z / (1 + |z|)``."""
        tape.call(np.abs, z.values, a.values, label=f"{a.name} = |{z.name}|")
        tape.call(np.add, a.values, tape.constant(1), a.values, label=f"{a.name} = 1 + {a.name}")
        tape.call(np.divide, z.values, a.values, a.values, label=f"{a.name} = {z.name} / {a.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da / (1 + |z|)²``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.abs, z.values, slope, label=f"s = |{z.name}|")
        tape.call(np.add, slope, tape.constant(1), slope, label="s = 1 + s")
        tape.call(np.reciprocal, slope, slope, label="s = 1 / s")
        tape.call(np.multiply, slope, slope, slope, label="s = s²")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="xavier_uniform")
class TanhShrink:
    """``z - tanh(z)``: nothing near 0, a line far away."""

    name, formula, derivative = "tanh_shrink", "z - tanh(z)", "tanh(z)²"
    meaning = "Hushes what is near 0 and passes the rest: with small weights it passes no gradient."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z - tanh(z)``."""
        tape.call(np.tanh, z.values, a.values, label=f"{a.name} = tanh({z.name})")
        tape.call(np.subtract, z.values, a.values, a.values, label=f"{a.name} = {z.name} - {a.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da tanh(z)²``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.tanh, z.values, slope, label=f"s = tanh({z.name})")
        tape.call(np.multiply, slope, slope, slope, label="s = s²")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


def record_sigmoid(tape: Tape, z: np.ndarray, a: np.ndarray, z_name: str, a_name: str) -> None:
    """Record ``a = 1 / (1 + exp(-z))``; -z is capped where exp would overflow, there a is 0 in any case."""
    largest = np.floor(np.log(np.finfo(tape.dtype).max))
    tape.call(np.negative, z, a, label=f"{a_name} = -{z_name}")
    tape.call(minimum, a, tape.constant(largest), a, label=f"{a_name} = min({a_name}, {largest:g})")
    tape.call(np.exp, a, a, label=f"{a_name} = exp({a_name})")
    tape.call(np.add, a, tape.constant(1), a, label=f"{a_name} = 1 + {a_name}")
    tape.call(np.reciprocal, a, a, label=f"{a_name} = 1 / {a_name}")


def record_ramp(tape: Tape, z: np.ndarray, a: np.ndarray, z_name: str, a_name: str) -> None:
    """Record ``a = max(0, min(z + 3, 6)) / 6``: the hard sigmoid."""
    tape.call(np.add, z, tape.constant(3), a, label=f"{a_name} = {z_name} + 3")
    tape.call(minimum, a, tape.constant(6), a, label=f"{a_name} = min({a_name}, 6)")
    tape.call(maximum, a, tape.constant(0), a, label=f"{a_name} = max({a_name}, 0)")
    tape.call(np.multiply, a, tape.constant(1 / 6), a, label=f"{a_name} = {a_name} / 6")


def record_inside(tape: Tape, z: np.ndarray, inside: np.ndarray, bound: float, z_name: str) -> None:
    """Record 1 where ``|z| < bound``, else 0."""
    tape.call(np.abs, z, inside, label=f"s = |{z_name}|")
    tape.call(minimum, inside, tape.constant(bound), inside, label=f"s = min(s, {bound:g})")
    tape.call(np.subtract, tape.constant(bound), inside, inside, label=f"s = {bound:g} - s")
    tape.call(np.sign, inside, inside, label="s = sign(s)")
