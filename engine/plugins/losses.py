"""Registers a loss once its error equals finite differences of its value; knows no network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config.losses import FITTING, LOSS_SETTINGS
from engine.nn.losses import LOSSES, Loss
from engine.nn.losses.regression import OfElements, elements, record_mean
from engine.nn.tape import Arena, Block, Lead, Tape
from engine.plugins.reading import fill_in, meaning_of, name_of, plain
from engine.plugins.registry import Definition, PluginError, check_name, declare

Function = Callable[[np.ndarray, np.ndarray], Any]
TARGETS = {"regression": ("regression",), "classification": ("two classes", "classes")}
STEP = 1e-5
TOLERANCE = 1e-6
OUTPUTS, ROWS = 3, 8


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
        have it as an attribute.
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
        called, fitting = name_of(thing, name), task or getattr(thing, "task", None)
        check_name("loss", called)
        if fitting not in TARGETS:
            raise PluginError(f"loss {called}: task must be regression or classification, got {fitting!r}")
        said, shown = meaning_of(thing, meaning), formula or f"mean {called}(a, y)"
        if isinstance(thing, type):
            fill_in(thing, formula=shown, decide=OfElements.decide, mass=OfElements.mass)
            thing.name = called  # type: ignore[attr-defined]
            built: Loss = thing()
        elif derivative is None:
            raise PluginError(f"loss {called}: its derivative must be given, got none")
        else:
            built = _OfFunctions(called, shown, thing, derivative)
        checks = _check(built, fitting)
        offered = tuple((FITTING[target], None) for target in TARGETS[fitting])
        declare(Definition("loss", called, said, checks, ((LOSSES, built), *offered, (LOSS_SETTINGS, {}))))
        return thing

    return register if definition is None else register(definition)


@dataclass(frozen=True)
class _OfFunctions(OfElements):
    """A loss made of two plain functions, which allocate their results at each call."""

    name: str
    formula: str
    function: Function
    slope: Function

    def record_error(self, tape: Tape, output: Block, target: np.ndarray) -> None:
        """Record ``dz = f'(a, y) / elements``."""
        count, error = elements(target), output.error
        tape.call(
            _writing(self.slope), output.values, target, error, label=f"e = {self.name}'({output.name}, y)"
        )
        tape.call(np.multiply, error, tape.constant(1 / count), error, label=f"d{output.name} = e / {count}")

    def record_value(self, tape: Tape, output: Block, target: np.ndarray, value: np.ndarray) -> None:
        """Record the mean of ``f(a, y)``."""
        terms = tape.array(*target.shape[-2:])
        tape.call(
            _writing(self.function), output.values, target, terms, label=f"e = {self.name}({output.name}, y)"
        )
        record_mean(tape, terms, elements(target), value)


