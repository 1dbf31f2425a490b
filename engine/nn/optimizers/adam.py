"""Adam and its family: the mean gradient divided by its usual size, both corrected."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.nn.optimizers.averages import record_mean, record_mean_square
from engine.nn.optimizers.chain import Arrays
from engine.nn.optimizers.registry import optimizer
from engine.nn.registry import option
from engine.nn.tape import Tape

# A product below this is nothing beside 1, in double precision.
NOTHING = 1e-17


@optimizer(
    name="adamw",
    meaning="w ← (1 − ηλ) w, then Adam: decay λ apart from g.",
    decoupled=True,
)
@optimizer(
    name="adam",
    meaning="w ← w − η m̂ / (√v̂ + ε): a step for each weight.",
)
@dataclass(frozen=True)
class Adam:
    """``m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)`` (Kingma and Ba, 2015); eps after the correction.

    ``amsgrad`` takes the largest v so far in place of v (Reddi et al., 2018); as torch does, before the
    correction.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    amsgrad: bool = False
    cells = ("root_correction", "mean_correction")

    @property
    def slots(self) -> tuple[str, ...]:
        """Both means; with amsgrad the largest mean of squares."""
        return ("m", "v", "v_max") if self.amsgrad else ("m", "v")

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two moments, their corrections and the quotient."""
        m, v, t, u = slots["m"], slots["v"], tape.like(g, "t"), tape.like(g, "u")
        record_mean(tape, m, g, self.beta1, t)
        record_mean_square(tape, v, g, self.beta2, t)
        if self.amsgrad:
            largest = slots["v_max"]
            tape.maximum(largest, v, largest)
            tape.sqrt(largest, t)
        else:
            tape.sqrt(v, t)
        tape.multiply(t, cells["root_correction"], t)
        tape.add(t, tape.constant(self.eps, "ε"), t)
        tape.divide(m, t, u)
        tape.multiply(u, cells["mean_correction"], u)
        return u

    def scalars(self, step: int) -> dict[str, float]:
        """Return both corrections; they tend to 1."""
        return {
            "root_correction": (1 - self.beta2**step) ** -0.5,
            "mean_correction": 1 / (1 - self.beta1**step),
        }


@optimizer(
    name="adamax",
    meaning="u ← max(β₂u, |g|), w ← w − η m̂ / u: Adam by the largest gradient.",
)
@dataclass(frozen=True)
class Adamax:
    """``m / (1 - b1^t) / u`` with ``u = max(b2 u, |g| + eps)``: by the largest size (Kingma and Ba, 2015)."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    slots = ("m", "u")
    cells = ("mean_correction",)

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the mean, the decaying maximum and the quotient."""
        m, u, t = slots["m"], slots["u"], tape.like(g, "t")
        record_mean(tape, m, g, self.beta1, t)
        tape.multiply(u, tape.constant(self.beta2, "β2"), u)
        tape.abs(g, t)
        tape.add(t, tape.constant(self.eps, "ε"), t)
        tape.maximum(u, t, u)
        tape.divide(m, u, t)
        tape.multiply(t, cells["mean_correction"], t)
        return t

    def scalars(self, step: int) -> dict[str, float]:
        """Return the correction of the mean; it tends to 1."""
        return {"mean_correction": 1 / (1 - self.beta1**step)}


@optimizer(
    name="nadam",
    meaning="w ← w − η (μ m̂ + (1 − μ) ĝ) / (√v̂ + ε): Adam that looks ahead.",
)
@dataclass(frozen=True)
class Nadam:
    """Adam that looks ahead, as Nesterov's momentum does (Dozat, 2016; torch's form).

    ``(1 - mu_t) g / (1 - M_t) + mu_{t+1} m / (1 - M_{t+1})`` over Adam's denominator, where
    ``mu_t = b1 (1 - 0.96^(t momentum_decay) / 2)`` and M_t is the product of ``mu_1`` to ``mu_t``.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    momentum_decay: float = option(
        0.004,
        "how fast Nadam's look ahead grows from half of beta1 to all of it (0.004 by default)",
        too_low="half of the momentum for long",
        too_high="no warm-up",
        ge=0,
        le=1000,
    )
    slots = ("m", "v")
    cells = ("root_correction", "gradient_share", "mean_share")

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two moments, then their weighted sum over the denominator."""
        m, v, t, u = slots["m"], slots["v"], tape.like(g, "t"), tape.like(g, "u")
        ahead = tape.like(g, "a")
        record_mean(tape, m, g, self.beta1, t)
        record_mean_square(tape, v, g, self.beta2, t)
        tape.sqrt(v, t)
        tape.multiply(t, cells["root_correction"], t)
        tape.add(t, tape.constant(self.eps, "ε"), t)
        tape.multiply(g, cells["gradient_share"], u)
        tape.multiply(m, cells["mean_share"], ahead)
        tape.add(u, ahead, u)
        tape.divide(u, t, u)
        return u

    @cached_property
    def _products(self) -> list[float]:
        """M_0, M_1, ... as far as they were asked for; a resumed run makes the same ones again."""
        return [1.0]

    def _mu(self, step: int) -> float:
        return self.beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))

    def scalars(self, step: int) -> dict[str, float]:
        """Return the correction of the root, and the shares of gradient and mean."""
        products = self._products
        while len(products) <= step and products[-1] > NOTHING:
            products.append(products[-1] * self._mu(len(products)))
        product, mu, ahead = products[min(step, len(products) - 1)], self._mu(step), self._mu(step + 1)
        return {
            "root_correction": (1 - self.beta2**step) ** -0.5,
            "gradient_share": (1 - mu) / (1 - product),
            "mean_share": ahead / (1 - product * ahead),
        }


@optimizer(
    name="radam",
    meaning="w ← w − η r m̂ / √v̂, at first w − η m̂: Adam with a warm-up built in.",
)
@dataclass(frozen=True)
class Radam:
    """Adam that trusts its mean of squares only where there are enough of them (Liu et al., 2020).

    With ``rho_t = rho - 2 t b2^t / (1 - b2^t)`` and ``rho = 2 / (1 - b2) - 1``: the step is
    ``m / (1 - b1^t)`` as long as ``rho_t <= 5``, then that times ``r_t sqrt(1 - b2^t) / (sqrt(v) + eps)``,
    ``r_t² = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)``. As in torch, the limit is 5 where
    the paper has 4, and eps comes before the correction.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    slots = ("m", "v")
    cells = ("plain_share", "rectified_share")

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the two moments and both kinds of step; the cells let one of them count."""
        m, v, t, u = slots["m"], slots["v"], tape.like(g, "t"), tape.like(g, "u")
        record_mean(tape, m, g, self.beta1, t)
        record_mean_square(tape, v, g, self.beta2, t)
        tape.sqrt(v, t)
        tape.add(t, tape.constant(self.eps, "ε"), t)
        tape.divide(m, t, t)
        tape.multiply(t, cells["rectified_share"], t)
        tape.multiply(m, cells["plain_share"], u)
        tape.add(u, t, u)
        return u

    def scalars(self, step: int) -> dict[str, float]:
        """Return the factors of the plain and of the rectified step; one of them is 0."""
        mean_correction, root = 1 / (1 - self.beta1**step), 1 - self.beta2**step
        rho = 2 / (1 - self.beta2) - 1
        now = rho - 2 * step * self.beta2**step / root
        if now <= 5:
            return {"plain_share": mean_correction, "rectified_share": 0.0}
        squared = (now - 4) * (now - 2) * rho / ((rho - 4) * (rho - 2) * now)
        return {"plain_share": 0.0, "rectified_share": mean_correction * (squared * root) ** 0.5}
