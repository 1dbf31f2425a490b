"""Activations that multiply z by a gate between 0 and 1 that opens with z.

Where the gate is shut z no longer matters, nor for a slope of 1: there a bound is taken in its place, since
infinity times 0 would be NaN, and the square of a large z overflows. Within the bounds no bit changes.
"""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.activations.squashing import (
    largest_exponent,
    record_between,
    record_logistic,
    record_sigmoid,
)
from engine.nn.tape import Block, Tape

ROOT = math.sqrt(2 / math.pi)
CUBE = 0.044715
# Beyond ±NEAR the gates of gelu and gelu_tanh are 0 or 1 to the last bit, below -FAR that of mish is 0.
NEAR, FAR = 40, 1e4


@activation(start="he_normal")
class Gelu:
    """``z Φ(z)`` with the exact normal distribution Φ (Hendrycks and Gimpel, 2016).

    Φ is SciPy's ``ndtr``, exact to the last bits on both tails; SciPy is imported when gelu is first used.
    """

    name, formula, derivative = "gelu", "z Φ(z)", "Φ(z) + z φ(z)"
    meaning = "z times the chance that a normal draw lies below z: a smooth relu that dips below 0."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z Φ(z)``."""
        from scipy.special import ndtr

        open_part = tape.like(a.values, "t")
        tape.maximum(z.values, -NEAR, open_part)
        tape.call(ndtr, open_part, a.values)
        tape.multiply(open_part, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (Φ(z) + z φ(z))``; ``φ(z) = exp(-z² / 2) / sqrt(2 π)``."""
        from scipy.special import ndtr

        slope, chance, near = (tape.like(a.values, name) for name in "spt")
        scale = tape.constant(1 / math.sqrt(2 * math.pi), "1/sqrt(2 π)")
        record_between(tape, z.values, near, NEAR)
        tape.multiply(near, near, slope)
        tape.multiply(slope, -0.5, slope)
        tape.exp(slope, slope)
        tape.multiply(slope, scale, slope)
        tape.multiply(near, slope, slope)
        tape.call(ndtr, near, chance)
        tape.add(slope, chance, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="he_normal")
class GeluTanh:
    """``z (1 + tanh(sqrt(2 / π) (z + 0.044715 z³))) / 2`` (Hendrycks and Gimpel, 2016; as in GPT-2)."""

    name, formula = "gelu_tanh", "z (1 + t) / 2, t = tanh(sqrt(2/π) (z + 0.044715 z³))"
    derivative = "(1 + t) / 2 + z (1 - t²) sqrt(2/π) (1 + 3 · 0.044715 z²) / 2"
    meaning = "Gelu with tanh in place of the normal distribution: within 0.0005 of it."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z (1 + t) / 2``."""
        gate, open_part, near = a.values, tape.like(a.values, "t"), tape.like(a.values, "p")
        tape.maximum(z.values, -NEAR, open_part)
        tape.minimum(open_part, NEAR, near)
        tape.multiply(near, near, gate)
        self._record_tanh(tape, near, gate, gate)
        tape.add(gate, 1, gate)
        tape.multiply(gate, 0.5, gate)
        tape.multiply(open_part, gate, gate)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da ((1 + t) / 2 + z (1 - t²) k (1 + 3 c z²) / 2)``."""
        gate, slope, part, near = (tape.like(a.values, name) for name in "tspn")
        record_between(tape, z.values, near, NEAR)
        tape.multiply(near, near, part)
        self._record_tanh(tape, near, part, gate)
        tape.multiply(part, 3 * CUBE, part)
        tape.add(part, 1, part)
        tape.multiply(part, tape.constant(ROOT, "sqrt(2/π)"), part)
        tape.multiply(gate, gate, slope)
        tape.subtract(1, slope, slope)
        tape.multiply(slope, part, slope)
        tape.multiply(slope, near, slope)
        tape.add(slope, gate, slope)
        tape.add(slope, 1, slope)
        tape.multiply(slope, 0.5, slope)
        tape.multiply(a.error, slope, z.error)

    def _record_tanh(self, tape: Tape, z: np.ndarray, square: np.ndarray, t: np.ndarray) -> None:
        tape.multiply(square, CUBE, t)
        tape.add(t, 1, t)
        tape.multiply(z, t, t)
        tape.multiply(t, tape.constant(ROOT, "sqrt(2/π)"), t)
        tape.tanh(t, t)


