"""The browser of a live chart always holds the curve, whatever was merged on the way; messages stay small."""

import json
import struct

import numpy as np
import pytest

from engine.figures.figure import Figure
from ui.live_chart.assets import Script, plotly_script
from ui.live_chart.encoding import encode_figure
from ui.live_chart.message import MESSAGES_OVERLAPPED, POINTS_HELD_AT_MOST, POINTS_WHOLE, message, thinned

HEADER = {"identity": "run 1", "title": "loss", "plotly": "/plotly.js"}


def decoded(blob):
    (length,) = struct.unpack_from("<I", blob)
    header = json.loads(blob[4 : 4 + length])
    start = -(-(4 + length) // 8) * 8
    return header, lambda kind, offset, size: np.frombuffer(blob, f"<{kind}", size, start + offset)


def lines_of(blob):
    """Return key, whether whole, x and y of each line in a message."""
    header, numbers = decoded(blob)
    for key, _, is_whole, size, kind, at_x, at_y in header["lines"]:
        yield key, bool(is_whole), numbers(kind, at_x, size), numbers("f4", at_y, size)


class Reader:
    """What chart.js does with a message, in Python."""

    def __init__(self):
        self.lines, self.arrays, self.figure = {}, {}, ("", None)

    def read(self, blob):
        """Return whether the message continued what is held here."""
        return self._read_figure(blob) and self._read_lines(blob)

    def _read_figure(self, blob):
        header, numbers = decoded(blob)
        if "figure" in header:
            self.figure = header["figureKey"], header["figure"]
        if self.figure[0] != header["figureKey"]:
            return False
        arrays = {}
        for seen in header["arrays"]:
            if isinstance(seen, list):
                continue
            if "offset" in seen:
                size = int(np.prod(seen["shape"]))
                raw = numbers(seen["kind"], seen["offset"], size).reshape(seen["shape"])
                is_level = seen["kind"] == "u2"
                values = np.where(raw == 65535, np.nan, seen["low"] + seen["step"] * raw) if is_level else raw
            elif (values := self.arrays.get(seen["key"])) is None:
                return False
            arrays[seen["key"]] = values
        self.arrays = arrays
        return True

    def _read_lines(self, blob):
        lines = {}
        for key, is_whole, x, y in lines_of(blob):
            x, y = x.astype(float), y.astype(float)
            if not is_whole:
                if key not in self.lines:
                    return False
                held_x, held_y = self.lines[key]
                if len(x) and x[0] > held_x[-1]:
                    return False
                keep = np.searchsorted(held_x, x[0]) if len(x) else len(held_x)
                x, y = np.append(held_x[:keep], x), np.append(held_y[:keep], y)
            lines[key] = (x, y)
        self.lines = lines
        return True


def figure_of(x, y, name="training"):
    figure = Figure(height=300)
    figure.add_scatter(x=x, y=y, mode="lines", name=name)
    return figure


def curve(points, name="training"):
    x = np.arange(points, dtype=float)
    return encode_figure(figure_of(x, np.exp(-x / 300) + 0.01 * np.sin(x), name))


@pytest.mark.parametrize("seed", range(5))
def test_a_reader_that_misses_some_messages_still_ends_with_the_newest_points(seed):
    rng = np.random.default_rng(seed)
    reader, sent, points, missed = Reader(), {}, 1, 0
    for _ in range(60):
        points += int(rng.integers(0, 90))
        figure = curve(points)
        blob, sent = message(HEADER, figure, sent)
        if missed < 2 and rng.random() < 0.4 and reader.lines and not next(lines_of(blob))[1]:
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
    ((_, _, x, _),) = lines_of(blob)
    assert len(x) <= 11


def test_another_identity_is_sent_whole():
    _, sent = message(HEADER, curve(700), {})
    blob, _ = message({**HEADER, "identity": "run 2"}, curve(710), sent)
    ((_, is_whole, _, _),) = lines_of(blob)
    assert is_whole


def test_a_long_line_is_thinned_and_keeps_its_ends_and_its_spike():
    x = np.arange(50_000.0)
    y = np.sin(x / 5000)
    y[31_337] = 40.0
    kept_x, kept_y = thinned(x, y)
    assert len(kept_x) <= POINTS_WHOLE
    assert kept_x[0] == 0 and kept_x[-1] == 49_999 and kept_y.max() == 40.0


def test_points_that_were_not_measured_or_infinite_are_passed_over():
    figure = figure_of(np.arange(4.0), np.array([1.0, np.nan, np.inf, 0.5]))
    ((_, _, x, _),) = lines_of(message(HEADER, encode_figure(figure), {})[0])
    assert x.tolist() == [0, 3]


def test_steps_beyond_float32_arrive_exactly():
    steps = np.array([2.0**24, 2.0**24 + 1, 2.0**31 + 1])
    ((_, _, x, _),) = lines_of(message(HEADER, encode_figure(figure_of(steps, steps * 0)), {})[0])
    assert x.tolist() == steps.tolist()


def test_a_line_keeps_its_identity_when_another_trace_comes_before_it():
    x = np.arange(10.0)
    ((alone, *_),) = lines_of(message(HEADER, encode_figure(figure_of(x, x)), {})[0])
    both = Figure(height=300)
    both.add_scatter(x=[1], y=[1], mode="markers", name="best epoch 3")
    both.add_scatter(x=x, y=x, mode="lines", name="training")
    ((key, *_),) = lines_of(message(HEADER, encode_figure(both), {})[0])
    assert key == alone


def picture(values):
    figure = Figure(height=300)
    places = np.linspace(0, 1, values.shape[1])
    figure.add_heatmap(x=places, y=np.arange(len(values)), z=values, customdata=np.exp(values / 200))
    figure.add_contour(x=places, y=np.arange(len(values)), z=values)
    return encode_figure(figure)


def test_words_and_arrays_that_stay_the_same_are_sent_a_few_times_only():
    """As often as messages may be merged: the browser got one of them."""
    reader, sent, sizes = Reader(), {}, []
    for _ in range(MESSAGES_OVERLAPPED + 2):
        blob, sent = message(HEADER, picture(np.outer(np.arange(40.0), np.arange(30.0))), sent)
        assert reader.read(blob)
        sizes.append(len(blob))
    assert min(sizes[:MESSAGES_OVERLAPPED]) > 8000
    assert max(sizes[MESSAGES_OVERLAPPED:]) < 600
    assert len(reader.arrays) == 4, "both traces share their z and places"


def test_a_reader_that_never_got_an_array_notices_it():
    sent = {}
    for _ in range(MESSAGES_OVERLAPPED):
        _, sent = message(HEADER, picture(np.ones((5, 6))), sent)
    assert not Reader().read(message(HEADER, picture(np.ones((5, 6))), sent)[0])


def test_an_array_that_moves_comes_in_each_message():
    reader, sent = Reader(), {}
    for turn in range(6):
        values = np.linspace(turn, turn + 1, 200).reshape(10, 20)
        blob, sent = message(HEADER, picture(values), sent)
        assert reader.read(blob)
        assert any(np.allclose(each, values, atol=1e-4) for each in reader.arrays.values() if each.ndim == 2)


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        (np.linspace(-3, 7, 500).reshape(20, 25), 10 / 65534),
        (np.arange(40.0).reshape(5, 8) - 7, 0),
        (np.array([[np.nan, 1.0], [np.inf, 3.5]]), 1e-4),
        (np.zeros((3, 3)), 0),
    ],
)
def test_a_picture_travels_in_levels_that_eyes_cannot_tell_apart(values, apart):
    reader = Reader()
    assert reader.read(message(HEADER, picture(values), {})[0])
    shown = next(iter(each for each in reader.arrays.values() if each.shape == values.shape))
    known = np.isfinite(values)
    assert np.abs(shown - values)[known].max(initial=0) <= apart
    assert np.isnan(shown[~known]).all()


