"""Initial weights have the shape, the spread and the structure that their formula promises."""

import numpy as np
import pytest

from engine.nn.initializers import INITIALIZERS, orthogonal

SPREADS = {
    "xavier_uniform": 2 / 500,
    "xavier_normal": 2 / 500,
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
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
