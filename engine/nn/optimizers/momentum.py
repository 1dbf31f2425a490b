"""Rules that keep a share of the previous step: momentum and Nesterov's."""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.chain import Arrays
from engine.nn.optimizers.registry import optimizer
from engine.nn.tape import Tape


@optimizer(
    name="momentum",
    meaning="v ← μ v + g, w ← w − η v: a heavy ball.",
)
@dataclass(frozen=True)
class Momentum:
    """``b = g`` at the first step, then ``b = mu b + (1 - dampening) g`` (Polyak, 1964; torch's form).

    As in torch, dampening has no part where the momentum is 0: the step is the gradient then.
    """

    momentum: float = 0.9
    dampening: float = 0.0
    slots = ("b",)

    @property
    def cells(self) -> tuple[str, ...]:
        """The share of g that enters b, where it is not always 1."""
        return ("share",) if self.dampening else ()

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the calls on b, which is 0 before the first step."""
        b, entering = slots["b"], g
        tape.multiply(b, tape.constant(self.momentum, "μ"), b)
        if self.dampening:
            entering = tape.like(g, "t")
            tape.multiply(g, cells["share"], entering)
        tape.add(b, entering, b)
        return b

    def scalars(self, step: int) -> dict[str, float]:
        """Return the share: the first gradient enters whole."""
        if not self.dampening:
            return {}
        return {"share": 1.0 if step == 1 or self.momentum == 0 else 1 - self.dampening}


@optimizer(
    name="nesterov",
    meaning="v ← μ v + g, w ← w − η (g + μ v): the ball looks ahead.",
)
@dataclass(frozen=True)
class Nesterov:
    """``b = mu b + g``, then ``g + mu b``: momentum that looks ahead (Nesterov, 1983; torch's form)."""

    momentum: float = 0.9
    slots = ("b",)

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two calls on b and the step ahead."""
        b, mu, u = slots["b"], tape.constant(self.momentum, "μ"), tape.like(g, "u")
        tape.multiply(b, mu, b)
        tape.add(b, g, b)
        tape.multiply(b, mu, u)
        tape.add(g, u, u)
        return u
