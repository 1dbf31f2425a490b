"""Writes what one browser is sent of a chart: JSON header, then plain arrays."""

import json
import struct
from typing import Any

import numpy as np
from tsdownsample import MinMaxLTTBDownsampler

from ui.live_chart.encoding import EXACT_IN_FLOAT32, EncodedFigure

POINTS_WHOLE = 800
POINTS_HELD_AT_MOST = 1600
MESSAGES_OVERLAPPED = 3

Sent = dict[str, Any]


def thinned(x: np.ndarray, y: np.ndarray, points: int = POINTS_WHOLE) -> tuple[np.ndarray, np.ndarray]:
    """Return at most ``points`` of a line; first, last and extreme points stay (MinMaxLTTB)."""
    if len(x) <= points:
        return x, y
    kept = MinMaxLTTBDownsampler().downsample(x, y, n_out=points)
    return x[kept], y[kept]


def message(header: dict[str, Any], found: EncodedFigure, sent: Sent) -> tuple[bytes, Sent]:
    """Return the bytes for the browser, and what it will hold once they have arrived.

    Parameters
    ----------
    header : dict
        What the chart is; ``sent`` counts only while ``identity`` stays the same.
    found : dict
        From :func:`ui.live_chart.encoding.encode_figure`.
    sent : dict
        What this function returned for the previous message, or an empty dict to send everything.

    Notes
    -----
    A line that the browser holds already gets its tail only. The tail overlaps the last messages, because
    Streamlit merges messages that the browser had no time for. When the browser would hold more than
    ``POINTS_HELD_AT_MOST`` points, the line is thinned again and sent whole. Words and arrays that stay the
    same are in as many messages as tails overlap, and from then on named only.
    """
    known = sent if sent.get("identity") == header["identity"] else {}
    pack = _Pack()
    lines, held_lines = [], {}
    for key, trace, x, y in found["lines"]:
        x, y, held = _part(x, y, known.get("lines", {}).get(key))
        kind = "f8" if len(x) and x[-1] >= EXACT_IN_FLOAT32 else "f4"
        held_lines[key] = held
        ends = [pack.add(values.astype(f"<{each}").tobytes()) for values, each in ((x, kind), (y, "f4"))]
        lines.append([key, trace, int(held["whole"]), len(x), kind, *ends])
    arrays, held_arrays = [], {}
    for array in found["arrays"]:
        if "values" in array:
            arrays.append(array["values"])
            continue
        facts = {name: value for name, value in array.items() if name != "blob"}
        times = held_arrays[array["key"]] = _times(known, "arrays", array["key"])
        is_sent = times <= MESSAGES_OVERLAPPED
        arrays.append({**facts, "offset": pack.add(array["blob"])} if is_sent else {"key": array["key"]})
    times = _times(known, "figure", found["key"])
    serial = sent.get("serial", 0) + 1
    whole = {**header, "serial": serial, "figureKey": found["key"], "lines": lines, "arrays": arrays}
    text = json.dumps(whole, allow_nan=False, separators=(",", ":"))
    if times <= MESSAGES_OVERLAPPED:
        text = f'{text[:-1]},"figure":{found["text"]}}}'
    state = {"lines": held_lines, "arrays": held_arrays, "figure": {found["key"]: times}}
    return framed(text, pack.blobs), {"identity": header["identity"], "serial": serial, **state}


class _Pack:
    """Arrays one behind the other, each at a multiple of eight bytes; equal ones are there once."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self._places: dict[bytes, int] = {}
        self._end = 0

    def add(self, blob: bytes) -> int:
        """Return where the bytes begin."""
        if blob not in self._places:
            self._places[blob] = self._end
            self.blobs.append(blob + bytes(-len(blob) % 8))
            self._end += len(self.blobs[-1])
        return self._places[blob]


def _times(known: Sent, kind: str, key: str) -> int:
    """Return in how many messages in a row something has been, with this one."""
    return min(known.get(kind, {}).get(key, 0), MESSAGES_OVERLAPPED) + 1


def _part(x: np.ndarray, y: np.ndarray, held: Sent | None) -> tuple[np.ndarray, np.ndarray, Sent]:
    last = float(x[-1]) if len(x) else None
    if held and held["ends"] and last is not None and last >= held["ends"][-1]:
        fresh = int(np.searchsorted(x, held["ends"][-1], side="right"))
        count = held["count"] + len(x) - fresh
        if count <= POINTS_HELD_AT_MOST:
            start = int(np.searchsorted(x, held["ends"][0]))
            ends = [*held["ends"], last][-MESSAGES_OVERLAPPED:]
            return x[start:], y[start:], {"whole": False, "count": count, "ends": ends}
    x, y = thinned(x, y)
    return x, y, {"whole": True, "count": len(x), "ends": [] if last is None else [last]}


def framed(header: str, blobs: list[bytes]) -> bytes:
    """Return header length, header (JSON), padding to eight bytes and the arrays as one run of bytes."""
    text = header.encode()
    return struct.pack("<I", len(text)) + text + bytes(-(4 + len(text)) % 8) + b"".join(blobs)
