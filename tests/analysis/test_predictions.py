"""Row losses average to the loss of the curves; confusion and worst rows are counted as defined."""

import numpy as np
import pytest

from engine.analysis.predictions import decided, mistakes, row_losses, wrong
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state, outputs_of, trained_network
from engine.training.trainer import final_summary


def prepared(**settings: object):
    config = parse_config({"hidden_sizes": [6], "dtype": "float64", **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, initial_state(config, dataset)


def raw(config, dataset, state):
    return outputs_of(trained_network(config, dataset, state.learned), dataset.x_val)


@pytest.mark.parametrize(
    "settings",
    [
        {"dataset": "moons"},
        {"dataset": "moons", "loss": "cross_entropy"},
        {"dataset": "digits", "samples": 200},
        {"dataset": "digits", "samples": 200, "loss": "mse"},
        {"dataset": "sine"},
        {"dataset": "sine", "loss": "mae"},
        {"dataset": "diabetes", "loss": "mae"},
        {"dataset": "diabetes", "samples": 200},
        {"dataset": "diabetes", "samples": 200, "loss": "huber", "loss_delta": 0.5},
        {"dataset": "diabetes", "loss": "smooth_l1", "loss_delta": 0.5},
        {"dataset": "linnerud", "batch_size": 5},
        {"dataset": "linnerud", "batch_size": 5, "loss": "smooth_l1", "standardize_target": "off"},
    ],
)
def test_the_mean_of_the_row_losses_is_the_loss_of_the_run(settings) -> None:
    config, dataset, state = prepared(**settings)
    losses = row_losses(config, dataset, raw(config, dataset, state), dataset.y_val)
    assert losses.mean() == pytest.approx(final_summary(config, dataset, state)["val_loss"])


def test_weights_and_smoothing_are_left_out_of_row_losses() -> None:
    plain, weighted = {"dataset": "wine"}, {"class_weights": [1.0, 2.0, 5.0], "label_smoothing": 0.2}
    (config, dataset, state), (other, _, _) = prepared(**plain), prepared(**plain, **weighted)
    outputs = raw(config, dataset, state)
    first, second = (row_losses(each, dataset, outputs, dataset.y_val) for each in (config, other))
    np.testing.assert_array_equal(first, second)


def test_a_row_that_is_certainly_wrong_has_a_large_loss_and_not_an_infinite_one() -> None:
    """A probability of 0 would have no logarithm; raw outputs of -2000 have one."""
    config, dataset, _ = prepared(dataset="moons")
    y = np.array([1, 0])
    np.testing.assert_allclose(row_losses(config, dataset, np.full((2, 1), -2000.0), y), [2000, 0])


def test_the_confusion_counts_every_validation_row_once_with_the_truth_in_rows() -> None:
    config, dataset, state = prepared(dataset="wine")
    found = mistakes(config, dataset, state.learned)
    np.testing.assert_array_equal(found.confusion.sum(axis=1), np.bincount(dataset.y_val))
    np.testing.assert_array_equal(found.confusion.sum(axis=0), np.bincount(found.predicted, minlength=3))
    accuracy = found.confusion.trace() / found.confusion.sum()
    assert accuracy == pytest.approx(final_summary(config, dataset, state)["val_accuracy"])


def test_the_worst_rows_come_first_and_none_is_left_out() -> None:
    config, dataset, state = prepared(dataset="wine")
    losses = row_losses(config, dataset, raw(config, dataset, state), dataset.y_val)
    found = mistakes(config, dataset, state.learned, count=5)
    np.testing.assert_allclose(found.losses, np.sort(losses)[::-1][:5])
    np.testing.assert_allclose(losses[found.worst], found.losses)


def test_a_regression_has_no_confusion_but_worst_rows() -> None:
    config, dataset, state = prepared(dataset="sine")
    found = mistakes(config, dataset, state.learned)
    assert found.confusion.shape == (0, 0)
    assert found.losses[0] == pytest.approx(np.square(found.predicted - found.truth).max())


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "smooth_l1"])
def test_whatever_the_loss_the_worst_value_is_the_farthest_from_the_truth(loss) -> None:
    config, dataset, state = prepared(dataset="diabetes", loss=loss)
    found = mistakes(config, dataset, state.learned)
    assert found.worst[0] == np.abs(found.predicted - found.truth).argmax()
    assert found.losses.shape == found.worst.shape


def test_one_column_is_decided_at_a_half_and_what_is_not_a_number_is_wrong() -> None:
    outputs = np.array([[0.4], [0.6], [np.nan]])
    np.testing.assert_array_equal(decided(outputs[:2]), [0, 1])
    np.testing.assert_array_equal(wrong(outputs, np.array([0, 0, 0])), [False, True, True])
