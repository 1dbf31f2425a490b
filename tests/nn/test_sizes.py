"""From no hidden layer to two hundred, and from one unit to a million, networks train."""

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import orthogonal, xavier_uniform
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.adam import Adam
from engine.nn.optimizers.chain import Optimizer


def losses(network, steps, rate, batch=32, initializer=xavier_uniform):
    generators = [np.random.default_rng((0, layer)) for layer in range(network.depth)]
    network.initialize(initializer, generators)
    recording = network.recording(batch)
    rng = np.random.default_rng(1)
    recording.x[...] = rng.normal(size=recording.x.shape)
    recording.target[...] = np.sin(2 * recording.x.sum(axis=0))
    optimizer, found = Optimizer(network.parameters, [Adam()]), []
    for step in range(1, steps + 1):
        recording.tape.replay()
        recording.loss_tape.replay()
        found.append(float(recording.loss))
        optimizer.prepare(step, rate)
        optimizer.update.replay()
    return found


@pytest.mark.parametrize("residual", [False, True])
def test_two_hundred_layers_train(residual):
    network = Network([2, *[8] * 200, 1], ACTIVATIONS["tanh"], LOSSES["mse"], residual=residual)
    found = losses(network, 30, 1e-3, initializer=orthogonal)
    assert np.isfinite(found).all() and found[-1] < 0.9 * found[0]
    assert len(network.dense) == 201 and all(layer.weight.any() for layer in network.dense)


def test_no_hidden_layer_is_a_linear_model_that_trains():
    network = Network([2, 1], ACTIVATIONS["relu"], LOSSES["mse"])
    found = losses(network, 100, 0.05)
    assert network.depth == 1 and network.parameters.size == 3
    assert found[-1] < found[0]


def test_single_units_in_a_row_train():
    found = losses(Network([2, 1, 1, 1, 1], ACTIVATIONS["tanh"], LOSSES["mse"], residual=True), 200, 0.02)
    assert found[-1] < found[0]


def test_a_million_units_step_with_no_more_calls_than_ten_take():
    network = Network([2, 1_000_000, 1], ACTIVATIONS["relu"], LOSSES["mse"])
    first, second = losses(network, 2, 1e-5, batch=2)
    assert network.parameters.size == 4_000_001 and np.isfinite([first, second]).all() and second < first
    few = Network([2, 10, 1], ACTIVATIONS["relu"], LOSSES["mse"])
    assert len(network.recording(2).tape) == len(few.recording(2).tape)


def test_outputs_do_not_depend_on_the_blocks_in_which_rows_are_asked():
    network = Network([2, 5, 1], ACTIVATIONS["tanh"], LOSSES["mse"], dtype=np.float64)
    losses(network, 3, 0.01)
    x = np.random.default_rng(2).normal(size=(2500, 2))
    whole = network.outputs(x)
    assert whole.shape == (2500, 1)
    np.testing.assert_allclose(network.outputs(x, block_rows=7), whole, rtol=1e-13)
    assert sorted({key[0] for key in network._recordings if key[1] == "evaluation"}) == [1, 7, 452, 1024]
