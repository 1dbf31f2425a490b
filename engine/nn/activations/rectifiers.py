"""Relu and its smoother or leakier kin: nearly 0 on the left, nearly z on the right; knows no layer."""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.tape import Block, Tape, maximum, minimum


@activation(start="he_normal")
class Relu:
    """Rectified linear unit; its derivative at 0 is taken as 0."""

    name, formula, derivative = "relu", "max(0, z)", "1 where z > 0, else 0"
    meaning = "max(0, z). Slope 1 or 0: gradients pass whole, but a unit that is never positive is dead."
    saturated, dies, kinks = None, True, (0.0,)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0, z)``, with a zero for each z: numpy is slower with one for all."""
        zeros = tape.array(*z.values.shape[-2:])
        tape.call(maximum, z.values, zeros, a.values, label=f"{a.name} = max(0, {z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(a)``: a is never negative, so the sign is 1 where z > 0, else 0."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.sign, a.values, slope, label=f"s = sign({a.name})")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="he_normal")
class LeakyRelu:
    """Relu with a slope of 0.01 on the left, which is its derivative at 0 too (Maas et al., 2013)."""

    slope = 0.01
    name, formula, derivative = "leaky_relu", "max(0.01 z, z)", "1 where z > 0, else 0.01"
    meaning = "Like relu with slope 0.01 instead of 0 on the left: a unit can always recover, none dies."
    saturated, dies, kinks = None, False, (0.0,)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0.01 z, z)``."""
        tape.call(
            np.multiply, z.values, tape.constant(self.slope), a.values, label=f"{a.name} = 0.01 {z.name}"
        )
        tape.call(maximum, a.values, z.values, a.values, label=f"{a.name} = max({a.name}, {z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da max(sign(a), 0.01)``: the sign is 1 where z > 0, else 0 or -1."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.sign, a.values, slope, label=f"s = sign({a.name})")
        tape.call(maximum, slope, tape.constant(self.slope), slope, label="s = max(s, 0.01)")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="he_normal")
class Relu6:
    """Relu that stops at 6 (Krizhevsky, 2010); at both kinks its derivative is taken as 0, as torch does."""

    name, formula, derivative = "relu6", "max(0, min(z, 6))", "1 where 0 < z < 6, else 0"
    meaning = "Relu that is flat above 6: outputs stay small, and both ends pass no gradient."
    saturated, dies, kinks = (-math.inf, 5.8), True, (0.0, 6.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0, min(z, 6))``."""
        tape.call(minimum, z.values, tape.constant(6), a.values, label=f"{a.name} = min({z.name}, 6)")
        tape.call(maximum, a.values, tape.constant(0), a.values, label=f"{a.name} = max({a.name}, 0)")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(a (6 - a))``: a is between 0 and 6."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.subtract, tape.constant(6), a.values, slope, label=f"s = 6 - {a.name}")
        tape.call(np.multiply, slope, a.values, slope, label=f"s = s {a.name}")
        tape.call(np.sign, slope, slope, label="s = sign(s)")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="he_normal")
class Elu:
    """Exponential linear unit with alpha 1 (Clevert et al., 2016): z, and ``exp(z) - 1`` on the left."""

    name, formula, derivative = "elu", "z where z > 0, else exp(z) - 1", "1 where z > 0, else exp(z)"
    meaning = "Like relu on the right, bending smoothly down to -1 on the left: outputs keep a mean near 0."
    saturated, dies, kinks = (-0.97, math.inf), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(expm1(min(z, 0)), z)``: expm1 is above z on the left and 0 on the right."""
        left = a.values
        tape.call(minimum, z.values, tape.constant(0), left, label=f"{a.name} = min({z.name}, 0)")
        tape.call(np.expm1, left, left, label=f"{a.name} = exp({a.name}) - 1")
        tape.call(maximum, left, z.values, left, label=f"{a.name} = max({a.name}, {z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da exp(min(z, 0))``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(minimum, z.values, tape.constant(0), slope, label=f"s = min({z.name}, 0)")
        tape.call(np.exp, slope, slope, label="s = exp(s)")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="he_normal")
