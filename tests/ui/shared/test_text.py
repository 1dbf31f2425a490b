"""Names are shown as they stand and numbers as people read them."""

import pytest

from ui.shared.text import as_markdown, duration, layers_text, number, percent, visible


@pytest.mark.parametrize(
    "text", ["<script>", "[x](http://evil)", r"$\href{javascript:alert(1)}{x}$", "**b** `c`"]
)
def test_markdown_of_a_name_has_no_punctuation_left_to_act(text):
    shown = as_markdown(text)
    assert shown.replace("\\", "") == text.replace("\\", "")
    for place, sign in enumerate(shown):
        if sign in "<>[]()$*`{}":
            assert shown[place - 1] == "\\"


def test_control_and_direction_characters_are_taken_out_and_length_is_bounded():
    assert visible("a‮b\x00c\nd") == "abc d"
    assert len(visible("x" * 10**6)) == 60


def test_unknown_numbers_are_a_dash():
    assert number(None) == number(float("nan")) == percent(None) == "–"
    assert number(0.123456) == "0.1235" and number(1234.5) == "1,234" and percent(0.975) == "97.5 %"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_are_told_in_two_units_at_most(seconds, words):
    assert duration(seconds) == words


def test_layers_are_told_briefly():
    assert layers_text([]) == "linear"
    assert layers_text([64, 32]) == "64·32"
    assert layers_text([16] * 10) == "10×16"
