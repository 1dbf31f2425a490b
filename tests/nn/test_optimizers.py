"""Each optimizer follows its formula, written here once more in plain numpy, over twenty steps."""

import dataclasses

import numpy as np
import pytest

from engine.config.optimizers import OPTIMIZER_SETTINGS
from engine.config.settings import SETTINGS
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByNorm, ClipByValue
from engine.nn.optimizers.penalties import Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameters import Parameters

RATE = 0.1
GRADIENTS = np.random.default_rng(0).normal(size=(20, 6))
GRADIENTS[:, 5] = 0.03 * np.arange(1, 21)  # one that keeps its sign
GRADIENTS[3:6, 4] = 0.0  # and one that rests for a while
START = np.random.default_rng(1).normal(size=6)


def follow(transforms, measured=False, gradients: np.ndarray = GRADIENTS, dtype="float64"):
    parameters = Parameters([(2, 3)], dtype)
    parameters.theta[...] = START
    optimizer = Optimizer(parameters, transforms)
    tape = optimizer.measured_update if measured else optimizer.update
    for step, gradient in enumerate(gradients, start=1):
        parameters.grad[...] = gradient
        optimizer.prepare(step, RATE)
        tape.replay()
    return parameters.theta, optimizer


def rule(name, **options):
    return OPTIMIZERS[name].transforms({**OPTIMIZER_SETTINGS[name], **options})


def sgd(g, s, t):
    return g


def momentum(g, s, t, momentum=0.9, dampening=0.0):
    if momentum == 0:
        return g
    s["b"] = g if t == 1 else momentum * s["b"] + (1 - dampening) * g
    return s["b"]


def nesterov(g, s, t, momentum=0.9):
    s["b"] = g if t == 1 else momentum * s["b"] + g
    return g + momentum * s["b"]


def rmsprop(g, s, t, alpha=0.99, eps=1e-8, centered=False, momentum=0.0):
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g**2
    s["a"] = alpha * s.get("a", 0) + (1 - alpha) * g
    u = g / (np.sqrt(s["v"] - s["a"] ** 2 if centered else s["v"]) + eps)
    s["b"] = momentum * s.get("b", 0) + u
    return s["b"]


def adam(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8, amsgrad=False):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    s["v_max"] = np.maximum(s.get("v_max", 0), s["v"])
    v = s["v_max"] if amsgrad else s["v"]
    return s["m"] / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)


