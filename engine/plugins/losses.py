"""Checks a loss: its error equals finite differences of its value, and more."""

from typing import Any

import numpy as np

from engine.nn.losses.registry import Loss, RegisteredLoss
from engine.nn.registry import PluginError
from engine.nn.tape import Arena, Lead, Tape
from engine.plugins.registry import plain

STEP = 1e-5
TOLERANCE = 1e-6
OUTPUTS, ROWS = 3, 8


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


def check_loss(name: str, loss: RegisteredLoss) -> tuple[str, ...]:
    """Return what holds of a loss.

    Raises
    ------
    PluginError
        Where something does not hold.
    """
    generator = np.random.default_rng(0)
    a = generator.normal(0, 1.5, (OUTPUTS, ROWS))
    y = generator.normal(0, 1.5, a.shape)
    if "regression" not in loss.fits:
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
