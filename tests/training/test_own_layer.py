"""A layer of one's own between weighted sums and activation: named, planned, checked, trained and resumed."""

from typing import ClassVar

import numpy as np
import pytest

from engine.analysis.gradient_check import check_run
from engine.config import ConfigError, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.nn.normalization import NORMALIZATIONS, Normalization
from engine.replay.frames import FrameRenderer
from engine.training.model import initial_state, weights_by_layer
from engine.training.plan import plan
from engine.training.state import State
from engine.training.trainer import train


class Halved(Normalization):
    """``n = z / 2``: nothing learned, nothing remembered."""

    def record(self, tape, arena, x, mode):
        n, half = arena.blocks[self.output], tape.constant(0.5)
        tape.call(np.multiply, x.values, half, n.values, label="n = z / 2")
        return n, lambda: tape.call(np.multiply, n.error, half, x.error, label="dz = dn / 2")


class Scaled(Normalization):
    """``n = γ z``, and the number of steps remembered."""

    parameter_starts: ClassVar = {"gamma": 1.5}
    statistic_starts: ClassVar = {"steps": 7.0}
    keeps_bias = False
    needs_two_rows = True

    def record(self, tape, arena, x, mode):
        n = arena.blocks[self.output]
        gamma, dgamma = self.parameters[..., 0, :, np.newaxis], self.gradient[..., 0, :]
        tape.call(np.multiply, x.values, gamma, n.values, label="n = γ z")
        if mode == "training":
            tape.call(np.add, self.statistics, tape.constant(1), self.statistics, label="steps + 1")

        def backward():
            tape.call(np.vecdot, n.error, x.values, dgamma, label="dγ = dn · z")
            tape.call(np.multiply, n.error, gamma, x.error, label="dz = γ dn")

        return n, backward


class Curved(Normalization):
    """``n = p + q z + r z²``: three numbers learned for each unit."""

    parameter_starts: ClassVar = {"p": 0.1, "q": 1.0, "r": -0.2}

    def record(self, tape, arena, x, mode):
        n, features, batch = arena.blocks[self.output], *x.values.shape[-2:]
        p, q, r = (self.parameters[..., row, :, np.newaxis] for row in range(3))
        square, slope = tape.array(features, batch), tape.array(features, batch)
        ones = np.ones((features, batch), tape.dtype)
        tape.call(np.multiply, x.values, x.values, square, label="s = z²")
        tape.call(np.multiply, square, r, n.values, label="n = r s")
        tape.call(np.multiply, x.values, q, slope, label="t = q z")
        tape.call(np.add, n.values, slope, n.values, label="n = n + t")
        tape.call(np.add, n.values, p, n.values, label="n = n + p")

        def backward():
            for row, factor in enumerate((ones, x.values, square)):
                tape.call(np.vecdot, n.error, factor, self.gradient[..., row, :], label="of each row")
            tape.call(np.multiply, x.values, r, slope, label="t = r z")
            tape.call(np.add, slope, slope, slope, label="t = 2 t")
            tape.call(np.add, slope, q, slope, label="t = t + q")
            tape.call(np.multiply, n.error, slope, x.error, label="dz = dn t")

        return n, backward


OWN = {
    "halved": (Halved, [], []),
    "scaled": (Scaled, ["gamma"], ["steps"]),
    "curved": (Curved, ["p", "q", "r"], []),
}


@pytest.fixture(params=OWN)
def own(request, monkeypatch):
    kind, parameters, statistics = OWN[request.param]
    monkeypatch.setitem(NORMALIZATIONS, request.param, kind)
    return request.param, kind, parameters, statistics


def prepared(name, **settings):
    config = parse_config(
        {
            "samples": 60,
            "epochs": 2,
            "hidden_sizes": [4, 3],
            "batch_size": 16,
            "normalization": name,
            **settings,
        }
    )
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, initial_state(config, dataset)


def test_what_it_learns_and_remembers_has_a_name_a_start_and_a_place_in_the_plan(own):
    name, kind, parameters, statistics = own
    config, dataset, state = prepared(name)
    named = weights_by_layer(config, dataset, state)
    layer = ["weight", "bias"] if kind.keeps_bias else ["weight"]
    of_hidden = [
        [f"dense{i}.{each}" for each in layer] + [f"norm{i}.{each}" for each in parameters] for i in (1, 2)
    ]
    remembered = [f"norm{i}.{each}" for i in (1, 2) for each in statistics]
    assert list(named) == [*of_hidden[0], *of_hidden[1], "dense3.weight", "dense3.bias", *remembered]
    for each, value in {**kind.parameter_starts, **kind.statistic_starts}.items():
        np.testing.assert_array_equal(named[f"norm1.{each}"], np.full(4, np.float32(value)))
        np.testing.assert_array_equal(named[f"norm2.{each}"], np.full(3, np.float32(value)))
    assert plan(config, dataset).parameters == state.theta.size


def test_its_gradients_are_checked_like_all_others(own):
    config, dataset, _ = prepared(own[0])
    checks, is_right = check_run(config, dataset)
    assert is_right and len(checks) == 3


def test_it_trains_and_a_run_resumed_at_every_step_ends_with_the_same_bits(own):
    config, dataset, whole = prepared(own[0], optimizer="adam")
    first = whole.theta.copy()
    for _ in train(config, dataset, whole):
        pass
    _, _, state = prepared(own[0], optimizer="adam")
    while state.step < plan(config, dataset).total_steps:
        next(train(config, dataset, state))
        state = State.from_bytes(state.to_bytes())
    assert state.theta.tobytes() == whole.theta.tobytes() and (whole.theta != first).any()
    assert state.statistics.tobytes() == whole.statistics.tobytes()
    if own[0] == "scaled":
        np.testing.assert_array_equal(whole.statistics, np.full(7, 7 + whole.step))


def test_a_replay_shows_the_shift_of_a_unit_or_none(own):
    config, dataset, state = prepared(own[0])
    bias = FrameRenderer(config, dataset).frame(state.learned)["bias"]
    np.testing.assert_array_equal(bias, np.zeros(4 + 3 + 1, np.float32))


def test_a_batch_of_a_single_row_is_refused_where_it_says_so(own):
    name, kind, *_ = own
    if not kind.needs_two_rows:
        assert prepared(name, batch_size=1)[0].batch_size == 1
        return
    with pytest.raises(
        ConfigError, match=f"single row of the .* with normalization {name}, such as 3, got 1"
    ):
        prepared(name, batch_size=1)
