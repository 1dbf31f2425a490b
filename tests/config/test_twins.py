"""The program counts what differs between two runs, as they were resolved, and says so."""

import pytest

from engine.config import parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.twins import differences, twin_sentence

FACTS = DataFacts("classification", 2, 300)


def resolved(**settings):
    return resolve(parse_config(settings), FACTS)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "The settings of run 7: change one of them to train its twin."),
        ({"dropout": 0.5}, "A twin of run 7: dropout 0.0 → 0.5 is the only difference."),
        ({"clip_norm": 1.0}, "A twin of run 7: clip_norm off → 1.0 is the only difference."),
        (
            {"activation": "relu"},
            "2 settings differ from run 7, so it is no twin: "
            "activation tanh → relu, initializer xavier_uniform → he_normal.",
        ),
        (
            {"activation": "relu", "initializer": "xavier_uniform"},
            "A twin of run 7: activation tanh → relu is the only difference.",
        ),
    ],
)
def test_what_differs_is_counted_after_open_settings_were_filled_in(settings, sentence):
    assert twin_sentence(7, differences(resolved(), resolved(**settings))) == sentence
