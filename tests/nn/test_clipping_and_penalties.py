"""Clipping and penalties act on what they name, by the formula, in their order."""

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByLayerNorm, ClipByNorm, ClipByValue
from engine.nn.optimizers.penalties import L1, Decay, penalty
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameter_names import decay_mask, named_views
from engine.nn.parameters import Parameters

SHAPES = [(2, 3), (1, 3)]
GRADIENT = np.array([3.0, -4.0, 0.1, 0.2, -0.3, 0.4, 0.03, 0.0, -0.04])
START = np.array([1.0, -2.0, 0.0, 0.5, 3.0, -0.1, 2.0, -1.0, 0.0])
ADAM = OPTIMIZERS["adam"].transforms({"beta1": 0.9, "beta2": 0.999, "eps": 1e-3, "amsgrad": False})


def optimizer_of(build, dtype="float64", lead=()):
    parameters = Parameters(SHAPES, dtype, lead)
    parameters.theta[...] = START
    return parameters, Optimizer(parameters, build(parameters))


def layer_clip(limit):
    return lambda parameters: [ClipByLayerNorm(limit, parameters.starts, parameters.sizes)]


def one_step(parameters, optimizer, gradient=GRADIENT, rate=1.0, step=1):
    before = parameters.theta.copy()
    parameters.grad[...] = gradient
    optimizer.prepare(step, rate)
    optimizer.update.replay()
    return before - parameters.theta


