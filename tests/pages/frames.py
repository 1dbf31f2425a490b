"""Reads what pages hand to their framed charts, as the browser would."""

import json
import struct

from streamlit.testing.v1 import AppTest


def framed_texts(app: AppTest) -> list[tuple[str, str]]:
    """Return title and sentence of each framed chart of a page, in the order of the page."""
    shown = []
    for element in app.get("bidi_component"):
        blob = element.proto.bytes
        (length,) = struct.unpack_from("<I", blob)
        header = json.loads(blob[4 : 4 + length])
        shown += [(card["title"], card["sentence"]) for card in header.get("cards", [])]
    return shown
