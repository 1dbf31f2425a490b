"""Update rules: what each optimizer makes of a gradient, and what people read about it; knows no chain."""

from dataclasses import dataclass, fields

import numpy as np

from engine.nn.optimizers import Arrays
from engine.nn.tape import Tape


@dataclass(frozen=True)
class Momentum:
    """``b = mu b + g``, from ``b = 0``, so that the first step is g (Polyak, 1964; torch's form)."""

    momentum: float = 0.9
    slots = ("b",)
    cells = ()
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two calls on b."""
        b = slots["b"]
        tape.call(np.multiply, b, tape.constant(self.momentum), b, label=f"b = {self.momentum:g} b")
        tape.call(np.add, b, g, b, label="b = b + g")
        return b

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


@dataclass(frozen=True)
class Nesterov:
    """``b = mu b + g``, then ``g + mu b``: momentum that looks ahead (Nesterov, 1983; torch's form)."""

    momentum: float = 0.9
    slots = ("b",)
    cells = ()
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two calls on b and the step ahead."""
        b, mu, u = slots["b"], tape.constant(self.momentum), tape.array(g.shape[-1])
        tape.call(np.multiply, b, mu, b, label=f"b = {self.momentum:g} b")
        tape.call(np.add, b, g, b, label="b = b + g")
        tape.call(np.multiply, b, mu, u, label=f"u = {self.momentum:g} b")
        tape.call(np.add, g, u, u, label="u = g + u")
        return u

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


@dataclass(frozen=True)
class RmsProp:
    """``v = alpha v + (1 - alpha) g²``, then ``g / (sqrt(v) + eps)`` (Tieleman and Hinton, 2012)."""

    alpha: float = 0.99
    eps: float = 1e-8
    slots = ("v",)
    cells = ()
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the mean of squares and the quotient."""
        v, t = slots["v"], tape.array(g.shape[-1])
        alpha, rest, eps = (tape.constant(value) for value in (self.alpha, 1 - self.alpha, self.eps))
        tape.call(np.multiply, v, alpha, v, label="v = alpha v")
        tape.call(np.multiply, g, g, t, label="t = g²")
        tape.call(np.multiply, t, rest, t, label="t = (1 - alpha) t")
        tape.call(np.add, v, t, v, label="v = v + t")
        tape.call(np.sqrt, v, t, label="t = sqrt(v)")
        tape.call(np.add, t, eps, t, label="t = t + eps")
        tape.call(np.divide, g, t, t, label="t = g / t")
        return t

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


@dataclass(frozen=True)
class Adam:
    """``m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)`` (Kingma and Ba, 2015); eps after the correction."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    slots = ("m", "v")
    cells = ("root_correction", "mean_correction")
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two moments, their corrections and the quotient."""
        m, v, t, u = slots["m"], slots["v"], tape.array(g.shape[-1]), tape.array(g.shape[-1])
        b1, b2, eps = (tape.constant(value) for value in (self.beta1, self.beta2, self.eps))
        rest1, rest2 = tape.constant(1 - self.beta1), tape.constant(1 - self.beta2)
        tape.call(np.multiply, m, b1, m, label="m = b1 m")
        tape.call(np.multiply, g, rest1, t, label="t = (1 - b1) g")
        tape.call(np.add, m, t, m, label="m = m + t")
        tape.call(np.multiply, v, b2, v, label="v = b2 v")
        tape.call(np.multiply, g, g, t, label="t = g²")
        tape.call(np.multiply, t, rest2, t, label="t = (1 - b2) t")
        tape.call(np.add, v, t, v, label="v = v + t")
        tape.call(np.sqrt, v, t, label="t = sqrt(v)")
        tape.call(np.multiply, t, cells["root_correction"], t, label="t = t / sqrt(1 - b2^t)")
        tape.call(np.add, t, eps, t, label="t = t + eps")
        tape.call(np.divide, m, t, u, label="u = m / t")
        tape.call(np.multiply, u, cells["mean_correction"], u, label="u = u / (1 - b1^t)")
        return u

    def scalars(self, step: int) -> dict[str, float]:
        """Return both corrections; they tend to 1."""
        return {
            "root_correction": (1 - self.beta2**step) ** -0.5,
            "mean_correction": 1 / (1 - self.beta1**step),
        }


@dataclass(frozen=True)
class Rule:
    """An optimizer as people choose it.

    Parameters
    ----------
    name : str
        As in the configuration.
    meaning : str
        Its update in one line, for people who choose it.
    transform : class, optional
        Its transform, a dataclass whose fields are the settings that belong to it; none where the step is
        the gradient itself.
    decoupled : bool
        Whether weight decay acts behind it, apart from the gradient.
    """

    name: str
    meaning: str
    transform: type[Momentum | Nesterov | RmsProp | Adam] | None = None
    decoupled: bool = False

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings that belong to it."""
        return tuple(field.name for field in fields(self.transform)) if self.transform else ()

    @property
    def slots(self) -> int:
        """Number of vectors like theta that it remembers."""
        return len(self.transform.slots) if self.transform else 0


OPTIMIZERS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("sgd", "$w \\leftarrow w - \\eta\\,g$: straight down the gradient of the batch."),
        Rule(
            "momentum",
            "$v \\leftarrow \\mu v + g,\\; w \\leftarrow w - \\eta\\,v$: a heavy ball.",
            Momentum,
        ),
        Rule(
            "nesterov",
            "$v \\leftarrow \\mu v + g,\\; w \\leftarrow w - \\eta\\,(g + \\mu v)$: the ball looks ahead.",
            Nesterov,
        ),
        Rule(
            "rmsprop",
            "$w \\leftarrow w - \\eta\\,g / (\\sqrt v + \\epsilon)$: the gradient by its usual size.",
            RmsProp,
        ),
        Rule(
            "adam",
            "$w \\leftarrow w - \\eta\\,\\hat m / (\\sqrt{\\hat v} + \\epsilon)$: a step for each weight.",
            Adam,
        ),
        Rule(
            "adamw",
            "$w \\leftarrow (1 - \\eta\\lambda)\\,w$, then Adam: decay $\\lambda$ apart from $g$.",
            Adam,
            decoupled=True,
        ),
    )
}
