"""The course's neuron through the real engine: x 2, w 0.5, target 4, rate 0.1, no bias moved at the start."""

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.chain import Optimizer


def neuron(w):
    network = Network([1, 1], ACTIVATIONS["identity"], LOSSES["mse"], dtype=np.float64)
    network.parameters.weights[0][0, 0] = w
    recording = network.recording(1)
    recording.x[...], recording.target[...] = 2.0, 4.0
    return network, recording


def test_prediction_loss_gradient_and_new_weight_are_the_books():
    network, recording = neuron(0.5)
    recording.tape.replay()
    recording.loss_tape.replay()
    assert recording.output.values[0, 0] == 1.0
    assert recording.loss == 9.0
    assert network.parameters.gradients[0][0, 0] == -12.0
    optimizer = Optimizer(network.parameters, [])
    optimizer.prepare(1, 0.1)
    optimizer.update.replay()
    assert network.parameters.weights[0][0, 0] == pytest.approx(1.7)


@pytest.mark.parametrize(
    ("rate", "weights"), [(0.1, [1.7, 1.94, 1.988]), (0.125, [2.0, 2.0]), (0.25, [3.5, 0.5, 3.5])]
)
def test_the_weight_alone_converges_solves_at_once_or_swings_for_ever(rate, weights):
    network, recording = neuron(0.5)
    optimizer = Optimizer(network.parameters, [])
    for step, expected in enumerate(weights, start=1):
        recording.tape.replay()
        network.parameters.gradients[0][0, 1] = 0  # the book's neuron has no bias
        optimizer.prepare(step, rate)
        optimizer.update.replay()
        assert network.parameters.weights[0][0, 0] == pytest.approx(expected)
