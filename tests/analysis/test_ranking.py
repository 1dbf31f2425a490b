"""Several runs are ranked by what a metric means; runs that hardly differ are close."""

import numpy as np
import pytest

from engine.analysis.ranking import CLOSE, Ranking, last_finite, rank


@pytest.mark.parametrize(
    ("metric", "best", "worst"),
    [("val_loss", 2, 3), ("generalization_gap", 2, 3), ("val_accuracy", 3, 2), ("train_r2", 3, 2)],
)
def test_of_scores_the_highest_is_best_and_of_everything_else_the_lowest(metric, best, worst):
    found = rank(metric, {1: 0.5, 2: 0.25, 3: 1.0, 4: None})
    assert found is not None and (found.best, found.worst) == (best, worst)


def test_runs_are_close_within_two_percent_of_the_larger():
    near = rank("val_loss", {1: 1 - 0.99 * CLOSE, 2: 1.0})
    apart = rank("val_loss", {1: 1 - 1.01 * CLOSE, 2: 1.0})
    assert near is not None and apart is not None and (near.is_close, apart.is_close) == (True, False)


def test_one_run_is_both_best_and_worst_and_no_value_is_no_ranking():
    assert rank("val_loss", {7: 0.5, 8: None}) == Ranking(7, 0.5, 7, 0.5, False, True)
    assert rank("val_loss", {7: None}) is None and rank("val_loss", {}) is None


def test_the_last_finite_value_counts():
    assert last_finite(np.array([1.0, 2.0, np.nan, np.inf])) == 2.0
    assert last_finite(np.array([np.nan])) is None
