"""Standardising can be switched off, to see what unscaled numbers do to a network."""

from typing import Any

import numpy as np
import pytest

from engine.config import ConfigError, parse_config
from engine.config.resolve import resolve
from engine.data.bundled import bundled
from engine.data.dataset import Dataset, build_dataset
from engine.training.model import initial_state, predict
from engine.training.trainer import final_summary, train


def trained(**settings: Any) -> tuple[Dataset, dict[str, float | int], np.ndarray]:
    """Train and return the data, the summary and the predictions for the validation rows."""
    config = parse_config(settings)
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    state = initial_state(config, dataset)
    for _ in train(config, dataset, state):
        pass
    text = predict(config, dataset, state.learned, dataset.x_val)
    return dataset, final_summary(config, dataset, state), text


def build(**settings: Any) -> Dataset:
    return build_dataset(parse_config(settings))


def test_without_it_the_network_reads_the_numbers_of_the_table() -> None:
    dataset = build(dataset="wine", standardize_inputs="off")
    rows = np.concatenate([dataset.x_train, dataset.x_val])
    raw = bundled("wine")[0]
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], raw[np.lexsort(raw.T)])
    np.testing.assert_array_equal(dataset.x_mean, 0)
    np.testing.assert_array_equal(dataset.x_scale, 1)


def test_the_rows_of_each_split_are_the_same_with_and_without_it() -> None:
    on, off = build(dataset="wine"), build(dataset="wine", standardize_inputs="off")
    np.testing.assert_allclose(on.x_val * on.x_scale + on.x_mean, off.x_val, rtol=1e-12)
    np.testing.assert_array_equal(on.y_val, off.y_val)


def test_unscaled_inputs_keep_a_network_from_learning_what_scaled_ones_teach() -> None:
    scores = {
        scale: trained(dataset="wine", standardize_inputs=scale, epochs=30)[1]["val_accuracy"]
        for scale in ("on", "off")
    }
    assert scores["on"] > 0.95 and scores["off"] < 0.75


def test_unscaled_targets_make_gradients_explode() -> None:
    settings = {"dataset": "diabetes", "optimizer": "sgd", "learning_rate": 0.05, "epochs": 5}
    assert trained(**settings)[1]["val_r2"] > 0
    _, summary, _ = trained(**settings, activation="relu", standardize_target="off")
    assert not np.isfinite(summary["val_loss"]) or summary["val_r2"] < 0


@pytest.mark.parametrize(
    ("settings", "is_scaled"),
    [
        ({"dataset": "diabetes"}, True),
        ({"dataset": "diabetes", "standardize_target": "off"}, False),
        ({"dataset": "plane"}, False),
        ({"dataset": "sine", "standardize_target": "on"}, True),
    ],
)
def test_auto_standardises_the_targets_of_tables_and_leaves_those_of_toys(settings, is_scaled) -> None:
    dataset = build(**settings)
    learned = dataset.learned_targets(dataset.y_train)
    if is_scaled:
        np.testing.assert_allclose([learned.mean(), learned.std()], [0, 1], atol=1e-12)
    else:
        np.testing.assert_array_equal(learned, dataset.y_train)
    config = resolve(parse_config(settings), dataset.facts)
    assert config.standardize_target == ("on" if is_scaled else "off")


def test_a_raw_target_has_its_loss_in_its_own_units_and_predictions_are_in_them_either_way() -> None:
    dataset, summary, text = trained(dataset="diabetes", standardize_target="off", epochs=2)
    assert summary["val_loss"] == pytest.approx(np.square(text - dataset.y_val).mean(), rel=1e-5)
    dataset, summary, text = trained(dataset="diabetes", epochs=2)
    variance = float(dataset.y_scale[0] ** 2)
    assert summary["val_loss"] == pytest.approx(np.square(text - dataset.y_val).mean() / variance, rel=1e-5)


def test_a_scale_of_classes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^standardize_target applies only with dataset sine or plane or"):
        parse_config({"dataset": "wine", "standardize_target": "on"})
    config = parse_config({"dataset": "table", "table": "0" * 64, "target": "a", "standardize_target": "off"})
    facts = build(dataset="wine").facts
    with pytest.raises(ConfigError, match=r"^standardize_target applies only to values to predict, got 3 cl"):
        resolve(config, facts)
