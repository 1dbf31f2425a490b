"""Registers an optimizer once its steps are finite and its memory is in its slots; knows no network."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from engine.config import ConfigError, parse_config
from engine.config.optimizers import DECAY_KINDS, OPTIMIZER_SETTINGS
from engine.config.setting import Takers
from engine.config.settings import SETTINGS
from engine.nn.optimizers.chain import Optimizer, Steady, Transform
from engine.nn.optimizers.registry import OPTIMIZERS, Rule
from engine.nn.parameters import Parameters
from engine.nn.tape import Lead, Tape, cell_shape
from engine.plugins.reading import fill_in, meaning_of, name_of
from engine.plugins.registry import Definition, PluginError, check_name, declare

SHAPES = [(4, 3), (2, 5)]
STEPS = 6
RATE = 0.1


def optimizer(
    definition: Any = None,
    *,
    name: str | None = None,
    meaning: str | None = None,
    advice: str = "",
    decoupled: bool = False,
) -> Any:
    """Register an optimizer: a frozen dataclass that is a :class:`engine.nn.optimizers.chain.Transform`.

    Parameters
    ----------
    definition : class
        Its fields are names of settings that optimizers have, with defaults of its own. ``slots`` names the
        vectors that it remembers, ``cells`` the scalars that ``scalars(step)`` gives for each update; both
        are empty where they are not given. ``record`` records its NumPy calls and returns the vector that
        they write: the step before the learning rate.
    name, meaning : str, optional
        By default the attribute ``name`` or the name of the class, and the first line of the docstring.
    advice : str
        What learning rate or batch it wants, where that is not what others want.
    decoupled : bool
        Whether weight decay acts apart from the gradient where ``decay_kind`` is auto.

    Returns
    -------
    The class, unchanged.

    Raises
    ------
    PluginError
        When the name is taken, a field is no such setting, or a check fails.
    """

    def register(kind: Any) -> Any:
        called = name_of(kind, name)
        check_name("optimizer", called)
        params = getattr(kind, "__dataclass_params__", None)
        if not isinstance(kind, type) or not getattr(params, "frozen", False):
            raise PluginError(f"optimizer {called}: it must be a class under @dataclass(frozen=True)")
        fill_in(kind, slots=(), cells=Steady.cells, clips=False, scalars=Steady.scalars)
        defaults = _defaults(called, kind)
        transform: Any = kind
        _check_names(called, transform())
        checks = _check(called, transform())
        rule = Rule(called, meaning_of(kind, meaning), transform, advice)
        decay = ((DECAY_KINDS, "decoupled"),) if decoupled else ()
        entries = ((OPTIMIZERS, rule), *decay, (OPTIMIZER_SETTINGS, defaults))
        declare(Definition("optimizer", called, rule.meaning, checks, entries))
        return kind

    return register if definition is None else register(definition)


def _check_names(called: str, transform: Transform) -> None:
    for what in ("slots", "cells"):
        names = getattr(transform, what)
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise PluginError(f"optimizer {called}: {what} must be a tuple of names, got {names!r}")
        if len(set(names)) < len(names) or "rate" in names:
            raise PluginError(
                f"optimizer {called}: {what} must be different names other than 'rate', got {names!r}"
            )


def _settings_of_optimizers() -> dict[str, Takers]:
    """Return the settings that belong to optimizers, each with those that take it."""
    found = {name: setting.explained.applies_when for name, setting in SETTINGS.items()}
    takers = {name: when[1] for name, when in found.items() if when and isinstance(when[1], Takers)}
    return {name: taker for name, taker in takers.items() if taker.table is OPTIMIZER_SETTINGS}


def _defaults(called: str, kind: Any) -> dict[str, Any]:
    known, defaults = _settings_of_optimizers(), {}
    for field in fields(kind):
        if field.name not in known:
            raise PluginError(
                f"optimizer {called}: a field must be one of the settings {', '.join(known)}, "
                f"got {field.name}"
            )
        if field.default is MISSING or field.default is None:
            raise PluginError(f"optimizer {called}: the field {field.name} must have a default, got none")
        try:
            parse_config({"optimizer": next(iter(known[field.name])), field.name: field.default})
        except ConfigError as error:
            raise PluginError(f"optimizer {called}: {error}") from None
        defaults[field.name] = field.default
    return defaults


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
        """Make these updates, every other one with its measures if wished."""
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


def _check(called: str, transform: Transform) -> tuple[str, ...]:
    """Return what holds of a transform; refuse it where something does not."""
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
    cells = {name: np.full(cell_shape(()), RATE) for name in ("rate", *transform.cells)}
    tape = Tape(np.float64)
    u = transform.record(tape, g, theta, slots, cells)
    if np.shape(u) != (size,) or not isinstance(u, np.ndarray):
        raise PluginError(
            f"optimizer {called}: record must return the vector that its calls write, got {type(u).__name__} "
            f"of shape {np.shape(u)}"
        )
    told = transform.scalars(1)
    if set(told) != set(transform.cells):
        raise PluginError(
            f"optimizer {called}: scalars must give exactly the cells {list(transform.cells)}, "
            f"got {list(told)}"
        )
    for name, value in told.items():
        cells[name][...] = value
    with np.errstate(all="ignore"):
        tape.replay()
    if not np.array_equal(theta, _gradients(2)):
        raise PluginError(
            f"optimizer {called}: it must leave theta alone, got theta changed in record's calls"
        )
