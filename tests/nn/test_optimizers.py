"""Each optimizer follows its formula, written here once more in plain numpy, over twenty steps."""

import dataclasses

import numpy as np
import pytest

from engine.config.optimizers import OPTIMIZER_SETTINGS
from engine.config.settings import SETTINGS
from engine.nn.optimizers import ClipByNorm, ClipByValue, Decay, Optimizer
from engine.nn.parameters import Parameters
from engine.nn.rules import OPTIMIZERS, Adam, Momentum, Nesterov, RmsProp

RATE = 0.1
GRADIENTS = np.random.default_rng(0).normal(size=(20, 6))
START = np.random.default_rng(1).normal(size=6)


def follow(transforms, measured=False):
    parameters = Parameters([(2, 3)], np.float64)
    parameters.theta[...] = START
    optimizer = Optimizer(parameters, transforms)
    tape = optimizer.measured_update if measured else optimizer.update
    for step, gradient in enumerate(GRADIENTS, start=1):
        parameters.grad[...] = gradient
        optimizer.prepare(step, RATE)
        tape.replay()
    return parameters.theta, optimizer


def sgd(g, state, t):
    return g


def momentum(g, state, t):
    state["b"] = g if t == 1 else 0.9 * state["b"] + g
    return state["b"]


def adam(g, state, t):
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * g**2
    return state["m"] / (1 - 0.9**t) / (np.sqrt(state["v"] / (1 - 0.999**t)) + 1e-3)


def nesterov(g, state, t):
    state["b"] = g if t == 1 else 0.9 * state["b"] + g
    return g + 0.9 * state["b"]


def rmsprop(g, state, t):
    state["v"] = 0.99 * state.get("v", 0) + 0.01 * g**2
    return g / (np.sqrt(state["v"]) + 1e-3)


RULES = {
    "sgd": (sgd, []),
    "momentum": (momentum, [Momentum(0.9)]),
    "nesterov": (nesterov, [Nesterov(0.9)]),
    "rmsprop": (rmsprop, [RmsProp(0.99, 1e-3)]),
    "adam": (adam, [Adam(0.9, 0.999, 1e-3)]),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("clip", ["none", "value", "norm", "both"])
@pytest.mark.parametrize("measured", [False, True])
def test_twenty_steps_equal_the_formula(name, decay, clip, measured):
    rule, transforms = RULES[name]
    clips = [ClipByValue(0.7)] if clip in ("value", "both") else []
    clips += [ClipByNorm(1.2)] if clip in ("norm", "both") else []
    decays = [Decay(decay)] if decay else []
    theta, _ = follow([*clips, *decays, *transforms], measured)
    expected, state = START.copy(), {}
    for t, gradient in enumerate(GRADIENTS, start=1):
        g = np.clip(gradient, -0.7, 0.7) if clip in ("value", "both") else gradient
        if clip in ("norm", "both"):
            g = g * min(1, 1.2 / (np.linalg.norm(g) + 1e-6))
        expected -= RATE * rule(g + decay * expected, state, t)
    np.testing.assert_allclose(theta, expected, rtol=1e-12, atol=1e-14)


def test_decay_behind_the_rule_shrinks_the_weights_apart_from_the_gradient():
    theta, _ = follow([Adam(0.9, 0.999, 1e-3), Decay(0.3)])
    expected, state = START.copy(), {}
    for t, gradient in enumerate(GRADIENTS, start=1):
        expected *= 1 - RATE * 0.3
        expected -= RATE * adam(gradient, state, t)
    np.testing.assert_allclose(theta, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_settings_owners_are_the_optimizers_that_take_it(name):
    deciders = {setting.name: setting.explained.applies_when for setting in SETTINGS.values()}
    mine = {each for each, when in deciders.items() if when and when[0] == "optimizer" and name in when[1]}
    assert mine == set(OPTIMIZERS[name].settings)
    told = OPTIMIZERS[name].transform
    defaults = {} if told is None else {field.name: field.default for field in dataclasses.fields(told)}
    assert OPTIMIZER_SETTINGS[name] == defaults
    assert set(SETTINGS["optimizer"].choices) == set(OPTIMIZERS)


def test_a_measured_update_leaves_the_norms_of_gradient_weights_and_update():
    _, optimizer = follow([ClipByNorm(1.2)], measured=True)
    assert optimizer.measures.clipped_squares.sum() == pytest.approx(1.2**2, rel=1e-5)
    assert np.sqrt(optimizer.measures.update_squares.sum()) == pytest.approx(RATE * 1.2, rel=1e-5)


def test_a_norm_beyond_single_precision_is_still_clipped_right():
    parameters = Parameters([(1, 2)], np.float32)
    optimizer = Optimizer(parameters, [ClipByNorm(1.0)])
    parameters.grad[...] = [3e20, 4e20]
    optimizer.prepare(1, 1.0)
    optimizer.update.replay()
    np.testing.assert_allclose(parameters.theta, [-0.6, -0.8], rtol=1e-6)


def test_updates_leave_the_layers_views_attached_to_theta():
    parameters = Parameters([(2, 3), (1, 3)], np.float64)
    optimizer = Optimizer(parameters, [Adam(0.9, 0.999, 1e-8)])
    parameters.grad[...] = 1.0
    optimizer.prepare(1, 0.5)
    optimizer.update.replay()
    assert all(np.shares_memory(view, parameters.theta) for view in parameters.weights)
    np.testing.assert_allclose(parameters.weights[1], -0.5, rtol=1e-6)
