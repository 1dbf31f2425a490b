"""Measures are what they say, and expectations compare them."""

from typing import Any

import numpy as np
import pytest

from engine.config import ConfigError, parse_config
from engine.config.presets import with_preset
from engine.data.dataset import build_dataset
from engine.lessons.expectations import filled, read_expectation
from engine.lessons.measures import MEASURES, STATUSES, Values, format_measure
from engine.lessons.training import Trained, train_one
from engine.training.evaluation import evaluate_all, fixed_rows
from engine.training.model import initial_state, trained_network
from engine.training.telemetry import LAYER_INDEX, SCALAR_INDEX

SMALL = {"samples": 100, "epochs": 6, "hidden_sizes": [6], "batch_size": 16}


def trained(target: float | None = None, updates: int | None = None, **settings: object) -> Trained:
    """Return a small run that has ended."""
    return train_one(parse_config({**SMALL, **settings}), target=target, updates=updates)


def test_every_measure_is_taken_of_every_run() -> None:
    run = trained()
    assert run.values.keys() == MEASURES.keys()
    assert run.values["status"] == "finished" and run.values["epochs"] == 6


def test_losses_and_scores_are_those_of_the_weights_that_the_run_ends_with() -> None:
    run = trained(epochs=12, learning_rate=0.1, early_stopping=2, restore_best=True)
    assert run.values["status"] == "stopped_early"
    last = list(run.snapshots.values())[-1]
    rows = fixed_rows(run.config, run.dataset)
    network = trained_network(run.config, run.dataset, last)
    (loss, train_score), (val_loss, score) = (evaluate_all(network, each) for each in rows)
    measured = [run.values[name] for name in ("loss", "val_loss", "train_score", "score", "gap")]
    assert measured == pytest.approx([loss, val_loss, train_score, score, val_loss - loss], rel=1e-6)
    assert run.values["best_val_loss"] == pytest.approx(val_loss, rel=1e-6)
    assert run.values["start_loss"] == run.scalars[0, SCALAR_INDEX["train_loss"]]


def test_gradients_are_means_over_the_first_tenth_of_the_updates() -> None:
    run = trained(epochs=10, hidden_sizes=[6, 6])
    steps, norms = run.scalars[:, SCALAR_INDEX["step"]], run.layers[:, :, LAYER_INDEX["grad_norm"]]
    early = norms[(steps >= 1) & (steps <= 5)]  # 50 updates: five batches of at most 16 of 75 rows an epoch
    assert len(early) == 5
    first, last = early[:, 0].mean(), early[:, -1].mean()
    found = [run.values[name] for name in ("first_layer_gradient", "last_layer_gradient", "gradient_ratio")]
    assert found == pytest.approx([first, last, first / last])


def test_a_run_that_diverged_has_infinite_losses_and_no_score() -> None:
    run = train_one(parse_config(with_preset("exploding", {"epochs": 3})))
    values: dict[str, Any] = dict(run.values)
    assert values["status"] == "diverged" and values["loss"] == values["val_loss"] == np.inf
    assert values["max_grad_norm"] > 1e3
    assert np.isnan(values["score"]) and np.isnan(values["gap"])
    assert values["epochs"] < 1
    assert not read_expectation("score < 1", [""]).holds({"": values})
    assert read_expectation("status = diverged", [""]).holds({"": values})


def test_the_noise_of_a_gradient_is_its_scatter_over_the_batches_by_the_mean() -> None:
    config = parse_config({**SMALL, "batch_size": 1, "epochs": 1, "optimizer": "sgd", "learning_rate": 1e-9})
    run = train_one(config)
    state = initial_state(run.config, build_dataset(config))
    network = trained_network(run.config, run.dataset, state.learned)
    (rows, _), gradients = fixed_rows(run.config, run.dataset), []
    for place in range(rows.x.shape[1]):
        recording = network.recording(1)
        recording.x[...], recording.target[...] = rows.x[:, [place]], rows.target[:, [place]]
        recording.tape.replay()
        gradients.append(network.parameters.grad.astype(np.float64))
    each = np.array(gradients)
    expected = np.sqrt(each.var(axis=0).sum()) / np.linalg.norm(each.mean(axis=0))
    assert run.values["gradient_noise"] == pytest.approx(expected, rel=1e-4)
    assert trained(batch_size="full").values["gradient_noise"] == 0


