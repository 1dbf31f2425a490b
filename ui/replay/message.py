"""Writes what a player is sent: JSON header, then the frames of one or two runs; must not know Streamlit."""

import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ui.live_chart.message import framed

MESSAGES_OVERLAPPED = 2

Sent = dict[str, Any]


def change(frame: bytes, before: bytes) -> bytes:
    """Return a frame as what is different from the one before it, a fifth of its size.

    Bytes are subtracted modulo 256 and the differences, mostly zeros, are packed by zlib.
    """
    now = np.frombuffer(frame, np.uint8)
    then = np.frombuffer(before, np.uint8) if before else np.zeros_like(now)
    return zlib.compress((now - then).tobytes())


def message(header: dict[str, Any], films: Sequence[dict[str, Any]], sent: Sent) -> tuple[bytes, Sent]:
    """Return the bytes for the browser, and what it will hold once they have arrived.

    Equal calls give equal bytes, so that a message that is repeated is not sent again.

    Parameters
    ----------
    header : dict
        What the player shows; ``sent`` counts only while ``identity`` stays the same.
    films : sequence of dict
        ``run``, ``title``, ``colour``, ``facts``, ``layout``, ``steps``, ``epochs``, ``changes``.
    sent : dict
        What this function returned for the previous message, or an empty dict to send everything.

    Notes
    -----
    Frames that the browser holds already are left out, except for those of the last messages: Streamlit
    merges messages that the browser had no time for.
    """
    known = sent.get("counts", {}) if sent.get("identity") == header["identity"] else {}
    listed, blobs, counts = [], [], {}
    offset = 0
    for film in films:
        past = known.get(film["run"], [])
        count = len(film["changes"])
        first = min(past[0], count) if past else 0
        fresh = film["changes"][first:]
        told = {name: film[name] for name in ("run", "title", "colour", "layout")}
        if first == 0:
            told["facts"] = film["facts"]
        told |= {"first": first, "count": count, "offset": offset, "sizes": [len(each) for each in fresh]}
        told |= {name: film[name][first:] for name in ("steps", "epochs")}
        listed.append(told)
        blobs += fresh
        offset += sum(map(len, fresh))
        counts[film["run"]] = [*past, count][-MESSAGES_OVERLAPPED:]
    text = json.dumps({**header, "films": listed}, allow_nan=False, separators=(",", ":"))
    return framed(text, blobs), {"identity": header["identity"], "counts": counts}
