"""One step of a run: which run, which step and which rows, and the microscope on it."""

import re
from typing import Any

import streamlit as st

from engine.explain.cost import cost_data
from engine.explain.step import ExplainedStep
from engine.store.loading import loaded
from engine.store.moments import moment_of
from engine.store.row import RunRow
from engine.store.runs import get_run
from engine.store.store import Store
from engine.training.state import State
from ui.backprop.cost import show_cost
from ui.backprop.files import download_buttons
from ui.microscope import Look, look_at
from ui.microscope.looking import Moment
from ui.shared.cache import built_once
from ui.shared.frame import page_store
from ui.shared.run_picker import pick_run
from ui.shared.text import as_markdown, count

KEY = "backprop_step"
ROWS_OFFERED = 200
BATCH = "batch"


def pick_step(store: Store) -> tuple[RunRow, int, int | None] | None:
    """Draw the choice of run, step and rows; return them, or None where there is nothing to look at."""
    run, step, rows = st.columns([3, 1, 2], gap="small", vertical_alignment="bottom")
    with run:
        row = pick_run(store, "backprop_run")
    if row is None:
        return None
    if row.missing_plugin or not row.can_be_built:
        st.info(
            as_markdown(
                row.missing_plugin or "The settings of this run are unknown: its steps cannot be taken again."
            )
        )
        return None
    if row.step == 0:
        st.info("This run has made no step yet.", icon=":material/hourglass_empty:")
        return None
    with step:
        number = _number(row)
    with rows:
        chosen = _rows(store, row, number)
    return row, number, chosen


def take_weight() -> None:
    """Look at the weight that the address names, ``weight=LAYER-UNIT-INPUT``, once."""
    named = re.fullmatch(r"(\d{1,6})-(\d{1,6})-(\d{1,6})", st.query_params.get("weight", ""), re.ASCII)
    st.query_params.pop("weight", None)
    if named is not None:
        layer, unit, source = map(int, named.groups())
        st.session_state[f"{KEY}_weight"] = {"layer": layer, "unit": unit, "input": source}


def show_run_step(store: Store, row: RunRow, number: int, chosen: int | None) -> None:
    """Show the microscope on a step of a run, what its gradient costs, and the step as code."""
    st.fragment(_microscope)(row.id, number, chosen)
    show_cost(_cost(store, row, number, chosen))
    download_buttons(store, row, number, chosen)


def _microscope(run_id: int, number: int, chosen: int | None) -> None:
    store = page_store()
    look_at(KEY, store, _look(store, get_run(store, run_id), number, chosen))


def _look(store: Store, row: RunRow, number: int, chosen: int | None) -> Look:
    return Look(_key(row, number), lambda: _moment(store, row, number), chosen)


def _number(row: RunRow) -> int:
    last = row.step - 1
    asked = st.query_params.get("step", "0")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else -1
    if not 0 <= number <= last:
        wanted = f"step in the address must be from 0 to {last:,} for this run, got {asked[:20]}"
        st.warning(as_markdown(wanted), icon=":material/link_off:")
        number = min(max(number, 0), last)
    st.session_state["backprop_number"] = number

    def named() -> None:
        st.query_params["step"] = str(st.session_state["backprop_number"])
        st.query_params.pop("row", None)

    return int(
        st.number_input(
            "Step",
            0,
            last,
            key="backprop_number",
            on_change=named,
            help=f"The update that follows so many others; this run has made {row.step:,}.",
        )
    )


def _rows(store: Store, row: RunRow, number: int) -> int | None:
    """Return the training row that is looked at alone, or None for the whole batch of the step."""
    batch, needs_rows = _batch(store, row, number)
    offered = [BATCH] if needs_rows else [*map(str, batch[:ROWS_OFFERED]), BATCH]
    asked = st.query_params.get("row", offered[0])
    if asked not in offered:
        if asked.isascii() and asked.isdigit() and not needs_rows and int(asked) < _training_rows(store, row):
            offered.append(asked)
        else:
            asked = offered[0]
    st.session_state["backprop_row"] = asked

    def named() -> None:
        st.query_params["row"] = st.session_state["backprop_row"]

    def words(each: str) -> str:
        if each == BATCH:
            return f"The whole batch of the step: {count(len(batch), 'row')}"
        return f"Row {each}{' of the batch' if int(each) in batch else ''}, alone"

    chosen = st.selectbox(
        "Rows",
        offered,
        key="backprop_row",
        format_func=words,
        on_change=named,
        help="One row shows single numbers, as if it were the whole batch. The whole batch is the step that "
        "the run made." + (" Batch norm needs the whole batch." if needs_rows else ""),
    )
    return None if chosen == BATCH else int(chosen)


def _training_rows(store: Store, row: RunRow) -> int:
    return len(loaded(store, row)[1].x_train)


def _batch(store: Store, row: RunRow, number: int) -> tuple[list[int], bool]:
    """Return the training rows of a step's batch, and whether none of them can be looked at alone."""

    def build() -> tuple[list[int], bool]:
        config, dataset, state = _moment(store, row, number)
        step = ExplainedStep(config, dataset, state)
        return step.rows.tolist(), step.needs_rows

    return built_once("backprop batch", store, _key(row, number), build)


def _cost(store: Store, row: RunRow, number: int, chosen: int | None) -> dict[str, Any]:
    def build() -> dict[str, Any]:
        return cost_data(_look(store, row, number, chosen).explained().finish())

    return built_once("backprop cost", store, (*_key(row, number), chosen), build)


def _key(row: RunRow, number: int) -> tuple[Any, ...]:
    return row.id, row.created_at, number


def _moment(store: Store, row: RunRow, number: int) -> Moment:
    """Return configuration, data and state before a step; the state is found again once."""

    def build() -> tuple[int, bytes]:
        moment = moment_of(store, row.id, number)
        return moment.row.id, moment.state.to_bytes()

    owner, state = built_once("backprop moment", store, _key(row, number), build)
    config, dataset = loaded(store, row if owner == row.id else get_run(store, owner))
    return config, dataset, State.from_bytes(state)
