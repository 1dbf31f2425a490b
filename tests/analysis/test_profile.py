"""A profile replays what training computed: same gradients, same activations, zeros counted as zeros."""

import numpy as np
import pytest

from engine.analysis.profile import (
    GRADIENT_POWERS,
    Profiler,
    layer_parts,
    magnitude_counts,
    weights_over_time,
)
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state
from engine.training.telemetry import LAYER_INDEX
from engine.training.trainer import train


def start(**settings):
    config = parse_config({"samples": 60, "epochs": 5, "hidden_sizes": [5, 4], **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, initial_state(config, dataset)


@pytest.mark.parametrize("dataset", ["moons", "sine", "wine"])
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
def test_with_a_full_batch_the_next_records_gradient_is_the_profiles(
    dataset, activation, normalization, dtype, tolerance
):
    settings = {"dataset": dataset, "activation": activation, "dtype": dtype, "batch_size": "full"}
    settings["normalization"] = normalization
    config, data, state = start(**settings)
    profiler = Profiler(config, data)
    expected = loss = None
    for record in filter(None, train(config, data, state)):
        if expected is not None:
            norms = record.layers[:, LAYER_INDEX["grad_norm"]]
            np.testing.assert_allclose(norms, expected, rtol=tolerance)
            assert record["batch_loss"] == pytest.approx(loss, rel=tolerance)
        profile = profiler.at(state.theta)
        expected = [np.linalg.norm(gradient.astype(np.float64)) for gradient in profile.gradients]
        loss = profile.loss


def test_activations_are_those_that_training_recorded_with_dropout_left_out():
    config, data, state = start(dropout=0.5, dtype="float64")
    profiler = Profiler(config, data)
    for record in filter(None, train(config, data, state)):
        if np.isfinite(record["train_loss"]):
            profile = profiler.at(state.theta)
            means = [values.mean() for values in profile.activations]
            np.testing.assert_allclose(record.layers[:, LAYER_INDEX["activation_mean"]], means)
            assert record["train_loss"] == pytest.approx(profile.loss)


def test_a_profile_is_a_copy_that_the_next_one_leaves_alone():
    config, data, state = start()
    profiler = Profiler(config, data)
    first = profiler.at(state.theta)
    kept = [gradient.copy() for gradient in first.gradients]
    profiler.at(state.theta * 2)
    for gradient, before in zip(first.gradients, kept, strict=True):
        np.testing.assert_array_equal(gradient, before)


def test_the_parts_of_the_parameters_are_the_layers_weights():
    config, data, state = start(normalization="batch")
    weights = Profiler(config, data).at(state.theta).weights
    for part, weight in zip(layer_parts(config, data), weights, strict=True):
        np.testing.assert_array_equal(state.theta[part], weight)


def test_weights_of_a_diverged_run_give_a_profile_without_a_warning():
    config, data, state = start()
    assert not np.isfinite(Profiler(config, data).at(state.theta * np.nan).loss)


def test_exact_zeros_have_a_count_of_their_own_and_no_finite_value_is_lost():
    counts = magnitude_counts(np.array([0.0, -0.0, 1e-30, -1e-3, 1e9, np.nan, np.inf]))
    assert len(counts) == len(GRADIENT_POWERS)
    assert (counts[0], counts[1], counts[-1], counts.sum()) == (2, 1, 1, 5)
    assert counts[1 + np.searchsorted(GRADIENT_POWERS, -3, side="right") - 1] == 1


def test_every_weight_of_a_layer_is_counted_at_each_snapshot():
    snapshots = {0: np.array([9.0, -1.0, 0.5]), 3: np.array([9.0, 2.0, np.nan])}
    edges, counts = weights_over_time(snapshots, slice(1, 3))
    assert (edges[0], edges[-1]) == (-2, 2)
    assert counts.sum(axis=1).tolist() == [2, 1]
    assert counts[1, -1] == 1


def test_weights_that_are_all_zero_lie_in_the_middle():
    _, counts = weights_over_time({0: np.zeros(4)}, slice(0, 4))
    assert counts[0, len(counts[0]) // 2] == 4
