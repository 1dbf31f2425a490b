"""Dropout draws its masks from the generators given, one rate for all layers or one for each."""

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.network import Network


def build(sizes, dropout, seed=5, dtype=np.float64, **options):
    replicates = range(options.get("lead", (1,))[0])
    generators = options.pop("generators", [np.random.default_rng(seed + r) for r in replicates])
    network = Network(
        sizes,
        ACTIVATIONS["identity"],
        LOSSES["mse"],
        dropout=dropout,
        generators=generators,
        dtype=dtype,
        **options,
    )
    network.parameters.theta[...] = 1
    return network


def steps(network, batch, count):
    """Return what each hidden layer gave in some steps, ``a`` where nothing is dropped."""
    recording, found = network.recording(batch), []
    recording.x[...] = 1
    blocks = recording.arena.blocks
    for _ in range(count):
        recording.tape.replay()
        names = [f"d{i}" if f"d{i}" in blocks else f"a{i}" for i in range(1, network.depth)]
        found.append([blocks[name].values.copy() for name in names])
    return found


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.8])
def test_the_share_of_units_off_is_the_rate_and_the_mean_is_kept(rate):
    network = build([1, 500, 1], rate)
    network.parameters.weights[0][...] = [1, 0]
    outputs = np.array([found[0] for found in steps(network, 40, 5)])
    assert np.abs((outputs == 0).mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / outputs.size)
    assert outputs.mean() == pytest.approx(1, abs=4 * np.sqrt(rate / (1 - rate) / outputs.size))
    per_unit = (outputs == 0).mean(axis=(0, 2))
    assert per_unit.std() == pytest.approx(np.sqrt(rate * (1 - rate) / 200), rel=0.15)
    assert (outputs[0] != outputs[1]).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_are_the_generators_own_draws_below_the_share_kept(dtype):
    network = build([1, 6, 4, 1], 0.3, dtype=dtype)
    network.parameters.weights[0][...] = [1, 0]
    draws = np.random.default_rng(5)
    for first, _ in steps(network, 3, 4):
        kept = draws.random((6, 3), dtype) < dtype(0.7)
        draws.random((4, 3), dtype)
        np.testing.assert_array_equal(first, kept * dtype(1 / 0.7))


@pytest.mark.parametrize(("draw", "kept"), [(0.0, True), (0.49, True), (0.5, False), (0.99, False)])
def test_a_unit_is_kept_where_its_draw_is_below_the_share_kept(draw, kept):
    class Drawing:
        def random(self, dtype, out):
            out[...] = draw

    network = build([1, 2, 1], 0.5, generators=[Drawing()])
    network.parameters.weights[0][...] = [1, 0]
    ((dropped,),) = steps(network, 3, 1)
    np.testing.assert_array_equal(dropped, np.full((2, 3), 2.0 if kept else 0.0))


def test_the_same_generator_gives_the_same_masks_again():
    first, again, other = (steps(build([1, 8, 8, 1], 0.5, seed), 4, 3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (np.array(first) != np.array(other)).any()


def test_one_number_is_the_same_bits_as_a_list_of_it():
    np.testing.assert_array_equal(
        steps(build([1, 8, 8, 1], 0.4), 4, 3), steps(build([1, 8, 8, 1], [0.4, 0.4]), 4, 3)
    )


def test_each_layer_has_its_own_rate_and_a_rate_of_0_draws_nothing():
    network = build([1, 400, 300, 200, 1], [0.2, 0.0, 0.7])
    first, second, third = steps(network, 50, 1)[0]
    assert (first == 0).mean() == pytest.approx(0.2, abs=0.02)
    assert (second != 0).all() and "d2" not in network.recording(50).arena.blocks
    assert (third == 0).mean() == pytest.approx(0.7, abs=0.02)
    draws = np.random.default_rng(5)
    draws.random((400, 50))
    np.testing.assert_array_equal(third != 0, draws.random((200, 50)) < 1 - 0.7)


def test_the_backward_pass_stops_at_units_that_are_off_and_scales_the_others():
    network = build([1, 6, 1], 0.5)
    recording = network.recording(3)
    recording.x[...] = 1
    recording.tape.replay()
    blocks = recording.arena.blocks
    off = blocks["d1"].values == 0
    assert off.any() and not off.all()
    np.testing.assert_array_equal(blocks["a1"].error, np.where(off, 0, 2 * blocks["d1"].error))


def test_replicates_draw_from_generators_of_their_own():
    stacked = steps(build([1, 5, 1], 0.5, lead=(3,)), 4, 2)
    alone = [steps(build([1, 5, 1], 0.5, seed=5 + r), 4, 2) for r in range(3)]
    for step in range(2):
        for r in range(3):
            np.testing.assert_array_equal(stacked[step][0][r], alone[r][step][0])
