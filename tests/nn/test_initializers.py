"""Initial weights have the shape, the spread and the structure that their formula promises."""

import numpy as np
import pytest

from engine.nn.initializers import INITIALIZERS, orthogonal, pytorch, pytorch_bias, scaled

SPREADS = {
    "xavier_uniform": 2 / 500,
    "xavier_normal": 2 / 500,
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
    "lecun_uniform": 1 / 300,
    "lecun_normal": 1 / 300,
    "pytorch": 1 / 900,
    "orthogonal": 1 / 300,
    "zeros": 0,
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_have_mean_zero_and_the_variance_of_their_formula(name):
    weights = INITIALIZERS[name](np.random.default_rng(0), 300, 200)
    assert weights.shape == (200, 300)
    assert weights.var() == pytest.approx(SPREADS[name], rel=0.02)
    assert weights.mean() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(3, 5), (5, 3), (4, 4)])
def test_orthogonal_weights_keep_lengths_as_far_as_their_shape_allows(fan_in, fan_out):
    weights = orthogonal(np.random.default_rng(1), fan_in, fan_out)
    product = weights.T @ weights if fan_out >= fan_in else weights @ weights.T
    np.testing.assert_allclose(product, np.eye(min(fan_in, fan_out)), atol=1e-14)


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
