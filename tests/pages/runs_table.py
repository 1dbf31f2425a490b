"""Reads what the Runs page hands to its table, as the browser would; holds no test."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.pages.frames import open_page

TABLE = "backprop_lab_runs_table"


def runs_page(**query: str) -> AppTest:
    """Open the Runs page at an address."""
    return open_page("runs", **query)


def press(app: AppTest, key: str) -> AppTest:
    """Press a button of the page."""
    app.button(key=key).click().run()
    assert not app.exception
    return app


def table(app: AppTest) -> dict[str, Any]:
    """Return what the browser's table is told."""
    (element,) = (each for each in app.get("bidi_component") if each.proto.component_name == TABLE)
    return json.loads(element.proto.json)


def listed(app: AppTest) -> list[int | list[int]]:
    """Return the runs of each line: a number, or those of a group."""
    return [line["runs"][0] if len(line["runs"]) == 1 else line["runs"] for line in table(app)["lines"]]


def cells(app: AppTest, name: str) -> list[Any]:
    """Return what the lines show in a column."""
    place = [column["name"] for column in table(app)["columns"]].index(name)
    return [line["cells"][place] for line in table(app)["lines"]]