def test_magnitudes_below_the_range_of_float32_arrive():
    figure = Figure(height=300)
    figure.add_heatmap(z=np.zeros((1, 6)), customdata=np.array([[1e-300, 1e-40, 0, 1, 2, 3]]))
    reader = Reader()
    assert reader.read(message(HEADER, encode_figure(figure), {})[0])
    assert [1e-300, 1e-40, 0, 1, 2, 3] in [each[0].tolist() for each in reader.arrays.values()]


def test_plotlys_script_is_copied_once_and_its_name_tells_the_version(tmp_path):
    name = plotly_script(tmp_path / "static")
    copy = tmp_path / "static" / name
    assert name.startswith("plotly-") and copy.stat().st_size > 1e6 and not copy.is_symlink()
    copy.write_bytes(b"kept")
    assert plotly_script(tmp_path / "static") == name and copy.read_bytes() == b"kept"


def test_a_components_script_is_served_as_a_file_whose_name_changes_with_its_content(tmp_path):
    sources = [tmp_path / "one.js", tmp_path / "two.js"]
    for source in sources:
        source.write_text(f"// {source.name}")
    script = Script("chart", sources)
    script.serve(tmp_path / "static")
    assert (tmp_path / "static" / script.name).read_text() == "// one.js\n// two.js"
    assert f'"/app/static/{script.name}"' in script.loader and "one.js" not in script.loader
    style = tmp_path / "look.css"
    style.write_text('.a > b { content: "x"; }')
    Script("styled", [style, *sources]).serve(tmp_path / "static")
    styled = (tmp_path / "static" / Script("styled", [style, *sources]).name).read_text()
    assert json.dumps(style.read_text()) in styled and styled.endswith("// one.js\n// two.js")
    sources[1].write_text("// changed")
    assert Script("chart", sources).name != script.name
