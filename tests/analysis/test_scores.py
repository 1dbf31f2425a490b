"""Scores equal what one counts by hand; what is not defined says why, without a warning."""

import json
import warnings

import numpy as np
import pytest

from engine.analysis.scores import SCORES, class_scores, scores_by_split, value_scores
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state, predict
from engine.training.trainer import final_summary

TWO, THREE = ("no", "yes"), ("a", "b", "c")


def values(scores):
    return {name: score["value"] for name, score in scores.items()}


def reasons(scores):
    return {name: score["why"] for name, score in scores.items() if score["value"] is None}


def binary(labels, probabilities):
    outputs = np.array(probabilities, np.float32)[:, np.newaxis]
    return class_scores(np.array(labels), outputs, TWO, loss="cross_entropy")


def test_two_classes_counted_by_hand():
    """Right: 2 of 3 of the first class, 1 of 2 of the second; 5 of the 6 pairs are ranked rightly."""
    found = binary([0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.8, 0.3])
    assert values(found["scores"]) == pytest.approx(
        {
            "accuracy": 3 / 5,
            "balanced_accuracy": (2 / 3 + 1 / 2) / 2,
            "f1": 1 / 2,
            "roc_auc": 5 / 6,
            "log_loss": -np.log([0.9, 0.4, 0.8, 0.8, 0.3]).mean(),
        },
        rel=1e-6,
    )
    assert found["confusion"] == [[2, 1], [1, 1]] and found["rows"] == 5
    first, second = found["parts"]
    assert (first["name"], first["rows"], second["name"], second["rows"]) == ("no", 3, "yes", 2)
    by_hand = {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "roc_auc": 5 / 6}
    assert values(first["scores"]) == pytest.approx(by_hand)
    assert values(second["scores"]) == pytest.approx(
        dict.fromkeys(("precision", "recall", "f1"), 0.5) | {"roc_auc": 5 / 6}
    )


def test_three_classes_counted_by_hand():
    y = np.array([0, 0, 1, 1, 2, 2])
    outputs = np.array(
        [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7], [0.5, 0.2, 0.3]]
    )
    found = class_scores(y, outputs, THREE, loss="cross_entropy")
    assert found["confusion"] == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
    f1 = [1 / 2, 4 / 5, 2 / 3]
    truth = outputs[np.arange(6), y]
    assert [part["scores"]["f1"]["value"] for part in found["parts"]] == pytest.approx(f1)
    by_class = [part["scores"]["roc_auc"]["value"] for part in found["parts"]]
    pairs = [
        np.mean([np.sign(p - q) / 2 + 0.5 for p in outputs[y == k, k] for q in outputs[y != k, k]])
        for k in range(3)
    ]
    assert by_class == pytest.approx(pairs)
    assert values(found["scores"]) == pytest.approx(
        {
            "accuracy": 4 / 6,
            "balanced_accuracy": (1 / 2 + 1 + 1 / 2) / 3,
            "f1_macro": np.mean(f1),
            "f1_weighted": np.mean(f1),
            "roc_auc": np.mean(pairs),
            "log_loss": -np.log(truth).mean(),
        }
    )


def test_classes_of_99_to_1_look_good_by_accuracy_alone():
    found = values(binary([0] * 99 + [1], [0.1] * 100)["scores"])
    assert (found["accuracy"], found["balanced_accuracy"], found["f1"], found["roc_auc"]) == (
        0.99,
        0.5,
        0.0,
        0.5,
    )


