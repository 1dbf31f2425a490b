"""Checks an optimizer: known settings, finite steps, all of its memory in its slots."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from engine.config import ConfigError, parse_config
from engine.config.settings import SETTINGS, When
from engine.nn.optimizers.chain import Optimizer, Transform, cells_of, scalars_of
from engine.nn.optimizers.registry import OptimizerInfo
from engine.nn.parameters import Parameters
from engine.nn.registry import PluginError
from engine.nn.tape import Lead, Tape, cell_shape

SHAPES = [(4, 3), (2, 5)]
STEPS = 6
RATE = 0.1


def _check_names(called: str, transform: Transform) -> None:
    for what in ("slots", "cells"):
        names = getattr(transform, what)
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise PluginError(f"optimizer {called}: {what} must be a tuple of names, got {names!r}")
        if len(set(names)) < len(names) or "rate" in names:
            raise PluginError(
                f"optimizer {called}: {what} must be different names other than 'rate', got {names!r}"
            )


def _settings_of_optimizers() -> dict[str, When]:
    """Return the settings that belong to optimizers, each with the condition that it has."""
    conditions = {name: each.explained.depends_on for name, each in SETTINGS.items()}
    return {name: when[0] for name, when in conditions.items() if when and when[0].setting == "optimizer"}


def _check_fields(called: str, kind: Any) -> None:
    known = _settings_of_optimizers()
    for field in fields(kind):
        if field.name not in known:
            raise PluginError(
                f"optimizer {called}: a field must be one of the settings {', '.join(known)}, "
                f"got {field.name}"
            )
        if field.default is MISSING or field.default is None:
            raise PluginError(f"optimizer {called}: the field {field.name} must have a default, got none")
        try:
            parse_config({"optimizer": next(iter(known[field.name].defaults)), field.name: field.default})
        except ConfigError as error:
            raise PluginError(f"optimizer {called}: {error}") from None


def _gradients(step: int) -> np.ndarray:
    size = sum(rows * columns for rows, columns in SHAPES)
    return np.random.default_rng(step).normal(size=size)


class _Course:
    """Some updates with made-up gradients, replicate ``r`` with ``1 + r`` times the gradient."""

    def __init__(self, transform: Transform, lead: Lead = ()) -> None:
        self.parameters = Parameters(SHAPES, np.float64, lead)
        self.parameters.theta[...] = _gradients(1000)
        self.optimizer = Optimizer(self.parameters, [transform])
        self.scale = np.arange(1, lead[0] + 1)[:, np.newaxis] if lead else np.float64(1)

    def go(self, steps: Sequence[int], measured: bool = False) -> "_Course":
        """Make these updates, every other one with its measures if asked for."""
        with np.errstate(all="ignore"):
            for step in steps:
                self.parameters.grad[...] = _gradients(step) * self.scale
                self.optimizer.prepare(step, RATE)
                tape = self.optimizer.measured_update if measured and step % 2 else self.optimizer.update
                tape.replay()
        return self

    def taken_over(self, other: "_Course") -> "_Course":
        """Take parameters and slots from another one, as a resumed run does."""
        self.parameters.theta[...] = other.parameters.theta
        for name, slot in self.optimizer.slots.items():
            slot[...] = other.optimizer.slots[name]
        return self

    @property
    def theta(self) -> np.ndarray:
        return self.parameters.theta


def check_optimizer(called: str, info: OptimizerInfo) -> tuple[str, ...]:
    """Return what holds of an optimizer.

    Raises
    ------
    PluginError
        Where something does not hold.
    """
    assert info.transform is not None
    _check_fields(called, info.transform)
    transform = info.transform()
    _check_names(called, transform)
    steps = range(1, STEPS + 1)
    _check_record(called, transform)
    whole = _Course(transform).go(steps).theta
    if not np.isfinite(whole).all():
        raise PluginError(
            f"optimizer {called}: its steps must be finite, got {whole[~np.isfinite(whole)][0]}"
        )
    if np.array_equal(whole, _gradients(1000)):
        raise PluginError(f"optimizer {called}: it must change the parameters, got none changed")
    half = _Course(transform).go(steps[: STEPS // 2])
    again, resumed = _Course(transform), _Course(transform).taken_over(half).go(steps[STEPS // 2 :])
    if not np.array_equal(again.go(steps).theta, whole) or not np.array_equal(resumed.theta, whole):
        raise PluginError(
            f"optimizer {called}: all that it remembers must be in its slots, got other steps after a resume"
        )
    if not np.array_equal(_Course(transform).go(steps, measured=True).theta, whole):
        raise PluginError(
            f"optimizer {called}: all that it remembers must be in its slots, got something kept in a buffer"
        )
    stacked = _Course(transform, (2,)).go(steps).theta
    if not np.allclose(stacked[0], whole, rtol=1e-12, atol=1e-12):
        raise PluginError(f"optimizer {called}: replicates must be like single networks, got other steps")
    return (
        f"{STEPS} steps are finite, and the same when they are made again",
        "all that it remembers is in its slots: a resumed course has the same bits",
        "replicates do not touch each other",
    )


def _check_record(called: str, transform: Transform) -> None:
    """Refuse a transform that changes theta by itself, or returns what is no vector like it."""
    size = len(_gradients(0))
    g, theta = _gradients(1), _gradients(2)
    slots = {name: np.zeros(size) for name in transform.slots}
    cells = {name: np.full(cell_shape(()), RATE) for name in ("rate", *cells_of(transform))}
    tape = Tape(np.float64)
    u = transform.record(tape, g, theta, slots, cells)
    if np.shape(u) != (size,) or not isinstance(u, np.ndarray):
        raise PluginError(
            f"optimizer {called}: record must return the vector that its calls write, got {type(u).__name__} "
            f"of shape {np.shape(u)}"
        )
    values = scalars_of(transform, 1)
    if set(values) != set(cells_of(transform)):
        raise PluginError(
            f"optimizer {called}: scalars must give exactly the cells {list(cells_of(transform))}, "
            f"got {list(values)}"
        )
    for name, value in values.items():
        cells[name][...] = value
    with np.errstate(all="ignore"):
        tape.replay()
    if not np.array_equal(theta, _gradients(2)):
        raise PluginError(
            f"optimizer {called}: it must leave theta alone, got theta changed in record's calls"
        )
