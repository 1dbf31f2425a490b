"""Which run a page shows: the one that the address names, picked from a list."""

import re
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from engine.store.row import RunRow
from engine.store.runs import NoSuchRun, get_run, list_runs
from engine.store.store import Store
from ui.shared.run_state import describe_run
from ui.shared.text import as_markdown, visible

RUN_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
LISTED_AT_MOST = 200
ADDRESSED_AT_MOST = 50
WARNINGS_AT_MOST = 3
# The run that a page of this window showed last.
SHOWN_LAST = "run_shown_last"


def runs_in_address(store: Store, parameter: str) -> list[RunRow]:
    """Return the runs that the address names, and warn about each part of it that names none.

    ``?run=7`` and ``?runs=3,7,9``: ids only.
    """
    parts = [part.strip() for text in st.query_params.get_all(parameter) for part in text.split(",")]
    found: dict[int, RunRow] = {}
    refused = []
    for part in parts[:ADDRESSED_AT_MOST]:
        try:
            if not RUN_ID.fullmatch(part):
                raise NoSuchRun(f"no such run: {visible(part, 40) or '(nothing)'}")
            row = get_run(store, int(part))
        except NoSuchRun as error:
            refused.append(str(error))
        else:
            found[row.id] = row
    if len(parts) > ADDRESSED_AT_MOST:
        refused.append(f"an address can name at most {ADDRESSED_AT_MOST} runs, got {len(parts):,}")
    for sentence in refused[:WARNINGS_AT_MOST]:
        _warn(sentence)
    return list(found.values())


def pick_run(
    store: Store,
    key: str,
    *,
    parameter: str = "run",
    beside: RunRow | None = None,
    newest: bool = False,
    placeholder: str = "Choose a run",
    explained: str = "The run on this page; the address names it.",
) -> RunRow | None:
    """Draw a list of runs and return the one that the address names.

    Parameters
    ----------
    key : str
        Constant key of the list.
    parameter : str
        Where the address names the run.
    beside : RunRow, optional
        The run that another one is picked to; it is not offered. Without it, an address that names no run
        stands for the one that a page showed last, else for the newest one, and names it from then on.
    newest : bool
        Whether such an address always stands for the newest run, and stays as it is.
    """
    rows = [row for row in list_runs(store, limit=LISTED_AT_MOST) if beside is None or row.id != beside.id]
    if parameter in st.query_params:
        asked = [row for row in runs_in_address(store, parameter) if beside is None or row.id != beside.id]
    else:
        asked = [] if beside is not None else rows[:1] if newest else _shown_last(store, rows)
    if len(asked) > 1:
        _warn(f"this page shows one run, got {len(asked)}; Compare shows several")
        asked = []
    chosen = asked[0] if asked else None
    if beside is None and chosen is not None:
        st.session_state[SHOWN_LAST] = chosen.id
        if not newest and parameter not in st.query_params:
            st.query_params[parameter] = str(chosen.id)
    options = {row.id: describe_run(row) for row in [*rows, *asked]}
    if options:
        st.session_state[key] = chosen.id if chosen else None
        st.selectbox(
            "Run" if beside is None else "Second run",
            sorted(options, reverse=True),
            index=None if chosen is None or beside is not None else 0,
            key=key,
            format_func=lambda run_id: options.get(run_id, str(run_id)),
            on_change=_name_in_address,
            args=(key, parameter),
            label_visibility="collapsed",
            placeholder=placeholder,
            help=explained,
        )
    return chosen


def _shown_last(store: Store, rows: Sequence[RunRow]) -> list[RunRow]:
    """Return the run that a page of this window showed last, or the newest of the runs; none without any."""
    with suppress(NoSuchRun):
        return [get_run(store, st.session_state.get(SHOWN_LAST, 0))]
    return list(rows[:1])


def _name_in_address(key: str, parameter: str) -> None:
    picked = st.session_state[key]
    if picked is None:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = str(picked)


def _warn(sentence: str) -> None:
    st.warning(as_markdown(sentence), icon=":material/search_off:")
