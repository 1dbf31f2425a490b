"""One step taken apart: it ends at the weights that training had, with the numbers of the textbook."""

import numpy as np
import pytest

from engine.config import ConfigError
from engine.explain.step import ExplainedStep, step_data
from engine.training.model import initial_state
from tests.explain.prepared import SETTINGS, prepared, state_at


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_step_in_the_runs_own_precision_ends_at_the_weights_that_training_had_bit_for_bit(settings):
    config, dataset = prepared(**settings)
    for step in (0, 1, 4, 5):
        before, after = state_at(config, dataset, step), state_at(config, dataset, step + 1)
        kept = before.to_bytes()
        explained = ExplainedStep(config, dataset, before, dtype=config.dtype).finish()
        assert explained.network.parameters.theta.tobytes() == after.theta.tobytes()
        assert before.to_bytes() == kept


def test_it_is_what_a_person_computes_by_hand():
    """A network of two inputs, three tanh units and one output, with squared error, in NumPy alone."""
    config, dataset = prepared(dataset="sine", hidden_sizes=[3], optimizer="sgd", learning_rate=0.1)
    state = state_at(config, dataset, 7)
    data = step_data(ExplainedStep(config, dataset, state).finish())
    named = {name: np.array(value) for name, value in data["weights"].items()}
    w1, b1, w2, b2 = (named[f"dense{n}.{part}"] for n in (1, 2) for part in ("weight", "bias"))
    x = dataset.x_train[data["rows"]].T.astype(np.float64)
    y = dataset.learned_targets(dataset.y_train[data["rows"]]).T
    a1 = np.tanh(w1 @ x + b1[:, None])
    error = w2 @ a1 + b2[:, None] - y
    dz2 = 2 * error / error.size
    dz1 = (w2.T @ dz2) * (1 - a1**2)
    gradient = [dz1 @ x.T, dz1.sum(axis=1), dz2 @ a1.T, dz2.sum(axis=1)]
    assert data["loss"] == pytest.approx((error**2).mean(), rel=1e-6)
    assert data["grad_norm"] == pytest.approx(np.sqrt(sum((g**2).sum() for g in gradient)), rel=1e-6)
    after = {name: np.array(value) for name, value in data["weights_after"].items()}
    np.testing.assert_allclose(after["dense1.weight"], w1 - 0.1 * gradient[0], rtol=1e-6)
    np.testing.assert_allclose(after["dense2.bias"], b2 - 0.1 * gradient[3], rtol=1e-6)
    norms = [np.sqrt((gradient[2 * n] ** 2).sum() + (gradient[2 * n + 1] ** 2).sum()) for n in (0, 1)]
    assert [each["grad_norm"] for each in data["layers"]] == pytest.approx(norms, rel=1e-6)


def test_calls_come_in_the_order_of_the_four_phases_and_read_like_the_textbook():
    config, dataset = prepared(activation="tanh", optimizer="sgd")
    explained = ExplainedStep(config, dataset, initial_state(config, dataset))
    phases = [explained.phase(each) for each in explained.play()]
    assert list(dict.fromkeys(phases)) == ["forward", "loss", "backward", "update"]
    assert phases == sorted(phases, key=["forward", "loss", "backward", "update"].index)
    calls = step_data(explained)["instructions"]
    labels = [each["label"] for each in calls]
    (back,) = [each for each in calls if each["label"] == "da2 = W3ᵀ dz3"]
    assert (back["output"], back["shape"]) == ("da2", [5, 16])
    assert labels[:2] == ["z1 = W1 a0 + b1", "a1 = tanh(z1)"]
    assert labels[-1] == "θ = θ - Δθ"
    assert {"da2 = W3ᵀ dz3", "dW1 = dz1 a0ᵀ, db1 = sum_batch(dz1)"} <= set(labels)


def test_the_batch_is_that_of_the_run_or_one_row_of_it():
    config, dataset = prepared()
    state = state_at(config, dataset, 2)
    np.testing.assert_array_equal(ExplainedStep(config, dataset, state).rows, state.permutation[32:48])
    one = ExplainedStep(config, dataset, state, row=3).finish()
    assert one.rows.tolist() == [3] and one.recording.x.shape == (2, 1)
    np.testing.assert_allclose(one.recording.x[:, 0], dataset.x_train[3])


@pytest.mark.parametrize(
    ("settings", "row", "sentence"),
    [
        ({}, -1, "row must be a training row from 0 to"),
        ({}, 5000, "row must be a training row from 0 to"),
        ({"normalization": "batch"}, 3, "row must be left out for this run, got 3"),
    ],
)
def test_a_row_that_is_no_batch_is_refused(settings, row, sentence):
    config, dataset = prepared(**settings)
    with pytest.raises(ConfigError, match=sentence):
        ExplainedStep(config, dataset, initial_state(config, dataset), row=row)
