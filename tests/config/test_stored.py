"""A stored configuration means what it meant when it was written, whatever the defaults are today."""

import json

import pytest

from engine.config import ConfigError, parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.stored import as_stored, stored_config

FACTS = DataFacts("classification", 2, 700)


def stored(**settings):
    """Return a configuration as a version wrote it that did not know the newest settings."""
    values = json.loads(parse_config(settings).to_json())
    del values["evaluation"], values["last_batch"]
    return json.dumps(values)


@pytest.mark.parametrize("settings", [{"early_stopping": 5}, {"schedule": "plateau"}])
def test_an_older_run_whose_end_validation_loss_decides_keeps_the_evaluations_that_it_had(settings):
    assert resolve(stored_config(stored(**settings)), FACTS).evaluation == "spread"
    assert resolve(parse_config(settings), FACTS).evaluation == "epoch"


def test_an_older_run_with_batch_norm_keeps_its_smaller_last_batch():
    assert stored_config(stored(normalization="batch")).last_batch == "keep"
    assert resolve(parse_config({"normalization": "batch"}), FACTS).last_batch == "spread"
    assert stored_config(stored(normalization="layer")).last_batch == "auto"


def test_an_older_run_that_does_the_same_today_differs_in_no_setting():
    assert stored_config(stored(optimizer="sgd")) == parse_config({"optimizer": "sgd"})


def test_what_a_stored_run_names_stays():
    settings = {"early_stopping": 5, "evaluation": "epoch"}
    assert as_stored(settings) == settings


def test_a_stored_configuration_that_cannot_be_read_is_refused_like_any_other():
    with pytest.raises(ConfigError, match="must be JSON"):
        stored_config("{")
    with pytest.raises(ConfigError, match="activation gone is not known here"):
        stored_config('{"activation": "gone"}')
