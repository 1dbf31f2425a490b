"""The form says how it differs from the run whose settings were copied into it, choice by choice."""

from typing import Any

import pytest

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.config.twins import decided_settings, differing
from engine.data.dataset import build_dataset
from ui.train.copied_settings import describe_changes


def said(first: dict[str, Any], second: dict[str, Any]) -> str:
    settings, facts = [], []
    for given in (first, second):
        config = parse_config(given)
        facts.append(build_dataset(config).facts)
        settings.append(decided_settings(resolve(config, facts[-1])))
    return describe_changes(7, settings, differing(settings, facts))


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ({}, {}, "Settings copied from run 7. Change one to start a comparable run."),
        (
            {},
            {"initializer": "xavier_uniform"},
            "Settings copied from run 7. Change one to start a comparable run.",
        ),
        ({}, {"dropout": 0.5}, "One setting differs from run 7: dropout 0 → 0.5."),
        ({}, {"clip_norm": 1.0}, "One setting differs from run 7: clip_norm off → 1."),
        (
            {"features": ["x1", "x2"]},
            {"features": ["x1_squared"], "hidden_sizes": [8]},
            "2 settings differ from run 7: features x1, x2 → x1_squared, hidden_sizes 16·16 → 8.",
        ),
        (
            {"activation": "tanh"},
            {"activation": ["tanh", "sigmoid"]},
            "One setting differs from run 7: activation tanh → tanh, sigmoid.",
        ),
        (
            {},
            {"optimizer": "sgd"},
            "One setting differs from run 7: optimizer adam → sgd; beta1, beta2, eps, amsgrad follow.",
        ),
        (
            {"activation": "tanh"},
            {"activation": "relu"},
            "One setting differs from run 7: activation tanh → relu; initializer follows.",
        ),
    ],
    ids=str,
)
def test_choices_are_counted_and_named_with_both_values_and_what_follows_behind_them(first, second, sentence):
    assert said(first, second) == sentence
