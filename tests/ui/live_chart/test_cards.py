"""Framed charts go in one message: what rests is named only, and who missed it notices."""

import json
import struct

import numpy as np

from engine.figures.figure import Figure
from ui.live_chart.cards import Chart, ChartCard, Chip, cards_message, resent
from ui.live_chart.message import MESSAGES_OVERLAPPED


def decoded(blob):
    (length,) = struct.unpack_from("<I", blob)
    start = -(-(4 + length) // 8) * 8
    header = json.loads(blob[4 : 4 + length])
    return header, lambda shown: blob[start + shown["offset"] : start + shown["offset"] + shown["size"]]


def chart(key, points=50, draws=None, identity="run 1"):
    def draw():
        if draws is not None:
            draws.append(key)
        figure = Figure(height=200)
        figure.add_scatter(x=np.arange(float(points)), y=np.ones(points), mode="lines", name=key)
        return figure

    return Chart(key, points, draw, identity, f"what {key} shows")


def charts_in(blob):
    header, content = decoded(blob)
    return [
        (shown["key"], shown["serial"], content(shown))
        for card in header["cards"]
        for shown in card["charts"]
    ]


def test_titles_sentences_and_the_message_of_each_chart_arrive():
    cards = [
        ChartCard("Loss of <b>", [chart("loss")], "It fell."),
        ChartCard("", [chart("output"), chart("heat", 9)]),
    ]
    header, content = decoded(cards_message({"wide": 2}, cards, {})[0])
    assert header["wide"] == 2
    assert [(card["title"], card["sentence"]) for card in header["cards"]] == [
        ("Loss of <b>", "It fell."),
        ("", ""),
    ]
    for shown in (each for card in header["cards"] for each in card["charts"]):
        inner, _ = decoded(content(shown))
        assert (inner["title"], inner["serial"]) == (f"what {shown['key']} shows", shown["serial"])


def test_a_chart_that_rests_is_drawn_once_and_named_only_after_some_messages():
    sent, draws, sizes = {}, [], []
    for turn in range(MESSAGES_OVERLAPPED + 3):
        cards = [ChartCard("a", [chart("rests", draws=draws)]), ChartCard("b", [chart("moves", 50 + turn)])]
        blob, sent = cards_message({}, cards, sent)
        (rests, moves) = charts_in(blob)
        sizes.append(len(rests[2]))
        assert rests[1] == 1 and moves[1] == turn + 1 and moves[2]
    assert draws == ["rests"]
    assert min(sizes[:MESSAGES_OVERLAPPED]) > 0 and set(sizes[MESSAGES_OVERLAPPED:]) == {0}


def test_a_message_in_which_nothing_moves_any_more_is_always_the_same():
    sent, blobs = {}, []
    for _ in range(MESSAGES_OVERLAPPED + 3):
        blob, sent = cards_message({}, [ChartCard("a", [chart("rests")], "Done.")], sent)
        blobs.append(blob)
    assert len(set(blobs)) == 2


def test_what_was_sent_is_sent_whole_again_when_the_page_asks_under_a_new_serial():
    cards = [ChartCard("a", [chart("one"), chart("two")])]
    sent = {}
    for _ in range(MESSAGES_OVERLAPPED + 1):
        _, sent = cards_message({}, cards, sent)
    blob, _ = cards_message({}, cards, resent(sent))
    for _, serial, content in charts_in(blob):
        header, _ = decoded(content)
        assert serial == 2 and "figure" in header and all(line[2] for line in header["lines"])


def test_another_identity_of_the_same_state_is_drawn_anew():
    _, sent = cards_message({}, [ChartCard("a", [chart("one")])], {})
    blob, _ = cards_message({}, [ChartCard("a", [chart("one", identity="run 2")])], sent)
    ((_, serial, content),) = charts_in(blob)
    assert serial == 2 and decoded(content)[0]["identity"] == "run 2"


def test_a_chart_that_comes_later_is_sent_whole_beside_those_that_are_known():
    sent = {}
    for _ in range(MESSAGES_OVERLAPPED + 1):
        _, sent = cards_message({}, [ChartCard("a", [chart("one")])], sent)
    blob, _ = cards_message({}, [ChartCard("a", [chart("one"), chart("two")])], sent)
    (_, _, first), (_, _, second) = charts_in(blob)
    assert not first and "figure" in decoded(second)[0]


def test_a_chart_that_was_away_comes_back_under_a_serial_that_it_never_had():
    sent = {}
    for keys in (("one", "two"), ("one",), ("one", "two")):
        blob, sent = cards_message({}, [ChartCard("a", [chart(key) for key in keys])], sent)
    serials = {key: serial for key, serial, _ in charts_in(blob)}
    assert serials == {"one": 1, "two": 2}


def test_what_a_screen_reader_says_follows_the_sentence_though_the_figure_is_the_same():
    first = chart("one")
    _, sent = cards_message({}, [ChartCard("a", [first])], {})
    again = Chart(first.key, first.state, first.draw, first.identity, "patience 90")
    ((_, _, content),) = charts_in(cards_message({}, [ChartCard("a", [again])], sent)[0])
    assert decoded(content)[0]["title"] == "patience 90"


def test_chips_and_the_cursor_of_a_chart_arrive_and_are_left_out_where_there_are_none():
    one = Chart("one", 1, chart("one").draw, "run 1", "", cursor="values")
    chip = Chip("7", "#0072B2", "circle", "7", "lr <0.1>", settings={"lr": "<0.1>"})
    cards = [ChartCard("", [one], chips=[chip], key="dashed: validation"), ChartCard("", [chart("two")])]
    header, _ = decoded(cards_message({}, cards, {})[0])
    with_chips, plain = header["cards"]
    assert with_chips["charts"][0]["cursor"] == "values" and with_chips["key"] == "dashed: validation"
    (arrived,) = with_chips["chips"]
    assert (arrived["group"], arrived["text"], arrived["settings"]) == ("7", "lr <0.1>", {"lr": "<0.1>"})
    assert "chips" not in plain and "cursor" not in plain["charts"][0]


def test_chips_that_stay_the_same_are_named_only_after_some_messages_and_sent_again_when_asked_for():
    def card(text):
        return [ChartCard("", [chart("one")], chips=[Chip("7", "#0072B2", "circle", "7", text)])]

    sent, listed = {}, []
    for _ in range(MESSAGES_OVERLAPPED + 2):
        blob, sent = cards_message({}, card("lr 0.1"), sent)
        listed.append(decoded(blob)[0]["cards"][0])
    assert ["chips" in each for each in listed] == [True] * MESSAGES_OVERLAPPED + [False] * 2
    assert len({each["chipsKey"] for each in listed}) == 1
    assert "chips" in decoded(cards_message({}, card("lr 0.1"), resent(sent))[0])[0]["cards"][0]
    other = decoded(cards_message({}, card("lr 0.2"), sent)[0])[0]["cards"][0]
    assert "chips" in other and other["chipsKey"] != listed[0]["chipsKey"]
