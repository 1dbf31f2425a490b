"""The registry of losses: what a network asks of one, and the decorator that registers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from engine.nn.losses.means import OfElements, elements, record_mean
from engine.nn.registry import (
    Entry,
    PluginError,
    Registry,
    declared_options,
    fill_in,
    meaning_of,
    name_of,
)
from engine.nn.tape import Block, Tape

Function = Callable[[np.ndarray, np.ndarray], Any]
TARGETS = ("regression", "two classes", "classes")
TASKS = {"regression": ("regression",), "classification": ("classes", "two classes")}


class Loss(Protocol):
    """What a network asks of a loss; outputs and targets have shape ``lead + (outputs, batch)``."""

    @property
    def name(self) -> str:
        """As in the configuration."""
        ...

    @property
    def formula(self) -> str:
        """The loss as people write it."""
        ...

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record the derivative of the loss with respect to the outputs into ``output.error``."""
        ...

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean loss of the batch into ``value``, float64 of shape ``lead``."""
        ...

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """Return what the outputs predict, ``(n, outputs)`` to probabilities or values of the same shape."""
        ...

    def mass(self, target: np.ndarray) -> float:
        """Return what the mean over targets ``(outputs, n)`` divides by: means of parts add up by it."""
        ...


class RegisteredLoss(Loss, Protocol):
    """What people who choose a loss read about it, beside what a network asks."""

    @property
    def fits(self) -> tuple[str, ...]:
        """The targets that it fits, of ``TARGETS``; the one that it is made for first."""
        ...

    @property
    def gives_probabilities(self) -> bool:
        """Whether what it decides of classes are probabilities; otherwise they are scores."""
        ...


LOSSES: Registry[RegisteredLoss] = Registry("loss")


def losses_for(target: str) -> list[str]:
    """Return the losses that fit a target of ``TARGETS``, the one that ``auto`` takes first."""
    fitting = [name for name, each in list(LOSSES.items()) if target in each.fits]
    return sorted(fitting, key=lambda name: LOSSES[name].fits.index(target))


def configured(name: str, values: Mapping[str, Any]) -> Loss:
    """Return a loss with its own settings out of the values of a resolved configuration."""
    loss: Any = LOSSES[name]
    own = {field: values[setting] for setting, (field, _, _) in declared_options(loss).items()}
    return replace(loss, **own) if own else loss


def loss(
    definition: Any = None,
    *,
    task: str | None = None,
    derivative: Function | None = None,
    name: str | None = None,
    meaning: str | None = None,
    formula: str | None = None,
) -> Any:
    """Register a loss: a function of outputs and targets with its ``derivative``, or a class.

    Parameters
    ----------
    definition : function or class
        ``f(a, y)``, element by element, of which the mean over all elements is the loss; or a class with
        ``record_error`` and ``record_value`` of :class:`engine.nn.losses.Loss`. Where a class lacks them,
        ``decide`` returns the outputs as they are, and ``mass`` the number of elements.
    task : str
        ``regression``, or ``classification`` with one-hot targets, one output for each class; a class may
        have it as an attribute, or say more exactly what it ``fits``.
    derivative : function
        ``df/da``, element by element; only beside a function.
    name, meaning, formula : str, optional
        By default the function's name, and the first line of its docstring.

    Returns
    -------
    The definition, unchanged.

    Raises
    ------
    PluginError
        When the name is taken, the error is not the derivative of the value, or a number is not finite.
    """

    def register(thing: Any) -> Any:
        called, aim = name_of(thing, name), task or getattr(thing, "task", None)
        LOSSES.check_name(called)
        fits = getattr(thing, "fits", None) if aim is None else TASKS.get(aim)
        if not fits:
            raise PluginError(f"loss {called}: task must be regression or classification, got {aim!r}")
        shown = formula or f"mean {called}(a, y)"
        if isinstance(thing, type):
            options = declared_options(thing)
            fill_in(thing, formula=shown, decide=OfElements.decide, mass=OfElements.mass)
            fill_in(thing, gives_probabilities=False)
            for attribute, value in (("name", called), ("fits", fits)):
                setattr(thing, attribute, value)
            built: RegisteredLoss = thing()
        elif derivative is None:
            raise PluginError(f"loss {called}: its derivative must be given, got none")
        else:
            options, built = {}, _OfFunctions(called, shown, thing, derivative, fits)
        defaults = {setting: default for setting, (_, default, _) in options.items()}
        LOSSES.register(Entry(called, built, meaning_of(thing, meaning), defaults))
        return thing

    return register if definition is None else register(definition)


@dataclass(frozen=True)
class _OfFunctions(OfElements):
    """A loss made of two plain functions, which allocate their results at each call."""

    name: str
    formula: str
    function: Function
    slope: Function
    fits: tuple[str, ...]
    gives_probabilities: bool = False

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = f'(a, y) / elements``."""
        count, error = elements(target), output.error
        tape.call(_writing(self.slope, f"{self.name}'"), output.values, target, error)
        tape.multiply(error, tape.constant(1 / count, f"1/{count}"), error)

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of ``f(a, y)``."""
        terms = tape.like(target, "e")
        tape.call(_writing(self.function, self.name), output.values, target, terms)
        record_mean(tape, terms, elements(target), value)


def _writing(function: Function, name: str) -> Callable[[np.ndarray, np.ndarray, np.ndarray], None]:
    def write(a: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
        out[...] = function(a, y)

    write.__name__ = name

    return write
