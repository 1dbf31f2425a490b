"""Reads what pages hand to their framed charts, as the browser would."""

import json
import struct
from typing import Any

from streamlit.testing.v1 import AppTest


def framed_cards(app: AppTest) -> list[dict[str, Any]]:
    """Return the framed charts of a page as they are sent, in the order of the page."""
    shown = []
    for element in app.get("bidi_component"):
        blob = element.proto.bytes
        (length,) = struct.unpack_from("<I", blob)
        header = json.loads(blob[4 : 4 + length])
        shown += header.get("cards", [])
    return shown


def framed_texts(app: AppTest) -> list[tuple[str, str]]:
    """Return title and sentence of each framed chart of a page, in the order of the page."""
    return [(card["title"], card["sentence"]) for card in framed_cards(app)]
