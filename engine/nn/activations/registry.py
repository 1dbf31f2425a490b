"""The registry of activations: what a layer asks of one, and the decorator that registers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine.nn.initializers import INITIALIZERS
from engine.nn.registry import Entry, PluginError, Registry, fill_in, meaning_of, name_of
from engine.nn.tape import Block, Tape

Function = Callable[[np.ndarray], Any]


class Activation(Protocol):
    """What a layer asks of an activation."""

    @property
    def name(self) -> str:
        """As in the configuration."""
        ...

    @property
    def formula(self) -> str:
        """f(z) as people write it."""
        ...

    @property
    def derivative(self) -> str:
        """f'(z) as people write it, a standing for f(z)."""
        ...

    @property
    def meaning(self) -> str:
        """One or two sentences for people who choose it."""
        ...

    @property
    def saturated(self) -> tuple[float, float] | None:
        """Output values beyond which a unit counts as saturated; None where it cannot."""
        ...

    @property
    def dies(self) -> bool:
        """Whether a unit can be stuck at zero output with zero derivative."""
        ...

    @property
    def kinks(self) -> tuple[float, ...]:
        """Values of z at which the derivative jumps: a gradient check steps aside there."""
        ...

    @property
    def start(self) -> str:
        """The initializer that suits it: what ``auto`` stands for."""
        ...

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = f(z)`` from ``z.values`` into ``a.values``."""
        ...

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da f'(z)`` from ``a.error`` into ``z.error``; both values still stand."""
        ...


ACTIVATIONS: Registry[Activation] = Registry("activation")


def activation(
    definition: Any = None,
    *,
    derivative: Function | None = None,
    name: str | None = None,
    meaning: str | None = None,
    formula: str | None = None,
    derivative_formula: str | None = None,
    saturated: tuple[float, float] | None = None,
    dies: bool = False,
    kinks: tuple[float, ...] = (),
    start: str | None = None,
) -> Any:
    """Register an activation: a function of an array with its ``derivative``, or a class.

    Parameters
    ----------
    definition : function or class
        ``f(z)`` for an array of any shape, element by element; or a class with ``forward`` and ``backward``
        of :class:`engine.nn.activations.Activation`, whose recorded calls allocate nothing and are faster.
        A class gives what it has of ``name``, ``meaning``, ``formula``, ``derivative``, ``saturated``,
        ``dies``, ``kinks`` and ``start`` as attributes.
    derivative : function
        ``f'(z)``; only beside a function.
    name, meaning : str, optional
        By default the function's name and the first line of its docstring.
    formula, derivative_formula : str, optional
        Both as people write them.
    saturated : (float, float), optional
        Outputs beyond which a unit counts as saturated.
    dies : bool
        Whether a unit can be stuck at zero output with zero derivative.
    kinks : tuple of float
        Values of z at which the derivative jumps.
    start : str
        The initializer that ``auto`` stands for, by default ``xavier_uniform``.

    Returns
    -------
    The definition, unchanged.

    Raises
    ------
    PluginError
        When the name is taken, the derivative is not that of the function, or a value is not finite.
    """

    def register(thing: Any) -> Any:
        called = name_of(thing, name)
        ACTIVATIONS.check_name(called)
        begins = start or getattr(thing, "start", "xavier_uniform")
        if begins not in INITIALIZERS:
            raise PluginError(
                f"activation {called}: start must be the name of an initializer, got {begins!r}"
            )
        about: dict[str, Any] = {"formula": formula or f"{called}(z)", "saturated": saturated, "dies": dies}
        if isinstance(thing, type):
            slope = derivative_formula or f"{called}'(z)"
            fill_in(thing, **about, kinks=tuple(kinks), derivative=slope)
            for attribute, value in (
                ("name", called),
                ("meaning", meaning_of(thing, meaning)),
                ("start", begins),
            ):
                setattr(thing, attribute, value)
            built: Activation = thing()
        elif derivative is None:
            raise PluginError(f"activation {called}: its derivative must be given, got none")
        else:
            shown = derivative_formula or f"{called}'(z)"
            about |= {"kinks": tuple(kinks), "start": begins}
            built = _OfFunctions(called, meaning_of(thing, meaning), shown, thing, derivative, **about)
        ACTIVATIONS.register(Entry(called, built, built.meaning))
        return thing

    return register if definition is None else register(definition)


@dataclass(frozen=True)
class _OfFunctions:
    """An activation made of two plain functions, which allocate their results at each call."""

    name: str
    meaning: str
    derivative: str
    function: Function
    slope: Function
    formula: str
    saturated: tuple[float, float] | None
    dies: bool
    kinks: tuple[float, ...]
    start: str

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = f(z)``."""
        tape.call(_writing(self.function, self.name), z.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da f'(z)``."""
        slope = tape.like(a.values, "s")
        tape.call(_writing(self.slope, f"{self.name}'"), z.values, slope)
        tape.multiply(a.error, slope, z.error)


def _writing(function: Function, name: str) -> Callable[[np.ndarray, np.ndarray], None]:
    def write(z: np.ndarray, out: np.ndarray) -> None:
        out[...] = function(z)

    write.__name__ = name

    return write
