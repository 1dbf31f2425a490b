"""Texts in figures are only texts, and a run keeps a colour that can be seen on any page."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.figures.theme import (
    PALETTE,
    QUIET,
    colours_apart,
    empty_figure,
    label,
    run_colour,
    run_label,
    run_symbol,
)

EVIL = {
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<a href="https://evil.example">best</a>': '&lt;a href="https://evil.example"&gt;best&lt;/a&gt;',
    r"$\href{javascript:alert(1)}{x}$": r"&#36;\href{javascript:alert(1)}{x}&#36;",
    "%{customdata}": "&#37;{customdata}",
    "&lt;b&gt;": "&amp;lt;b&amp;gt;",
    "=cmd|'/C calc'!A0": "=cmd|'/C calc'!A0",
    "abc\u202edef\x00\ud800": "abcdef",
    "%\u200b{y}": "&#37;{y}",
    " two\n lines\t": "two lines",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), EVIL.items(), ids=range(len(EVIL)))
def test_what_plotly_would_read_as_markup_is_shown_as_it_stands(text: str, expected: str) -> None:
    assert label(text) == expected


def test_a_long_text_is_cut_to_forty_characters_before_it_is_escaped() -> None:
    assert label("<" * 10**6) == "&lt;" * 39 + "…"


@given(st.text())
def test_no_text_keeps_a_character_that_starts_markup(text: str) -> None:
    safe = label(text)
    assert not set("<>$") & set(safe)
    assert "%{" not in safe
    safe.encode("utf-8")


def test_a_run_without_a_name_is_called_by_its_number() -> None:
    assert run_label(7) == "run 7"
    assert run_label(7, "\u202e ") == "run 7"
    assert run_label(7, "deep & wide") == "7 · deep &amp; wide"


def test_runs_that_share_a_colour_differ_in_their_marker() -> None:
    looks = {(run_colour(run), run_symbol(run)) for run in range(1, 50)}
    assert len(looks) == 49


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [*PALETTE, (QUIET, QUIET)])
def test_every_colour_stands_out_on_its_page(colours: tuple[str, str]) -> None:
    on_light, on_dark = colours
    assert _contrast(on_light, "#ffffff") >= 3
    assert _contrast(on_light, "#0f141a") >= 3
    assert _contrast(on_dark, "#0f141a") >= 3


def test_a_figure_is_transparent_and_as_high_as_it_was_promised() -> None:
    layout: Any = empty_figure("step", "loss", height=123).layout
    assert (layout.height, layout.paper_bgcolor, layout.plot_bgcolor) == (
        123,
        "rgba(0,0,0,0)",
        "rgba(0,0,0,0)",
    )


def test_runs_that_are_shown_together_share_no_colour_while_there_are_enough():
    for runs in ([3, 11], [8, 16, 24, 1], list(range(1, 50, 8))):
        found = colours_apart(runs)
        assert list(found) == runs and len(set(found.values())) == len(runs)
    assert set(colours_apart(range(1, 30)).values()) == {light for light, _ in PALETTE}
    assert colours_apart([5, 3, 1]) == {run: run_colour(run) for run in (5, 3, 1)}
