"""Training records what its columns promise, resumes exactly at every step, and learns."""

from itertools import pairwise

import numpy as np
import pytest

from engine.config import ConfigError, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import predict, weights_by_layer
from engine.training.plan import EVALUATIONS_AT_LEAST, check_memory, evaluated_rows, plan
from engine.training.telemetry import LAYER_INDEX
from engine.training.trainer import final_summary, train
from tests.training.short_runs import records_of, start


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    runs = [start(seed=seed) for seed in (1, 1, 2)]
    for run in runs:
        records_of(*run)
    first, second, other = (run[2].theta.tobytes() for run in runs)
    assert first == second != other


def test_dropout_changes_neither_the_first_weights_nor_the_order_of_rows():
    plain, dropped = start(), start(dropout=0.5)
    np.testing.assert_array_equal(plain[2].theta, dropped[2].theta)
    next_rows = []
    for config, dataset, state in (plain, dropped):
        records_of(config, dataset, state)
        next_rows.append(state.permutation)
    np.testing.assert_array_equal(next_rows[0], next_rows[1])


def test_a_deeper_twin_keeps_the_first_layers_weights():
    shallow, deep = start(hidden_sizes=[5]), start(hidden_sizes=[5, 5])
    np.testing.assert_array_equal(
        weights_by_layer(*shallow)["dense1.weight"], weights_by_layer(*deep)["dense1.weight"]
    )


def test_recorded_losses_are_those_of_the_weights_at_that_step():
    config, dataset, state = start(dropout=0.4, dtype="float64")
    for record in train(config, dataset, state):
        if record is None or np.isnan(record["train_loss"]):
            continue
        for x, y, name in (
            (dataset.x_train, dataset.y_train, "train_loss"),
            (dataset.x_val, dataset.y_val, "val_loss"),
        ):
            a = x
            weights = weights_by_layer(config, dataset, state)
            a = np.tanh(a @ weights["dense1.weight"].T + weights["dense1.bias"])
            z = (a @ weights["dense2.weight"].T + weights["dense2.bias"])[:, 0]
            p = 1 / (1 + np.exp(-z))
            loss = -np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))
            assert record[name] == pytest.approx(loss, abs=1e-5)
        assert record["generalization_gap"] == record["val_loss"] - record["train_loss"]


def test_record_zero_has_losses_and_no_gradient():
    record = records_of(*start())[0]
    assert record.step == 0 and np.isfinite(record["train_loss"])
    assert np.isnan(record["grad_norm"]) and np.isnan(record["batch_loss"])


def test_the_learning_rate_of_a_record_is_the_one_that_the_schedule_gave_its_update():
    settings = {"learning_rate": 0.4, "optimizer": "sgd", "clip_norm": 1e-3, "epochs": 5}
    config, dataset, state = start(**settings, schedule="step", schedule_every=2, warmup_epochs=1)
    records = records_of(config, dataset, state)
    rates = [record["learning_rate"] for record in records[1:]]
    per_epoch = plan(config, dataset).steps_per_epoch
    warm = [0.4 * (k + 1) / per_epoch for k in range(per_epoch)]
    np.testing.assert_allclose(rates, [*warm, *[0.4] * (2 * per_epoch), *[0.04] * (2 * per_epoch)])
    for before, record in pairwise(records):
        weights = np.sqrt(np.square(before.layers[:, LAYER_INDEX["weight_norm"]]).sum())
        step_length = record["update_ratio"] * weights
        assert step_length == pytest.approx(record["learning_rate"] * record["grad_norm_clipped"], rel=1e-4)


def test_zero_weights_keep_the_units_of_a_layer_equal_for_ever():
    config, dataset, state = start(initializer="zeros", activation="sigmoid")
    records_of(config, dataset, state)
    weights = weights_by_layer(config, dataset, state)["dense1.weight"]
    assert np.ptp(weights, axis=0).max() == 0 < np.abs(weights).max()


def test_clipping_shows_in_the_norm_after_it_and_not_in_the_norm_before():
    records = records_of(*start(clip_norm=0.01))[1:]
    assert all(record["grad_norm_clipped"] <= 0.01 for record in records)
    assert all(record["grad_norm"] > 0.01 for record in records)


def test_layer_norms_add_up_to_the_global_norm():
    for record in records_of(*start(hidden_sizes=[5, 4]))[1:]:
        layers = record.layers[:, LAYER_INDEX["grad_norm"]]
        assert np.sqrt(np.square(layers).sum()) == pytest.approx(record["grad_norm"])


def test_ten_sigmoid_layers_vanish_where_ten_relu_layers_do_not():
    ratios = {}
    for activation in ("sigmoid", "relu"):
        record = records_of(*start_deep(activation))[1]
        norms = record.layers[:, LAYER_INDEX["grad_norm"]]
        ratios[activation] = norms[0] / norms[-1]
    assert ratios["sigmoid"] < 1e-5
    assert ratios["relu"] > 1e-3


def start_deep(activation, **settings):
    return start(hidden_sizes=[32] * 10, activation=activation, initializer="xavier", **settings)


def test_batch_norm_lets_ten_sigmoid_layers_learn():
    cured = {"samples": 400, "noise": 0.1, "epochs": 100, "optimizer": "momentum", "learning_rate": 0.05}
    accuracies = {}
    for normalization in ("none", "batch"):
        run = start_deep("sigmoid", normalization=normalization, batch_size=32, **cured)
        records_of(*run)
        accuracies[normalization] = final_summary(*run)["val_accuracy"]
    assert accuracies["none"] < 0.6
    assert accuracies["batch"] > 0.9


