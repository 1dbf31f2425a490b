"""Registers an activation once its derivative equals finite differences; knows no network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config.network import ACTIVATION_STARTS, INITIALIZER_SETTINGS
from engine.nn.activations import ACTIVATIONS, Activation
from engine.nn.tape import Arena, Block, Lead, Tape
from engine.plugins.reading import fill_in, meaning_of, name_of, plain
from engine.plugins.registry import Definition, PluginError, check_name, declare

Function = Callable[[np.ndarray], Any]
STEP = 1e-5
TOLERANCE = 1e-6
AROUND_A_KINK = 1e-3
GRID = np.linspace(-6, 6, 241)
FAR = np.array([-1e4, 1e4])


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
    start: str = "xavier_uniform",
) -> Any:
    """Register an activation: a function of an array with its ``derivative``, or a class.

    Parameters
    ----------
    definition : function or class
        ``f(z)`` for an array of any shape, element by element; or a class with ``forward`` and ``backward``
        of :class:`engine.nn.activations.Activation`, whose recorded calls allocate nothing and are faster.
        A class gives what it has of ``name``, ``meaning``, ``formula``, ``derivative``, ``saturated``,
        ``dies`` and ``kinks`` as attributes.
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
        The initializer that ``auto`` stands for.

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
        check_name("activation", called)
        if start not in INITIALIZER_SETTINGS or start == "auto":
            raise PluginError(f"activation {called}: start must be the name of an initializer, got {start!r}")
        about = {
            "formula": formula or f"{called}(z)",
            "saturated": saturated,
            "dies": dies,
            "kinks": tuple(kinks),
        }
        if isinstance(thing, type):
            fill_in(thing, **about, derivative=derivative_formula or f"{called}'(z)")
            thing.name, thing.meaning = called, meaning_of(thing, meaning)  # type: ignore[attr-defined]
            built: Activation = thing()
        elif derivative is None:
            raise PluginError(f"activation {called}: its derivative must be given, got none")
        else:
            said = meaning_of(thing, meaning)
            shown = derivative_formula or f"{called}'(z)"
            built = _OfFunctions(called, said, shown, thing, derivative, **about)
        checks = _check(built)
        entries = ((ACTIVATIONS, built), (ACTIVATION_STARTS, start))
        declare(Definition("activation", called, built.meaning, checks, entries))
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

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = f(z)``."""
        tape.call(_writing(self.function), z.values, a.values, label=f"{a.name} = {self.name}({z.name})")

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da f'(z)``."""
        slope = tape.array(*a.values.shape[-2:])
        tape.call(_writing(self.slope), z.values, slope, label=f"s = {self.name}'({z.name})")
        tape.call(np.multiply, a.error, slope, z.error, label=f"d{z.name} = d{a.name} s")


def _writing(function: Function) -> Callable[[np.ndarray, np.ndarray], None]:
    def write(z: np.ndarray, out: np.ndarray) -> None:
        out[...] = function(z)

    return write


@dataclass(frozen=True)
class _Replayed:
    values: np.ndarray
    slopes: np.ndarray
    keeps: bool


def _replayed(activation: Activation, z: np.ndarray, dtype: Any, lead: Lead = ()) -> _Replayed:
    """Return values and slopes at points ``(n,)``, each ``lead + (n,)``, by the tape's own calls."""
    arena = Arena([("input", "z", 1), ("activation", "a", 1)], len(z), dtype, lead)
    inputs, outputs = arena.blocks["z"], arena.blocks["a"]
    forward, backward = Tape(dtype, lead), Tape(dtype, lead)
    activation.forward(forward, inputs, outputs)
    activation.backward(backward, inputs, outputs)
    errors = np.resize(np.array([1.0, -2.0, 0.5], dtype), len(z))
    values = np.zeros(0)
    with np.errstate(all="ignore"):
        for _ in range(2):  # a second replay finds what the first one left behind
            inputs.values[...], outputs.error[...] = z, errors
            inputs.error[...] = np.nan
            forward.replay()
            values = outputs.values[..., 0, :].copy()
            backward.replay()
    given = np.broadcast_to(z.astype(dtype), values.shape)
    keeps = np.array_equal(inputs.values[..., 0, :], given)
    keeps &= np.array_equal(outputs.values[..., 0, :], values, equal_nan=True)
    return _Replayed(values, inputs.error[..., 0, :] / errors, keeps)


