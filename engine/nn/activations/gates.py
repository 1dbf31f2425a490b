"""Activations that multiply z by a gate between 0 and 1 that opens with z."""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.activations.squashing import record_inside, record_ramp, record_sigmoid
from engine.nn.tape import Block, Tape

ROOT = math.sqrt(2 / math.pi)
CUBE = 0.044715


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

        tape.call(ndtr, z.values, a.values)
        tape.multiply(z.values, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (Φ(z) + z φ(z))``; ``φ(z) = exp(-z² / 2) / sqrt(2 π)``."""
        from scipy.special import ndtr

        slope, chance = tape.like(a.values, "s"), tape.like(a.values, "p")
        scale = tape.constant(1 / math.sqrt(2 * math.pi), "1/sqrt(2 π)")
        tape.multiply(z.values, z.values, slope)
        tape.multiply(slope, -0.5, slope)
        tape.exp(slope, slope)
        tape.multiply(slope, scale, slope)
        tape.multiply(z.values, slope, slope)
        tape.call(ndtr, z.values, chance)
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
        gate = a.values
        self._record_tanh(tape, z, gate)
        tape.add(gate, 1, gate)
        tape.multiply(gate, 0.5, gate)
        tape.multiply(z.values, gate, gate)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da ((1 + t) / 2 + z (1 - t²) k (1 + 3 c z²) / 2)``."""
        gate, slope, part = (tape.like(a.values, name) for name in "tsp")
        self._record_tanh(tape, z, gate)
        tape.multiply(z.values, z.values, part)
        tape.multiply(part, 3 * CUBE, part)
        tape.add(part, 1, part)
        tape.multiply(part, tape.constant(ROOT, "sqrt(2/π)"), part)
        tape.multiply(gate, gate, slope)
        tape.subtract(1, slope, slope)
        tape.multiply(slope, part, slope)
        tape.multiply(slope, z.values, slope)
        tape.add(slope, gate, slope)
        tape.add(slope, 1, slope)
        tape.multiply(slope, 0.5, slope)
        tape.multiply(a.error, slope, z.error)

    def _record_tanh(self, tape: Tape, z: Block, t: np.ndarray) -> None:
        tape.multiply(z.values, z.values, t)
        tape.multiply(t, CUBE, t)
        tape.add(t, 1, t)
        tape.multiply(z.values, t, t)
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
        record_sigmoid(tape, z.values, a.values)
        tape.multiply(z.values, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (s + a (1 - s))``."""
        slope, part = tape.like(a.values, "s"), tape.like(a.values, "p")
        record_sigmoid(tape, z.values, slope)
        tape.subtract(1, slope, part)
        tape.multiply(a.values, part, part)
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
        gate = tape.like(a.values, "t")
        self._record_gate(tape, z, gate)
        tape.multiply(z.values, gate, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (t + z sigmoid(z) (1 - t²))``."""
        gate, slope, part = (tape.like(a.values, name) for name in "tsp")
        self._record_gate(tape, z, gate)
        record_sigmoid(tape, z.values, slope)
        tape.multiply(gate, gate, part)
        tape.subtract(1, part, part)
        tape.multiply(slope, part, slope)
        tape.multiply(slope, z.values, slope)
        tape.add(slope, gate, slope)
        tape.multiply(a.error, slope, z.error)

    def _record_gate(self, tape: Tape, z: Block, t: np.ndarray) -> None:
        above = tape.like(t, "p")
        tape.abs(z.values, t)
        tape.negative(t, t)
        tape.exp(t, t)
        tape.log1p(t, t)
        tape.maximum(z.values, 0, above)
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
        record_ramp(tape, z.values, a.values)
        tape.multiply(z.values, a.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (r + z [|z| < 3] / 6)`` with the gate r, which is 0 below and 1 above."""
        slope, inside = tape.like(a.values, "s"), tape.like(a.values, "p")
        record_ramp(tape, z.values, slope)
        record_inside(tape, z.values, inside, 3)
        tape.multiply(inside, z.values, inside)
        tape.multiply(inside, tape.constant(1 / 6, "1/6"), inside)
        tape.add(slope, inside, slope)
        tape.multiply(a.error, slope, z.error)
