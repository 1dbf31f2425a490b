"""What a player is sent can be read back, is small, and holds only what the browser lacks."""

import json
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.replay.frames import FrameRenderer, layout, packed_frame
from engine.store.runs import get_run, load_run
from engine.store.snapshots import read_snapshots
from tests.training_now import train_now
from ui.replay.frames_cache import cached_frames
from ui.replay.message import change, message

WIDTHS = {"f4": 4, "i2": 2, "u1": 1}


def replay(count: int, run: int = 1, size: int = 8) -> dict[str, Any]:
    frames = [bytes([run, place]) * (size // 2) for place in range(count)]
    steps = list(range(0, 10 * count, 10))
    names = {"run": run, "title": f"run {run}", "colour": "#000000", "facts": {"kind": "none"}, "layout": []}
    changes = [change(frame, before) for frame, before in zip(frames, [b"", *frames], strict=False)]
    series = {"steps": steps, "epochs": [float(step) for step in steps], "changes": changes}
    return {**names, **series, "frames": frames}


def frames_of(changes: Sequence[bytes], held: Sequence[bytes] = ()) -> list[bytes]:
    """Return the frames that follow those that are held, from their changes."""
    found = list(held)
    for each in changes:
        difference = np.frombuffer(zlib.decompress(each), np.uint8)
        before = np.frombuffer(found[-1], np.uint8) if found else 0
        found.append((difference + before).astype(np.uint8).tobytes())
    return found


def read(blob: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and frames of a message as the browser takes it apart."""
    (length,) = struct.unpack_from("<I", blob)
    start = -(-(4 + length) // 8) * 8
    return json.loads(blob[4 : 4 + length]), blob[start:]


class Browser:
    """Holds frames as frames.js does."""

    def __init__(self) -> None:
        self.frames: dict[int, list[bytes]] = {}

    def take(self, blob: bytes) -> bool:
        header, data = read(blob)
        for entry in header["runs"]:
            held = self.frames.setdefault(entry["run"], [])
            if entry["first"] > len(held):
                return False
            ends = entry["offset"] + np.cumsum([0, *entry["sizes"]])
            changes = [data[start:end] for start, end in pairwise(ends)]
            self.frames[entry["run"]] = frames_of(changes, held[: entry["first"]])
        return True


def test_frames_arrive_as_they_were_and_only_new_ones_are_sent_again() -> None:
    browser, sent, sizes = Browser(), {}, []
    for count in (5, 9, 12, 20, 21):
        now = replay(count)
        blob, sent = message({"identity": "1"}, [now], sent)
        assert browser.take(blob)
        assert browser.frames[1] == now["frames"]
        sizes.append(len(read(blob)[0]["runs"][0]["steps"]))
    assert sizes == [5, 4, 7, 11, 9]


def test_a_lost_message_is_made_up_for_by_the_next_one() -> None:
    browser, sent = Browser(), {}
    for place, count in enumerate((5, 9, 12, 20)):
        blob, sent = message({"identity": "1"}, [replay(count)], sent)
        if place != 2:
            assert browser.take(blob)
    assert browser.frames[1] == replay(20)["frames"]


def test_a_browser_that_holds_nothing_notices_that_frames_are_missing() -> None:
    _, sent = message({"identity": "1"}, [replay(5)], {})
    blob, _ = message({"identity": "1"}, [replay(9)], sent)
    assert not Browser().take(blob)


def test_another_choice_of_runs_is_sent_whole() -> None:
    _, sent = message({"identity": "1"}, [replay(5)], {})
    blob, _ = message({"identity": "1 2"}, [replay(5), replay(3, run=2, size=12)], sent)
    browser = Browser()
    assert browser.take(blob)
    assert browser.frames == {1: replay(5)["frames"], 2: replay(3, run=2, size=12)["frames"]}
    assert all("facts" in entry for entry in read(blob)[0]["runs"])


def test_equal_calls_give_equal_bytes() -> None:
    assert message({"identity": "1"}, [replay(5)], {}) == message({"identity": "1"}, [replay(5)], {})


@pytest.fixture
def trained(store, submitted):
    return train_now(store, submitted(epochs=12))


def test_a_replay_holds_every_snapshot_of_its_run_however_little_time_each_call_has(store, trained) -> None:
    row = get_run(store, trained)
    (seen, waits), calls = cached_frames(store, row, seconds=0.0), 1
    while waits:
        assert len(seen["changes"]) == calls
        (seen, waits), calls = cached_frames(store, row, seconds=0.0), calls + 1
    snapshots = read_snapshots(store, trained)
    config, dataset = load_run(store, trained)
    renderer = FrameRenderer(config, dataset)
    assert seen["steps"] == list(snapshots)
    frames = frames_of(seen["changes"])
    assert frames == [packed_frame(renderer.frame(taken)) for taken in snapshots.values()]
    assert seen["epochs"][-1] == 12.0
    assert sum(WIDTHS[kind] * size for _, kind, size in seen["layout"]) <= len(frames[0])
    assert cached_frames(store, row, seconds=0.0) == (seen, False)


def test_a_packed_frame_in_a_message_is_read_back_number_by_number(store, trained) -> None:
    seen, waits = cached_frames(store, get_run(store, trained), seconds=float("inf"))
    if waits:  # the first call stops early on a slow machine, whatever it was given
        seen, _ = cached_frames(store, get_run(store, trained), seconds=float("inf"))
    entry = {**seen, "run": trained, "title": "", "colour": ""}
    header, _ = read(message({"identity": "x"}, [entry], {})[0])
    (listed,) = header["runs"]
    browser = Browser()
    assert browser.take(message({"identity": "x"}, [entry], {})[0])
    config, dataset = load_run(store, trained)
    arrays = FrameRenderer(config, dataset).frame(list(read_snapshots(store, trained).values())[-1])
    data, offset = browser.frames[trained][-1], 0
    for name, kind, size in listed["layout"]:
        found = np.frombuffer(data, f"<{kind}", size, offset)
        np.testing.assert_array_equal(found, arrays[name].ravel())
        offset += found.nbytes
    assert [tuple(entry) for entry in listed["layout"]] == layout(arrays)
