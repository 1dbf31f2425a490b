"""Writes what one chart is sent: JSON header, then plain float arrays; must not know Streamlit."""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tsdownsample import MinMaxLTTBDownsampler

POINTS_WHOLE = 800
POINTS_HELD_AT_MOST = 1600
MESSAGES_OVERLAPPED = 3
EXACT_IN_FLOAT32 = 2**24


@dataclass(frozen=True)
class Line:
    """One line of a live chart.

    Parameters
    ----------
    key : str
        Names the line for as long as the chart lives; never shown.
    name : str
        The legend's text, already made safe for Plotly.
    x, y : ndarray, shape (n,)
        ``x`` ascending; points whose ``y`` is not finite are not drawn, and the line goes on over them.
    colour : tuple of str
        Hex colours on a light and on a dark page.
    style : dict
        Further properties of a Plotly scatter trace.
    """

    key: str
    name: str
    x: np.ndarray
    y: np.ndarray
    colour: tuple[str, str]
    style: dict[str, Any] = field(default_factory=dict)

    def drawn(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the points that can be drawn, as float64."""
        y = np.asarray(self.y, dtype=np.float64)
        finite = np.isfinite(y)
        return np.ascontiguousarray(np.asarray(self.x, dtype=np.float64)[finite]), y[finite]


def thinned(x: np.ndarray, y: np.ndarray, points: int = POINTS_WHOLE) -> tuple[np.ndarray, np.ndarray]:
    """Return at most ``points`` of a line; first, last and extreme points stay (MinMaxLTTB)."""
    if len(x) <= points:
        return x, y
    kept = MinMaxLTTBDownsampler().downsample(x, y, n_out=points)
    return x[kept], y[kept]


def lines_message(header: dict[str, Any], lines: list[Line], sent: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """Return the bytes for the browser, and what it will hold once they have arrived.

    Parameters
    ----------
    header : dict
        What the chart is; ``identity`` decides whether ``sent`` still counts.
    lines : list of Line
    sent : dict
        What this function returned for the previous message, or an empty dict to send everything.

    Notes
    -----
    A line that the browser holds already gets its tail only. The tail overlaps the last messages, because
    Streamlit merges messages that the browser had no time for. When the browser would hold more than
    ``POINTS_HELD_AT_MOST`` points, the line is thinned again and sent whole.
    """
    known = sent.get("lines", {}) if sent.get("identity") == header["identity"] else {}
    traces, arrays, held = [], [], {}
    offset = 0
    for line in lines:
        x, y, facts = _part(*line.drawn(), known.get(line.key))
        held[line.key] = facts
        described: dict[str, Any] = {"key": line.key, "whole": facts["whole"], "colour": _colour(line)}
        described["style"] = {"type": "scatter", "mode": "lines", "name": line.name, **line.style}
        for axis, values in (("x", x), ("y", y)):
            kind = "f8" if axis == "x" and len(x) and x[-1] >= EXACT_IN_FLOAT32 else "f4"
            blob = values.astype(f"<{kind}").tobytes()
            blob += bytes(-len(blob) % 8)
            described[axis] = {"offset": offset, "size": len(values), "kind": kind}
            arrays.append(blob)
            offset += len(blob)
        traces.append(described)
    serial = sent.get("serial", 0) + 1
    message = framed({**header, "serial": serial, "traces": traces}, arrays)
    return message, {"identity": header["identity"], "serial": serial, "lines": held}


def _part(x: np.ndarray, y: np.ndarray, facts: dict[str, Any] | None) -> tuple[np.ndarray, np.ndarray, dict]:
    last = float(x[-1]) if len(x) else None
    if facts and facts["ends"] and last is not None and last >= facts["ends"][-1]:
        fresh = int(np.searchsorted(x, facts["ends"][-1], side="right"))
        count = facts["count"] + len(x) - fresh
        if count <= POINTS_HELD_AT_MOST:
            start = int(np.searchsorted(x, facts["ends"][0]))
            ends = [*facts["ends"], last][-MESSAGES_OVERLAPPED:]
            return x[start:], y[start:], {"whole": False, "count": count, "ends": ends}
    x, y = thinned(x, y)
    return x, y, {"whole": True, "count": len(x), "ends": [] if last is None else [last]}


def _colour(line: Line) -> dict[str, str]:
    return {"light": line.colour[0], "dark": line.colour[1]}


def framed(header: dict[str, Any], arrays: list[bytes]) -> bytes:
    """Return header length, header, padding to eight bytes and the arrays as one run of bytes."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + bytes(-(4 + len(text)) % 8) + b"".join(arrays)
