"""Epochs of a schedule become updates once, and plateau looks at validation loss while a run trains."""

import numpy as np
import pytest

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.config.settings import SETTINGS
from engine.data.dataset import build_dataset
from engine.nn.schedules import Plateau
from engine.training.model import initial_state
from engine.training.plan import plan
from engine.training.schedule import SCHEDULES, build_plateau, build_schedule, rates
from engine.training.trainer import train
from tests.nn.formulas import SCHEDULE_TABLES

EIGHT = {"samples": 40, "batch_size": 10, "validation_fraction": 0.5, "test_fraction": 0.0, "epochs": 8}


def start(**settings):
    config = parse_config({**EIGHT, "hidden_sizes": [4], "learning_rate": 0.5, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, plan(config, dataset)


@pytest.mark.parametrize("name", SETTINGS["schedule"].choices)
def test_settings_in_epochs_become_updates(name):
    settings, factors = SCHEDULE_TABLES[name]
    config, _, planned = start(schedule=name, **settings)
    assert planned.steps_per_epoch == 2
    schedule = build_schedule(config, planned)
    assert [schedule(2 * epoch) for epoch in range(8)] == pytest.approx(factors, abs=1e-7)
    assert (build_plateau(config, planned) is None) == (name != "plateau")


@pytest.mark.parametrize("name", SETTINGS["schedule"].choices)
def test_the_warm_up_comes_before_any_schedule_which_ends_with_the_run(name):
    config, _, planned = start(schedule=name, warmup_epochs=2)
    whole, _, shorter = start(schedule=name, epochs=6)
    warm, plain = build_schedule(config, planned), build_schedule(whole, shorter)
    assert [warm(done) for done in range(4)] == [0.25, 0.5, 0.75, 1]
    assert [warm(4 + done) for done in range(12)] == [plain(done) for done in range(12)]


@pytest.mark.parametrize("name", SETTINGS["schedule"].choices)
def test_a_warm_up_over_the_whole_run_leaves_no_room_and_no_error(name):
    config, dataset, planned = start(schedule=name, warmup_epochs=8)
    records = list(train(config, dataset, initial_state(config, dataset)))
    assert records[-1] is not None and records[-1]["learning_rate"] == 0.5
    assert np.isfinite(build_schedule(config, planned)(16))


def test_plateau_in_a_run_reduces_by_the_losses_of_its_records():
    settings = {"plateau_patience": 1, "plateau_cooldown": 1, "schedule_gamma": 0.5, "min_learning_rate": 0.1}
    config, dataset, planned = start(
        schedule="plateau", learning_rate=3.0, optimizer="sgd", epochs=20, record_every=1, **settings
    )
    lowest, since, rate, expected, found = np.inf, 0, 3.0, [], []
    for record in train(config, dataset, initial_state(config, dataset)):
        if record is None or record.step == 0:
            continue
        found.append(record["learning_rate"])
        expected.append(rate)
        loss = record["val_loss"]
        if np.isnan(loss):
            continue
        if loss < lowest * (1 - 1e-4):
            lowest, since = loss, max(since, record.step)
        elif record.step - since > 1 * planned.steps_per_epoch:
            rate, since = max(rate / 2, 0.1), record.step + 1 * planned.steps_per_epoch
    assert found == pytest.approx(expected)
    assert len(set(found)) > 2


def test_a_rate_set_by_hand_goes_on_from_where_plateau_is():
    config, dataset, _ = start(schedule="plateau", plateau_patience=0, record_every=1, learning_rate=5.0)
    state = initial_state(config, dataset)
    stream = train(config, dataset, state)
    while state.plateau.factor == 1:
        next(stream)
    factor, state.learning_rate = state.plateau.factor, 2.0
    record = next(each for each in stream if each is not None)
    assert factor == pytest.approx(0.1)
    assert record["learning_rate"] == pytest.approx(0.2)


def test_the_rates_to_draw_are_those_of_the_schedule_and_plateaus_as_if_nothing_fell():
    config, _, planned = start(schedule="exponential", schedule_gamma=0.25)
    drawn = rates(config, planned, 100)
    assert drawn == pytest.approx([0.5 * 0.5**done for done in range(16)])
    assert rates(config, planned, 2) == pytest.approx([0.5, 0.5 * 0.5**15])
    config, _, planned = start(schedule="plateau", plateau_patience=1, plateau_cooldown=1)
    assert rates(config, planned, 100) == pytest.approx([0.5] * 6 + [0.05] * 6 + [0.005] * 4)
    config, _, planned = start(schedule="plateau", plateau_patience=1, plateau_cooldown=1, warmup_epochs=1)
    assert rates(config, planned, 100) == pytest.approx([0.25] + [0.5] * 7 + [0.05] * 6 + [0.005] * 2)


def test_a_plateau_is_built_in_updates():
    config, _, planned = start(
        schedule="plateau", plateau_patience=2, plateau_cooldown=3, min_learning_rate=0.1, warmup_epochs=4
    )
    assert build_plateau(config, planned) == Plateau(
        gamma=0.1, patience=4, threshold=1e-4, cooldown=6, lowest_rate=0.1, start=8
    )


def test_each_schedule_says_what_it_is_in_one_sentence():
    meanings = [kind.meaning for kind in SCHEDULES.values()]
    assert len(set(meanings)) == len(meanings)
    assert all(meaning.endswith(".") and len(meaning) <= 110 for meaning in meanings)
