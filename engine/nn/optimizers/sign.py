"""Rules that ask a gradient for its sign alone: Rprop and Lion."""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.averages import record_mean
from engine.nn.optimizers.chain import Arrays
from engine.nn.optimizers.registry import optimizer
from engine.nn.registry import option
from engine.nn.tape import Tape

# A learning rate below this moves nothing, so that dividing by it cannot overflow in single precision.
SMALLEST_RATE = 1e-30


@optimizer(
    name="rprop",
    meaning="w ← w − Δ sign(g): Δ grows while the sign stays. For full batches.",
    advice="The learning rate is the first step size alone; schedules change nothing after it. "
    "Signs of small batches are noise: choose full as batch size.",
)
@dataclass(frozen=True)
class Rprop:
    """Each weight has a step size of its own, and the gradient only its sign (Riedmiller and Braun, 1993).

    Where the sign is that of the step before, the size grows by ``eta_plus``; where it has changed, it
    shrinks by ``eta_minus``, and the weight rests for a step, as in torch. Sizes begin at the learning rate
    and stay within ``step_size_min`` and ``step_size_max``.
    """

    eta_minus: float = option(
        0.5,
        "factor of Rprop's step size where the gradient has changed its sign (0.5 by default)",
        too_low="steps die out",
        too_high="swings across a valley for long",
        gt=0,
        lt=1,
    )
    eta_plus: float = option(
        1.2,
        "factor of Rprop's step size where the gradient keeps its sign (1.2 by default)",
        too_low="slow to gather speed",
        too_high="overshoots",
        gt=1,
        le=100,
    )
    step_size_min: float = option(
        1e-6, "smallest step size of Rprop (1e-6 by default)", too_high="never comes to rest", gt=0, le=1e6
    )
    step_size_max: float = option(
        50.0,
        "largest step size of Rprop (50 by default)",
        too_low="slow where the way is long",
        too_high="overshoots",
        gt=0,
        le=1e6,
    )
    slots = ("previous", "size")
    cells = ("first",)

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the comparison of the signs, the new sizes, and the step."""
        previous, size = slots["previous"], slots["size"]
        s, t, u = (tape.like(g, name) for name in "stu")
        tape.sign(previous, t)
        tape.sign(g, s)
        tape.multiply(s, t, s)
        tape.maximum(s, 0, t)
        tape.multiply(t, self.eta_plus - 1, t)
        tape.minimum(s, 0, s)
        tape.multiply(s, 1 - self.eta_minus, u)
        tape.add(t, u, t)
        tape.add(t, 1, t)
        tape.multiply(size, t, size)
        begin = tape.named(np.zeros_like(cells["rate"]), "c")
        tape.multiply(cells["rate"], cells["first"], begin)
        tape.add(size, begin, size)
        tape.clip(size, self.step_size_min, self.step_size_max, size)
        tape.add(s, 1, s)
        tape.multiply(g, s, previous)
        tape.sign(previous, u)
        tape.multiply(u, size, u)
        # The learning rate that every chain ends with must have no say: sizes have taken its place.
        rate = tape.named(np.zeros_like(cells["rate"]), "rate")
        tape.maximum(cells["rate"], SMALLEST_RATE, rate)
        tape.divide(u, rate, u)
        return u

    def scalars(self, step: int) -> dict[str, float]:
        """Return 1 at the first step, then 0."""
        return {"first": 1.0 if step == 1 else 0.0}


@optimizer(
    name="lion",
    meaning="w ← (1 − ηλ) w − η sign(β₁m + (1 − β₁) g): equal steps for all.",
    advice="Every weight moves by the whole learning rate: take a third to a tenth of Adam's.",
    decoupled=True,
)
@dataclass(frozen=True)
class Lion:
    """``sign(b1 m + (1 - b1) g)``, then ``m = b2 m + (1 - b2) g`` (Chen et al., 2023): one length for all."""

    beta1: float = 0.9
    beta2: float = 0.99
    slots = ("m",)

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the sign of the mix, then the mean for the next step."""
        m, t, u = slots["m"], tape.like(g, "t"), tape.like(g, "u")
        tape.multiply(m, tape.constant(self.beta1, "β1"), u)
        tape.multiply(g, tape.constant(1 - self.beta1, "1 - β1"), t)
        tape.add(u, t, u)
        tape.sign(u, u)
        record_mean(tape, m, g, self.beta2, t, "β2")
        return u
