"""Names are shown as they stand and numbers as people read them."""

import re

import pytest

from ui.shared.text import (
    JOINER,
    as_markdown,
    describe_settings,
    duration,
    format_layers,
    format_setting,
    format_share,
    format_short,
    number,
    percent,
    visible,
)


@pytest.mark.parametrize(
    "text", ["<script>", "[x](http://evil)", r"$\href{javascript:alert(1)}{x}$", "**b** `c`"]
)
def test_markdown_of_a_name_has_no_punctuation_left_to_act(text):
    shown = as_markdown(text)
    assert shown.replace("\\", "").replace(JOINER, "") == text.replace("\\", "")
    for place, sign in enumerate(shown):
        if sign in "<>[]()$*`{}":
            assert shown[place - 1] == "\\"


# What Streamlit's browser side looks for in the text that is left once Markdown is parsed.
ACTS_ON_TEXT = [
    re.compile(r"(https?:\/\/|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE),
    re.compile(r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)"),
    re.compile(r":material[_/](\w+):"),
    re.compile(r":streamlit:"),
    re.compile(r":[\w+-][\w_+-]*:"),
]
HOSTILE = [
    "http://evil.example/path?q=1",
    "HTTPS://EVIL.example",
    "see https://a.b, http://c.d",
    "xhttp://evil.example",
    "www.evil.example",
    "(WWW.evil.example)",
    "wwwww.evil.example",
    "me@evil.example",
    "a.b+c@d.e.f and mailto:x@y.zz",
    "xmpp:a@b.cc/d",
    "<http://evil.example>",
    "[best](http://evil.example)",
    "[x]: http://evil.example",
    ":material/home:",
    ":material_home:",
    ":streamlit:",
    ":rocket: :+1: :-1:",
    "a:b:c:d",
    ":red[alarm]",
    "<img src=http://evil.example/x.png>",
    "http:/\u2060/evil.example",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_from_data_becomes_a_link_or_a_picture(text):
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", as_markdown(text))
    assert shown.replace(JOINER, "") == visible(text, 400)
    assert not any(rule.search(shown) for rule in ACTS_ON_TEXT), shown


@pytest.mark.parametrize("text", ["learning_rate must be > 0, got -0.1", "3:20 pm", "a @ b", "www", "http"])
def test_plain_sentences_hold_nothing_that_is_not_seen(text):
    assert JOINER not in as_markdown(text)


def test_control_and_direction_characters_are_taken_out_and_length_is_bounded():
    assert visible("a‮b\x00c\nd") == "abc d"
    assert len(visible("x" * 10**6)) == 60


def test_unknown_numbers_are_a_dash():
    assert number(None) == number(float("nan")) == percent(None) == "–"
    assert number(-0.0) == format_short(-0.0) == "0" and percent(-0.0001) == percent(-0.0) == "0.0 %"
    assert number(0.123456) == "0.1235" and number(1234.5) == "1,234" and percent(0.975) == "97.5 %"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (9e-6, "9 µs"),
        (0.0042, "4.2 ms"),
        (0.25, "0.25 s"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_have_two_units_at_most(seconds, words):
    assert duration(seconds) == words


def test_layers_are_short():
    assert format_layers([]) == "linear"
    assert format_layers([64, 32]) == "64·32"
    assert format_layers([16] * 10) == "10×16"


def test_short_numbers_have_two_digits_and_short_powers():
    values = (2.123e-6, 0.12, 1, 12.3, 99.99, 543, 94_999, 3.2e10, float("nan"))
    short = ["2.1e-6", "0.12", "1", "12", "100", "540", "95,000", "3.2e10", "nan"]
    assert [format_short(value) for value in values] == short


def test_a_share_is_never_rounded_to_none_or_all():
    shares = ["0 %", "less than 1 %", "50 %", "more than 99 %", "100 %"]
    assert [format_share(value) for value in (0, 0.001, 0.5, 0.999, 1)] == shares


def test_the_value_of_a_setting_is_printed_in_one_way():
    values = (None, float("nan"), 0.001, "adam", [16, 16], ["x1", "x2"], True)
    assert [format_setting(value) for value in values] == [
        "–",
        "–",
        "0.001",
        "adam",
        "16·16",
        "x1, x2",
        "True",
    ]
    assert format_setting(None, "auto") == "auto"
    assert format_setting(("relu", "relu", "relu", "tanh")) == "3×relu, tanh"


def test_the_main_settings_name_one_activation_or_one_for_each_layer():
    config = {"dataset": "moons", "hidden_sizes": [8, 8], "optimizer": "adam", "learning_rate": 0.01}
    described = [
        describe_settings({**config, "activation": names})
        for names in ("relu", ["relu", "tanh"], ["relu", "relu"])
    ]
    assert described == [
        "moons, 8·8 relu, adam 0.01",
        "moons, 8·8 relu·tanh, adam 0.01",
        "moons, 8·8 2×relu, adam 0.01",
    ]
