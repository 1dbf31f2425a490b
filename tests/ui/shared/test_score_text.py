"""Sentences about scores say what the scores say: what flatters, what is not defined and why."""

import numpy as np

from engine.analysis.scores import class_scores, value_scores
from ui.shared.score_text import describe_baselines, describe_flattery, describe_undefined


def scored(labels, predicted, names=("no", "yes")):
    return class_scores(np.array(labels), np.eye(len(names))[predicted], names, loss="cross_entropy")


def test_accuracy_that_a_constant_answer_reaches_is_called_flattering():
    words = describe_flattery(scored([0] * 99 + [1], [0] * 100))
    assert words == (
        "Always predicting 'no' already scores 99.0 % on the validation rows: compare accuracy with that. "
        "Balanced accuracy is 50.0 %."
    )


def test_balanced_classes_undefined_ones_and_values_flatter_nobody():
    assert describe_flattery(scored([0, 1, 0, 1], [0, 1, 1, 1])) == ""
    assert describe_flattery(scored([0, 0], [0, 0])) == ""
    assert describe_flattery(value_scores(np.ones((3, 1)), np.ones((3, 1)))) == ""


def test_scores_with_one_reason_stand_in_one_sentence_and_several_splits_are_named():
    lacking, whole = scored([0, 0], [0, 0]), scored([0, 1], [0, 1])
    assert describe_undefined({"val": whole}) == ""
    alone = describe_undefined({"val": lacking})
    assert alone == "Not defined: balanced accuracy, F1, ROC AUC (no rows of class 'yes')."
    assert describe_undefined({"val": whole, "test": lacking}).startswith(
        "Not defined on test rows: balanced"
    )


def test_many_undefined_scores_of_classes_are_counted_not_listed():
    names = [str(label) for label in range(30)]
    words = describe_undefined({"val": scored([0, 1], [0, 1], names)}, of_classes=True)
    assert "recall of '2', F1 of '2', ROC AUC of '2', recall of '3'" in words and "and 78 more" in words


def test_baselines_are_listed_in_percent_or_as_r2():
    scores = {"majority": {"val": 0.5, "test": 0.25}, "linear": {"val": 0.875, "test": 0.8}}
    assert describe_baselines(scores, "accuracy") == "majority 50.0 %, linear 87.5 %"
    assert describe_baselines(scores, "r2", "test") == "majority 0.25, linear 0.8"
