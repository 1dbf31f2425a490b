"""The toys have the shapes that their names promise."""

import numpy as np
import pytest

from engine.data.synthetic import SYNTHETIC, circles, moons, sine, spiral


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("rows", [10, 11, 400])
def test_moons_without_noise_are_the_moons_of_scikit_learn(rows: int) -> None:
    from sklearn.datasets import make_moons

    x, y = moons(rows, 0.0, generator())
    expected_x, expected_y = make_moons(rows, shuffle=False, noise=None)
    np.testing.assert_allclose(x, expected_x, atol=1e-15)
    np.testing.assert_array_equal(y, expected_y)


def test_circles_without_noise_lie_on_radius_one_and_one_half() -> None:
    x, y = circles(101, 0.0, generator())
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1.0, 0.5))


def test_the_second_arm_of_the_spiral_is_the_first_turned_by_half_a_turn() -> None:
    x, y = spiral(2000, 0.0, generator())
    unwound = x.copy()
    unwound[y == 1] *= -1
    distance = np.hypot(*unwound.T)
    angle = np.arctan2(unwound[:, 1], unwound[:, 0])
    turns_off = (angle - 2.5 * np.pi * distance) / (2 * np.pi)
    np.testing.assert_allclose(turns_off, np.round(turns_off), atol=1e-12)
    assert distance.min() >= 0.1 and distance.max() <= 1


def test_sine_noise_moves_the_target_and_not_the_feature() -> None:
    x, y = sine(5000, 0.3, generator())
    residual = y - np.sin(2 * np.pi * x)
    assert x.shape == y.shape == (5000, 1)
    assert np.abs(x).max() <= 1
    assert residual.std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("name", ["moons", "circles", "spiral"])
def test_feature_noise_is_gaussian_with_the_deviation_asked_for_and_keeps_the_labels(name: str) -> None:
    clean_x, clean_y = SYNTHETIC[name](4000, 0.0, generator(3))
    noisy_x, noisy_y = SYNTHETIC[name](4000, 0.25, generator(3))
    np.testing.assert_array_equal(noisy_y, clean_y)
    assert (noisy_x - clean_x).std() == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize("name", ["moons", "circles", "spiral"])
def test_both_classes_have_as_many_rows_as_each_other_give_or_take_one(name: str) -> None:
    counts = np.bincount(SYNTHETIC[name](101, 0.1, generator())[1])
    assert counts.tolist() == [50, 51]