@pytest.mark.parametrize("limit", [0.01, 0.5, 5.1, 100.0])
def test_each_layer_is_scaled_by_its_own_norm(limit):
    taken = one_step(*optimizer_of(layer_clip(limit)))
    for part in (slice(0, 6), slice(6, 9)):
        factor = min(1, limit / (np.linalg.norm(GRADIENT[part]) + 1e-6))
        np.testing.assert_allclose(taken[part], factor * GRADIENT[part], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", [layer_clip(0.5), lambda _: [ClipByNorm(0.5)]], ids=["layer", "whole"])
def test_replicates_are_clipped_each_by_its_own_norms(kind):
    gradients = np.stack([GRADIENT, 100 * GRADIENT[::-1]])
    taken = one_step(*optimizer_of(kind, lead=(2,)), gradients)
    for row, gradient in zip(taken, gradients, strict=True):
        np.testing.assert_allclose(row, one_step(*optimizer_of(kind), gradient), rtol=1e-12, atol=1e-15)


def test_value_comes_before_layer_norm_and_layer_norm_before_norm():
    def build(parameters):
        return [
            ClipByValue(2.0),
            ClipByLayerNorm(1.0, parameters.starts, parameters.sizes),
            ClipByNorm(0.5),
        ]

    g = np.clip(GRADIENT, -2, 2)
    for part in (slice(0, 6), slice(6, 9)):
        g[part] *= min(1, 1.0 / (np.linalg.norm(g[part]) + 1e-6))
    g *= min(1, 0.5 / (np.linalg.norm(g) + 1e-6))
    np.testing.assert_allclose(one_step(*optimizer_of(build)), g, rtol=1e-12)


@pytest.mark.parametrize("kind", [layer_clip(1.0), lambda _: [ClipByNorm(1.0)]], ids=["layer", "whole"])
def test_a_norm_beyond_single_precision_is_still_clipped_right(kind):
    parameters, optimizer = optimizer_of(kind, "float32")
    parameters.theta[...] = 0
    taken = one_step(parameters, optimizer, np.array([3e20, 4e20, 0, 0, 0, 0, 0, 0, 0]))
    np.testing.assert_allclose(taken[:2], [0.6, 0.8], rtol=1e-6)


def test_a_gradient_that_is_not_finite_is_not_hidden_by_clipping():
    gradient = GRADIENT.copy()
    gradient[7] = np.nan
    taken = one_step(*optimizer_of(layer_clip(1.0)), gradient)
    assert np.isfinite(taken[:6]).all() and np.isnan(taken[6:]).all()


@pytest.mark.parametrize("penalties", [[], [L1(0.2), Decay(0.7)]], ids=["none", "both"])
def test_the_clipped_norm_is_measured_behind_every_kind_and_before_any_penalty(penalties):
    parameters, optimizer = optimizer_of(lambda parameters: [*layer_clip(0.04)(parameters), *penalties])
    parameters.grad[...] = GRADIENT
    optimizer.prepare(1, 1.0)
    optimizer.measured_update.replay()
    np.testing.assert_allclose(np.sqrt(optimizer.measures.of("clipped")), 0.04, rtol=1e-4)


def test_decay_behind_the_rule_shrinks_the_weights_apart_from_the_gradient():
    parameters, optimizer = optimizer_of(lambda _: [*ADAM, Decay(0.3)])
    plain, other = optimizer_of(lambda _: ADAM)
    expected = START.copy()
    for step in range(1, 4):
        one_step(parameters, optimizer, rate=0.1, step=step)
        expected = expected * (1 - 0.1 * 0.3) - one_step(plain, other, rate=0.1, step=step)
    np.testing.assert_allclose(parameters.theta, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mask", [None, np.array([1.0, 0, 1, 0, 1, 1, 0, 1, 1])], ids=["all", "some"])
def test_penalties_are_the_slope_of_the_penalty_column(mask):
    """Central differences of the column's formula, at weights away from 0."""
    theta = START + 0.3
    parameters, optimizer = optimizer_of(lambda _: [L1(0.2, mask), Decay(0.7, mask)])
    parameters.theta[...] = theta
    taken = one_step(parameters, optimizer, np.zeros(9))
    for i in range(9):
        step = 1e-6 * np.eye(9)[i]
        slope = (penalty(theta + step, 0.2, 0.7, mask) - penalty(theta - step, 0.2, 0.7, mask)) / 2e-6
        assert taken[i] == pytest.approx(slope, abs=1e-8)


def test_a_penalty_is_a_sum_of_magnitudes_and_half_of_squares():
    theta = np.array([1.0, -2.0, 3.0], np.float32)
    assert penalty(theta, 0.1, 0.0) == pytest.approx(0.6)
    assert penalty(theta, 0.0, 0.1) == pytest.approx(0.7)
    assert penalty(theta, 0.1, 0.1, np.array([1.0, 0.0, 1.0])) == pytest.approx(0.4 + 0.5)


def test_at_a_weight_of_zero_l1_adds_nothing():
    taken = one_step(*optimizer_of(lambda _: [L1(0.2)]), np.zeros(9))
    np.testing.assert_allclose(taken, 0.2 * np.sign(START))


def network(normalization):
    return Network(
        [3, 4, 2, 2],
        ACTIVATIONS["tanh"],
        LOSSES["mse"],
        normalization=normalization,
        dtype=np.float64,
    )


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("norms", [True, False])
def test_the_mask_leaves_out_biases_and_normalisations_and_nothing_else(normalization, biases, norms):
    net = network(normalization)
    mask = decay_mask(net, biases=biases, normalization=norms)
    flat = np.ones(net.parameters.size) if mask is None else mask
    for name, part in named_views(net, flat).items():
        stays = (biases or not name.endswith(".bias")) and (norms or not name.startswith("norm"))
        assert (part == stays).all(), name
    assert (mask is None) == bool(flat.all())


def test_where_all_decays_no_mask_is_multiplied():
    _, optimizer = optimizer_of(lambda _: [Decay(0.3)])
    _, masked = optimizer_of(lambda _: [Decay(0.3, np.ones(9))])
    sizes = [
        [np.size(argument) for argument in each.update.instructions[0].arguments]
        for each in (optimizer, masked)
    ]
    assert sizes == [[9, 1, 9], [9, 9, 9]]


def test_labels_of_penalties_say_whether_all_weights_have_one_strength_or_each_its_own():
    for mask, strengths in ((None, ("λ1 l", "λ θ")), (np.ones(9), ("l ⊙ λ1", "θ ⊙ λ"))):
        _, optimizer = optimizer_of(lambda _, mask=mask: [L1(0.2, mask), Decay(0.3, mask)])
        labels = [call.label for call in optimizer.update.instructions]
        l1, decay = strengths
        assert labels[:5] == ["l = sign(θ)", f"l = {l1}", "l = g + l", f"d = {decay}", "d = l + d"]


def test_transforms_act_in_the_order_of_the_list_and_the_norm_is_measured_behind_the_last_that_clips():
    gradient, theta = np.arange(1.0, 10.0), np.linspace(-1, 1, 9)
    limited = np.clip(gradient, -3, 3)
    orders = {
        (ClipByValue(3.0), Decay(0.5)): (limited + 0.5 * theta, limited),
        (Decay(0.5), ClipByValue(3.0)): (np.clip(gradient + 0.5 * theta, -3, 3),) * 2,
    }
    for transforms, (step, clipped) in orders.items():
        parameters = Parameters([(1, 9)], np.float64)
        optimizer = Optimizer(parameters, transforms)
        parameters.theta[...], parameters.grad[...] = theta, gradient
        optimizer.prepare(1, 1.0)
        optimizer.measured_update.replay()
        np.testing.assert_allclose(parameters.theta, theta - step, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(optimizer.measures.of("clipped"), np.square(clipped).sum(), rtol=1e-13)
