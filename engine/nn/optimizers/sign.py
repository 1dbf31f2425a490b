"""Rules that ask a gradient for its sign alone: Rprop and Lion; knows no chain."""

from dataclasses import dataclass

import numpy as np

from engine.nn.optimizers.averages import record_mean
from engine.nn.optimizers.chain import Arrays, Steady
from engine.nn.optimizers.registry import optimizer
from engine.nn.registry import option
from engine.nn.tape import Tape, maximum, minimum

# A learning rate below this moves nothing, so that dividing by it cannot overflow in single precision.
SMALLEST_RATE = 1e-30


@optimizer(
    name="rprop",
    meaning="$w \\leftarrow w - \\Delta\\,\\mathrm{sign}(g)$: $\\Delta$ grows while the sign stays. "
    "For full batches.",
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
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the comparison of the signs, the new sizes, and the step."""
        previous, size = slots["previous"], slots["size"]
        s, t, u = (tape.array(g.shape[-1]) for _ in range(3))
        one, zero = tape.constant(1), tape.constant(0)
        tape.call(np.sign, previous, t, label="t = sign(previous)")
        tape.call(np.sign, g, s, label="s = sign(g)")
        tape.call(np.multiply, s, t, s, label="s = s t: 1 for the same sign, -1 for another, 0 at rest")
        tape.call(maximum, s, zero, t, label="t = max(s, 0)")
        tape.call(np.multiply, t, tape.constant(self.eta_plus - 1), t, label="t = (eta_plus - 1) t")
        tape.call(minimum, s, zero, s, label="s = min(s, 0)")
        tape.call(np.multiply, s, tape.constant(1 - self.eta_minus), u, label="u = (1 - eta_minus) s")
        tape.call(np.add, t, u, t, label="t = t + u")
        tape.call(np.add, t, one, t, label="t = t + 1: eta_plus, eta_minus or 1")
        tape.call(np.multiply, size, t, size, label="size = t size")
        begin = np.zeros_like(cells["rate"])
        tape.call(np.multiply, cells["rate"], cells["first"], begin, label="c = learning_rate, later 0")
        tape.call(np.add, size, begin, size, label="size = size + c")
        low, high = self.step_size_min, self.step_size_max
        tape.call(np.clip, size, low, high, size, label=f"size = clamp(size, {low:g}, {high:g})")
        tape.call(np.add, s, one, s, label="s = s + 1: 0 where the sign has changed")
        tape.call(np.multiply, g, s, previous, label="previous = s g")
        tape.call(np.sign, previous, u, label="u = sign(previous)")
        tape.call(np.multiply, u, size, u, label="u = u size")
        # The learning rate that every chain ends with must have no say: sizes have taken its place.
        rate = np.zeros_like(cells["rate"])
        tape.call(maximum, cells["rate"], tape.constant(SMALLEST_RATE), rate, label="c = learning_rate")
        tape.call(np.divide, u, rate, u, label="u = u / c")
        return u

    def scalars(self, step: int) -> dict[str, float]:
        """Return 1 at the first step, then 0."""
        return {"first": 1.0 if step == 1 else 0.0}


@optimizer(
    name="lion",
    meaning="$w \\leftarrow (1 - \\eta\\lambda)\\,w - \\eta\\,\\mathrm{sign}(\\beta_1 m + (1-\\beta_1) g)$: "
    "equal steps for all.",
    advice="Every weight moves by the whole learning rate: take a third to a tenth of Adam's.",
    decoupled=True,
)
@dataclass(frozen=True)
class Lion(Steady):
    """``sign(b1 m + (1 - b1) g)``, then ``m = b2 m + (1 - b2) g`` (Chen et al., 2023): one length for all."""

    beta1: float = 0.9
    beta2: float = 0.99
    slots = ("m",)
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the sign of the mix, then the mean for the next step."""
        m, t, u = slots["m"], tape.array(g.shape[-1]), tape.array(g.shape[-1])
        b1, rest = tape.constant(self.beta1), tape.constant(1 - self.beta1)
        tape.call(np.multiply, m, b1, u, label="u = b1 m")
        tape.call(np.multiply, g, rest, t, label="t = (1 - b1) g")
        tape.call(np.add, u, t, u, label="u = u + t")
        tape.call(np.sign, u, u, label="u = sign(u)")
        record_mean(tape, m, g, self.beta2, t, ("m", "b2"))
        return u
