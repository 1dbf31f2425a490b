"""Optimizers: transforms of the flat gradient, chained in a meaningful order; knows none of them."""

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
    """

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the flat vectors that it remembers; each is 0 before the first update."""
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

    def scalars(self, step: int) -> dict[str, float]:
        """Return the values of the cells for update number ``step``, from 1."""
        ...


class Steady:
    """What a transform shares with others in which no scalar changes per step."""

    cells: tuple[str, ...] = ()

    def scalars(self, step: int) -> dict[str, float]:
        """No cell."""
        return {}


class Optimizer:
    """A chain of transforms on the gradient of a network's parameters.

    Parameters
    ----------
    parameters : Parameters
    transforms : sequence of Transform
        Clipping first, then penalties, the rule, decoupled decay; the learning rate comes last by itself.
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
        self.cells: Arrays = {name: np.zeros((), dtype) for each in self.transforms for name in each.cells}
        self.cells["rate"] = np.zeros(cell_shape(parameters.lead) if has_own_rates else (), dtype)
        self.update, self.measured_update = (Tape(dtype, parameters.lead) for _ in range(2))
        self._record(self.update, lambda name, vector: None)
        self.measures = self._record_measured(self.measured_update)

    def _record(self, tape: Tape, show: Callable[[str, np.ndarray], None]) -> None:
        """Record an update that shows what it works on, by name, when it stands there."""
        parameters, theta = self.parameters, self.parameters.theta
        with tape.section("update"):
            g = parameters.grad
            show("gradient", g)
            for each in (each for each in self.transforms if each.clips):
                g = each.record(tape, g, theta, self.slots, self.cells)
            show("clipped", g)
            for each in (each for each in self.transforms if not each.clips):
                g = each.record(tape, g, theta, self.slots, self.cells)
            u = tape.array(parameters.size)
            tape.call(np.multiply, g, self.cells["rate"], u, label="u = learning_rate g")
            show("weights", theta)
            show("update", u)
            tape.call(np.subtract, theta, u, theta, label="theta = theta - u")
            show("new_weights", theta)

    def _record_measured(self, tape: Tape) -> UpdateMeasures:
        clips = any(each.clips for each in self.transforms)
        names = ["gradient", *["clipped"][: int(clips)], "weights", "update", "new_weights"]
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
            for name, value in each.scalars(step).items():
                self.cells[name][...] = value
