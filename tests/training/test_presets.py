"""Each preset shows what its sentence says: vanishing, exploding, overfitting, and their cures."""

import functools

import numpy as np
import pytest

from engine.config import ConfigError, parse_config
from engine.config.presets import PRESETS, with_preset
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state
from engine.training.telemetry import LAYER_INDEX
from engine.training.trainer import final_summary, train

SEEDS = (0, 1)


@functools.cache
def outcome(name: str, seed: int, **changed) -> dict[str, float]:
    """Train a preset, with some settings changed; return what its sentence speaks of."""
    config = parse_config({**PRESETS[name].settings, "seed": seed, **changed})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    state = initial_state(config, dataset)
    records = [record for record in train(config, dataset, state) if record]
    norms = records[1].layers[:, LAYER_INDEX["grad_norm"]]
    losses = np.array([record["val_loss"] for record in records])
    summary = final_summary(config, dataset, state)
    return {
        "accuracy": summary["val_accuracy"],
        "gap": summary["val_loss"] - summary["train_loss"],
        "turned": summary["val_loss"] / np.nanmin(losses),
        "best_epoch": records[int(np.nanargmin(losses))]["epoch"],
        "first_ratio": norms[0] / norms[-1],
        "weakest": norms[:-1].min(initial=np.inf),
        "first_norm": records[1]["grad_norm"],
        "steps": state.step,
        "diverged": state.diverged,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_sigmoid_layers_vanish_and_stay_at_chance_and_relu_alone_cures_them(seed) -> None:
    sick, cured = outcome("vanishing", seed), outcome("cured", seed)
    assert sick["first_ratio"] < 1e-5 and sick["accuracy"] <= 0.55
    assert cured["first_ratio"] > 0.03 and cured["accuracy"] >= 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_forty_layers_pass_a_gradient_and_learn_with_residual_connections_alone(seed) -> None:
    without, residual = outcome("residual", seed, residual=False), outcome("residual", seed)
    assert without["weakest"] < 1e-25 and without["accuracy"] <= 0.55
    assert residual["weakest"] > 1e-3 and residual["first_ratio"] > 0.1 and residual["accuracy"] >= 0.96


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_over_squares_parts_circles_and_one_over_coordinates_does_not(seed) -> None:
    assert outcome("features", seed)["accuracy"] >= 0.97
    assert abs(outcome("features", seed, features=("x1", "x2"))["accuracy"] - 0.5) < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_large_weights_explode_within_ten_steps_and_clipping_cures_them(seed) -> None:
    sick, cured = outcome("exploding", seed), outcome("clipped", seed)
    assert sick["diverged"] and sick["steps"] <= 10 and 300 < sick["first_norm"] < 1000
    assert not cured["diverged"] and cured["accuracy"] >= 0.95
    assert cured["first_norm"] == pytest.approx(sick["first_norm"], rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_hundred_noisy_rows_are_learned_by_heart_and_dropout_closes_the_gap(seed) -> None:
    sick, cured = outcome("overfit", seed), outcome("dropout", seed)
    assert sick["gap"] > 0.6 and sick["turned"] > 2.3 and sick["best_epoch"] < 40
    assert cured["gap"] < sick["gap"] / 3


@pytest.mark.parametrize("name", ["moons", "digits", "spiral"])
def test_the_healthy_presets_reach_what_they_promise(name) -> None:
    assert outcome(name, 0)["accuracy"] >= 0.96


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_can_be_used_and_says_what_to_watch(name) -> None:
    preset = PRESETS[name]
    parse_config(preset.settings)
    assert preset.name == name and preset.watch.endswith(".") and preset.title


def test_settings_are_laid_over_a_preset_and_its_sizes_give_way() -> None:
    assert with_preset("vanishing", {"epochs": 3})["epochs"] == 3
    assert parse_config(with_preset("vanishing", {"hidden_sizes": [4]})).hidden_sizes == (4,)
    assert parse_config(with_preset("overfit", {"depth": 3, "width": 4})).hidden_sizes == (4, 4, 4)
    with pytest.raises(ConfigError, match="unknown preset 'vanish': did you mean 'vanishing'"):
        with_preset("vanish", {})