@activation(start="he_normal")
class Silu:
    """``z sigmoid(z)`` (Elfwing et al., 2018), also called swish."""

    name, formula, derivative = "silu", "z sigmoid(z)", "s + a (1 - s), s = sigmoid(z)"
    meaning = "Also called swish: z times its own sigmoid, a smooth relu that dips to -0.28."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z sigmoid(z)``."""
        open_part = tape.like(a.values, "t")
        tape.maximum(z.values, -largest_exponent(tape), open_part)
        tape.negative(open_part, a.values)
        record_logistic(tape, a.values)
        tape.multiply(open_part, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (s + a (1 - s))``."""
        slope, part, finite = (tape.like(a.values, name) for name in "spt")
        record_sigmoid(tape, z.values, slope)
        tape.subtract(1, slope, part)
        tape.minimum(a.values, largest_exponent(tape), finite)
        tape.multiply(finite, part, part)
        tape.add(slope, part, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="he_normal")
class Mish:
    """``z tanh(log(1 + exp(z)))`` (Misra, 2019); its softplus overflows nowhere."""

    name, formula = "mish", "z t, t = tanh(log(1 + exp(z)))"
    derivative = "t + z sigmoid(z) (1 - t²)"
    meaning = "Nearly silu: smooth, dips to -0.31 on the left, z on the right."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z t``."""
        gate, open_part = tape.like(a.values, "t"), tape.like(a.values, "s")
        tape.maximum(z.values, -FAR, open_part)
        self._record_gate(tape, open_part, gate)
        tape.multiply(open_part, gate, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (t + z sigmoid(z) (1 - t²))``."""
        gate, slope, part, near = (tape.like(a.values, name) for name in "tspn")
        self._record_gate(tape, z.values, gate)
        record_between(tape, z.values, near, largest_exponent(tape))
        tape.negative(near, slope)
        record_logistic(tape, slope)
        tape.multiply(gate, gate, part)
        tape.subtract(1, part, part)
        tape.multiply(slope, part, slope)
        tape.multiply(slope, near, slope)
        tape.add(slope, gate, slope)
        tape.multiply(a.error, slope, z.error)

    def _record_gate(self, tape: Tape, z: np.ndarray, t: np.ndarray) -> None:
        above = tape.like(t, "p")
        tape.abs(z, t)
        tape.negative(t, t)
        tape.exp(t, t)
        tape.log1p(t, t)
        tape.maximum(z, 0, above)
        tape.add(t, above, t)
        tape.tanh(t, t)


@activation(start="he_normal")
class HardSwish:
    """``z max(0, min(z + 3, 6)) / 6`` (Howard et al., 2019); derivative 0 at -3 and 1 at 3, as in torch."""

    name, formula = "hard_swish", "z max(0, min(z + 3, 6)) / 6"
    derivative = "z / 3 + 1/2 where -3 < z < 3; 0 below, 1 above"
    meaning = "Silu with a gate of straight lines: exactly 0 below -3, exactly z above 3."
    saturated, dies, kinks = None, False, (-3.0, 3.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z max(0, min(z + 3, 6)) / 6``."""
        open_part = tape.like(a.values, "t")
        tape.maximum(z.values, -3, open_part)
        tape.add(open_part, 3, a.values)
        tape.minimum(a.values, 6, a.values)
        tape.multiply(a.values, tape.constant(1 / 6, "1/6"), a.values)
        tape.multiply(open_part, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (r + z [|z| < 3] / 6)`` with the gate r, which is 0 below and 1 above."""
        slope, inside, near = (tape.like(a.values, name) for name in "spt")
        sixth = tape.constant(1 / 6, "1/6")
        record_between(tape, z.values, near, 3)
        tape.add(near, 3, slope)
        tape.multiply(slope, sixth, slope)
        tape.abs(near, inside)
        tape.subtract(3, inside, inside)
        tape.sign(inside, inside)
        tape.multiply(inside, near, inside)
        tape.multiply(inside, sixth, inside)
        tape.add(slope, inside, slope)
        tape.multiply(a.error, slope, z.error)
