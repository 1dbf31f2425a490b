"""Each optimizer follows its formula in plain NumPy, that of formulas.py, over twenty steps."""

import dataclasses

import numpy as np
import pytest

from engine.config.settings import SETTINGS
from engine.nn.optimizers.chain import Optimizer, scalars_of
from engine.nn.optimizers.clipping import ClipByNorm, ClipByValue
from engine.nn.optimizers.penalties import Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameters import Parameters
from tests.nn.formulas import RATE, RULES

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
    return OPTIMIZERS[name].transforms({**OPTIMIZERS.options[name], **options})


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
    assert OPTIMIZERS[formula.__name__].slots({**OPTIMIZERS.options[formula.__name__], **options}) == len(
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


def test_adamw_is_adam_with_its_decay_apart():
    adam, adamw = OPTIMIZERS["adam"], OPTIMIZERS["adamw"]
    assert (adamw.transform, adam.decoupled, adamw.decoupled) == (adam.transform, False, True)


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
        scalars_of(came, each)
    assert scalars_of(came, step) == scalars_of(resumed, step)
    mu = 0.9 * (1 - 0.5 * 0.96 ** (0.004 * np.arange(1, step + 1)))
    expected = (1 - mu[-1]) / (1 - np.prod(mu))
    assert scalars_of(resumed, step)["gradient_share"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_settings_owners_are_the_optimizers_that_take_it(name):
    conditions = {setting.name: setting.explained.depends_on for setting in SETTINGS.values()}
    rules = {each: when[0] for each, when in conditions.items() if when and when[0].setting == "optimizer"}
    mine = {each for each, when in rules.items() if when.holds({"optimizer": name})}
    assert mine == set(OPTIMIZERS[name].settings)
    shown = OPTIMIZERS[name].transform
    defaults = {} if shown is None else {field.name: field.default for field in dataclasses.fields(shown)}
    assert OPTIMIZERS.options[name] == defaults
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
