"""Rules that divide each gradient by its usual size: RMSprop, Adagrad, Adadelta."""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.averages import record_mean, record_mean_square
from engine.nn.optimizers.chain import Arrays
from engine.nn.optimizers.registry import optimizer
from engine.nn.registry import option
from engine.nn.tape import Tape


@optimizer(
    name="rmsprop",
    meaning="w ← w − η g / (√v + ε): the gradient by its usual size.",
)
@dataclass(frozen=True)
class RmsProp:
    """``v = alpha v + (1 - alpha) g²``, then ``g / (sqrt(v) + eps)`` (Tieleman and Hinton, 2012).

    ``centered`` takes the variance ``v - a²`` for v, with the mean gradient a (Graves, 2013). Rounding may
    bring it below 0, where torch goes on with NaN; here it is 0 then. With ``momentum`` the quotients enter
    ``b = momentum b + quotient``, and b is the step.
    """

    alpha: float = 0.99
    eps: float = 1e-8
    centered: bool = False
    momentum: float = 0.0

    @property
    def slots(self) -> tuple[str, ...]:
        """The mean of squares; the mean gradient and the previous step where they are asked for."""
        return ("v", *(("a",) if self.centered else ()), *(("b",) if self.momentum else ()))

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the mean of squares, the quotient, and what the options add."""
        v, t = slots["v"], tape.like(g, "t")
        record_mean_square(tape, v, g, self.alpha, t, "α")
        if self.centered:
            a = slots["a"]
            record_mean(tape, a, g, self.alpha, t, "α")
            tape.multiply(a, a, t)
            tape.subtract(v, t, t)
            tape.maximum(t, 0, t)
            tape.sqrt(t, t)
        else:
            tape.sqrt(v, t)
        tape.add(t, tape.constant(self.eps, "ε"), t)
        tape.divide(g, t, t)
        if not self.momentum:
            return t
        b = slots["b"]
        tape.multiply(b, tape.constant(self.momentum, "μ"), b)
        tape.add(b, t, b)
        return b


@optimizer(
    name="adagrad",
    meaning="s ← s + g², w ← w − η g / (√s + ε): steps only get shorter.",
)
@dataclass(frozen=True)
class Adagrad:
    """``s = s + g²``, then ``g / (sqrt(s) + eps)`` (Duchi et al., 2011).

    s begins at ``initial_accumulator_value``; the step is divided by ``1 + (t - 1) lr_decay``.
    """

    lr_decay: float = option(
        0.0,
        "the learning rate of Adagrad is divided by 1 + lr_decay times the updates done (0 by default)",
        too_low="no effect",
        too_high="learning stops early",
        ge=0,
        le=1000,
    )
    initial_accumulator_value: float = option(
        0.0,
        "what Adagrad's sum of squares begins with (0 by default)",
        too_low="the first step is as long as the learning rate",
        too_high="a slow beginning",
        ge=0,
        le=1e6,
    )
    eps: float = 1e-10
    slots = ("s",)

    @property
    def cells(self) -> tuple[str, ...]:
        """What s begins with, and the share that is left of the rate, where they are asked for."""
        begins = ("begin",) if self.initial_accumulator_value else ()
        return (*begins, *(("slowed",) if self.lr_decay else ()))

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the sum of squares and the quotient."""
        s, t = slots["s"], tape.like(g, "t")
        if self.initial_accumulator_value:
            tape.add(s, cells["begin"], s)
        tape.multiply(g, g, t)
        tape.add(s, t, s)
        tape.sqrt(s, t)
        tape.add(t, tape.constant(self.eps, "ε"), t)
        tape.divide(g, t, t)
        if self.lr_decay:
            tape.multiply(t, cells["slowed"], t)
        return t

    def scalars(self, step: int) -> dict[str, float]:
        """Return the beginning of s, 0 behind the first step, and the share of the rate."""
        values = {
            "begin": self.initial_accumulator_value if step == 1 else 0.0,
            "slowed": 1 / (1 + (step - 1) * self.lr_decay),
        }
        return {name: values[name] for name in self.cells}


@optimizer(
    name="adadelta",
    meaning="w ← w − η g √(d + ε) / √(v + ε): as long as steps usually were (d).",
    advice="Its steps have the size of the weights already: the usual learning rate is 1.",
)
@dataclass(frozen=True)
class Adadelta:
    """``u = sqrt(d + eps) / sqrt(v + eps) g``, v and d the running means of g² and u² (Zeiler, 2012).

    The step has the units of the weights, so that the usual learning rate is 1. As in torch, u is the step
    before the learning rate.
    """

    rho: float = 0.9
    eps: float = 1e-6
    slots = ("v", "d")

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record both means and the step between them: d is still that of the steps before."""
        v, d, t, u = slots["v"], slots["d"], tape.like(g, "t"), tape.like(g, "u")
        eps = tape.constant(self.eps, "ε")
        record_mean_square(tape, v, g, self.rho, t, "ρ")
        tape.add(v, eps, t)
        tape.sqrt(t, t)
        tape.add(d, eps, u)
        tape.sqrt(u, u)
        tape.divide(u, t, u)
        tape.multiply(u, g, u)
        record_mean_square(tape, d, u, self.rho, t, "ρ")
        return u
