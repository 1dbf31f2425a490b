"""Checks a normalization: gradients of a network with it, its memory, evaluation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.nn.activations import ACTIVATIONS
from engine.nn.gradient_check import check_gradients
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.normalization import NORMALIZATIONS, Normalization
from engine.nn.registry import PluginError
from engine.nn.tape import Lead
from engine.plugins.registry import GOOD_NAME, plain

SIZES = (3, 5, 4, 2)
ROWS = 7
TOLERANCE = 1e-5


def _wrong(called: str, sentence: str) -> PluginError:
    return PluginError(f"normalization {called}: {sentence}")


def _check_starts(called: str, kind: type[Normalization]) -> None:
    for what in ("parameter_starts", "statistic_starts"):
        starts = getattr(kind, what)
        is_good = isinstance(starts, dict) and all(
            isinstance(name, str) and GOOD_NAME.fullmatch(name) and np.isfinite(value)
            for name, value in starts.items()
        )
        if not is_good:
            raise _wrong(called, f"{what} must give names and finite numbers, got {starts!r}")


@contextmanager
def _tried(called: str, kind: type[Normalization]) -> Iterator[str]:
    """Give a name under which a network takes the class while it is checked, and nobody is offered it."""
    name = f"{called}, being checked"
    NORMALIZATIONS[name] = kind
    try:
        yield name
    finally:
        NORMALIZATIONS.pop(name)


def _network(name: str, dtype: Any = np.float64, lead: Lead = ()) -> Network:
    """Return a small network whose weights differ from their starts a little, equal in all replicates."""
    network = Network(SIZES, ACTIVATIONS["tanh"], LOSSES["mse"], normalization=name, dtype=dtype, lead=lead)
    theta = network.parameters.theta
    theta += np.random.default_rng(0).normal(0, 0.4, theta.shape[-1]).astype(dtype)
    return network


def _batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(SIZES[0], ROWS)), generator.normal(size=(SIZES[-1], ROWS))


def _stepped(network: Network, seed: int) -> np.ndarray:
    """Replay a training step on made-up rows and return the gradient."""
    recording = network.recording(ROWS)
    recording.x[...], recording.target[...] = _batch(seed)
    with np.errstate(all="ignore"):
        recording.tape.replay()
    return network.parameters.grad.copy()


def check_normalization(called: str, kind: type[Normalization]) -> tuple[str, ...]:
    """Return what holds of a normalization.

    Raises
    ------
    PluginError
        Where something does not hold.
    """
    _check_starts(called, kind)
    with _tried(called, kind) as name:
        largest = _check_gradients(called, name)
        single = _check_finite(called, name)
        _check_evaluation(called, name)
        _check_memory(called, name)
        stacked = _stepped(_network(name, lead=(2,)), 1)
        if not np.allclose(stacked, single, rtol=1e-9, atol=1e-12):
            raise _wrong(called, "replicates must be like single networks, got other gradients")
    return (
        f"gradients equal finite differences in every layer (largest relative error {largest:.1e})",
        "all that it remembers is in its statistics, and only training changes them",
        "rows in evaluation and replicates do not touch each other",
    )


def _check_gradients(called: str, name: str) -> float:
    network = _network(name)
    recording = network.gradient_recording(ROWS)
    recording.x[...], recording.target[...] = _batch(0)
    before = network.statistics.copy()
    network.parameters.grad[...] = np.nan
    with np.errstate(all="ignore"):
        checks = check_gradients(network, recording)
    errors = np.array([each.largest_error for each in checks])
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    if not errors[worst] < TOLERANCE:
        raise _wrong(
            called,
            f"the gradient of a network with it must equal finite differences within "
            f"{TOLERANCE:.0e}, got a relative error of {plain(float(errors[worst]))} in layer {worst + 1}",
        )
    if not np.array_equal(network.statistics, before):
        raise _wrong(called, "its statistics must change in training alone, got a change in mode 'gradient'")
    return float(errors[worst])


def _check_finite(called: str, name: str) -> np.ndarray:
    networks = [_network(name, dtype) for dtype in (np.float32, np.float64)]
    gradients = [_stepped(network, 1) for network in networks]
    if not all(np.isfinite(each).all() for each in (*gradients, *(one.statistics for one in networks))):
        raise _wrong(called, "gradients and statistics must be finite, got others")
    return gradients[-1]


def _check_evaluation(called: str, name: str) -> None:
    network = _network(name)
    _stepped(network, 1)
    before, rows = network.statistics.copy(), _batch(2)[0].T
    with np.errstate(all="ignore"):
        together, alone = network.outputs(rows), network.outputs(rows[:1])
    if not np.isfinite(together).all():
        raise _wrong(called, "outputs in evaluation must be finite, got others")
    if not np.allclose(together[:1], alone, rtol=1e-9, atol=1e-12):
        raise _wrong(called, "a row in evaluation must not hang on the others, got one that does")
    if not np.array_equal(network.statistics, before):
        raise _wrong(called, "its statistics must change in training alone, got a change in evaluation")


def _check_memory(called: str, name: str) -> None:
    first, second = _network(name), _network(name)
    for seed in (1, 2, 3):
        _stepped(first, seed)
    second.parameters.theta[...] = first.parameters.theta
    second.statistics[...] = first.statistics
    same = np.array_equal(_stepped(first, 4), _stepped(second, 4))
    if not same or not np.array_equal(first.statistics, second.statistics):
        raise _wrong(
            called, "all that it remembers must be in its statistics, got other steps after a resume"
        )