def test_an_exploding_run_ends_diverged_with_its_last_record_kept():
    config, dataset, state = start(
        activation="relu", optimizer="sgd", learning_rate=1e6, loss="mse", epochs=50
    )
    last = records_of(config, dataset, state)[-1]
    assert last.diverged and state.diverged and state.step < plan(config, dataset).total_steps
    assert not np.isfinite([last["batch_loss"], last["train_loss"]]).all()


def test_a_linear_network_reaches_the_least_squares_solution():
    config, dataset, state = start(
        dataset="sine",
        hidden_sizes=[],
        optimizer="sgd",
        learning_rate=0.2,
        batch_size="full",
        epochs=400,
        dtype="float64",
    )
    records_of(config, dataset, state)
    design = np.column_stack([dataset.x_train, np.ones(len(dataset.x_train))])
    solution = np.linalg.lstsq(design, dataset.y_train, rcond=None)[0][:, 0]
    np.testing.assert_allclose(state.theta, solution, atol=1e-8)


def test_float32_follows_float64():
    runs = [start(dtype=dtype, epochs=5) for dtype in ("float32", "float64")]
    losses = [records_of(*run)[-1]["train_loss"] for run in runs]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


def test_evaluations_of_a_small_run_are_some_fifty_and_never_above_four_hundred():
    config, dataset, _ = start(epochs=200)
    assert 45 <= len(plan(config, dataset).evaluation_steps) <= 401
    config, dataset, _ = start(epochs=100_000)
    assert len(plan(config, dataset).evaluation_steps) == 401


@pytest.mark.parametrize("settings", [{}, {"epochs": 40}, {"hidden_sizes": [512, 256]}, {"batch_size": 256}])
def test_evaluations_on_many_rows_look_at_fewer_rows_than_are_trained_on(settings):
    wide = {"samples": 20_000, "hidden_sizes": [128, 64], "batch_size": 32, "epochs": 5}
    config, dataset, _ = start(**{**wide, **settings})
    planned = plan(config, dataset)
    looked_at = len(planned.evaluation_steps) * sum(evaluated_rows(planned.sizes, dataset))
    assert len(planned.evaluation_steps) > EVALUATIONS_AT_LEAST
    assert looked_at < planned.total_steps * planned.batch_size


def test_a_run_of_few_epochs_is_evaluated_at_the_end_of_each():
    config, dataset, _ = start(samples=4000, hidden_sizes=[128, 64], batch_size=64, epochs=12)
    planned = plan(config, dataset)
    assert sorted(planned.evaluation_steps) == [*range(0, planned.total_steps + 1, planned.steps_per_epoch)]


def test_a_run_of_few_updates_is_evaluated_after_each_and_any_other_ten_times_at_least():
    config, dataset, _ = start(batch_size="full", epochs=7)
    assert plan(config, dataset).evaluation_steps == frozenset(range(8))
    config, dataset, _ = start(samples=20_000, batch_size=1024, epochs=1, hidden_sizes=[512, 512])
    assert len(plan(config, dataset).evaluation_steps) == EVALUATIONS_AT_LEAST + 1


def test_a_network_beyond_memory_is_refused_with_the_estimate():
    config = parse_config({"hidden_sizes": [1_000_000, 1_000_000]})
    dataset = build_dataset(config)
    with pytest.raises(ConfigError, match=r"parameters need about .* TB"):
        check_memory(plan(resolve(config, dataset.facts), dataset), 16 * 2**30)


def test_one_very_wide_layer_is_allowed():
    config = parse_config({"hidden_sizes": [1_000_000], "samples": 10})
    dataset = build_dataset(config)
    config = resolve(config.model_copy(update={"batch_size": 1}), dataset.facts)
    check_memory(plan(config, dataset), 16 * 2**30)


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_predictions_are_probabilities_and_agree_with_the_summary(normalization):
    config, dataset, state = start(epochs=30, normalization=normalization)
    records_of(config, dataset, state)
    p = predict(config, dataset, state.learned, dataset.x_val)[:, 0]
    assert ((p > 0.5) == dataset.y_val).mean() == final_summary(config, dataset, state)["val_accuracy"]


def test_what_batch_norm_learned_is_named_beside_the_weights():
    config, dataset, state = start(normalization="batch")
    records_of(config, dataset, state)
    named = weights_by_layer(config, dataset, state)
    assert set(named) == {
        *(f"norm1.{name}" for name in ("gamma", "beta", "running_mean", "running_variance")),
        *("dense1.weight", "dense2.weight", "dense2.bias"),
    }
    learned = sum(array.size for name, array in named.items() if "running" not in name)
    assert learned == plan(config, dataset).parameters == state.theta.size
    z = dataset.x_val @ named["dense1.weight"].T
    scale = named["norm1.gamma"] / np.sqrt(named["norm1.running_variance"] + 1e-5)
    a = np.tanh((z - named["norm1.running_mean"]) * scale + named["norm1.beta"])
    p = 1 / (1 + np.exp(-(a @ named["dense2.weight"].T + named["dense2.bias"])))
    np.testing.assert_allclose(predict(config, dataset, state.learned, dataset.x_val), p, rtol=1e-5)


def test_digits_are_learned_to_095():
    config, dataset, state = start(
        dataset="digits", samples=None, epochs=20, batch_size=32, hidden_sizes=[64]
    )
    records_of(config, dataset, state)
    assert final_summary(config, dataset, state)["val_accuracy"] >= 0.95
