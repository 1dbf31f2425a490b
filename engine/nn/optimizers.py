"""Optimizers: small transforms of the flat gradient, chained in a meaningful order; knows no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.nn.parameters import Parameters, record_layer_sums
from engine.nn.tape import Tape, assign, cell_shape, minimum

Arrays = dict[str, np.ndarray]


class Transform(Protocol):
    """One step of an optimizer: takes a flat vector, records what it does, gives a flat vector."""

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the flat vectors that it remembers."""
        ...

    @property
    def cells(self) -> tuple[str, ...]:
        """Names of the scalars that change per step."""
        ...

    @property
    def clips(self) -> bool:
        """Whether it limits the gradient; the norm after clipping is measured behind the last that does."""
        ...

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the calls and return the vector that they write."""
        ...

    def scalars(self, step: int) -> dict[str, float]:
        """Return the values of the cells for update number ``step``, from 1."""
        ...


@dataclass(frozen=True)
class ClipByValue:
    """Clamp each gradient element to ``±limit``."""

    limit: float
    slots = ()
    cells = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record ``g = clamp(g, -limit, limit)``; NaN stays NaN."""
        tape.call(np.clip, g, -self.limit, self.limit, g, label=f"g = clamp(g, ±{self.limit:g})")
        return g

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


@dataclass(frozen=True)
class ClipByNorm:
    """Scale the whole gradient by ``min(1, limit / (norm + 1e-6))`` (Pascanu et al., 2013; as torch does)."""

    limit: float
    slots = ()
    cells = ()
    clips = True

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the norm in float64, the factor, and ``g = factor g``."""
        wide = tape.array(g.shape[-1], dtype=np.float64)
        factor = np.zeros(cell_shape(tape.lead), np.float64)
        narrow = np.zeros(cell_shape(tape.lead), tape.dtype)
        total = factor[..., 0] if tape.lead else factor
        limit, tiny, one = np.array(self.limit), np.array(1e-6), np.array(1.0)
        tape.call(assign, g, wide, label="w = g")
        tape.call(np.vecdot, wide, wide, total, label="c = w · w")
        tape.call(np.sqrt, factor, factor, label="c = sqrt(c)")
        tape.call(np.add, factor, tiny, factor, label="c = c + 1e-6")
        tape.call(np.divide, limit, factor, factor, label=f"c = {self.limit:g} / c")
        tape.call(minimum, factor, one, factor, label="c = min(c, 1)")
        tape.call(assign, factor, narrow, label="c")
        tape.call(np.multiply, g, narrow, g, label="g = c g")
        return g

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


@dataclass(frozen=True)
class Decay:
    """Add ``decay theta``: before the rule it is an L2 penalty, as torch's ``weight_decay`` is outside AdamW.

    Behind the rule it is decoupled (Loshchilov and Hutter, 2019): with the learning rate applied last,
    ``theta - rate (u + decay theta)`` is torch's ``theta (1 - rate decay) - rate u``.
    """

    decay: float
    slots = ()
    cells = ()
    clips = False

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record ``t = g + decay theta``."""
        t = tape.array(g.shape[-1])
        tape.call(np.multiply, theta, tape.constant(self.decay), t, label=f"t = {self.decay:g} theta")
        tape.call(np.add, g, t, t, label="t = g + t")
        return t

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


@dataclass(frozen=True)
class UpdateMeasures:
    """What an update with measures leaves behind, float64: sums over each layer, ``lead + (layers,)``."""

    clipped_squares: np.ndarray
    weight_squares: np.ndarray
    update_squares: np.ndarray


class Optimizer:
    """A chain of transforms on the gradient of a network's parameters.

    Parameters
    ----------
    parameters : Parameters
    transforms : sequence of Transform
        Clipping first, then coupled decay, the rule, decoupled decay; the learning rate comes last by itself.

    Attributes
    ----------
    slots : dict of str to numpy.ndarray
        What the transforms remember, flat vectors like theta; part of a run's state.
    update, measured_update : Tape
        The same update; the second one leaves ``measures`` behind. Their only minus sign is
        ``theta = theta - u``.
    """

    def __init__(self, parameters: Parameters, transforms: Sequence[Transform]) -> None:
        self.parameters = parameters
        self.transforms = tuple(transforms)
        shape, dtype = parameters.theta.shape, parameters.theta.dtype
        self.slots: Arrays = {name: np.zeros(shape, dtype) for each in self.transforms for name in each.slots}
        names = ["rate", *(name for each in self.transforms for name in each.cells)]
        self.cells: Arrays = {name: np.zeros(cell_shape(parameters.lead), dtype) for name in names}
        self.update, _ = self._record(measured=False)
        self.measured_update, self.measures = self._record(measured=True)

    def _record(self, measured: bool) -> tuple[Tape, UpdateMeasures]:
        parameters = self.parameters
        theta, starts = parameters.theta, parameters.starts
        tape = Tape(theta.dtype, parameters.lead)
        sums: Arrays = {}
        with tape.section("update"):
            g = parameters.grad
            for each in (each for each in self.transforms if each.clips):
                g = each.record(tape, g, theta, self.slots, self.cells)
            if measured:
                sums["clipped_squares"] = record_layer_sums(tape, g, starts, "g", 2)
            for each in (each for each in self.transforms if not each.clips):
                g = each.record(tape, g, theta, self.slots, self.cells)
            u = tape.array(parameters.size)
            tape.call(np.multiply, g, self.cells["rate"], u, label="u = learning_rate g")
            if measured:
                sums["weight_squares"] = record_layer_sums(tape, theta, starts, "theta", 2)
                sums["update_squares"] = record_layer_sums(tape, u, starts, "u", 2)
            tape.call(np.subtract, theta, u, theta, label="theta = theta - u")
        nothing = np.zeros(0)
        order = ("clipped_squares", "weight_squares", "update_squares")
        return tape, UpdateMeasures(*(sums.get(name, nothing) for name in order))

    def prepare(self, step: int, learning_rate: float) -> None:
        """Set the cells for update number ``step``, from 1."""
        self.cells["rate"][...] = learning_rate
        for each in self.transforms:
            for name, value in each.scalars(step).items():
                self.cells[name][...] = value
