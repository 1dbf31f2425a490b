"""Writes what one chart is sent: JSON header, then plain float arrays; must not know Streamlit."""

import json
import struct
import zlib
from collections import Counter
from typing import Any, Protocol

import numpy as np
from tsdownsample import MinMaxLTTBDownsampler

POINTS_WHOLE = 800
POINTS_HELD_AT_MOST = 1600
MESSAGES_OVERLAPPED = 3
EXACT_IN_FLOAT32 = 2**24

Sent = dict[str, Any]


class Figure(Protocol):
    """A Plotly figure, as far as it matters here."""

    data: Any

    def to_json(self) -> str | None: ...


def described(figure: Figure) -> tuple[dict[str, Any], dict[int, tuple[np.ndarray, np.ndarray]]]:
    """Return a figure as plain JSON without the points of its lines, and those points by trace number.

    Points whose ``y`` is not finite are left out: what was not measured is passed over.
    """
    plain = json.loads(figure.to_json() or "{}")
    plain["layout"].pop("template", None)
    lines = {}
    seen: Counter[str] = Counter()
    for number, (trace, told) in enumerate(zip(figure.data, plain["data"], strict=True)):
        is_line = trace.type == "scatter" and trace.mode == "lines"
        kind = f"{told.get('legendgroup', '')}/{told.get('name', '') if is_line else told.get('mode', '')}"
        told["uid"] = f"t{zlib.crc32(kind.encode()):x}-{seen[kind]}"
        seen[kind] += 1
        if is_line:
            x, y = (np.asarray(values, dtype=np.float64) for values in (trace.x, trace.y))
            finite = np.isfinite(y)
            lines[number] = (np.ascontiguousarray(x[finite]), np.ascontiguousarray(y[finite]))
            told.pop("x", None)
            told.pop("y", None)
    return plain, lines


def thinned(x: np.ndarray, y: np.ndarray, points: int = POINTS_WHOLE) -> tuple[np.ndarray, np.ndarray]:
    """Return at most ``points`` of a line; first, last and extreme points stay (MinMaxLTTB)."""
    if len(x) <= points:
        return x, y
    kept = MinMaxLTTBDownsampler().downsample(x, y, n_out=points)
    return x[kept], y[kept]


def message(header: dict[str, Any], figure: Figure, sent: Sent) -> tuple[bytes, Sent]:
    """Return the bytes for the browser, and what it will hold once they have arrived.

    Parameters
    ----------
    header : dict
        What the chart is; ``sent`` counts only while ``identity`` stays the same.
    figure : Figure
    sent : dict
        What this function returned for the previous message, or an empty dict to send everything.

    Notes
    -----
    A line that the browser holds already gets its tail only. The tail overlaps the last messages, because
    Streamlit merges messages that the browser had no time for. When the browser would hold more than
    ``POINTS_HELD_AT_MOST`` points, the line is thinned again and sent whole.
    """
    plain, lines = described(figure)
    known = sent.get("lines", {}) if sent.get("identity") == header["identity"] else {}
    listed, blobs, held = [], [], {}
    offset = 0
    for number, points in lines.items():
        key = plain["data"][number]["uid"]
        x, y, held[key] = _part(*points, known.get(key))
        line: dict[str, Any] = {"trace": number, "key": key, "whole": held[key]["whole"]}
        for axis, values in (("x", x), ("y", y)):
            kind = "f8" if axis == "x" and len(x) and x[-1] >= EXACT_IN_FLOAT32 else "f4"
            blob = values.astype(f"<{kind}").tobytes()
            line[axis] = {"offset": offset, "size": len(values), "kind": kind}
            blobs.append(blob + bytes(-len(blob) % 8))
            offset += len(blobs[-1])
        listed.append(line)
    serial = sent.get("serial", 0) + 1
    whole = {**header, "serial": serial, "figure": plain, "lines": listed}
    return framed(whole, blobs), {"identity": header["identity"], "serial": serial, "lines": held}


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


def framed(header: dict[str, Any], blobs: list[bytes]) -> bytes:
    """Return header length, header, padding to eight bytes and the arrays as one run of bytes."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + bytes(-(4 + len(text)) % 8) + b"".join(blobs)
