"""Baselines score simple methods on the very split that a network is scored on."""

from dataclasses import replace

import numpy as np
import pytest

from engine.config import parse_config
from engine.data.baselines import compute_baselines
from engine.data.dataset import build_dataset
from engine.store.baselines import baselines_for, baselines_of, read_baselines
from engine.store.runs import get_run


def test_the_majority_is_right_as_often_as_its_class_occurs() -> None:
    dataset = build_dataset(parse_config({"dataset": "wine", "test_fraction": 0.2}))
    scores = compute_baselines(dataset)
    most = np.bincount(dataset.y_train).argmax()
    assert scores["majority"] == {
        "val": pytest.approx((dataset.y_val == most).mean()),
        "test": pytest.approx((dataset.y_test == most).mean()),
    }
    assert min(scores["linear"]["val"], scores["gradient boosting"]["val"]) > 0.85


@pytest.mark.parametrize("name", ["wine", "plane"])
def test_validation_rows_teach_a_baseline_nothing(name) -> None:
    """With other validation rows, as many as you like, the scores on the test rows are the same bits."""
    dataset = build_dataset(parse_config({"dataset": name, "samples": 150, "test_fraction": 0.3}))
    other = replace(
        dataset, x_val=np.repeat(dataset.x_test, 5, axis=0), y_val=np.repeat(dataset.y_test, 5, axis=0)
    )
    tests = [
        {method: scores["test"] for method, scores in compute_baselines(each).items()}
        for each in (dataset, other)
    ]
    assert tests[0] == tests[1] and len(tests[0]) == 3


def test_circles_need_more_than_a_line_and_a_plane_does_not() -> None:
    circles = compute_baselines(build_dataset(parse_config({"dataset": "circles"})))
    assert circles["linear"]["val"] < 0.7 < 0.95 < circles["gradient boosting"]["val"]
    plane = compute_baselines(build_dataset(parse_config({"dataset": "plane"})))
    assert plane["mean"]["val"] <= 0 and plane["linear"]["val"] > 0.9 and "test" not in plane["mean"]


def test_baselines_are_computed_once_and_kept_with_their_dataset(store, submitted, monkeypatch) -> None:
    run_id = submitted()
    dataset_id = get_run(store, run_id).dataset_id
    assert read_baselines(store, dataset_id) is None
    scores = baselines_of(store, dataset_id)
    monkeypatch.setattr("engine.store.baselines.compute_baselines", lambda _: pytest.fail("computed again"))
    assert baselines_of(store, dataset_id) == read_baselines(store, dataset_id) == scores


def test_baselines_of_data_that_no_run_uses_yet_are_kept_too(store) -> None:
    dataset_id, scores = baselines_for(store, build_dataset(parse_config({"dataset": "moons"})))
    assert read_baselines(store, dataset_id) == scores
