"""Optimizers: transforms of the flat gradient, in a row whose order is their meaning."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from engine.nn.optimizers.measures import UpdateMeasures, layer_sums
from engine.nn.parameters import Parameters
from engine.nn.tape import Tape, cell_shape

Arrays = dict[str, np.ndarray]


class Transform(Protocol):
    """One step of an optimizer: takes a flat vector, records what it does, gives a flat vector.

    A frozen dataclass will do; where it is an update rule, its fields are the settings that belong to it.
    It may have three more attributes: ``cells`` names the scalars that change per step and
    ``scalars(step)`` returns their values, a dict by name, for update number ``step``, from 1; ``clips`` is
    true where it limits the gradient: the norm after clipping is measured behind the last that does.
    """

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the flat vectors that it remembers; each is 0 before the first update."""
        ...

    def record(
        self, tape: Tape, g: np.ndarray, theta: np.ndarray, slots: Arrays, cells: Arrays
    ) -> np.ndarray:
        """Record the calls and return the vector that they write.

        Parameters
        ----------
        tape : Tape
            Its calls run at every update and allocate nothing: scratch space comes from ``tape.array``.
        g : numpy.ndarray
            ``lead + (P,)``: the gradient, or what the transform before this one made of it.
        theta : numpy.ndarray
            The parameters, to be read only.
        slots : dict of str to numpy.ndarray
            The vectors that it named in ``slots``, to be changed in place.
        cells : dict of str to numpy.ndarray
            The scalars that it named in ``cells``, and ``rate``, the learning rate of the update.
        """
        ...


def cells_of(transform: Transform) -> tuple[str, ...]:
    """Return the names of the scalars of a transform that change per step: by default there are none."""
    return getattr(transform, "cells", ())


def scalars_of(transform: Transform, step: int) -> dict[str, float]:
    """Return the values of the cells of a transform for update number ``step``, from 1."""
    return transform.scalars(step) if hasattr(transform, "scalars") else {}


class Optimizer:
    """A chain of transforms on the gradient of a network's parameters.

    Parameters
    ----------
    parameters : Parameters
    transforms : sequence of Transform
        In the order in which they act: clipping first, then penalties, the rule, decoupled decay. The
        learning rate comes last by itself.
    has_own_rates : bool
        Whether each replicate has a learning rate of its own; one for all is faster.

    Attributes
    ----------
    slots : dict of str to numpy.ndarray
        What the transforms remember, flat vectors like theta; part of a run's state.
    update, measured_update : Tape
        The same update; the second one leaves ``measures`` behind. Their only minus sign is
        ``theta = theta - u``.
    """

    def __init__(
        self, parameters: Parameters, transforms: Sequence[Transform], *, has_own_rates: bool = True
    ) -> None:
        self.parameters = parameters
        self.transforms = tuple(transforms)
        shape, dtype = parameters.theta.shape, parameters.theta.dtype
        self.slots: Arrays = {name: np.zeros(shape, dtype) for each in self.transforms for name in each.slots}
        self.cells: Arrays = {
            name: np.zeros((), dtype) for each in self.transforms for name in cells_of(each)
        }
        self.cells["rate"] = np.zeros(cell_shape(parameters.lead) if has_own_rates else (), dtype)
        self.update, self.measured_update = (Tape(dtype, parameters.lead) for _ in range(2))
        self._record(self.update, lambda name, vector: None)
        self.measures = self._record_measured(self.measured_update)

    def _record(self, tape: Tape, show: Callable[[str, np.ndarray], None]) -> None:
        """Record an update that shows what it works on, by name, when it stands there."""
        named = {"θ": self.parameters.theta, "g": self.parameters.grad, **self.slots, **self.cells}
        for name, array in named.items():
            tape.named(array, "η" if name == "rate" else name)
        theta, g, clipping = self.parameters.theta, self.parameters.grad, self._clipping
        with tape.section("update"):
            show("gradient", g)
            for each in self.transforms[:clipping]:
                g = each.record(tape, g, theta, self.slots, self.cells)
            show("clipped", g)
            for each in self.transforms[clipping:]:
                g = each.record(tape, g, theta, self.slots, self.cells)
            u = tape.like(theta, "Δθ")
            tape.multiply(g, self.cells["rate"], u)
            show("weights", theta)
            show("update", u)
            tape.subtract(theta, u, theta)
            show("new_weights", theta)

    @property
    def _clipping(self) -> int:
        """Number of transforms up to the last one that clips."""
        clips = [number for number, each in enumerate(self.transforms, 1) if getattr(each, "clips", False)]
        return clips[-1] if clips else 0

    def _record_measured(self, tape: Tape) -> UpdateMeasures:
        names = ["gradient", *["clipped"][: self._clipping], "weights", "update", "new_weights"]
        sums = layer_sums(tape, self.parameters, names)

        def show(name: str, vector: np.ndarray) -> None:
            if name in names:
                with tape.section("measure"):
                    sums.take(name, vector)

        self._record(tape, show)
        with tape.section("measure"):
            sums.close()
        rows = {name: number for number, name in enumerate(names)}
        return UpdateMeasures(sums.magnitudes, sums.squares, {"clipped": 0, **rows})

    def prepare(self, step: int, learning_rate: float | np.ndarray) -> None:
        """Set the cells for update number ``step``, from 1; the rate is one number, or ``lead + (1,)``."""
        self.cells["rate"][...] = learning_rate
        for each in self.transforms:
            for name, value in scalars_of(each, step).items():
                self.cells[name][...] = value
