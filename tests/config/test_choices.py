"""What a schedule or optimizer takes is filled in with its own defaults, and old files mean the same."""

import pytest

from engine.config import config_from_json, parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.settings import SETTINGS, applies

CLASSES = DataFacts("classification", 3, 100)

SCHEDULED = {
    "constant": {},
    "cosine": {"min_learning_rate": 0.0},
    "one_cycle": {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 10_000.0},
    "plateau": {
        "schedule_gamma": 0.1,
        "plateau_patience": 10,
        "plateau_threshold": 0.0001,
        "plateau_cooldown": 0,
        "min_learning_rate": 0.0,
    },
    "step": {"schedule_gamma": 0.1, "schedule_every": 30},
    "multi_step": {"schedule_gamma": 0.1, "schedule_milestones": (50, 75)},
    "exponential": {"schedule_gamma": 0.95},
    "polynomial": {"schedule_power": 1.0},
    "warm_restarts": {"cycle_epochs": 10, "cycle_multiple": 2, "min_learning_rate": 0.0},
    "cyclic_triangular": {"cycle_epochs": 10, "div_factor": 10.0},
    "cyclic_triangular2": {"cycle_epochs": 10, "div_factor": 10.0},
    "cyclic_exp_range": {"cycle_epochs": 10, "div_factor": 10.0, "schedule_gamma": 0.95},
}
OF_SCHEDULES = {name for taken in SCHEDULED.values() for name in taken}


@pytest.mark.parametrize("schedule", SETTINGS["schedule"].choices)
def test_a_schedule_takes_its_settings_and_no_other_and_open_ones_get_its_own_defaults(schedule):
    resolved = resolve(parse_config({"schedule": schedule}), CLASSES)
    filled = {name: getattr(resolved, name) for name in OF_SCHEDULES if getattr(resolved, name) is not None}
    assert filled == SCHEDULED[schedule]
    offered = {name for name in OF_SCHEDULES if applies(SETTINGS[name].explained, {"schedule": schedule})}
    assert offered == filled.keys()


def test_a_default_that_differs_by_schedule_is_told_in_words_and_one_that_does_not_as_itself():
    gamma = SETTINGS["schedule_gamma"].explained.defaults
    assert SETTINGS["schedule_gamma"].default is None
    assert (gamma["step"], gamma["exponential"]) == (0.1, 0.95)
    assert "0.1 by default" in SETTINGS["schedule_gamma"].help_text
    assert set(SETTINGS["cycle_epochs"].explained.defaults.values()) == {10}
    assert SETTINGS["schedule_milestones"].explained.defaults == {"multi_step": (50, 75)}


def test_a_configuration_from_before_there_were_more_schedules_means_the_same():
    old = '{"schedule": "step", "schedule_gamma": null, "schedule_every": 7, "warmup_epochs": 2}'
    resolved = resolve(config_from_json(old), CLASSES)
    assert (resolved.schedule_gamma, resolved.schedule_every, resolved.warmup_epochs) == (0.1, 7, 2)
    assert (resolved.early_stopping, resolved.restore_best) == (None, False)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"optimizer": "adam", "weight_decay": 0.1}, "coupled"),
        ({"optimizer": "adamw", "weight_decay": 0.1}, "decoupled"),
        ({"optimizer": "lion", "weight_decay": 0.1}, "decoupled"),
        ({"optimizer": "lion", "weight_decay": 0.1, "decay_kind": "coupled"}, "coupled"),
        ({"optimizer": "sgd", "weight_decay": 0.1, "decay_kind": "decoupled"}, "decoupled"),
        ({"optimizer": "adamw"}, "auto"),
    ],
    ids=str,
)
def test_weight_decay_acts_where_the_optimizer_has_it_unless_told(settings, kind):
    resolved = resolve(parse_config(settings), CLASSES)
    assert resolved.decay_kind == kind
    assert resolve(config_from_json(resolved.to_json()), CLASSES) == resolved


@pytest.mark.parametrize(
    "settings",
    [
        {"l1": 0.1, "decay_biases": False},
        {"weight_decay": 0.1, "decay_normalization": False},
        {"optimizer": "rprop", "step_size_min": 2.0, "step_size_max": 2.0},
    ],
    ids=str,
)
def test_what_one_of_two_deciders_allows_is_accepted(settings):
    parse_config(settings)


def test_a_configuration_stored_before_there_were_options_means_what_it_meant():
    stored = '{"optimizer": "adamw", "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}'
    resolved = resolve(config_from_json(stored), CLASSES)
    assert (resolved.amsgrad, resolved.decay_kind, resolved.l1) == (False, "decoupled", 0.0)
    assert resolved.decay_biases and resolved.decay_normalization and resolved.clip_layer_norm is None
    old_rms = resolve(config_from_json('{"optimizer": "rmsprop", "momentum": null}'), CLASSES)
    assert (old_rms.centered, old_rms.momentum) == (False, 0.0)