def test_samples_to_loss_counts_the_rows_until_the_target_was_measured() -> None:
    run = trained(target=0.6, epochs=20)
    losses, steps = (run.scalars[:, SCALAR_INDEX[name]] for name in ("train_loss", "step"))
    epochs, batches = divmod(int(steps[np.flatnonzero(losses < 0.6)[0]]), 5)
    assert epochs > 0 and run.values["samples_to_loss"] == 75 * epochs + 16 * batches
    assert run.values["samples"] == 75 * 20
    assert trained(target=1e-9).values["samples_to_loss"] == np.inf
    assert np.isnan(trained().values["samples_to_loss"])


def test_dead_and_saturated_are_the_largest_share_of_a_layer_at_the_end() -> None:
    run = trained(activation="sigmoid", hidden_sizes=[6, 6], optimizer="sgd", learning_rate=50.0, epochs=10)
    shares = run.layers[:, :-1, LAYER_INDEX["saturated_fraction"]]
    assert run.values["saturated"] == np.nanmax(shares[np.isfinite(shares).any(axis=1)][-1]) > 0
    assert run.values["dead"] == 0


def test_a_run_ends_after_as_many_updates_as_asked_for() -> None:
    run = trained(updates=7)
    assert run.values["steps"] == 7 and max(run.snapshots) == 7
    assert run.scalars[-1, SCALAR_INDEX["step"]] <= 7


RUNS: dict[str, Values] = {
    "a": {"loss": 0.5, "score": 0.75, "status": "finished", "samples_to_loss": np.inf},
    "b": {"loss": 0.01, "score": np.nan, "status": "diverged", "samples_to_loss": 1200.0},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a.loss < 1", True),
        ("a.loss < 0.5", False),
        ("a.loss <= 0.5", True),
        ("a.loss >= 5e-1", True),
        ("b.loss < 0.1 of a.loss", True),
        ("b.loss < 1e-3 of a.loss", False),
        ("a.loss > b.loss", True),
        ("b.status = diverged", True),
        ("a.status = diverged", False),
        ("b.score > 0", False),
        ("b.score <= 1", False),
        ("a.samples_to_loss > b.samples_to_loss", True),
    ],
)
def test_an_expectation_compares_what_was_measured(text: str, holds: bool) -> None:
    assert read_expectation(text, ["a", "b"]).holds(RUNS) == holds


def test_an_expectation_says_what_was_measured() -> None:
    said = [
        read_expectation(text, ["a", "b"]).describe(RUNS)
        for text in ("b.loss < 0.1 of a.loss", "a.status = diverged")
    ]
    assert said == ["b.loss < 0.1 of a.loss: 0.01 against 0.05", "a.status = diverged: it is finished"]


@pytest.mark.parametrize(
    "text", ["loss < 1", "c.loss < 1", "a.loss < one", "a.loss < 1 of b.status", "a.loss", 3, None]
)
def test_an_expectation_that_says_nothing_clear_is_refused(text: object) -> None:
    with pytest.raises(ConfigError):
        read_expectation(text, ["a", "b"])


def test_measured_numbers_take_their_places_in_a_text_and_formulas_stay() -> None:
    text = r"From {a.loss} to {b.loss:.3f}, score {a.score}; $\frac{a}{b.c} + x_{loss}$ and `{loss}`."
    assert filled(text, RUNS) == r"From 0.5 to 0.010, score 75.0 %; $\frac{a}{b.c} + x_{loss}$ and `{loss}`."
    with pytest.raises(ConfigError, match="unknown measure 'lose'"):
        filled("{a.lose}", RUNS)
    with pytest.raises(ConfigError, match=r"a number must be written in a form such as :\.3g, got :q"):
        filled("{a.loss:q}", RUNS)


def test_a_value_is_written_as_people_read_it() -> None:
    assert format_measure("score", 0.5, "r2") == "0.5"
    assert format_measure("samples_to_loss", np.inf) == "never"
    assert format_measure("val_loss", np.inf) == "infinite"
    assert format_measure("samples", 12000.0) == "12,000"
    assert format_measure("status", STATUSES[1]) == "stopped early"
    assert format_measure("score", np.nan) == "–"
