"""Initial weights have the shape, the spread and the structure that their formula promises."""

import math

import numpy as np
import pytest

from engine.nn.initializers import INITIALIZERS, normal, orthogonal, pytorch, pytorch_bias, scaled

SPREADS = {
    "xavier_uniform": 2 / 500,
    "xavier_normal": 2 / 500,
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
    "lecun_uniform": 1 / 300,
    "lecun_normal": 1 / 300,
    "pytorch": 1 / 900,
    "orthogonal": 1 / 300,
    "normal": 0.01**2,
    "zeros": 0,
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_have_mean_zero_and_the_variance_of_their_formula(name):
    weights = INITIALIZERS[name](np.random.default_rng(0), 300, 200)
    assert weights.shape == (200, 300)
    assert weights.var() == pytest.approx(SPREADS[name], rel=0.02)
    assert weights.mean() == pytest.approx(0, abs=1e-3)


DRAWS = {
    "xavier_uniform": ("uniform", math.sqrt(6 / 12)),
    "xavier_normal": ("normal", math.sqrt(2 / 12)),
    "he_uniform": ("uniform", math.sqrt(6 / 5)),
    "he_normal": ("normal", math.sqrt(2 / 5)),
    "lecun_uniform": ("uniform", math.sqrt(3 / 5)),
    "lecun_normal": ("normal", math.sqrt(1 / 5)),
    "pytorch": ("uniform", math.sqrt(1 / 5)),
    "normal": ("normal", 0.3),
}


@pytest.mark.parametrize("name", DRAWS)
def test_weights_are_the_generators_own_draws_times_the_size_of_the_formula(name):
    kind, size = DRAWS[name]
    initializer = normal(0.3) if name == "normal" else INITIALIZERS[name]
    draws, weights = np.random.default_rng(2), initializer(np.random.default_rng(2), 5, 7)
    expected = draws.uniform(-1, 1, (7, 5)) if kind == "uniform" else draws.standard_normal((7, 5))
    np.testing.assert_allclose(weights, size * expected, rtol=1e-14)
    assert np.abs(weights).max() > 0.5 * size


def test_torchs_biases_are_the_generators_own_draws_too_and_zeros_are_zeros():
    expected = np.random.default_rng(2).uniform(-1, 1, 7) / math.sqrt(5)
    np.testing.assert_allclose(pytorch_bias(np.random.default_rng(2), 5, 7), expected, rtol=1e-14)
    np.testing.assert_array_equal(INITIALIZERS["zeros"](np.random.default_rng(2), 5, 7), np.zeros((7, 5)))


@pytest.mark.parametrize(("fan_in", "fan_out"), [(3, 5), (5, 3), (4, 4)])
def test_orthogonal_weights_keep_lengths_as_far_as_their_shape_allows(fan_in, fan_out):
    weights = orthogonal(np.random.default_rng(1), fan_in, fan_out)
    product = weights.T @ weights if fan_out >= fan_in else weights @ weights.T
    np.testing.assert_allclose(product, np.eye(min(fan_in, fan_out)), atol=1e-14)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(3, 5), (4, 4)])
def test_orthogonal_weights_are_q_of_the_generators_draws_where_r_has_a_positive_diagonal(fan_in, fan_out):
    weights = orthogonal(np.random.default_rng(1), fan_in, fan_out)
    r = weights.T @ np.random.default_rng(1).normal(size=(fan_out, fan_in))
    np.testing.assert_allclose(np.tril(r, -1), 0, atol=1e-14)
    assert (np.diag(r) > 0).all()


def test_orthogonal_matrices_turn_and_mirror_equally_often():
    """Without the signs of R's diagonal a square Q would always be a mirror."""
    signs = [np.linalg.det(orthogonal(np.random.default_rng(seed), 2, 2)) for seed in range(400)]
    assert np.mean(signs) == pytest.approx(0, abs=0.15)


def test_torchs_own_start_is_a_uniform_draw_within_the_inverse_root_of_the_fan_for_biases_too():
    weights = pytorch(np.random.default_rng(0), 16, 5000)
    biases = pytorch_bias(np.random.default_rng(0), 16, 5000)
    for drawn in (weights, biases):
        assert 0.249 < np.abs(drawn).max() <= 0.25
        assert drawn.var() == pytest.approx(0.25**2 / 3, rel=0.05)
    assert biases.shape == (5000,)


def test_a_gain_multiplies_the_very_same_draws():
    plain, larger = (
        initializer(np.random.default_rng(3), 4, 5) for initializer in (orthogonal, scaled(orthogonal, 2.5))
    )
    np.testing.assert_array_equal(larger, 2.5 * plain)
