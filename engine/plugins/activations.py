"""Checks an activation: its derivative equals finite differences, and more."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.nn.activations import Activation
from engine.nn.registry import PluginError
from engine.nn.tape import Arena, Lead, Tape
from engine.plugins.registry import plain

STEP = 1e-5
TOLERANCE = 1e-6
AROUND_A_KINK = 1e-3
GRID = np.linspace(-6, 6, 241)
FAR = np.array([-1e4, 1e4])


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


def check_activation(name: str, activation: Activation) -> tuple[str, ...]:
    """Return what holds of an activation.

    Raises
    ------
    PluginError
        Where something does not hold.
    """
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
