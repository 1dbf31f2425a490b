"""Rules that divide each gradient by its usual size: RMSprop, Adagrad, Adadelta; knows no chain."""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.averages import record_mean, record_mean_square
from engine.nn.optimizers.chain import Arrays, Steady
from engine.nn.optimizers.registry import optimizer
from engine.nn.registry import option
from engine.nn.tape import Tape, maximum


@optimizer(
    name="rmsprop",
    meaning="$w \\leftarrow w - \\eta\\,g / (\\sqrt v + \\epsilon)$: the gradient by its usual size.",
)
@dataclass(frozen=True)
class RmsProp(Steady):
    """``v = alpha v + (1 - alpha) g²``, then ``g / (sqrt(v) + eps)`` (Tieleman and Hinton, 2012).

    ``centered`` takes the variance ``v - a²`` for v, with the mean gradient a (Graves, 2013). Rounding may
    bring it below 0, where torch goes on with NaN; here it is 0 then. With ``momentum`` the quotients enter
    ``b = momentum b + quotient``, and b is the step.
    """

    alpha: float = 0.99
    eps: float = 1e-8
    centered: bool = False
    momentum: float = 0.0
    clips = False

    @property
    def slots(self) -> tuple[str, ...]:
        """The mean of squares; the mean gradient and the previous step where they are asked for."""
        return ("v", *(("a",) if self.centered else ()), *(("b",) if self.momentum else ()))

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the mean of squares, the quotient, and what the options add."""
        v, t = slots["v"], tape.array(g.shape[-1])
        record_mean_square(tape, v, g, self.alpha, t, ("v", "alpha", "g"))
        if self.centered:
            a = slots["a"]
            record_mean(tape, a, g, self.alpha, t, ("a", "alpha"))
            tape.call(np.multiply, a, a, t, label="t = a²")
            tape.call(np.subtract, v, t, t, label="t = v - t")
            tape.call(maximum, t, tape.constant(0), t, label="t = max(t, 0)")
            tape.call(np.sqrt, t, t, label="t = sqrt(t)")
        else:
            tape.call(np.sqrt, v, t, label="t = sqrt(v)")
        tape.call(np.add, t, tape.constant(self.eps), t, label="t = t + eps")
        tape.call(np.divide, g, t, t, label="t = g / t")
        if not self.momentum:
            return t
        b = slots["b"]
        tape.call(np.multiply, b, tape.constant(self.momentum), b, label=f"b = {self.momentum:g} b")
        tape.call(np.add, b, t, b, label="b = b + t")
        return b


@optimizer(
    name="adagrad",
    meaning="$s \\leftarrow s + g^2,\\; w \\leftarrow w - \\eta\\,g / (\\sqrt s + \\epsilon)$: "
    "steps only get shorter.",
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
    clips = False

    @property
    def cells(self) -> tuple[str, ...]:
        """What s begins with, and the share that is left of the rate, where they are asked for."""
        begins = ("begin",) if self.initial_accumulator_value else ()
        return (*begins, *(("slowed",) if self.lr_decay else ()))

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the sum of squares and the quotient."""
        s, t = slots["s"], tape.array(g.shape[-1])
        if self.initial_accumulator_value:
            words = f"s = s + ({self.initial_accumulator_value:g} at the first step, then 0)"
            tape.call(np.add, s, cells["begin"], s, label=words)
        tape.call(np.multiply, g, g, t, label="t = g²")
        tape.call(np.add, s, t, s, label="s = s + t")
        tape.call(np.sqrt, s, t, label="t = sqrt(s)")
        tape.call(np.add, t, tape.constant(self.eps), t, label="t = t + eps")
        tape.call(np.divide, g, t, t, label="t = g / t")
        if self.lr_decay:
            tape.call(np.multiply, t, cells["slowed"], t, label="t = t / (1 + (step - 1) lr_decay)")
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
    meaning="$w \\leftarrow w - \\eta\\,g\\,\\sqrt{d + \\epsilon} / \\sqrt{v + \\epsilon}$: "
    "as long as steps usually were ($d$).",
    advice="Its steps have the size of the weights already: the usual learning rate is 1.",
)
@dataclass(frozen=True)
class Adadelta(Steady):
    """``u = sqrt(d + eps) / sqrt(v + eps) g``, v and d the running means of g² and u² (Zeiler, 2012).

    The step has the units of the weights, so that the usual learning rate is 1. As in torch, u is the step
    before the learning rate.
    """

    rho: float = 0.9
    eps: float = 1e-6
    slots = ("v", "d")
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record both means and the step between them: d is still that of the steps before."""
        v, d, t, u = slots["v"], slots["d"], tape.array(g.shape[-1]), tape.array(g.shape[-1])
        eps = tape.constant(self.eps)
        record_mean_square(tape, v, g, self.rho, t, ("v", "rho", "g"))
        tape.call(np.add, v, eps, t, label="t = v + eps")
        tape.call(np.sqrt, t, t, label="t = sqrt(t)")
        tape.call(np.add, d, eps, u, label="u = d + eps")
        tape.call(np.sqrt, u, u, label="u = sqrt(u)")
        tape.call(np.divide, u, t, u, label="u = u / t")
        tape.call(np.multiply, u, g, u, label="u = u g")
        record_mean_square(tape, d, u, self.rho, t, ("d", "rho", "u"))
        return u
