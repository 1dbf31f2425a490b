"""Subnormal numbers slow no run down, whatever the machine; and no other code ever notices."""

import ctypes
import platform
import sys

import numpy as np
import pytest

from engine.store.fingerprint import fingerprint
from engine.training import subnormals
from engine.training.plan import plan
from engine.training.stack import train_stack
from engine.training.state import State
from engine.training.trainer import train
from tests.training.short_runs import records_of, start, without_seconds
from tests.training.test_stack import alone, facts, stacked_states

# Half of the units are dead from early on, and their moments decay.
DYING = {
    "optimizer": "adam",
    "activation": "relu",
    "learning_rate": 0.1,
    "hidden_sizes": [24, 24],
    "batch_size": 16,
    "epochs": 400,
}
TINY = "1e-310"
FLUSHES = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.fixture
def cleared(monkeypatch):
    """Keep subnormal numbers away as machines do that cannot flush."""
    monkeypatch.setattr(subnormals, "method", lambda: "cleared")


def subnormal_count(state):
    limit = np.finfo(state.theta.dtype).smallest_normal
    return sum(int(((slot != 0) & (np.abs(slot) < limit)).sum()) for slot in state.slots.values())


def test_x86_64_linux_flushes():
    assert subnormals.method() == ("flushed" if FLUSHES else "cleared")


def test_inside_small_numbers_are_0_and_afterwards_all_is_as_before():
    if not FLUSHES:
        with pytest.raises(OSError, match="x86-64 Linux alone"):
            subnormals.Flushing()
        return
    flushing = subnormals.Flushing()
    for _ in range(2):
        with flushing:
            assert float(TINY) == 0
            assert np.multiply(np.float32(1e-30), np.float32(1e-10)) == 0
        assert float(TINY) > 0
    with pytest.raises(ZeroDivisionError), flushing:
        raise ZeroDivisionError
    assert float(TINY) > 0


def test_where_flushing_is_not_known_the_fallback_is_taken(monkeypatch):
    for name, value in (("platform", "darwin"), ("maxsize", 2**31)):
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(sys, name, value)
            with pytest.raises(OSError, match="x86-64 Linux alone"):
                subnormals.Flushing()
            assert subnormals.method.__wrapped__() == "cleared"

    def no_library(_: str) -> None:
        raise OSError("not found")

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    assert subnormals.method.__wrapped__() == "cleared"


def test_a_processor_that_does_not_flush_is_found_out(monkeypatch):
    monkeypatch.setattr(subnormals.Flushing, "__init__", lambda self: None)
    monkeypatch.setattr(subnormals.Flushing, "__enter__", lambda self: None)
    monkeypatch.setattr(subnormals.Flushing, "__exit__", lambda self, *_: None)
    assert subnormals.method.__wrapped__() == "cleared"


@pytest.mark.parametrize("record_every", [1, 1000])
def test_small_numbers_are_small_numbers_whenever_the_trainer_gives_a_record_away(record_every):
    stream = train(*start(record_every=record_every))
    for _ in stream:
        assert float(TINY) > 0
        assert np.float32(1e-30) * np.float32(1e-10) > 0
    assert float(TINY) > 0


@pytest.mark.parametrize("way", ["flushed", "cleared"] if FLUSHES else ["cleared"])
def test_a_stack_of_dying_networks_resumed_at_every_yield_has_the_bits_of_its_runs_alone(way, monkeypatch):
    monkeypatch.setattr(subnormals, "method", lambda: way)
    settings = {**DYING, "epochs": 80, "record_every": 7, "beta1": 0.5}  # so small so soon
    expected = [facts(state) for _, state in alone(**settings)]
    configs, dataset, whole = stacked_states(**settings)
    for _ in train_stack(configs, dataset, list(whole)):
        assert float(TINY) > 0
    assert whole[0].step > 2 * subnormals.CLEARED_EVERY
    assert [facts(state) for state in whole] == expected
    _, _, states = stacked_states(**settings)
    while states[0].step < plan(configs[0], dataset).total_steps:
        next(train_stack(configs, dataset, list(states)))
        states = [State.from_bytes(state.to_bytes()) for state in states]
    assert [facts(state) for state in states] == expected


def test_small_numbers_come_back_when_a_run_is_left_or_an_error_ends_it(monkeypatch):
    def fail(self):
        raise ZeroDivisionError

    stream = train(*start())
    next(stream)
    stream.close()
    assert float(TINY) > 0
    monkeypatch.setattr("engine.training.trainer.Training.advance", fail)
    with pytest.raises(ZeroDivisionError):
        records_of(*start())
    assert float(TINY) > 0


def test_clearing_takes_what_is_nearly_subnormal_and_nothing_else():
    for dtype, small, kept in ((np.float32, 1e-35, 1e-33), (np.float64, 1e-305, 1e-303)):
        values = np.array([small, -small, 0, kept, -kept, 1, np.nan, np.inf], dtype)
        slot = values.copy()
        subnormals.clear([slot])
        np.testing.assert_array_equal(slot, [0, 0, 0, *values[3:]])


def test_without_either_way_a_dying_network_would_remember_subnormal_numbers(cleared, monkeypatch):
    monkeypatch.setattr(subnormals, "CLEARED_EVERY", 10**9)
    run = start(**DYING)
    records_of(*run)
    assert subnormal_count(run[2]) > 100


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_flushed_and_cleared_give_the_same_results_within_rounding(dtype, monkeypatch):
    settings = {**DYING, "dtype": dtype}
    config, dataset, flushed = start(**settings)
    first = records_of(config, dataset, flushed)
    monkeypatch.setattr(subnormals, "method", lambda: "cleared")
    config, dataset, cleared = start(**settings)
    second = records_of(config, dataset, cleared)
    assert flushed.step % subnormals.CLEARED_EVERY == 0
    assert subnormal_count(cleared) == 0
    rounding = 1e-4 if dtype == "float32" else 1e-9
    np.testing.assert_allclose(cleared.theta, flushed.theta, rtol=rounding, atol=rounding)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one.scalars[3:], other.scalars[3:], rtol=rounding, atol=rounding)


def test_a_run_with_the_fallback_resumed_from_bytes_at_every_step_ends_with_the_same_bits(cleared):
    settings = {**DYING, "epochs": 80, "record_every": 7}
    whole = start(**settings)
    expected = {record.step: without_seconds(record) for record in records_of(*whole)}
    config, dataset, state = start(**settings)
    seen = {}
    while state.step < plan(config, dataset).total_steps:
        record = next(train(config, dataset, state))
        if record is not None:
            seen[record.step] = without_seconds(record)
        state = State.from_bytes(state.to_bytes())
    assert state.step > 2 * subnormals.CLEARED_EVERY
    assert seen == expected
    assert state.theta.tobytes() == whole[2].theta.tobytes()


def test_the_fingerprint_says_which_way_was_taken(cleared):
    fingerprint.cache_clear()
    assert fingerprint().endswith(" subnormals=cleared")
    fingerprint.cache_clear()
