"""The form says how it differs from the run whose settings were copied into it."""

import pytest

from ui.train.copied_settings import describe_differences


@pytest.mark.parametrize(
    ("differing", "sentence"),
    [
        ({}, "Settings copied from run 7. Change one to start a comparable run."),
        ({"dropout": (0.0, 0.5)}, "One setting differs from run 7: dropout 0 → 0.5."),
        ({"clip_norm": (None, 1.0)}, "One setting differs from run 7: clip_norm off → 1."),
        (
            {"features": (("x1", "x2"), ("x1_squared",)), "hidden_sizes": ((16, 16), (8,))},
            "2 settings differ from run 7: features x1, x2 → x1_squared, hidden_sizes 16·16 → 8.",
        ),
        (
            {"activation": ("relu", ("relu", "tanh"))},
            "One setting differs from run 7: activation relu → relu, tanh.",
        ),
    ],
)
def test_differences_are_counted_and_named_with_both_values(differing, sentence):
    assert describe_differences(7, differing) == sentence
