"""What must not change the mathematics: order of rows and units, scale of the loss, precision, repetition."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import xavier_normal
from engine.nn.losses import LOSSES, Loss
from engine.nn.losses.classification import CrossEntropy
from engine.nn.network import Network
from engine.nn.normalization import NORMALIZATIONS, BatchNorm
from engine.nn.optimizers.chain import Optimizer
from engine.nn.parameter_names import named_views

SIZES = [3, 6, 5, 5, 2]
ROWS = 8
OPTIONS = [
    {"normalization": normalization, "residual": residual}
    for normalization in ("none", "batch", "layer")
    for residual in (False, True)
]
X = np.random.default_rng(1).normal(size=(3, ROWS))
TARGET = np.eye(2)[:, np.random.default_rng(2).integers(0, 2, ROWS)]


def build(
    loss: Loss = LOSSES["cross_entropy"],
    *,
    sizes=SIZES,
    activation="tanh",
    dtype: Any = np.float64,
    **options,
):
    network = Network(sizes, ACTIVATIONS[activation], loss, dtype=dtype, **options)
    rng = np.random.default_rng(0)
    network.initialize(xavier_normal, [rng] * network.depth)
    biases = [layer.bias for layer in network.dense if layer.bias is not None]
    for each in [*biases, *network.parameters.norms]:
        each += rng.normal(0, 0.3, each.shape)
    return network


def loss_and_gradient(network, x=X, target=TARGET):
    recording = network.gradient_recording(x.shape[1])
    recording.x[...], recording.target[...] = x, target
    recording.tape.replay()
    recording.loss_tape.replay()
    return float(recording.loss), network.parameters.grad.copy()


def assert_same(one, other, rtol=1e-11):
    assert one[0] == pytest.approx(other[0], rel=rtol)
    np.testing.assert_allclose(one[1], other[1], rtol=rtol, atol=rtol * np.abs(other[1]).max())


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_order_of_the_rows_does_not_matter(loss, options):
    network, order = build(LOSSES[loss], **options), np.random.default_rng(3).permutation(ROWS)
    assert_same(loss_and_gradient(network, X[:, order], TARGET[:, order]), loss_and_gradient(network))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_hidden_units_may_change_places_with_their_weights(options):
    """Those of layers that a residual connection joins change places together."""
    network, shuffled = build(**options), build(**options)
    loss, gradient = loss_and_gradient(network)
    first, second = np.random.default_rng(4).permutation(6), np.random.default_rng(5).permutation(5)
    places = {1: (np.arange(3), first), 2: (first, second), 3: (second, second), 4: (second, np.arange(2))}

    def moved(flat):
        named = {}
        for name, array in named_views(network, flat).items():
            entering, leaving = places[int(name.split(".")[0][-1])]
            named[name] = array[leaving][:, entering] if name.endswith("weight") else array[leaving]
        return named

    for name, view in named_views(shuffled, shuffled.parameters.theta).items():
        view[...] = moved(network.parameters.theta)[name]
    found, _ = loss_and_gradient(shuffled)
    assert found == pytest.approx(loss, rel=1e-13)
    for name, view in named_views(shuffled, shuffled.parameters.grad).items():
        np.testing.assert_allclose(view, moved(gradient)[name], rtol=1e-10, atol=1e-15)


@dataclass(frozen=True)
class Times:
    """A loss times a factor."""

    loss: Loss
    factor: float
    name = formula = "a loss times a factor"

    def record_error(self, tape, output, target):
        self.loss.record_error(tape, output, target)
        tape.call(np.multiply, output.error, tape.constant(self.factor), output.error, label="c dz")

    def record_value(self, tape, output, target, value):
        self.loss.record_value(tape, output, target, value)
        tape.call(np.multiply, value, np.array(self.factor), value, label="c L")

    def decide(self, outputs):
        return self.loss.decide(outputs)

    def mass(self, target):
        return self.loss.mass(target)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("factor", [-2.0, 1e-6, 37.0])
def test_a_loss_times_a_number_has_the_gradient_times_that_number(options, factor):
    loss, gradient = loss_and_gradient(build(**options))
    assert_same(
        loss_and_gradient(build(Times(LOSSES["cross_entropy"], factor), **options)),
        (factor * loss, factor * gradient),
    )


@pytest.mark.parametrize("options", [each for each in OPTIONS if each["normalization"] != "batch"], ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_batch_is_the_mean_of_its_halves_where_rows_do_not_see_each_other(loss, options):
    network = build(LOSSES[loss], **options)
    halves = [loss_and_gradient(network, X[:, part], TARGET[:, part]) for part in (np.s_[:4], np.s_[4:])]
    (one, first), (other, second) = halves
    assert_same(loss_and_gradient(network), ((one + other) / 2, (first + second) / 2))


def test_with_batch_norm_a_batch_is_not_the_mean_of_its_halves():
    network = build(normalization="batch")
    first, second = (loss_and_gradient(network, X[:, p], TARGET[:, p])[0] for p in (np.s_[:4], np.s_[4:]))
    assert abs(loss_and_gradient(network)[0] - (first + second) / 2) > 1e-3


@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(0.1), CrossEntropy(0.3, (0.5, 2.0))], ids=str)
@pytest.mark.parametrize("shift", [-3.0, 700.0])
def test_a_number_added_to_all_logits_of_a_cross_entropy_changes_nothing(loss, shift):
    network = build(loss)
    before, outputs = loss_and_gradient(network), network.outputs(X.T)
    network.dense[-1].weight[:, -1] += shift
    assert_same(loss_and_gradient(network), before, rtol=1e-9)
    np.testing.assert_allclose(loss.decide(network.outputs(X.T)), loss.decide(outputs), rtol=1e-10)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_gradients_in_single_precision_are_those_of_double_precision_to_a_ten_thousandth(loss, options):
    double = build(LOSSES[loss], **options)
    single = build(LOSSES[loss], dtype=np.float32, **options)
    single.parameters.theta[...] = double.parameters.theta
    expected, found = loss_and_gradient(double), loss_and_gradient(single)
    assert found[1].dtype == np.float32
    assert found[0] == pytest.approx(expected[0], rel=1e-4)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-4 * np.abs(expected[1]).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_same_network_gives_the_same_bits_however_often_it_is_built_or_replayed(options, dtype):
    networks = [
        build(dtype=dtype, dropout=0.3, generators=[np.random.default_rng(6)], **options) for _ in range(2)
    ]
    found = []
    for network in networks:
        recording, optimizer = network.recording(ROWS), Optimizer(network.parameters, [])
        recording.x[...], recording.target[...] = X, TARGET
        for step in range(1, 6):
            recording.tape.replay()
            optimizer.prepare(step, 0.1)
            optimizer.update.replay()
        found.append(network.parameters.theta.tobytes() + network.statistics.tobytes())
    assert found[0] == found[1]
    once, again = (loss_and_gradient(networks[0]) for _ in range(2))
    assert once[0] == again[0] and once[1].tobytes() == again[1].tobytes()


def test_a_bias_before_batch_norm_would_have_no_gradient(monkeypatch):
    class WithBias(BatchNorm):
        keeps_bias = True

    monkeypatch.setitem(NORMALIZATIONS, "with bias", WithBias)
    network = build(normalization="with bias")
    _, gradient = loss_and_gradient(network)
    named = named_views(network, gradient)
    for number in (1, 2, 3):
        assert np.abs(named[f"dense{number}.bias"]).max() < 1e-14
        assert np.abs(named[f"dense{number}.weight"]).max() > 1e-4


def test_a_linear_network_descends_to_the_least_squares_solution():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(3, 20)), rng.normal(size=(2, 20))
    network = Network([3, 2], ACTIVATIONS["tanh"], LOSSES["mse"], dtype=np.float64)
    optimizer, recording = Optimizer(network.parameters, []), network.recording(20)
    recording.x[...], recording.target[...] = x, y
    for step in range(1, 3001):
        recording.tape.replay()
        optimizer.prepare(step, 0.3)
        optimizer.update.replay()
    solution = np.linalg.lstsq(np.vstack([x, np.ones(20)]).T, y.T)[0].T
    np.testing.assert_allclose(network.parameters.weights[0], solution, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalised_sums_up_to_ten_thousand_overflow_nowhere(normalization, activation, dtype):
    network = build(sizes=[3, 4, 2], activation=activation, normalization=normalization, dtype=dtype)
    x = np.array([[1e4, -1e4, 1e4, 0, 1e-4, 0], [1e4, 1e4, -1e4, 0, 0, 1], [-1e4, 0, 1e4, 0, 1e-4, 0]])
    with np.errstate(all="raise", under="ignore"):
        loss, gradient = loss_and_gradient(network, x, TARGET[:, :6])
    assert np.isfinite(loss) and np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_rows_have_variance_0_and_come_out_of_batch_norm_as_its_shift(dtype):
    network = build(sizes=[3, 4, 2], normalization="batch", dtype=dtype)
    recording = network.gradient_recording(4)
    recording.x[...], recording.target[...] = np.array([[2.0], [-1.0], [0.5]]), TARGET[:, :4]
    with np.errstate(all="raise"):
        recording.tape.replay()
    beta = network.parameters.norms[0][1]
    np.testing.assert_allclose(recording.arena.blocks["n1"].values.T, [beta] * 4, rtol=1e-3, atol=1e-4)
    assert np.isfinite(network.parameters.grad).all()
