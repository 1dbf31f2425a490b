"""Relu and its smoother or leakier relatives: nearly 0 on the left, nearly z on the right."""

import math

import numpy as np

from engine.nn.activations.registry import activation
from engine.nn.tape import Block, Tape


@activation(start="he_normal")
class Relu:
    """Rectified linear unit; its derivative at 0 is taken as 0."""

    name, formula, derivative = "relu", "max(0, z)", "1 where z > 0, else 0"
    meaning = "max(0, z). Slope 1 or 0: gradients pass whole, but a unit that is never positive is dead."
    saturated, dies, kinks = None, True, (0.0,)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0, z)``, with a zero for each z: numpy is slower with one for all."""
        tape.maximum(z.values, tape.constant(np.zeros_like(z.values)), a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(a)``: a is never negative, so the sign is 1 where z > 0, else 0."""
        slope = tape.like(a.values, "s")
        tape.sign(a.values, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="he_normal")
class LeakyRelu:
    """Relu with a slope of 0.01 on the left, which is its derivative at 0 too (Maas et al., 2013)."""

    slope = 0.01
    name, formula, derivative = "leaky_relu", "max(0.01 z, z)", "1 where z > 0, else 0.01"
    meaning = "Like relu with slope 0.01 instead of 0 on the left: a unit can always recover, none dies."
    saturated, dies, kinks = None, False, (0.0,)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0.01 z, z)``."""
        tape.multiply(z.values, self.slope, a.values)
        tape.maximum(a.values, z.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da max(sign(a), 0.01)``: the sign is 1 where z > 0, else 0 or -1."""
        slope = tape.like(a.values, "s")
        tape.sign(a.values, slope)
        tape.maximum(slope, self.slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="he_normal")
class Relu6:
    """Relu that stops at 6 (Krizhevsky, 2010); at both kinks its derivative is taken as 0, as torch does."""

    name, formula, derivative = "relu6", "max(0, min(z, 6))", "1 where 0 < z < 6, else 0"
    meaning = "Relu that is flat above 6: outputs stay small, and both ends pass no gradient."
    saturated, dies, kinks = (-math.inf, 5.8), True, (0.0, 6.0)

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(0, min(z, 6))``."""
        tape.minimum(z.values, 6, a.values)
        tape.maximum(a.values, 0, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da sign(a (6 - a))``: a is between 0 and 6."""
        slope = tape.like(a.values, "s")
        tape.subtract(6, a.values, slope)
        tape.multiply(slope, a.values, slope)
        tape.sign(slope, slope)
        tape.multiply(a.error, slope, z.error)


@activation(start="he_normal")
class Elu:
    """Exponential linear unit with alpha 1 (Clevert et al., 2016): z, and ``exp(z) - 1`` on the left."""

    name, formula, derivative = "elu", "z where z > 0, else exp(z) - 1", "1 where z > 0, else exp(z)"
    meaning = "Like relu on the right, bending smoothly down to -1 on the left: outputs keep a mean near 0."
    saturated, dies, kinks = (-0.97, math.inf), False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = max(expm1(min(z, 0)), z)``: expm1 is above z on the left and 0 on the right."""
        left = a.values
        tape.minimum(z.values, 0, left)
        tape.expm1(left, left)
        tape.maximum(left, z.values, left)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da exp(min(z, 0))``."""
        slope = tape.like(a.values, "s")
        tape.minimum(z.values, 0, slope)
        tape.exp(slope, slope)
        tape.multiply(a.error, slope, z.error)


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
        left = tape.like(a.values, "t")
        tape.minimum(z.values, 0, left)
        tape.expm1(left, left)
        tape.multiply(left, self.alpha, left)
        tape.maximum(z.values, 0, a.values)
        tape.add(a.values, left, a.values)
        tape.multiply(a.values, self.scale, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (scale alpha exp(min(z, 0)) + [z > 0] scale (1 - alpha))``."""
        slope, right = tape.like(a.values, "s"), tape.like(a.values, "t")
        tape.minimum(z.values, 0, slope)
        tape.exp(slope, slope)
        tape.multiply(slope, self.scale * self.alpha, slope)
        tape.sign(a.values, right)
        tape.maximum(right, 0, right)
        tape.multiply(right, self.scale - self.scale * self.alpha, right)
        tape.add(slope, right, slope)
        tape.multiply(a.error, slope, z.error)


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
        soft = a.values
        tape.minimum(z.values, self.threshold, soft)
        tape.exp(soft, soft)
        tape.log1p(soft, soft)
        tape.maximum(soft, z.values, soft)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - exp(-a))``, which is the sigmoid of z, and ``dz = da`` above 20."""
        slope, above = tape.like(a.values, "s"), tape.like(a.values, "t")
        tape.negative(a.values, slope)
        tape.expm1(slope, slope)
        tape.negative(slope, slope)
        tape.subtract(z.values, self.threshold, above)
        tape.sign(above, above)
        tape.maximum(slope, above, slope)
        tape.multiply(a.error, slope, z.error)
