"""The microscope on any step: which weight is looked at, and what is computed once for all windows."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.explain.chain import chain_data
from engine.explain.step import ExplainedStep
from engine.store.store import Store
from engine.training.state import State
from ui.microscope.step import StepView, show_step, step_view
from ui.shared.cache import built_once

Moment = tuple[RunConfig, Dataset, State]
FIRST = {"layer": 1, "unit": 1, "input": 1}


@dataclass(frozen=True)
class Look:
    """A step that is looked at.

    Attributes
    ----------
    identity : hashable
        All that tells it from other steps.
    moment : callable
        Returns configuration, data, and the state before the update; called where nothing is kept.
    row : int, optional
        The training row that is the whole batch; without it the batch is that of the step.
    """

    identity: Hashable
    moment: Callable[[], Moment]
    row: int | None

    def explained(self) -> ExplainedStep:
        """Return the step in float64, before its calls have run."""
        return ExplainedStep(*self.moment(), self.row)


def look_at(key: str, store: Store, look: Look) -> None:
    """Show a step under the microscope; a weight that is clicked is the one whose chain rule is shown.

    Parameters
    ----------
    key : str
        Constant key of the microscope on its page.

    Raises
    ------
    ConfigError
        When there is no such row, or batch norm has one row alone.
    """
    view = _view(store, look)
    weight = _weight(view, st.session_state.get(f"{key}_weight", FIRST))

    def pick(picked: dict[str, int]) -> None:
        st.session_state[f"{key}_weight"] = picked

    identity = repr((key, look.identity, look.row))
    show_step(key, view, identity, {**weight, **_chain(store, look, weight)}, pick)


def _view(store: Store, look: Look) -> StepView:
    def build() -> dict[str, Any]:
        view = step_view(*look.moment(), look.row)
        return {"header": view.header, "blob": view.blob}

    return StepView(**built_once("microscope view", store, (look.identity, look.row), build))


def _chain(store: Store, look: Look, weight: dict[str, int]) -> dict[str, Any]:
    def build() -> dict[str, Any]:
        return chain_data(look.explained(), weight["layer"], weight["unit"], weight["input"])

    return built_once("microscope chain", store, (look.identity, look.row, *weight.values()), build)


def _weight(view: StepView, held: dict[str, int]) -> dict[str, int]:
    """Return the weight that is looked at: the chosen one where the network has it."""
    layers, biases = view.header["facts"]["layers"], view.header["facts"]["biases"]
    layer = held["layer"]
    is_there = (
        1 <= layer < len(layers)
        and 1 <= held["unit"] <= layers[layer]["units"]
        and (0 if biases[layer - 1] else 1) <= held["input"] <= layers[layer - 1]["units"]
    )
    return held if held is not FIRST and is_there else _strongest(view)


def _strongest(view: StepView) -> dict[str, int]:
    """Return the weight of the first layer with the largest gradient, of those that are drawn."""
    header = view.header
    sizes = np.abs(np.array(header["edges"][0]["gradient"], dtype=np.float64))
    unit, source = np.unravel_index(int(np.argmax(np.nan_to_num(sizes))), sizes.shape)
    left, right = header["units"][0]["drawn"], header["units"][1]["drawn"]
    return {"layer": 1, "unit": right[unit] + 1, "input": left[source] + 1}
