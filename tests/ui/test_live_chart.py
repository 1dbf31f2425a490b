"""The browser of a live chart always holds the curve, whatever was merged on the way; messages stay small."""

import json
import struct

import numpy as np
import plotly.graph_objects as go
import pytest

from ui.live_chart.assets import plotly_script
from ui.live_chart.message import POINTS_HELD_AT_MOST, POINTS_WHOLE, message, thinned

HEADER = {"identity": "run 1", "title": "loss", "plotly": "/plotly.js"}


def decoded(blob):
    (length,) = struct.unpack_from("<I", blob)
    header = json.loads(blob[4 : 4 + length])
    start = -(-(4 + length) // 8) * 8
    return header, lambda a: np.frombuffer(blob, f"<{a['kind']}", a["size"], start + a["offset"])


class Reader:
    """What live_chart.js does with a message, in Python."""

    def __init__(self):
        self.lines = {}

    def read(self, blob):
        """Return whether the message continued what is held here."""
        header, array = decoded(blob)
        lines = {}
        for line in header["lines"]:
            x, y = array(line["x"]).astype(float), array(line["y"]).astype(float)
            if not line["whole"]:
                if line["key"] not in self.lines:
                    return False
                held_x, held_y = self.lines[line["key"]]
                if len(x) and x[0] > held_x[-1]:
                    return False
                keep = np.searchsorted(held_x, x[0]) if len(x) else len(held_x)
                x, y = np.append(held_x[:keep], x), np.append(held_y[:keep], y)
            lines[line["key"]] = (x, y)
        self.lines = lines
        return True


def curve(points, name="training"):
    x = np.arange(points, dtype=float)
    y = np.exp(-x / 300) + 0.01 * np.sin(x)
    return go.Figure(go.Scatter(x=x, y=y, mode="lines", name=name), layout={"height": 300})


@pytest.mark.parametrize("seed", range(5))
def test_a_reader_that_misses_some_messages_still_ends_with_the_newest_points(seed):
    rng = np.random.default_rng(seed)
    reader, sent, points, missed = Reader(), {}, 1, 0
    for _ in range(60):
        points += int(rng.integers(0, 90))
        figure = curve(points)
        blob, sent = message(HEADER, figure, sent)
        if missed < 2 and rng.random() < 0.4 and reader.lines and not decoded(blob)[0]["lines"][0]["whole"]:
            missed += 1
            continue
        missed = 0
        assert reader.read(blob)
        ((x, y),) = reader.lines.values()
        assert x[-1] == points - 1 and y[-1] == pytest.approx(
            np.exp(-x[-1] / 300) + 0.01 * np.sin(x[-1]), rel=1e-5
        )
        assert (np.diff(x) > 0).all() and len(x) <= POINTS_HELD_AT_MOST


def test_a_reader_that_missed_too_much_notices_it():
    reader, sent = Reader(), {}
    blob, sent = message(HEADER, curve(100), sent)
    assert reader.read(blob)
    for points in (150, 200, 250, 300, 350):
        blob, sent = message(HEADER, curve(points), sent)
    assert not reader.read(blob)


def test_an_update_carries_the_tail_alone():
    _, sent = message(HEADER, curve(700), {})
    blob, _ = message(HEADER, curve(710), sent)
    assert decoded(blob)[0]["lines"][0]["x"]["size"] <= 11


def test_another_identity_is_sent_whole():
    _, sent = message(HEADER, curve(700), {})
    blob, _ = message({**HEADER, "identity": "run 2"}, curve(710), sent)
    assert decoded(blob)[0]["lines"][0]["whole"]


def test_a_long_line_is_thinned_and_keeps_its_ends_and_its_spike():
    x = np.arange(50_000.0)
    y = np.sin(x / 5000)
    y[31_337] = 40.0
    kept_x, kept_y = thinned(x, y)
    assert len(kept_x) <= POINTS_WHOLE
    assert kept_x[0] == 0 and kept_x[-1] == 49_999 and kept_y.max() == 40.0


def test_points_that_were_not_measured_or_infinite_are_passed_over():
    line = go.Scatter(x=[0, 1, 2, 3], y=[1.0, np.nan, np.inf, 0.5], mode="lines")
    header, array = decoded(message(HEADER, go.Figure(line, layout={"height": 300}), {})[0])
    assert array(header["lines"][0]["x"]).tolist() == [0, 3]


def test_steps_beyond_float32_arrive_exactly():
    x = np.array([2.0**24, 2.0**24 + 1, 2.0**31 + 1])
    figure = go.Figure(go.Scatter(x=x, y=x * 0, mode="lines"), layout={"height": 300})
    header, array = decoded(message(HEADER, figure, {})[0])
    assert array(header["lines"][0]["x"]).tolist() == x.tolist()


def test_a_line_keeps_its_identity_when_another_trace_comes_before_it():
    figure = curve(10)
    alone = decoded(message(HEADER, figure, {})[0])[0]["lines"][0]["key"]
    marker = go.Scatter(x=[1], y=[1], mode="markers", name="best epoch 3")
    both = go.Figure([marker, figure.data[0]], layout={"height": 300})
    assert decoded(message(HEADER, both, {})[0])[0]["lines"][0]["key"] == alone


def test_plotlys_script_is_copied_once_and_its_name_tells_the_version(tmp_path):
    name = plotly_script(tmp_path / "static")
    copy = tmp_path / "static" / name
    assert name.startswith("plotly-") and copy.stat().st_size > 1e6 and not copy.is_symlink()
    copy.write_bytes(b"kept")
    assert plotly_script(tmp_path / "static") == name and copy.read_bytes() == b"kept"
