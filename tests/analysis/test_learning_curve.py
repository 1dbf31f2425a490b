"""A learning curve changes the number of training rows and nothing else that counts."""

import numpy as np
import pytest

from engine.analysis.learning_curve import FRACTIONS, data_gain, shrunken
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.plan import plan


def planned(config):
    dataset = build_dataset(config)
    return plan(resolve(config, dataset.facts), dataset), dataset


@pytest.mark.parametrize("batch", [1, 32, "full"])
@pytest.mark.parametrize("fraction", FRACTIONS)
def test_fewer_rows_are_learned_from_in_about_as_many_updates(batch, fraction):
    config = parse_config({"samples": 200, "epochs": 40, "batch_size": batch})
    whole, dataset = planned(config)
    small, rows = planned(shrunken(config, len(dataset.x_train), fraction))
    assert len(rows.x_train) == round(fraction * len(dataset.x_train))
    assert abs(small.total_steps - whole.total_steps) <= small.steps_per_epoch
    assert small.batch_size <= len(rows.x_train)


def test_the_whole_share_is_the_run_itself():
    config = parse_config({"samples": 200})
    assert shrunken(config, 150, 1.0) == config


def test_validation_rows_are_the_same_for_each_share():
    config = parse_config({"samples": 200, "label_noise": 0.2})
    whole = build_dataset(config)
    for fraction in FRACTIONS:
        small = build_dataset(shrunken(config, len(whole.x_train), fraction))
        np.testing.assert_array_equal(small.y_val, whole.y_val)
        mine, full = (each.x_val * each.x_scale + each.x_mean for each in (small, whole))
        np.testing.assert_allclose(mine, full, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"warmup_epochs": 2, "early_stopping": 3}, {"warmup_epochs": 10, "early_stopping": 15}),
        ({"schedule": "step"}, {"schedule_every": 150, "schedule_gamma": None}),
        ({"schedule": "multi_step"}, {"schedule_milestones": (250, 375)}),
        ({"schedule": "exponential", "schedule_gamma": 0.5}, {"schedule_gamma": 0.5**0.2}),
        (
            {"schedule": "cyclic_exp_range", "cycle_epochs": 3},
            {"schedule_gamma": 0.95**0.2, "cycle_epochs": 15},
        ),
        ({"schedule": "plateau", "plateau_patience": 0}, {"plateau_patience": 0, "plateau_cooldown": 0}),
    ],
    ids=str,
)
def test_schedule_and_patience_keep_their_lengths_in_updates(settings, expected):
    config = parse_config({"samples": 200, "epochs": 40, "batch_size": 1, **settings})
    small = shrunken(config, 150, 0.2)
    assert small.epochs == 200
    assert {name: getattr(small, name) for name in expected} == expected
    assert parse_config(small.model_dump()) == small


def test_milestones_still_ascend_and_a_patience_is_still_one():
    config = parse_config(
        {
            "samples": 200,
            "epochs": 40,
            "batch_size": 100,
            "schedule": "multi_step",
            "schedule_milestones": [1, 2, 30],
            "early_stopping": 1,
        }
    )
    small = shrunken(config, 150, 0.6)
    assert (small.epochs, small.schedule_milestones, small.early_stopping) == (80, (2, 4, 60), 2)
    fewer = shrunken(config.model_copy(update={"batch_size": 10}), 101, 0.1)
    assert parse_config(fewer.model_dump()) == fewer


ROWS = np.array([10, 50, 100])
FALLING, FLAT = np.array([2.0, 1.0, 0.5]), np.array([0.4, 0.3, 0.3])


@pytest.mark.parametrize(
    ("last", "best", "kind", "gain"),
    [
        (FALLING, FALLING, "helps", 0.5),
        (FALLING, FLAT, "delays", 0.0),
        (FLAT, FLAT, "little", 0.0),
        (FLAT, np.array([0.4, 0.2, 0.3]), "little", -0.5),
    ],
)
def test_more_rows_help_where_they_still_lower_the_best_loss(last, best, kind, gain):
    found = data_gain(ROWS, last, best)
    assert found is not None and found.kind == kind and found.gain == pytest.approx(gain)
    assert found.rows == (10, 50, 100) and found.last == (last[0], last[-1])


def test_sizes_that_diverged_are_passed_over_and_two_are_needed():
    found = data_gain(ROWS, np.array([2.0, 1.0, np.nan]), FALLING)
    assert found is not None and found.rows == (10, 10, 50)
    assert data_gain(ROWS[:1], FALLING[:1], FLAT[:1]) is None
