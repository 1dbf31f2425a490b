"""Activations: forward call, backward call, and what people read about them; knows no layer."""

from typing import Protocol

import numpy as np

from engine.nn.rectifiers import Elu, Gelu, LeakyRelu, Relu, Softplus
from engine.nn.tape import Block, Tape, minimum


class Activation(Protocol):
    """What a layer asks of an activation."""

    @property
    def name(self) -> str:
        """As in the configuration."""
        ...

    @property
    def formula(self) -> str:
        """f(z) as people write it."""
        ...

    @property
    def derivative(self) -> str:
        """f'(z) as people write it, a standing for f(z)."""
        ...

    @property
    def meaning(self) -> str:
        """One or two sentences for people who choose it."""
        ...

    @property
    def saturated(self) -> tuple[float, float] | None:
        """Output values beyond which a unit counts as saturated; None where it cannot."""
        ...

    @property
    def dies(self) -> bool:
        """Whether a unit can be stuck at zero output with zero derivative."""
        ...

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = f(z)`` from ``z.values`` into ``a.values``."""
        ...

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da f'(z)`` from ``a.error`` into ``z.error``; both values still stand."""
        ...


class Identity:
    """No activation: layers in a row then stay one linear map."""

    name, formula, derivative = "identity", "z", "1"
    meaning = "No bend: however deep, the network stays linear."
    saturated, dies = None, False

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z``."""
        tape.call(np.positive, z.values, a.values, label=f"{a.name} = {z.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da``."""
        tape.call(np.positive, a.error, z.error, label=f"d{z.name} = d{a.name}")


class Tanh:
    """Hyperbolic tangent."""

    name, formula, derivative = "tanh", "tanh(z)", "1 - a²"
    meaning = "From -1 to 1. Slope 1 at zero, fading on both sides: saturated units hardly learn."
    saturated, dies = (-0.97, 0.97), False

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = tanh(z)``."""
        tape.call(np.tanh, z.values, a.values, label=f"{a.name} = tanh({z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da (1 - a²)``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.multiply, a.values, a.values, slope, label=f"s = {a.name}²")
        tape.call(np.subtract, tape.constant(1), slope, slope, label="s = 1 - s")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


class Sigmoid:
    """Logistic function ``1 / (1 + exp(-z))``."""

    name, formula, derivative = "sigmoid", "1 / (1 + exp(-z))", "a (1 - a)"
    meaning = "From 0 to 1. Slope 0.25 at most: each layer shrinks the gradient fourfold or more."
    saturated, dies = (0.03, 0.97), False

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = 1 / (1 + exp(-z))``."""
        record_sigmoid(tape, z.values, a.values, z.name, a.name)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da a (1 - a)``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(np.subtract, tape.constant(1), a.values, slope, label=f"s = 1 - {a.name}")
        tape.call(np.multiply, a.values, slope, slope, label=f"s = {a.name} s")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


def record_sigmoid(tape: Tape, z: np.ndarray, a: np.ndarray, z_name: str, a_name: str) -> None:
    """Record ``a = 1 / (1 + exp(-z))``; -z is capped where exp would overflow, there a is 0 in any case."""
    largest = np.floor(np.log(np.finfo(tape.dtype).max))
    tape.call(np.negative, z, a, label=f"{a_name} = -{z_name}")
    tape.call(minimum, a, tape.constant(largest), a, label=f"{a_name} = min({a_name}, {largest:g})")
    tape.call(np.exp, a, a, label=f"{a_name} = exp({a_name})")
    tape.call(np.add, a, tape.constant(1), a, label=f"{a_name} = 1 + {a_name}")
    tape.call(np.reciprocal, a, a, label=f"{a_name} = 1 / {a_name}")


ACTIVATIONS: dict[str, Activation] = {
    each.name: each
    for each in (Relu(), LeakyRelu(), Elu(), Gelu(), Softplus(), Tanh(), Sigmoid(), Identity())
}