def _writing(function: Function) -> Callable[[np.ndarray, np.ndarray, np.ndarray], None]:
    def write(a: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
        out[...] = function(a, y)

    return write


class _Recorded:
    """A loss on its own tapes, for outputs and targets ``(outputs, rows)``."""

    def __init__(self, loss: Loss, rows: int, dtype: Any, lead: Lead = ()) -> None:
        arena = Arena([("input", "a0", 1), ("dense", "z", OUTPUTS)], rows, dtype, lead)
        self.output, self.lead = arena.blocks["z"], lead
        self.target = np.zeros((*lead, OUTPUTS, rows), dtype)
        self.value = np.zeros(lead, np.float64)
        self.errors, self.values = Tape(dtype, lead), Tape(dtype, lead)
        loss.record_error(self.errors, self.output, self.target)
        loss.record_value(self.values, self.output, self.target, self.value)

    def value_of(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the loss, ``lead``."""
        self.output.values[...], self.target[...] = a, y
        with np.errstate(all="ignore"):
            self.values.replay()
        return self.value.copy()

    def error_of(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return what goes back, ``lead + (outputs, rows)``."""
        self.output.values[...], self.target[...] = a, y
        self.output.error[...] = np.nan
        with np.errstate(all="ignore"):
            self.errors.replay()
        return self.output.error.copy()


def _check(loss: Loss, task: str) -> tuple[str, ...]:
    """Return what holds of a loss; refuse it where something does not."""
    generator = np.random.default_rng(0)
    a = generator.normal(0, 1.5, (OUTPUTS, ROWS))
    y = generator.normal(0, 1.5, a.shape)
    if task == "classification":
        y = np.eye(OUTPUTS)[:, generator.integers(0, OUTPUTS, ROWS)]
    recorded = _Recorded(loss, ROWS, np.float64)
    value, exact = float(recorded.value_of(a, y)), recorded.error_of(a, y)
    if not np.isfinite(value):
        raise PluginError(f"loss {loss.name}: its value must be finite, got {plain(value)}")
    numeric = np.array([_slope(recorded, a, y, place) for place in np.ndindex(a.shape)]).reshape(a.shape)
    errors = np.abs(exact - numeric) / np.maximum(1, np.abs(numeric))
    worst = np.unravel_index(np.argmax(np.where(np.isnan(errors), np.inf, errors)), a.shape)
    if not errors[worst] <= TOLERANCE:
        raise PluginError(
            f"loss {loss.name}: its derivative where an output is {plain(a[worst])} and the target "
            f"{plain(y[worst])}, one of {a.size} elements, must be {plain(numeric[worst])} as finite "
            f"differences say, got {plain(exact[worst])}"
        )
    _refuse_parts_that_do_not_add_up(loss, a, y, value)
    _refuse_unlike_replicates(loss, a, y, value, exact)
    decided = loss.decide(a.T.copy())
    if np.shape(decided) != a.T.shape:
        raise PluginError(
            f"loss {loss.name}: decide must keep the shape {a.T.shape}, got {np.shape(decided)}"
        )
    return (
        f"its error equals finite differences of its value (largest error {np.max(errors):.1e})",
        "the mean of a batch is the mean of its parts by their mass",
        "replicates do not touch each other, in float32 too",
    )


def _slope(recorded: _Recorded, a: np.ndarray, y: np.ndarray, place: tuple[int, ...]) -> float:
    ends = []
    for step in (STEP, -STEP):
        moved = a.copy()
        moved[place] += step
        ends.append(float(recorded.value_of(moved, y)))
    return (ends[0] - ends[1]) / (2 * STEP)


def _refuse_parts_that_do_not_add_up(loss: Loss, a: np.ndarray, y: np.ndarray, value: float) -> None:
    parts = [np.s_[:, :3], np.s_[:, 3:]]
    masses = [float(loss.mass(y[part])) for part in parts]
    means = [
        float(_Recorded(loss, y[part].shape[1], np.float64).value_of(a[part], y[part])) for part in parts
    ]
    whole = sum(mass * mean for mass, mean in zip(masses, means, strict=True)) / sum(masses)
    if not np.isclose(whole, value, rtol=1e-9, atol=1e-12):
        raise PluginError(
            f"loss {loss.name}: the mean of a batch must be that of its parts by their mass, {plain(whole)}, "
            f"got {plain(value)}"
        )


def _refuse_unlike_replicates(
    loss: Loss, a: np.ndarray, y: np.ndarray, value: float, exact: np.ndarray
) -> None:
    both = np.stack([a, a[:, ::-1]]), np.stack([y, y[:, ::-1]])
    recorded = _Recorded(loss, ROWS, np.float32, (2,))
    values, errors = recorded.value_of(*both), recorded.error_of(*both)
    expected = np.stack([exact, exact[:, ::-1]])
    if not (np.allclose(values, value, rtol=1e-4) and np.allclose(errors, expected, rtol=1e-3, atol=1e-5)):
        raise PluginError(f"loss {loss.name}: replicates must be like single networks, got other numbers")