def adagrad(g, s, t, lr_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    s["s"] = s.get("s", initial_accumulator_value) + g**2
    return g / (np.sqrt(s["s"]) + eps) / (1 + (t - 1) * lr_decay)


def adadelta(g, s, t, rho=0.9, eps=1e-6):
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g**2
    u = np.sqrt(s.get("d", 0) + eps) / np.sqrt(s["v"] + eps) * g
    s["d"] = rho * s.get("d", 0) + (1 - rho) * u**2
    return u


def adamax(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["u"] = np.maximum(beta2 * s.get("u", 0), np.abs(g) + eps)
    return s["m"] / (1 - beta1**t) / s["u"]


def nadam(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=0.004):
    mu = [beta1 * (1 - 0.5 * 0.96 ** (i * momentum_decay)) for i in range(1, t + 2)]
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    mix = (1 - mu[-2]) * g / (1 - np.prod(mu[:-1])) + mu[-1] * s["m"] / (1 - np.prod(mu))
    return mix / (np.sqrt(s["v"] / (1 - beta2**t)) + eps)


def radam(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    m = s["m"] / (1 - beta1**t)
    rho = 2 / (1 - beta2) - 1
    now = rho - 2 * t * beta2**t / (1 - beta2**t)
    if now <= 5:
        return m
    r = np.sqrt((now - 4) * (now - 2) * rho / ((rho - 4) * (rho - 2) * now))
    return m * r * np.sqrt(1 - beta2**t) / (np.sqrt(s["v"]) + eps)


def rprop(g, s, t, eta_minus=0.5, eta_plus=1.2, step_size_min=1e-6, step_size_max=50.0):
    agree = np.sign(g) * np.sign(s.get("previous", np.zeros(6)))
    factor = np.where(agree > 0, eta_plus, np.where(agree < 0, eta_minus, 1))
    s["size"] = np.clip(s.get("size", np.full(6, RATE)) * factor, step_size_min, step_size_max)
    s["previous"] = np.where(agree < 0, 0, g)
    return np.sign(s["previous"]) * s["size"] / RATE


def lion(g, s, t, beta1=0.9, beta2=0.99):
    u = np.sign(beta1 * s.get("m", 0) + (1 - beta1) * g)
    s["m"] = beta2 * s.get("m", 0) + (1 - beta2) * g
    return u


RULES = [
    (sgd, {}),
    (momentum, {}),
    (momentum, {"dampening": 0.4, "momentum": 0.6}),
    (momentum, {"dampening": 0.4, "momentum": 0.0}),
    (nesterov, {"momentum": 0.6}),
    (rmsprop, {}),
    (rmsprop, {"eps": 1e-3, "alpha": 0.8, "momentum": 0.5}),
    (rmsprop, {"eps": 1e-3, "alpha": 0.8, "centered": True}),
    (rmsprop, {"eps": 1e-3, "centered": True, "momentum": 0.5}),
    (adam, {}),
    (adam, {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2}),
    (adam, {"beta2": 0.5, "eps": 1e-2, "amsgrad": True}),
    (adagrad, {}),
    (adagrad, {"lr_decay": 0.3, "initial_accumulator_value": 0.2, "eps": 1e-2}),
    (adadelta, {}),
    (adadelta, {"rho": 0.6, "eps": 1e-2}),
    (adamax, {}),
    (adamax, {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2}),
    (nadam, {}),
    (nadam, {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2, "momentum_decay": 2.0}),
    (radam, {}),
    (radam, {"beta1": 0.7, "beta2": 0.9, "eps": 1e-2}),
    (radam, {"beta2": 0.6}),
    (rprop, {}),
    (rprop, {"eta_minus": 0.3, "eta_plus": 1.7, "step_size_min": 0.02, "step_size_max": 0.25}),
    (lion, {}),
    (lion, {"beta1": 0.5, "beta2": 0.7}),
]
IDS = [f"{function.__name__} {options or ''}" for function, options in RULES]
CLIPS = {
    "none": [],
    "value": [ClipByValue(0.7)],
    "norm": [ClipByNorm(1.2)],
    "both": [ClipByValue(0.7), ClipByNorm(1.2)],
}


@pytest.mark.parametrize(("formula", "options"), RULES, ids=IDS)
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("measured", [False, True])
def test_twenty_steps_equal_the_formula(formula, options, decay, clip, measured):
    decays = [Decay(decay)] if decay else []
    theta, _ = follow([*CLIPS[clip], *decays, *rule(formula.__name__, **options)], measured)
    expected, state = START.copy(), {}
    for t, gradient in enumerate(GRADIENTS, start=1):
        g = np.clip(gradient, -0.7, 0.7) if clip in ("value", "both") else gradient
        if clip in ("norm", "both"):
            g = g * min(1, 1.2 / (np.linalg.norm(g) + 1e-6))
        expected = expected - RATE * formula(g + decay * expected, state, t, **options)
    np.testing.assert_allclose(theta, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("formula", "options"), RULES, ids=IDS)
def test_what_is_remembered_is_what_the_formula_remembers(formula, options):
    transforms = rule(formula.__name__, **options)
    _, optimizer = follow(transforms)
    state = {}
    for t, gradient in enumerate(GRADIENTS, start=1):
        formula(gradient, state, t, **options)
    for name, slot in optimizer.slots.items():
        if name in state:
            np.testing.assert_allclose(slot, state[name], rtol=1e-11, atol=1e-14, err_msg=name)
    assert OPTIMIZERS[formula.__name__].slots({**OPTIMIZER_SETTINGS[formula.__name__], **options}) == len(
        optimizer.slots
    )


@pytest.mark.parametrize(("formula", "options"), RULES, ids=IDS)
def test_replicates_side_by_side_step_as_each_one_alone(formula, options):
    parameters = Parameters([(2, 3)], np.float64, lead=(2,))
    parameters.theta[...] = START
    optimizer = Optimizer(parameters, rule(formula.__name__, **options))
    others = GRADIENTS[::-1]
    for step, pair in enumerate(zip(GRADIENTS, others, strict=True), start=1):
        parameters.grad[...] = pair
        optimizer.prepare(step, RATE)
        optimizer.update.replay()
    for theta, gradients in zip(parameters.theta, (GRADIENTS, others), strict=True):
        alone, _ = follow(rule(formula.__name__, **options), gradients=gradients)
        np.testing.assert_array_equal(theta, alone)


@pytest.mark.parametrize(("formula", "options"), RULES, ids=IDS)
def test_single_precision_follows_and_no_number_is_widened(formula, options):
    gradients = GRADIENTS.astype(np.float32)
    theta, optimizer = follow(rule(formula.__name__, **options), gradients=gradients, dtype="float32")
    wide, _ = follow(rule(formula.__name__, **options), gradients=gradients)
    np.testing.assert_allclose(theta, wide, rtol=2e-3, atol=2e-4)
    outputs = [each.output for each in optimizer.update.instructions]
    assert {array.dtype for array in (*outputs, *optimizer.cells.values())} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_gradient_of_zero_moves_nothing_and_one_that_is_not_finite_shows(name):
    theta, _ = follow(rule(name), gradients=np.zeros((3, 6)))
    np.testing.assert_array_equal(theta, START)
    with np.errstate(all="ignore"):
        theta, _ = follow(rule(name), gradients=np.full((2, 6), np.nan))
    assert np.isnan(theta).all()


def test_every_optimizer_stands_among_the_formulas():
    assert {function.__name__ for function, _ in RULES} == set(OPTIMIZERS) - {"adamw"}
    assert OPTIMIZERS["adamw"].transform is OPTIMIZERS["adam"].transform


def test_a_variance_below_zero_by_rounding_counts_as_zero():
    gradients = np.full((2000, 6), 1e3 / 3, np.float32)
    theta, _ = follow(rule("rmsprop", centered=True), gradients=gradients, dtype="float32")
    assert np.isfinite(theta).all()


@pytest.mark.parametrize("rate", [1e-3, 0.0])
def test_rprop_goes_its_own_way_whatever_the_later_learning_rates(rate):
    parameters = Parameters([(2, 3)], np.float64)
    optimizer = Optimizer(parameters, rule("rprop"))
    for step, now in enumerate((RATE, 1e-3, rate), start=1):
        parameters.grad[...] = 1.0
        optimizer.prepare(step, now)
        optimizer.update.replay()
    last = 1.44 * RATE if rate else 0.0
    np.testing.assert_allclose(parameters.theta, -(RATE + 1.2 * RATE + last), rtol=1e-14)


@pytest.mark.parametrize("step", [1, 5, 400, 40_000])
def test_nadams_product_is_the_same_whether_a_run_came_here_or_was_resumed_here(step):
    came, (resumed,) = rule("nadam")[0], rule("nadam")
    for each in range(1, step):
        came.scalars(each)
    assert came.scalars(step) == resumed.scalars(step)
    mu = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * np.arange(1, step + 1)))
    expected = (1 - mu[-1]) / (1 - np.prod(mu))
    assert resumed.scalars(step)["gradient_share"] == pytest.approx(expected, rel=1e-12)


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
    _, optimizer = follow([ClipByNorm(1.2)], measured=True, gradients=2 * GRADIENTS)
    assert optimizer.measures.of("clipped").sum() == pytest.approx(1.2**2, rel=1e-5)
    assert np.sqrt(optimizer.measures.of("update").sum()) == pytest.approx(RATE * 1.2, rel=1e-5)


def test_updates_leave_the_layers_views_attached_to_theta():
    parameters = Parameters([(2, 3), (1, 3)], np.float64)
    optimizer = Optimizer(parameters, rule("adam"))
    parameters.grad[...] = 1.0
    optimizer.prepare(1, 0.5)
    optimizer.update.replay()
    assert all(np.shares_memory(view, parameters.theta) for view in parameters.weights)
    np.testing.assert_allclose(parameters.weights[1], -0.5, rtol=1e-6)
