"""Backpropagation equals finite differences over the product of layers, activations, losses and shapes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.nn.activations import ACTIVATIONS
from engine.nn.gradient_check import check_gradients
from engine.nn.initializers import xavier_normal
from engine.nn.losses import LOSSES
from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.losses.regression import Huber, SmoothL1
from engine.nn.network import Network

NORMALIZATIONS = ("none", "batch", "layer")
WEIGHTED = {
    f"{name} weighted": kind(0.2, (0.5, 2.0, 1.0, 3.0)[:weights])
    for name, kind, weights in (
        ("cross_entropy", CrossEntropy, 4),
        ("binary_cross_entropy", BinaryCrossEntropy, 2),
    )
}
KNOWN = {**LOSSES, "huber 0.3": Huber(0.3), "smooth_l1 2": SmoothL1(2.0), **WEIGHTED}


def random_target(loss, outputs, batch, rng):
    if loss.startswith("cross_entropy"):
        return np.eye(outputs)[:, rng.integers(0, outputs, batch)]
    return rng.integers(0, 2, (outputs, batch)).astype(float)


def build(sizes, activation, loss, seed=0, **options):
    return start(Network(sizes, named(activation), KNOWN[loss], dtype=np.float64, **options), seed)


def named(activation):
    """Return the activation of a name, or those of names with commas between."""
    found = [ACTIVATIONS[name] for name in activation.split(",")]
    return found if len(found) > 1 else found[0]


def start(network, seed=0):
    generators = [np.random.default_rng((seed, layer)) for layer in range(network.depth)]
    network.initialize(xavier_normal, generators)
    rng = np.random.default_rng(seed)
    biases = [layer.bias for layer in network.dense if layer.bias is not None]
    for each in [*biases, *network.parameters.norms]:
        each += rng.normal(0, 0.1, each.shape)
    return network


def drawn_loss(draw, outputs):
    """Draw a loss with every setting that it takes."""
    name = draw(st.sampled_from(sorted(LOSSES)))
    if name in ("huber", "smooth_l1"):
        return name, (Huber if name == "huber" else SmoothL1)(draw(st.floats(0.1, 3.0)))
    if name in ("mse", "mae"):
        return name, LOSSES[name]
    kind, classes = (CrossEntropy, outputs) if name == "cross_entropy" else (BinaryCrossEntropy, 2)
    smoothing = draw(st.just(0.0) | st.floats(0.01, 0.9))
    weight = st.floats(0.1, 5.0)
    return name, kind(smoothing, draw(st.none() | st.tuples(*[weight] * classes)))


@st.composite
def checked_networks(draw):
    """Draw a network with weights, and a batch for it, from the product of everything that it may be made of.

    Widths come from few numbers, so that neighbours are often equal and residual connections go around. Each
    hidden layer has an activation of its own.
    """
    hidden = draw(st.lists(st.sampled_from([1, 2, 3, 3, 4, 6]), max_size=4))
    outputs, batch = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    name, loss = drawn_loss(draw, outputs)
    options = {
        "normalization": draw(st.sampled_from(NORMALIZATIONS)),
        "residual": draw(st.booleans()),
        "dropout": draw(st.sampled_from([0.0, 0.5])),
        "generators": [np.random.default_rng(0)],
    }
    activations = [ACTIVATIONS[draw(st.sampled_from(sorted(ACTIVATIONS)))] for _ in hidden]
    seed = draw(st.integers(0, 1000))
    network = start(Network([3, *hidden, outputs], activations, loss, dtype=np.float64, **options), seed)
    recording = network.gradient_recording(batch)
    rng = np.random.default_rng(seed)
    recording.x[...] = rng.normal(size=recording.x.shape)
    recording.target[...] = random_target(name, outputs, batch, rng)
    recording.tape.replay()
    assume(not sits_at_a_kink(network, recording, name))
    assume(not is_strongly_curved(recording, options["normalization"], len(hidden)))
    return network, recording


def sits_at_a_kink(network, recording, loss):
    bent = "z" if network.normalization is None else "n"
    bent_at = [recording.arena.blocks[f"{bent}{i}"].values for i in range(1, network.depth)]
    for values, activation in zip(bent_at, network.activations, strict=True):
        if any(np.abs(values - kink).min() < 1e-4 for kink in activation.kinks):
            return True
    return loss == "mae" and np.abs(recording.output.values - recording.target).min() < 1e-4


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(checked_networks())
def test_each_layers_gradient_equals_central_differences(network_and_recording):
    network, recording = network_and_recording
    checks = check_gradients(network, recording)
    assert [check.layer for check in checks] == list(range(1, network.depth + 1))
    for check in checks:
        assert check.largest_error < 1e-5


def is_strongly_curved(recording, normalization, hidden):
    """Where normalised values hardly vary, a difference over 1e-6 is no derivative yet."""
    if normalization == "none":
        return False
    axis = 1 if normalization == "batch" else 0
    spreads = [recording.arena.blocks[f"z{i}"].values.std(axis=axis).min() for i in range(1, hidden + 1)]
    return any(0 < spread < 0.1 for spread in spreads)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_extreme_outputs_overflow_nowhere(loss):
    network = Network([1, 2], ACTIVATIONS["identity"], LOSSES[loss], dtype=np.float64)
    network.parameters.weights[0][:, 0] = [1e4, -1e4]
    recording = network.recording(2)
    recording.x[...] = [[1.0, -1.0]]
    recording.target[...] = np.eye(2)
    with np.errstate(all="raise", under="ignore"):
        recording.tape.replay()
        recording.loss_tape.replay()
    assert np.isfinite(recording.loss) and np.isfinite(network.parameters.grad).all()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_overflows_nowhere(name):
    network = Network([1, 1, 1], ACTIVATIONS[name], LOSSES["mse"], dtype=np.float32)
    network.parameters.weights[0][:, 0] = 1e4
    recording = network.recording(2)
    recording.x[...] = [[1.0, -1.0]]
    with np.errstate(all="raise", under="ignore"):
        recording.tape.replay()


def test_permuting_the_rows_of_a_batch_leaves_the_gradient():
    rng = np.random.default_rng(1)
    network = build([3, 5, 2], "tanh", "cross_entropy")
    recording = network.recording(8)
    x, y = rng.normal(size=(3, 8)), random_target("cross_entropy", 2, 8, rng)
    gradients = []
    for order in (np.arange(8), rng.permutation(8)):
        recording.x[...], recording.target[...] = x[:, order], y[:, order]
        recording.tape.replay()
        gradients.append(network.parameters.grad.copy())
    np.testing.assert_allclose(*gradients, rtol=1e-12, atol=1e-15)


def test_the_gradient_of_a_batch_is_the_mean_of_its_halves():
    rng = np.random.default_rng(2)
    network = build([3, 5, 1], "sigmoid", "mse")
    x, y = rng.normal(size=(3, 8)), rng.normal(size=(1, 8))

    def gradient(part):
        recording = network.recording(x[:, part].shape[1])
        recording.x[...], recording.target[...] = x[:, part], y[:, part]
        recording.tape.replay()
        return network.parameters.grad.copy()

    halves = (gradient(np.s_[:4]) + gradient(np.s_[4:])) / 2
    np.testing.assert_allclose(gradient(np.s_[:]), halves, rtol=1e-12)


@pytest.mark.parametrize("activation", [*sorted(ACTIVATIONS), "relu,tanh"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_replicates_stacked_on_a_leading_axis_equal_single_networks_bit_for_bit(activation, normalization):
    rng = np.random.default_rng(3)
    sizes, options = [3, 5, 4, 2], {"normalization": normalization, "dtype": np.float64}
    singles = [
        build(sizes, activation, "cross_entropy", seed, normalization=normalization) for seed in range(4)
    ]
    stack = Network(sizes, named(activation), LOSSES["cross_entropy"], lead=(4,), **options)
    recording = stack.recording(6)
    for r, single in enumerate(singles):
        stack.parameters.theta[r] = single.parameters.theta
        alone = single.recording(6)
        alone.x[...] = recording.x[r] = rng.normal(size=(3, 6))
        alone.target[...] = recording.target[r] = random_target("cross_entropy", 2, 6, rng)
        alone.tape.replay()
    recording.tape.replay()
    for r, single in enumerate(singles):
        np.testing.assert_array_equal(stack.parameters.grad[r], single.parameters.grad)
        np.testing.assert_array_equal(stack.statistics[r], single.statistics)
    evaluation = stack.recording(6, training=False)
    evaluation.x[...] = recording.x
    evaluation.tape.replay()
    for r, single in enumerate(singles):
        np.testing.assert_array_equal(evaluation.output.values[r].T, single.outputs(recording.x[r].T))


@pytest.mark.parametrize("loss", sorted(KNOWN))
def test_losses_of_replicates_equal_those_of_single_networks(loss):
    rng = np.random.default_rng(4)
    sizes = [3, 5, 4]
    singles = [build(sizes, "tanh", loss, seed) for seed in range(3)]
    stack = Network(sizes, ACTIVATIONS["tanh"], KNOWN[loss], lead=(3,), dtype=np.float64)
    recording, values = stack.recording(6), []
    for r, single in enumerate(singles):
        stack.parameters.theta[r] = single.parameters.theta
        alone = single.recording(6)
        alone.x[...] = recording.x[r] = rng.normal(size=(3, 6))
        alone.target[...] = recording.target[r] = random_target(loss, 4, 6, rng)
        alone.tape.replay()
        alone.loss_tape.replay()
        values.append(float(alone.loss))
    recording.tape.replay()
    recording.loss_tape.replay()
    np.testing.assert_allclose(recording.loss, values, rtol=1e-14)
    for r, single in enumerate(singles):
        np.testing.assert_allclose(stack.parameters.grad[r], single.parameters.grad, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("loss", sorted(KNOWN))
def test_the_mean_of_a_whole_is_the_mean_of_its_parts_by_their_masses(loss):
    rng = np.random.default_rng(5)
    network = build([3, 4], "tanh", loss)
    x, target = rng.normal(size=(3, 9)), random_target(loss, 4, 9, rng)

    def value(part):
        recording = network.recording(target[:, part].shape[1])
        recording.x[...], recording.target[...] = x[:, part], target[:, part]
        recording.tape.replay()
        recording.loss_tape.replay()
        return float(recording.loss), network.loss.mass(target[:, part])

    (first, one), (second, other) = value(np.s_[:4]), value(np.s_[4:])
    assert value(np.s_[:])[0] == pytest.approx((one * first + other * second) / (one + other), rel=1e-13)