def _wrong(activation: Activation, sentence: str) -> PluginError:
    return PluginError(f"activation {activation.name}: {sentence}")


def _check(activation: Activation) -> tuple[str, ...]:
    """Return what holds of an activation; refuse it where something does not."""
    kinks = np.array([*activation.kinks, np.inf])
    z = GRID[np.abs(GRID[:, np.newaxis] - kinks).min(axis=1) > AROUND_A_KINK]
    found = _replayed(activation, z, np.float64)
    _refuse_what_is_not_finite(activation, z, found, "")
    if not found.keeps:
        raise _wrong(activation, "forward and backward must leave z and a as they are, got them changed")
    below, above = (_replayed(activation, z + step, np.float64).values for step in (-STEP, STEP))
    numeric = (above - below) / (2 * STEP)
    errors = np.abs(found.slopes - numeric) / np.maximum(1, np.abs(numeric))
    _refuse_a_wrong_slope(activation, z, found, numeric, errors, (found.values - below) / STEP)
    _refuse_what_is_not_finite(activation, FAR, _replayed(activation, FAR, np.float32), " in float32")
    _refuse_neighbours(activation, z, found)
    return (
        f"its derivative equals finite differences at {len(z)} points (largest error {np.max(errors):.1e})",
        "it is finite at |z| = 10 000 in float32",
        "units, rows and replicates do not touch each other",
    )


def _refuse_what_is_not_finite(activation: Activation, z: np.ndarray, found: _Replayed, where: str) -> None:
    for what, numbers in (("value", found.values), ("derivative", found.slopes)):
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            at, got = plain(float(z[bad[0]])), plain(float(numbers[bad[0]]))
            raise _wrong(activation, f"its {what} at z = {at}{where} must be finite, got {got}")


def _refuse_a_wrong_slope(
    activation: Activation,
    z: np.ndarray,
    found: _Replayed,
    numeric: np.ndarray,
    errors: np.ndarray,
    left: np.ndarray,
) -> None:
    worst = int(np.argmax(errors))
    if errors[worst] <= TOLERANCE:
        return
    at, right = plain(z[worst]), 2 * numeric[worst] - left[worst]
    if abs(right - left[worst]) > 1e-2 * max(1, abs(numeric[worst])):
        jump = f"one at z = {at}, from {plain(left[worst])} to {plain(right)}"
        raise _wrong(activation, f"a jump of its derivative must be named in kinks, got {jump}")
    expected, got = plain(numeric[worst]), plain(found.slopes[worst])
    raise _wrong(
        activation, f"its derivative at z = {at} must be {expected} as finite differences say, got {got}"
    )


def _refuse_neighbours(activation: Activation, z: np.ndarray, found: _Replayed) -> None:
    """Refuse one whose value at a point hangs on other points, or on the replicates beside it."""
    some = slice(len(z) // 2, len(z) // 2 + 10)
    alone = _replayed(activation, z[some], np.float64)
    stacked = _replayed(activation, z, np.float64, (2,))
    for mine, others in ((found.values, alone.values), (found.slopes, alone.slopes)):
        if not np.allclose(mine[some], others, rtol=1e-12, atol=1e-12):
            raise _wrong(activation, "each element must go by its own z, got one that looks at others")
    for mine, others in ((found.values, stacked.values), (found.slopes, stacked.slopes)):
        if not np.allclose(mine, others, rtol=1e-12, atol=1e-12):
            raise _wrong(activation, "replicates must be like single networks, got other numbers")