def test_weighted_f1_counts_rows_and_macro_f1_counts_classes():
    y, text = np.array([0] * 8 + [1, 2]), np.array([0] * 8 + [1, 1])
    found = values(class_scores(y, np.eye(3)[text], THREE, loss="cross_entropy")["scores"])
    assert found["f1_macro"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found["f1_weighted"] == pytest.approx(0.8 * 1 + 0.1 * 2 / 3)


def test_a_class_without_a_row_leaves_undefined_what_needs_it_and_nothing_else():
    outputs = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    found = class_scores(np.array([0, 1, 1]), outputs, THREE, loss="cross_entropy")
    why = "no rows of class 'c'"
    assert reasons(found["scores"]) == dict.fromkeys(("balanced_accuracy", "f1_macro", "roc_auc"), why)
    assert found["scores"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert reasons(found["parts"][2]["scores"]) == dict.fromkeys(
        ("recall", "f1", "roc_auc"), "no rows of this class"
    )
    assert found["parts"][2]["scores"]["precision"]["value"] == 0
    only_first = binary([0, 0], [0.2, 0.3])
    assert set(reasons(only_first["scores"])) == {"balanced_accuracy", "f1", "roc_auc"}
    assert reasons(only_first["parts"][0]["scores"]) == {"roc_auc": "all rows are of this class"}
    assert set(reasons(binary([1, 1], [0.2, 0.6])["scores"])) == {"balanced_accuracy", "roc_auc"}


def test_a_class_that_is_never_decided_for_has_no_precision():
    found = binary([0, 0, 1], [0.1, 0.2, 0.3])["parts"][1]["scores"]
    assert reasons(found) == {"precision": "this class is never predicted"}
    assert (found["recall"]["value"], found["f1"]["value"]) == (0, 0)


def test_outputs_that_are_no_numbers_define_nothing():
    why = "1 of 3 predictions are infinite or NaN"
    for trouble in (np.nan, np.inf):
        found = binary([0, 1, 1], [0.2, trouble, 0.7])
        assert set(reasons(found["scores"]).values()) == {why} and found["confusion"] is None
        assert len(reasons(found["scores"])) == 5
        assert all(len(reasons(part["scores"])) == 4 for part in found["parts"])
        numbers = value_scores(np.array([[1.0], [2], [3]]), np.array([[1.0], [trouble], [3]]))
        assert reasons(numbers["scores"]) == dict.fromkeys(("r2", "mae", "rmse"), why)


@pytest.mark.parametrize("classes", [2, 3])
def test_scores_that_are_no_probabilities_rank_and_decide_but_have_no_log_loss(classes):
    y = np.arange(6) % classes
    outputs = 3 * np.eye(classes)[y] - 1
    found = class_scores(y, outputs, THREE[:classes], loss="mse")
    assert reasons(found["scores"]) == {
        "log_loss": "outputs of classes learned with mse are not probabilities"
    }
    assert found["scores"]["roc_auc"]["value"] == found["scores"]["accuracy"]["value"] == 1


def test_two_columns_rank_a_row_by_their_difference():
    outputs = np.array([[0.9, 0.8], [0.1, 0.5]])
    assert class_scores(np.array([0, 1]), outputs, TWO, loss="mse")["scores"]["roc_auc"]["value"] == 1


def test_values_counted_by_hand_in_their_units():
    found = value_scores(np.array([[100.0], [200], [300]]), np.array([[110.0], [200], [270]]))
    assert values(found["scores"]) == pytest.approx(
        {"r2": 1 - 1000 / 20000, "mae": 40 / 3, "rmse": np.sqrt(1000 / 3)}
    )
    assert found["parts"] == [] and found["confusion"] is None


def test_several_outputs_are_scored_one_by_one_and_together_only_where_units_do_not_matter():
    y, text = np.array([[0.0, 0], [2, 20]]), np.array([[1.0, 0], [2, 10]])
    found = value_scores(y, text, ("low", "high"))
    assert [part["name"] for part in found["parts"]] == ["low", "high"]
    assert [values(part["scores"])["mae"] for part in found["parts"]] == [0.5, 5]
    roots = [values(part["scores"])["rmse"] for part in found["parts"]]
    assert roots == pytest.approx([np.sqrt(1 / 2), np.sqrt(50)])
    assert values(found["scores"])["r2"] == pytest.approx(((1 - 1 / 2) + (1 - 100 / 200)) / 2)
    why = "the units of several targets may differ: see the scores of each target"
    assert reasons(found["scores"]) == {"mae": why, "rmse": why}
    assert not any(reasons(part["scores"]) for part in found["parts"])


def test_r2_of_several_outputs_is_the_mean_over_those_that_vary_whatever_their_units():
    y = np.array([[0.0, 0, 7], [2, 20, 7]])
    text = np.array([[0.0, 0, 7], [2, 10, 8]])
    found = value_scores(y, text, ("a", "b", "c"))
    assert values(found["scores"])["r2"] == pytest.approx((1 + 0.5) / 2)
    assert reasons(found["parts"][2]["scores"]) == {"r2": "the true values do not vary"}


def test_values_that_do_not_vary_have_no_r2():
    for y in (np.full((3, 1), 5.0), np.array([[5.0]])):
        found = value_scores(y, y + 1)["scores"]
        assert reasons(found) == {"r2": "the true values do not vary"} and found["mae"]["value"] == 1


def test_finite_predictions_too_far_away_to_be_squared_say_so():
    found = value_scores(np.array([[1.0], [2]]), np.array([[1e200], [-1e200]]))["scores"]
    assert reasons(found) == dict.fromkeys(("r2", "rmse"), "errors are too large")


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("rows", [1, 2, 25])
def test_however_few_rows_there_are_nothing_warns_and_all_is_json(classes, rows):
    """With as many classes as rows, too: scikit-learn would wonder whether they were values."""
    generator = np.random.default_rng(0)
    names = [str(label) for label in range(max(classes, rows * (classes - 2)))] if classes > 2 else TWO
    y = generator.integers(0, len(names), rows)
    outputs = generator.dirichlet(np.ones(len(names)), rows).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = class_scores(y, outputs, names, loss="cross_entropy")
        numbers = value_scores(y[:, np.newaxis].astype(float), outputs[:, :1])
    assert json.loads(json.dumps([found, numbers], allow_nan=False)) == [found, numbers]
    for scores in (found["scores"], numbers["scores"], found["parts"][0]["scores"]):
        assert scores.keys() <= SCORES.keys()
        assert all((score["value"] is None) == bool(score["why"]) for score in scores.values())


@pytest.mark.parametrize(
    "settings",
    [
        {"dataset": "moons", "test_fraction": 0.2},
        {"dataset": "moons", "loss": "cross_entropy"},
        {"dataset": "digits", "samples": 300},
        {"dataset": "diabetes", "test_fraction": 0.2},
        {"dataset": "sine"},
        {"dataset": "linnerud", "batch_size": "full", "test_fraction": 0.3},
    ],
)
def test_accuracy_r2_and_log_loss_are_those_of_the_run(settings):
    config = parse_config({"hidden_sizes": [6], **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    state = initial_state(config, dataset)
    splits = {"val": dataset.x_val, "test": dataset.x_test}
    text = {
        name: predict(config, dataset, state.learned, x) if len(x) else None for name, x in splits.items()
    }
    found, summary = scores_by_split(config, dataset, text), final_summary(config, dataset, state)
    assert set(found) == {name for name, x in splits.items() if len(x)}
    for split, each in found.items():
        of_run = {"r2": f"{split}_r2", "accuracy": f"{split}_accuracy", "log_loss": f"{split}_loss"}
        for name in of_run.keys() & each["scores"].keys():
            assert each["scores"][name]["value"] == pytest.approx(summary[of_run[name]], rel=1e-5)
