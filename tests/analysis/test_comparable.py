"""Runs are ranked by a metric only where it is the same measure of the same rows."""

from typing import Any

import pytest

from engine.analysis.comparable import Incomparable, why_incomparable
from engine.config import RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset


def resolved(**settings: Any) -> RunConfig:
    config = parse_config({"samples": 80, "batch_size": 8, **settings})
    return resolve(config, build_dataset(config).facts)


def reason(metric: str, first: dict[str, Any], second: dict[str, Any]) -> Incomparable | None:
    return why_incomparable({1: resolved(**first), 2: resolved(**second)}, metric)


VALUES = {"dataset": "sine"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"learning_rate": 0.1, "hidden_sizes": [3], "seed": 7, "optimizer": "sgd", "epochs": 3}),
        ({}, {"loss": "binary_cross_entropy"}),
        ({}, {"weight_decay": 0.1, "dropout": 0.5}),
        ({}, {"train_fraction": 0.5}),
        ({}, {"standardize_inputs": "off"}),
        ({}, {"features": ["x1", "x1_squared"]}),
        ({}, {"dtype": "float64"}),
    ],
    ids=str,
)
def test_what_changes_the_training_alone_leaves_validation_losses_comparable(first, second):
    assert reason("val_loss", first, second) is None
    assert reason("val_accuracy", first, second) is None


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ({}, {"loss": "mse"}, "loss"),
        ({}, {"class_weights": [1.0, 2.0]}, "class_weights"),
        ({}, {"label_smoothing": 0.1}, "label_smoothing"),
        ({**VALUES, "loss": "huber"}, {**VALUES, "loss": "huber", "loss_delta": 0.1}, "loss_delta"),
    ],
    ids=str,
)
def test_losses_of_another_kind_are_not_comparable_and_scores_are(first, second, name):
    for metric in ("val_loss", "train_loss", "best_val_loss", "test_loss", "generalization_gap"):
        found = reason(metric, first, second)
        assert found is not None and name in found.loss and not found.rows
    assert reason("val_accuracy", first, second) is None and reason("val_score", first, second) is None


@pytest.mark.parametrize(
    "other",
    [
        {"data_seed": 1},
        {"noise": 0.4},
        {"samples": 100},
        {"validation_fraction": 0.3},
        {"dataset": "circles"},
    ],
    ids=str,
)
def test_other_rows_are_comparable_by_nothing(other):
    for metric in ("val_loss", "val_accuracy", "test_score"):
        found = reason(metric, {}, other)
        assert found is not None and next(iter(other)) in found.rows


def test_fewer_training_rows_are_other_rows_for_what_is_measured_on_them():
    less = {"train_fraction": 0.5}
    assert reason("val_loss", {}, less) is None
    for metric in ("train_loss", "train_accuracy", "generalization_gap"):
        found = reason(metric, {}, less)
        assert found is not None and found.rows == ("train_fraction",)


def test_the_unit_of_a_loss_is_that_of_the_targets_deviation():
    table = {"dataset": "diabetes"}
    found = reason("val_loss", table, {**table, "standardize_target": "off"})
    assert found is not None and "standardize_target" in found.rows
    assert reason("val_r2", table, {**table, "standardize_target": "off"}) is None
    found = reason("val_loss", table, {**table, "train_fraction": 0.5})
    assert found is not None and found.rows == ("train_fraction",)


def test_a_run_whose_settings_are_unknown_cannot_be_ranked_and_one_alone_always_can():
    known = resolved()
    assert why_incomparable({1: known, 4: None, 6: None}, "val_loss") == Incomparable(unknown=(4, 6))
    assert why_incomparable({4: None}, "val_loss") is None


def test_what_is_a_fact_of_its_run_needs_nothing():
    assert reason("grad_norm", {}, {"dataset": "circles", "loss": "mse"}) is None
    assert why_incomparable({1: resolved(), 2: None}, "learning_rate") is None
