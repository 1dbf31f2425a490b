"""What the stage is sent can be read back, frames and charts alike, and rests once everything is known."""

import json
import struct
from typing import Any

import numpy as np

from engine.figures.theme import empty_figure
from ui.live_chart.cards import Chart, ChartCard
from ui.live_chart.encoding import encode_figure
from ui.replay.message import change
from ui.stage.message import stage_message, stage_resent


def read(blob: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and the rest of a message as the browser takes it apart."""
    (length,) = struct.unpack_from("<I", blob)
    return json.loads(blob[4 : 4 + length]), blob[-(-(4 + length) // 8) * 8 :]


def parts(blob: bytes) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the headers of a stage's message: its own, that of the frames, that of the charts."""
    header, rest = read(blob)
    moving, charts = header["sizes"]
    assert moving % 8 == 0 and len(rest) == moving + charts
    return header, read(rest[:moving])[0], read(rest[moving:])[0]


def frames(count: int) -> dict[str, Any]:
    blobs = [bytes([place]) * 8 for place in range(count)]
    changes = [change(frame, before) for frame, before in zip(blobs, [b"", *blobs], strict=False)]
    facts = {"run": 1, "title": "", "colour": "", "facts": {"kind": "none"}, "layout": []}
    times = {"steps": list(range(count)), "epochs": [float(each) for each in range(count)]}
    return {**facts, **times, "changes": changes, "records": [[0.5 * each, None] for each in range(count)]}


def card(count: int) -> ChartCard:
    def draw():
        figure = empty_figure("epoch", "loss")
        line = np.arange(count, dtype=float)
        figure.add_scatter(x=line, y=line, mode="lines", name="training")
        return encode_figure(figure)

    return ChartCard("Loss", [Chart("train_loss", count, draw, "run 1", "loss")], f"{count} points")


def send(count: int, sent: dict[str, Any], identity: str = "run 1") -> tuple[bytes, dict[str, Any]]:
    return stage_message({"identity": identity, "live": True}, frames(count), [card(count)], sent)


def test_frames_come_with_what_was_recorded_at_their_steps_and_only_new_ones_again() -> None:
    blob, sent = send(5, {})
    header, moving, charts = parts(blob)
    assert (header["identity"], header["live"]) == ("run 1", True)
    (entry,) = moving["runs"]
    assert entry["records"] == [[0.5 * each, None] for each in range(5)]
    assert charts["cards"][0]["sentence"] == "5 points"
    _, sent = send(9, sent)
    blob, sent = send(12, sent)
    (entry,) = parts(blob)[1]["runs"]
    assert (entry["first"], entry["steps"], len(entry["records"])) == (5, list(range(5, 12)), 7)


def test_a_stage_that_rests_is_the_same_bytes_again_and_again() -> None:
    sent: dict[str, Any] = {}
    blobs = []
    for _ in range(6):
        blob, sent = send(5, sent)
        blobs.append(blob)
    assert blobs[-1] == blobs[-2] and len(blobs[-1]) < len(blobs[0])


def test_another_run_is_sent_whole_and_so_is_everything_after_a_loss() -> None:
    _, sent = send(5, {})
    (entry,) = parts(send(5, sent, identity="run 2")[0])[1]["runs"]
    assert entry["first"] == 0 and "facts" in entry
    for _ in range(5):
        _, sent = send(5, sent)
    _, moving, charts = parts(send(5, stage_resent(sent))[0])
    assert moving["runs"][0]["first"] == 0 and charts["cards"][0]["charts"][0]["size"] > 0


def test_before_the_first_frame_there_is_none_and_the_charts_are_sent_all_the_same() -> None:
    blob, _ = stage_message({"identity": "run 1"}, None, [card(3)], {})
    _, moving, charts = parts(blob)
    assert moving["runs"] == [] and len(charts["cards"]) == 1
