"""Activations that multiply z by a gate between 0 and 1 that opens with z; knows no layer."""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.activations.squashing import record_inside, record_ramp, record_sigmoid
from engine.nn.tape import Block, Tape, maximum

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

        tape.call(ndtr, z.values, a.values, label=f"{a.name} = Φ({z.name})")
        tape.call(np.multiply, z.values, a.values, a.values, label=f"{a.name} = {z.name} {a.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (Φ(z) + z φ(z))``; ``φ(z) = exp(-z² / 2) / sqrt(2 π)``."""
        from scipy.special import ndtr

        slope, chance = tape.array(*a.values.shape[-2:]), tape.array(*a.values.shape[-2:])
        half, scale = tape.constant(-0.5), tape.constant(1 / math.sqrt(2 * math.pi))
        tape.call(np.multiply, z.values, z.values, slope, label=f"s = {z.name}²")
        tape.call(np.multiply, slope, half, slope, label="s = -s / 2")
        tape.call(np.exp, slope, slope, label="s = exp(s)")
        tape.call(np.multiply, slope, scale, slope, label="s = s / sqrt(2 π)")
        tape.call(np.multiply, z.values, slope, slope, label=f"s = {z.name} s")
        tape.call(ndtr, z.values, chance, label=f"p = Φ({z.name})")
        tape.call(np.add, slope, chance, slope, label="s = s + p")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


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
        tape.call(np.add, gate, tape.constant(1), gate, label="t = 1 + t")
        tape.call(np.multiply, gate, tape.constant(0.5), gate, label="t = t / 2")
        tape.call(np.multiply, z.values, gate, gate, label=f"{a.name} = {z.name} t")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da ((1 + t) / 2 + z (1 - t²) k (1 + 3 c z²) / 2)``."""
        shape = a.values.shape[-2:]
        gate, slope, part = tape.array(*shape), tape.array(*shape), tape.array(*shape)
        one = tape.constant(1)
        self._record_tanh(tape, z, gate)
        tape.call(np.multiply, z.values, z.values, part, label=f"p = {z.name}²")
        tape.call(np.multiply, part, tape.constant(3 * CUBE), part, label="p = 3 · 0.044715 p")
        tape.call(np.add, part, one, part, label="p = 1 + p")
        tape.call(np.multiply, part, tape.constant(ROOT), part, label="p = sqrt(2/π) p")
        tape.call(np.multiply, gate, gate, slope, label="s = t²")
        tape.call(np.subtract, one, slope, slope, label="s = 1 - s")
        tape.call(np.multiply, slope, part, slope, label="s = s p")
        tape.call(np.multiply, slope, z.values, slope, label=f"s = s {z.name}")
        tape.call(np.add, slope, gate, slope, label="s = s + t")
        tape.call(np.add, slope, one, slope, label="s = s + 1")
        tape.call(np.multiply, slope, tape.constant(0.5), slope, label="s = s / 2")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")

    def _record_tanh(self, tape: Tape, z: Block, t: np.ndarray) -> None:
        tape.call(np.multiply, z.values, z.values, t, label=f"t = {z.name}²")
        tape.call(np.multiply, t, tape.constant(CUBE), t, label="t = 0.044715 t")
        tape.call(np.add, t, tape.constant(1), t, label="t = 1 + t")
        tape.call(np.multiply, z.values, t, t, label=f"t = {z.name} t")
        tape.call(np.multiply, t, tape.constant(ROOT), t, label="t = sqrt(2/π) t")
        tape.call(np.tanh, t, t, label="t = tanh(t)")


@activation(start="he_normal")
class Silu:
    """``z sigmoid(z)`` (Elfwing et al., 2018), also called swish."""

    name, formula, derivative = "silu", "z sigmoid(z)", "s + a (1 - s), s = sigmoid(z)"
    meaning = "Also called swish: z times its own sigmoid, a smooth relu that dips to -0.28."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z sigmoid(z)``."""
        record_sigmoid(tape, z.values, a.values, z.name, a.name)
        tape.call(np.multiply, z.values, a.values, a.values, label=f"{a.name} = {z.name} {a.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (s + a (1 - s))``."""
        slope, part = tape.array(*a.values.shape[-2:]), tape.array(*a.values.shape[-2:])
        record_sigmoid(tape, z.values, slope, z.name, "s")
        tape.call(np.subtract, tape.constant(1), slope, part, label="p = 1 - s")
        tape.call(np.multiply, a.values, part, part, label=f"p = {a.name} p")
        tape.call(np.add, slope, part, slope, label="s = s + p")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="he_normal")
class Mish:
    """``z tanh(log(1 + exp(z)))`` (Misra, 2019); its softplus overflows nowhere."""

    name, formula = "mish", "z t, t = tanh(log(1 + exp(z)))"
    derivative = "t + z sigmoid(z) (1 - t²)"
    meaning = "Nearly silu: smooth, dips to -0.31 on the left, z on the right."
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z t``."""
        gate = tape.array(*a.values.shape[-2:])
        self._record_gate(tape, z, gate)
        tape.call(np.multiply, z.values, gate, a.values, label=f"{a.name} = {z.name} t")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (t + z sigmoid(z) (1 - t²))``."""
        shape = a.values.shape[-2:]
        gate, slope, part = tape.array(*shape), tape.array(*shape), tape.array(*shape)
        self._record_gate(tape, z, gate)
        record_sigmoid(tape, z.values, slope, z.name, "s")
        tape.call(np.multiply, gate, gate, part, label="p = t²")
        tape.call(np.subtract, tape.constant(1), part, part, label="p = 1 - p")
        tape.call(np.multiply, slope, part, slope, label="s = s p")
        tape.call(np.multiply, slope, z.values, slope, label=f"s = s {z.name}")
        tape.call(np.add, slope, gate, slope, label="s = s + t")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")

    def _record_gate(self, tape: Tape, z: Block, t: np.ndarray) -> None:
        above = tape.array(*t.shape[-2:])
        tape.call(np.abs, z.values, t, label=f"t = |{z.name}|")
        tape.call(np.negative, t, t, label="t = -t")
        tape.call(np.exp, t, t, label="t = exp(t)")
        tape.call(np.log1p, t, t, label="t = log(1 + t)")
        tape.call(maximum, z.values, tape.constant(0), above, label=f"p = max({z.name}, 0)")
        tape.call(np.add, t, above, t, label="t = t + p")
        tape.call(np.tanh, t, t, label="t = tanh(t)")


@activation(start="he_normal")
class HardSwish:
    """``z max(0, min(z + 3, 6)) / 6`` (Howard et al., 2019); derivative 0 at -3 and 1 at 3, as in torch."""

    name, formula = "hard_swish", "z max(0, min(z + 3, 6)) / 6"
    derivative = "z / 3 + 1/2 where -3 < z < 3; 0 below, 1 above"
    meaning = "Silu with a gate of straight lines: exactly 0 below -3, exactly z above 3."
    saturated, dies, kinks = None, False, (-3.0, 3.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z max(0, min(z + 3, 6)) / 6``."""
        record_ramp(tape, z.values, a.values, z.name, a.name)
        tape.call(np.multiply, z.values, a.values, a.values, label=f"{a.name} = {z.name} {a.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (r + z [|z| < 3] / 6)`` with the gate r, which is 0 below and 1 above."""
        slope, inside = tape.array(*a.values.shape[-2:]), tape.array(*a.values.shape[-2:])
        record_ramp(tape, z.values, slope, z.name, "s")
        record_inside(tape, z.values, inside, 3, z.name)
        tape.call(np.multiply, inside, z.values, inside, label=f"p = s {z.name}")
        tape.call(np.multiply, inside, tape.constant(1 / 6), inside, label="p = p / 6")
        tape.call(np.add, slope, inside, slope, label="s = s + p")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")