class Celu(Elu):
    """Continuously differentiable elu (Barron, 2017); with alpha 1, as here, the curve of elu."""

    name = "celu"
    meaning = "Elu written so that it stays smooth for any alpha; with alpha 1, as here, they are one curve."


@activation(start="lecun_normal")
class Selu:
    """Scaled elu, whose constants keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017)."""

    scale, alpha = 1.0507009873554805, 1.6732632423543772
    name, formula = "selu", "1.0507 z where z > 0, else 1.7581 (exp(z) - 1)"
    derivative = "1.0507 where z > 0, else 1.7581 exp(z)"
    meaning = "Elu scaled so that signals keep mean 0 and variance 1 through many layers; starts with LeCun."
    saturated, dies, kinks = (-1.705, math.inf), False, (0.0,)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = scale (max(z, 0) + alpha expm1(min(z, 0)))``."""
        left, zero = tape.array(*a.values.shape[-2:]), tape.constant(0)
        tape.call(minimum, z.values, zero, left, label=f"t = min({z.name}, 0)")
        tape.call(np.expm1, left, left, label="t = exp(t) - 1")
        tape.call(np.multiply, left, tape.constant(self.alpha), left, label="t = 1.6733 t")
        tape.call(maximum, z.values, zero, a.values, label=f"{a.name} = max({z.name}, 0)")
        tape.call(np.add, a.values, left, a.values, label=f"{a.name} = {a.name} + t")
        tape.call(
            np.multiply, a.values, tape.constant(self.scale), a.values, label=f"{a.name} = 1.0507 {a.name}"
        )

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (scale alpha exp(min(z, 0)) + [z > 0] scale (1 - alpha))``."""
        slope, right = tape.array(*a.values.shape[-2:]), tape.array(*a.values.shape[-2:])
        zero, steep = tape.constant(0), tape.constant(self.scale * self.alpha)
        tape.call(minimum, z.values, zero, slope, label=f"s = min({z.name}, 0)")
        tape.call(np.exp, slope, slope, label="s = exp(s)")
        tape.call(np.multiply, slope, steep, slope, label="s = 1.7581 s")
        tape.call(np.sign, a.values, right, label=f"t = sign({a.name})")
        tape.call(maximum, right, zero, right, label="t = max(t, 0)")
        less = tape.constant(self.scale - self.scale * self.alpha)
        tape.call(np.multiply, right, less, right, label="t = -0.7074 t")
        tape.call(np.add, slope, right, slope, label="s = s + t")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


@activation(start="he_normal")
class Softplus:
    """``log(1 + exp(z))``, taken as z above 20, as torch does; there the two differ by less than 3e-9."""

    threshold = 20
    name, formula = "softplus", "log(1 + exp(z)), z above 20"
    derivative = "1 / (1 + exp(-z)), 1 above 20"
    meaning = "A relu without the corner: slope from 0 to 1 along a sigmoid, 0.5 at zero, never exactly 0."
    saturated, dies, kinks = (0.03, math.inf), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(log1p(exp(min(z, 20))), z)``: up to 20 the logarithm is the larger one."""
        soft, top = a.values, tape.constant(self.threshold)
        tape.call(minimum, z.values, top, soft, label=f"{a.name} = min({z.name}, {self.threshold})")
        tape.call(np.exp, soft, soft, label=f"{a.name} = exp({a.name})")
        tape.call(np.log1p, soft, soft, label=f"{a.name} = log(1 + {a.name})")
        tape.call(maximum, soft, z.values, soft, label=f"{a.name} = max({a.name}, {z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - exp(-a))``, which is the sigmoid of z, and ``dz = da`` above 20."""
        slope, above = tape.array(*a.values.shape[-2:]), tape.array(*a.values.shape[-2:])
        tape.call(np.negative, a.values, slope, label=f"s = -{a.name}")
        tape.call(np.expm1, slope, slope, label="s = exp(s) - 1")
        tape.call(np.negative, slope, slope, label="s = -s")
        tape.call(
            np.subtract,
            z.values,
            tape.constant(self.threshold),
            above,
            label=f"t = {z.name} - {self.threshold}",
        )
        tape.call(np.sign, above, above, label="t = sign(t)")
        tape.call(maximum, slope, above, slope, label="s = max(s, t)")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")
