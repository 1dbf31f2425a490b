"""Writes what a player is sent: JSON header, then the frames of one or two runs."""

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


def message(header: dict[str, Any], runs: Sequence[dict[str, Any]], sent: Sent) -> tuple[bytes, Sent]:
    """Return the bytes for the browser, and what it will hold once they have arrived.

    Equal calls give equal bytes, so that a message that is repeated is not sent again.

    Parameters
    ----------
    header : dict
        What the player shows; ``sent`` counts only while ``identity`` stays the same.
    runs : sequence of dict
        ``run``, ``title``, ``colour``, ``facts``, ``layout``, ``steps``, ``epochs``, ``changes``, and where
        there are any ``records``: what was recorded at each of the steps.
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
    for run in runs:
        past = known.get(run["run"], [])
        count = len(run["changes"])
        first = min(past[0], count) if past else 0
        fresh = run["changes"][first:]
        entry = {name: run[name] for name in ("run", "title", "colour", "layout")}
        if first == 0:
            entry["facts"] = run["facts"]
        entry |= {"first": first, "count": count, "offset": offset, "sizes": [len(each) for each in fresh]}
        entry |= {name: run[name][first:] for name in ("steps", "epochs", "records") if name in run}
        listed.append(entry)
        blobs += fresh
        offset += sum(map(len, fresh))
        counts[run["run"]] = [*past, count][-MESSAGES_OVERLAPPED:]
    text = json.dumps({**header, "runs": listed}, allow_nan=False, separators=(",", ":"))
    return framed(text, blobs), {"identity": header["identity"], "counts": counts}
