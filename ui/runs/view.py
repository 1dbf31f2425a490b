"""How the table of runs is looked at: order, columns, open groups; kept in address and session."""

from collections.abc import Iterable
from typing import Any, TypedDict

import streamlit as st

from engine.store.columns import UnknownColumn, known_column
from ui.runs.columns import ALWAYS, USUAL, choices
from ui.shared.text import as_markdown

NEWEST_FIRST = "run"
OPEN_AT_MOST = 50
# What older addresses say.
OLDER_NAMES = {
    "number": "run",
    "steps": "step",
    "training loss": "train_loss",
    "validation loss": "val_loss",
    "lowest validation loss": "best_val_loss",
    "validation score": "val_score",
    "test score": "test_score",
    "training time": "seconds",
}


class View(TypedDict):
    """What the page and the browser's table share.

    ``sort`` is the column that sorts, from high to low where it is ``descending``; ``open`` names runs whose
    groups are open; ``columns`` stand behind the run's number; ``serial`` numbers the last event that was
    taken from the browser.
    """

    sort: str
    descending: bool
    open: list[int]
    columns: list[str]
    serial: int


USUAL_VIEW = View(sort=NEWEST_FIRST, descending=True, open=[], columns=list(USUAL), serial=0)


def current_view() -> View:
    """Return how the table is looked at: what the address says, else what this session did last."""
    held = USUAL_VIEW.copy()
    held.update(st.session_state.get("runs_view", {}))
    query = st.query_params
    if "runs_sort" in query:
        held["sort"], held["descending"] = _order(query["runs_sort"], query.get("runs_descending"))
    if "runs_open" in query:
        held["open"] = _numbers(query["runs_open"].split(","))
    if "runs_columns" in query:
        held["columns"] = known_choices(query["runs_columns"].split(","))
    keep(held)
    return held


def take_order(event: dict[str, Any]) -> None:
    """Take over what was clicked in the browser: an order, or the groups that are open."""
    held = current_view()
    before = held["sort"], held["descending"]
    held["sort"], held["descending"] = _order(str(event.get("sort")), str(event.get("descending")))
    if (held["sort"], held["descending"]) != before:
        st.session_state["runs_page"] = 0
    held["open"] = _numbers(event.get("open") or [])
    note_serial(held, event)


def note_serial(view: View, event: dict[str, Any]) -> None:
    """Keep the view, and the number of an event, so that the browser knows that it has been taken."""
    serial = event.get("serial")
    keep({**view, "serial": max(view["serial"], serial if isinstance(serial, int) else 0)})


def show_columns(names: Iterable[Any]) -> None:
    """Show these columns from now on, in this order."""
    keep({**current_view(), "columns": known_choices(names)})


def keep(view: View) -> None:
    """Keep the view for the session, and in the address what is not as usual."""
    st.session_state["runs_view"] = dict(view)
    is_newest_first = view["sort"] == NEWEST_FIRST and view["descending"]
    words = {
        "runs_sort": "" if is_newest_first else view["sort"],
        "runs_descending": "" if is_newest_first else str(view["descending"]).lower(),
        "runs_open": ",".join(map(str, view["open"])),
        "runs_columns": "" if view["columns"] == list(USUAL) else ",".join(view["columns"]) or ALWAYS,
    }
    for name, word in words.items():
        if word and st.query_params.get(name) != word:
            st.query_params[name] = word
        elif not word and name in st.query_params:
            del st.query_params[name]


def _order(sort: str, descending: str | None) -> tuple[str, bool]:
    name = OLDER_NAMES.get(sort, sort)
    try:
        column = known_column(name)
    except UnknownColumn as error:
        st.warning(as_markdown(f"runs_sort: {error}", 700), icon=":material/search_off:")
        return NEWEST_FIRST, True
    given = (descending or "").lower()
    return name, given == "true" if given in ("true", "false") else column.descends


def _numbers(parts: list[Any]) -> list[int]:
    """Return the numbers of runs among what an address or a browser sent."""
    words = [str(part).strip() for part in parts[:OPEN_AT_MOST]]
    return [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 19]


def known_choices(names: Iterable[Any]) -> list[str]:
    """Return the columns that there are, each once, in the order given."""
    known = set(choices())
    return [name for name in dict.fromkeys(map(str, names)) if name in known]
