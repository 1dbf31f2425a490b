"""Activations: forward call, backward call, and what people read about them; knows no layer."""

from typing import Protocol

import numpy as np

from engine.nn.tape import Tape, maximum, minimum


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
    def saturated(self) -> tuple[float, float] | None:
        """Output values beyond which a unit counts as saturated; None where it cannot."""
        ...

    @property
    def dies(self) -> bool:
        """Whether a unit can be stuck at zero output with zero derivative."""
        ...

    def forward(self, tape: Tape, z: np.ndarray, a: np.ndarray, i: int) -> None:
        """Record ``a = f(z)``."""
        ...

    def backward(
        self, tape: Tape, z: np.ndarray, a: np.ndarray, da: np.ndarray, dz: np.ndarray, i: int
    ) -> None:
        """Record ``dz = da f'(z)``."""
        ...


class Identity:
    """No activation: layers in a row then stay one linear map."""

    name, formula, derivative = "identity", "z", "1"
    saturated, dies = None, False

    def forward(self, tape: Tape, z: np.ndarray, a: np.ndarray, i: int) -> None:
        """Record ``a = z``."""
        tape.call(np.positive, z, a, label=f"a{i} = z{i}")

    def backward(
        self, tape: Tape, z: np.ndarray, a: np.ndarray, da: np.ndarray, dz: np.ndarray, i: int
    ) -> None:
        """Record ``dz = da``."""
        tape.call(np.positive, da, dz, label=f"dz{i} = da{i}")


class Tanh:
    """Hyperbolic tangent."""

    name, formula, derivative = "tanh", "tanh(z)", "1 - a²"
    saturated, dies = (-0.97, 0.97), False

    def forward(self, tape: Tape, z: np.ndarray, a: np.ndarray, i: int) -> None:
        """Record ``a = tanh(z)``."""
        tape.call(np.tanh, z, a, label=f"a{i} = tanh(z{i})")

    def backward(
        self, tape: Tape, z: np.ndarray, a: np.ndarray, da: np.ndarray, dz: np.ndarray, i: int
    ) -> None:
        """Record ``dz = da (1 - a²)``."""
        slope = tape.array(*a.shape[-2:])
        tape.call(np.multiply, a, a, slope, label=f"s = a{i}²")
        tape.call(np.subtract, tape.constant(1), slope, slope, label="s = 1 - s")
        tape.call(np.multiply, da, slope, dz, label=f"dz{i} = da{i} s")


class Sigmoid:
    """Logistic function ``1 / (1 + exp(-z))``."""

    name, formula, derivative = "sigmoid", "1 / (1 + exp(-z))", "a (1 - a)"
    saturated, dies = (0.03, 0.97), False

    def forward(self, tape: Tape, z: np.ndarray, a: np.ndarray, i: int) -> None:
        """Record ``a = 1 / (1 + exp(-z))``."""
        record_sigmoid(tape, z, a, f"z{i}", f"a{i}")

    def backward(
        self, tape: Tape, z: np.ndarray, a: np.ndarray, da: np.ndarray, dz: np.ndarray, i: int
    ) -> None:
        """Record ``dz = da a (1 - a)``."""
        slope = tape.array(*a.shape[-2:])
        tape.call(np.subtract, tape.constant(1), a, slope, label=f"s = 1 - a{i}")
        tape.call(np.multiply, a, slope, slope, label=f"s = a{i} s")
        tape.call(np.multiply, da, slope, dz, label=f"dz{i} = da{i} s")


class Relu:
    """Rectified linear unit; its derivative at 0 is taken as 0."""

    name, formula, derivative = "relu", "max(0, z)", "1 where z > 0, else 0"
    saturated, dies = None, True

    def forward(self, tape: Tape, z: np.ndarray, a: np.ndarray, i: int) -> None:
        """Record ``a = max(0, z)``."""
        tape.call(maximum, z, tape.constant(0), a, label=f"a{i} = max(0, z{i})")

    def backward(
        self, tape: Tape, z: np.ndarray, a: np.ndarray, da: np.ndarray, dz: np.ndarray, i: int
    ) -> None:
        """Record ``dz = da sign(a)``: a is never negative, so the sign is 1 where z > 0, else 0."""
        slope = tape.array(*a.shape[-2:])
        tape.call(np.sign, a, slope, label=f"s = sign(a{i})")
        tape.call(np.multiply, da, slope, dz, label=f"dz{i} = da{i} s")


def record_sigmoid(tape: Tape, z: np.ndarray, a: np.ndarray, z_name: str, a_name: str) -> None:
    """Record ``a = 1 / (1 + exp(-z))``; -z is capped where exp would overflow, there a is 0 in any case."""
    largest = np.floor(np.log(np.finfo(tape.dtype).max))
    tape.call(np.negative, z, a, label=f"{a_name} = -{z_name}")
    tape.call(minimum, a, tape.constant(largest), a, label=f"{a_name} = min({a_name}, {largest:g})")
    tape.call(np.exp, a, a, label=f"{a_name} = exp({a_name})")
    tape.call(np.add, a, tape.constant(1), a, label=f"{a_name} = 1 + {a_name}")
    tape.call(np.reciprocal, a, a, label=f"{a_name} = 1 / {a_name}")


ACTIVATIONS: dict[str, Activation] = {each.name: each for each in (Relu(), Tanh(), Sigmoid(), Identity())}
