"""Sentences about scores say what the scores say: what flatters, what is not defined and why."""

import numpy as np

from engine.analysis.scores import class_scores, value_scores
from ui.shared.score_text import flattery_words, undefined_words


def scored(labels, said, names=("no", "yes")):
    return class_scores(np.array(labels), np.eye(len(names))[said], names, loss="cross_entropy")


def test_accuracy_that_a_constant_answer_reaches_is_called_flattering():
    words = flattery_words(scored([0] * 99 + [1], [0] * 100))
    assert "always saying 'no' is right on 99.0 % of the validation rows" in words and "50.0 %" in words


def test_balanced_classes_undefined_ones_and_values_flatter_nobody():
    assert flattery_words(scored([0, 1, 0, 1], [0, 1, 1, 1])) == ""
    assert flattery_words(scored([0, 0], [0, 0])) == ""
    assert flattery_words(value_scores(np.ones((3, 1)), np.ones((3, 1)))) == ""


def test_scores_with_one_reason_stand_in_one_sentence_and_several_splits_are_named():
    lacking, whole = scored([0, 0], [0, 0]), scored([0, 1], [0, 1])
    assert undefined_words({"val": whole}) == ""
    alone = undefined_words({"val": lacking})
    assert alone == "Not defined: balanced accuracy, F1, ROC AUC, because no row is of class 'yes'."
    assert undefined_words({"val": whole, "test": lacking}).startswith("Not defined for test rows: balanced")


def test_many_undefined_scores_of_classes_are_counted_not_listed():
    names = [str(label) for label in range(30)]
    words = undefined_words({"val": scored([0, 1], [0, 1], names)}, of_classes=True)
    assert "recall of '2', F1 of '2', ROC AUC of '2', recall of '3'" in words and "and 78 more" in words
