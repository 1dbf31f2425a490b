"""The gradient check measures a wrong gradient by its formula, in its layer, and changes nothing."""

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.gradient_check import check_gradients
from engine.nn.initializers import xavier_normal
from engine.nn.losses import LOSSES
from engine.nn.network import Network


def build(sizes, activation, loss):
    network = Network(sizes, ACTIVATIONS[activation], LOSSES[loss], dtype=np.float64)
    network.initialize(xavier_normal, [np.random.default_rng((0, layer)) for layer in range(network.depth)])
    return network


@pytest.mark.parametrize("wrong_by", [-0.5, 0.5])
def test_the_error_of_a_check_is_the_difference_over_the_sum_of_both_magnitudes(wrong_by):
    """A neuron ``w x + b`` whose slope of w is -12, that of b -6."""
    network = Network([1, 1], ACTIVATIONS["identity"], LOSSES["mse"], dtype=np.float64)
    network.parameters.theta[...] = [0.5, 0]
    recording = network.gradient_recording(1)
    recording.x[...], recording.target[...] = 2.0, 4.0
    of_weight = network.parameters.gradients[0][0, :1]
    recording.tape.call(np.add, of_weight, np.array([wrong_by]), of_weight, label="dw = wrong dw")
    (check,) = check_gradients(network, recording)
    assert check.largest_error == pytest.approx(0.5 / (abs(-12 + wrong_by) + 12), rel=1e-6)
    assert (check.layer, check.parameters_tried) == (1, 2)


@pytest.mark.parametrize(
    ("distance", "wrong_by", "scale"), [(0.0, 1e-6, 1e-4), (0.0, -1e-6, 1e-4), (100.0, 0.01, 1)]
)
def test_where_both_slopes_are_near_0_the_error_is_measured_against_a_share_of_the_loss(
    distance, wrong_by, scale
):
    """Targets as far above as below the output: the slope is 0, the loss the square of their distance."""
    network = Network([1, 1], ACTIVATIONS["identity"], LOSSES["mse"], dtype=np.float64)
    recording = network.gradient_recording(2)
    recording.target[...] = [[-distance, distance]]
    of_weight = network.parameters.gradients[0][0, :1]
    recording.tape.call(np.add, of_weight, np.array([wrong_by]), of_weight, label="dw = wrong dw")
    (check,) = check_gradients(network, recording)
    assert check.largest_error == pytest.approx(abs(wrong_by) / scale, rel=1e-3)


def test_a_check_tries_as_many_parameters_as_asked_by_the_generator_given_and_leaves_weights_alone():
    network = build([3, 20, 2], "tanh", "mse")
    recording = network.gradient_recording(5)
    recording.x[...] = np.random.default_rng(0).normal(size=(3, 5))
    before = network.parameters.theta.copy()
    assert [check.parameters_tried for check in check_gradients(network, recording)] == [50, 42]
    few = [
        check_gradients(network, recording, tries=7, generator=np.random.default_rng(s)) for s in (0, 0, 1)
    ]
    assert [check.parameters_tried for check in few[0]] == [7, 7]
    assert few[0] == few[1] != few[2]
    np.testing.assert_array_equal(network.parameters.theta, before)


def test_a_check_without_a_generator_tries_the_same_parameters_each_time():
    network = build([3, 20, 2], "tanh", "mse")
    recording = network.gradient_recording(5)
    recording.x[...] = np.random.default_rng(0).normal(size=(3, 5))
    first = check_gradients(network, recording)
    assert first == check_gradients(network, recording)
    assert first == check_gradients(network, recording, step=1e-6, tries=50)
    assert first == check_gradients(network, recording, generator=np.random.default_rng(0))


def test_the_error_of_a_check_shrinks_with_the_square_of_its_step():
    network = build([1, 1], "identity", "binary_cross_entropy")
    recording = network.gradient_recording(1)
    recording.x[...], recording.target[...] = 2.0, 1.0
    large, small = (check_gradients(network, recording, step=step)[0].largest_error for step in (0.1, 0.01))
    assert large > 1e-4 and large / small == pytest.approx(100, rel=0.05)


def test_a_gradient_check_refuses_single_precision():
    network = Network([2, 1], ACTIVATIONS["tanh"], LOSSES["mse"])
    with pytest.raises(ValueError, match="needs float64"):
        check_gradients(network, network.gradient_recording(2))


@pytest.mark.parametrize("factor", [0.9, 1.1, -1.0, 0.0])
@pytest.mark.parametrize("wrong", [1, 2])
def test_a_gradient_that_is_too_short_too_long_turned_or_lost_is_noticed_in_its_layer(wrong, factor):
    network = build([3, 4, 2], "tanh", "mse")
    recording = network.gradient_recording(5)
    rng = np.random.default_rng(1)
    recording.x[...], recording.target[...] = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    gradient = network.parameters.gradients[wrong - 1]
    recording.tape.call(np.multiply, gradient, np.array(factor), gradient, label="g = wrong g")
    errors = {check.layer: check.largest_error for check in check_gradients(network, recording)}
    assert errors[wrong] > 0.04 and errors[3 - wrong] < 1e-6
