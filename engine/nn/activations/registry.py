"""Activations: forward call, backward call, and what people read about them; knows no layer."""

from typing import Protocol

import numpy as np

from engine.nn.activations.gates import Gelu, GeluTanh, HardSwish, Mish, Silu
from engine.nn.activations.rectifiers import Celu, Elu, LeakyRelu, Relu, Relu6, Selu, Softplus
from engine.nn.activations.squashing import (
    HardSigmoid,
    HardTanh,
    LogSigmoid,
    Sigmoid,
    Softsign,
    Tanh,
    TanhShrink,
)
from engine.nn.tape import Block, Tape


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

    @property
    def kinks(self) -> tuple[float, ...]:
        """Values of z at which the derivative jumps: a gradient check steps aside there."""
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
    saturated, dies, kinks = None, False, ()

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z``."""
        tape.call(np.positive, z.values, a.values, label=f"{a.name} = {z.name}")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da``."""
        tape.call(np.positive, a.error, z.error, label=f"d{z.name} = d{a.name}")


# The common ones first: forms and help list them in this order.
ACTIVATIONS: dict[str, Activation] = {
    each.name: each
    for each in (
        Relu(),
        Tanh(),
        Sigmoid(),
        LeakyRelu(),
        Gelu(),
        Elu(),
        Silu(),
        Selu(),
        Softplus(),
        Mish(),
        Identity(),
        Celu(),
        GeluTanh(),
        Relu6(),
        HardSwish(),
        HardTanh(),
        HardSigmoid(),
        LogSigmoid(),
        Softsign(),
        TanhShrink(),
    )
}
