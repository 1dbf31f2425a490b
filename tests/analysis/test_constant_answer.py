"""The best constant answer is what its formula says, whatever the loss."""

import numpy as np
import pytest

from engine.analysis.constant_answer import ConstantAnswer, _lowest, constant_answer
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset


def answer_of(**settings) -> tuple[ConstantAnswer, Dataset]:
    config = parse_config(settings)
    dataset = build_dataset(config)
    found = constant_answer(resolve(config, dataset.facts), dataset)
    assert found is not None
    return found, dataset


@pytest.mark.parametrize("name", ["wine", "digits", "breast_cancer"])
def test_for_classes_it_is_the_shares_of_the_training_rows(name):
    found, dataset = answer_of(dataset=name)
    shares = np.bincount(dataset.y_train, minlength=dataset.classes) / len(dataset.y_train)
    assert found.loss == pytest.approx(-np.log(shares[dataset.y_val]).mean(), rel=1e-4)
    assert found.score == (dataset.y_val == shares.argmax()).mean() and found.rows == len(dataset.y_val)


def test_class_weights_count_as_in_the_loss():
    found, dataset = answer_of(dataset="breast_cancer", class_weights=[1.0, 9.0])
    weights = np.array([1.0, 9.0])
    mass = np.bincount(dataset.y_train) * weights
    each = -np.log((mass / mass.sum())[dataset.y_val]) * weights[dataset.y_val]
    assert found.loss == pytest.approx(each.sum() / weights[dataset.y_val].sum(), rel=1e-4)


@pytest.mark.parametrize(("loss", "answer"), [("mse", np.mean), ("mae", np.median)])
def test_for_values_it_is_the_mean_or_the_median_of_the_training_rows(loss, answer):
    found, dataset = answer_of(dataset="diabetes", loss=loss)
    train, val = (dataset.learned_targets(y)[:, 0] for y in (dataset.y_train, dataset.y_val))
    error = val - answer(train)
    assert found.loss == pytest.approx(np.mean(error**2 if loss == "mse" else abs(error)), rel=1e-3)
    assert found.score <= 0 and not found.is_class


def test_label_smoothing_counts_as_in_the_loss():
    found, dataset = answer_of(dataset="wine", label_smoothing=0.2)
    smooth = 0.8 * np.eye(dataset.classes) + 0.2 / dataset.classes
    shares = smooth[dataset.y_train].mean(axis=0)
    assert found.loss == pytest.approx(-(smooth[dataset.y_val] @ np.log(shares)).mean(), rel=1e-4)


def test_under_a_loss_without_a_formula_it_is_what_fits_the_training_rows_best():
    found, dataset = answer_of(dataset="diabetes", loss="huber", loss_delta=0.3)
    train, val = (dataset.learned_targets(y)[:, 0] for y in (dataset.y_train, dataset.y_val))

    def huber(values: np.ndarray, answer: float) -> float:
        error = np.abs(values - answer)
        return float(np.where(error <= 0.3, error**2 / 2, 0.3 * (error - 0.15)).mean())

    best = min(np.linspace(-1, 1, 20_001), key=lambda answer: huber(train, answer))
    assert found.loss == pytest.approx(huber(val, best), rel=1e-3)


def test_a_score_that_is_clearly_higher_or_a_loss_two_percent_lower_is_better():
    coin = ConstantAnswer(loss=0.693, score=0.5, rows=100, is_class=True)
    assert coin.is_as_good(0.693, 0.5) and coin.is_as_good(0.9, 0.55) and coin.is_as_good(0.68, 0.45)
    many = ConstantAnswer(loss=0.693, score=0.5, rows=10_000, is_class=True)
    assert many.is_as_good(0.693, 0.509) and not many.is_as_good(0.693, 0.52)
    assert not coin.is_as_good(0.693, 0.56) and not coin.is_as_good(0.67, 0.5)


@pytest.mark.parametrize("curvature", [1e-4, 1.0, 30.0, 1e4])
def test_the_descent_finds_the_lowest_loss_however_flat_or_steep_it_is(curvature):
    centre = np.array([3.0, -2.0])

    def measure(outputs):
        away = outputs - centre
        return 5 + curvature / 2 * float(away @ away), curvature * away

    loss, place = _lowest(measure, np.zeros(2))
    assert loss == pytest.approx(5, abs=1e-3) and loss == measure(place)[0]
