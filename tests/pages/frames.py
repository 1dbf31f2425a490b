"""Opens pages, and reads what they hand to their framed charts, as the browser would."""

import json
import struct
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parents[2] / "pages"


def open_page(name: str, **query: object) -> AppTest:
    """Open a page at an address; none of ours ends in a traceback."""
    app = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = str(value)
    app.run()
    assert not app.exception
    return app


def headers(app: AppTest) -> list[dict[str, Any]]:
    """Return what each component of a page is sent beside its arrays, in the order of the page."""
    blobs = [element.proto.bytes for element in app.get("bidi_component")]
    # What is told in JSON has no bytes.
    return [json.loads(blob[4 : 4 + struct.unpack_from("<I", blob)[0]]) for blob in blobs if blob]


def framed_cards(app: AppTest) -> list[dict[str, Any]]:
    """Return the framed charts of a page as they are sent, in the order of the page."""
    return [card for header in headers(app) for card in header.get("cards", [])]


def framed_texts(app: AppTest) -> list[tuple[str, str]]:
    """Return title and sentence of each framed chart of a page, in the order of the page."""
    return [(card["title"], card["sentence"]) for card in framed_cards(app)]


def pictures_of_the_form(app: AppTest) -> list[str]:
    """Return the pictures beside the choices of the Train page's form."""
    return [each.proto.body for each in app.sidebar.get("html") if each.proto.body.startswith("<img")]


def type_into(app: AppTest, key: str, text: str) -> AppTest:
    """Type into a list that takes what it does not offer; the testing library knows lists without that."""
    box = app.selectbox(key=key)
    box.options.append(text)
    return box.set_value(text).run()
