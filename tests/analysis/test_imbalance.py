"""Accuracy flatters where one class has most of the rows and the others are missed."""

import numpy as np
import pytest

from engine.analysis.imbalance import FlatteringAccuracy, flattering_accuracy
from engine.analysis.scores import class_scores, value_scores


def scored(labels, predicted, names=("no", "yes")):
    return class_scores(np.array(labels), np.eye(len(names))[predicted], names, loss="cross_entropy")


def test_an_accuracy_that_a_constant_answer_reaches_is_found():
    found = flattering_accuracy(scored([0] * 99 + [1], [0] * 100))
    assert found == FlatteringAccuracy(0.99, 0.5, "no", 0.99)


@pytest.mark.parametrize(
    "found",
    [
        scored([0, 1, 0, 1], [0, 1, 1, 1]),
        scored([0, 0], [0, 0]),
        value_scores(np.ones((3, 1)), np.ones((3, 1))),
    ],
    ids=["balanced", "one class", "regression"],
)
def test_balanced_classes_undefined_scores_and_regressions_flatter_nobody(found):
    assert flattering_accuracy(found) is None
