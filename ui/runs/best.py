"""The best run among those that can be compared: same rows, same splits, same loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import streamlit as st

from engine.analysis.comparable import loss_settings, settings_of_loss, settings_of_rows
from engine.config.run_config import SECTIONS
from engine.store.groups import known_settings, settings_on_data
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.text import as_markdown, format_setting, number

JUDGED = ("finished", "stopped")
NAMED_AT_MOST = 3
DIFFERENCES_AT_MOST = 2
COMPARED = (
    "The run that ended with the lowest validation loss, among those found that finished or were stopped and "
    "are measured on the same rows with the same loss. A click selects it."
)


@dataclass(frozen=True)
class Best:
    """The run that ended with the lowest validation loss of those measured on the same rows by the same loss.

    Attributes
    ----------
    among : int
        How many runs it was compared with, itself included; 2 or more.
    data : str
        What they learned from, as people tell it from the others.
    """

    row: RunRow
    among: int
    data: str

    @property
    def sentence(self) -> str:
        """What it is the best of, for a tooltip."""
        return f"Run {self.row.id}: lowest final validation loss of {self.among} runs on {self.data}"


def best_runs(store: Store, rows: Sequence[RunRow]) -> list[Best]:
    """Return the best run of each set of comparable runs, the largest set first.

    Losses that :mod:`engine.analysis.comparable` tells apart say nothing about each other. Runs count once
    they have finished or were stopped; a run without anything to compare it with is not the best.
    """
    sets: dict[tuple[object, ...], list[RunRow]] = {}
    for row in rows:
        if row.status not in JUDGED or row.val_loss is None or not isfinite(row.val_loss):
            continue
        if (config := known_settings(store, row)) is not None:
            key = (*settings_of_rows(config).items(), *settings_of_loss(config).items())
            sets.setdefault(key, []).append(row)
    several = [found for found in sets.values() if len(found) > 1]
    names = _names([_facts(store, found[0]) for found in several])
    best = [
        Best(min(found, key=lambda row: (row.val_loss, row.id)), len(found), name)
        for found, name in zip(several, names, strict=True)
    ]
    return sorted(best, key=lambda each: (-each.among, each.data))


def _facts(store: Store, row: RunRow) -> dict[str, Any]:
    """Return the settings of a run, those of its rows and its loss as they are on its data."""
    resolved = settings_on_data(store, row)
    return {**row.config, **settings_of_rows(resolved), **settings_of_loss(resolved)}


def _names(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what each set learned from: the name of the data, and what tells it from sets with that name."""
    names = []
    for config in configs:
        alike = [other for other in configs if other["dataset"] == config["dataset"]]
        differing = [
            f"{name.replace('_', ' ')} {format_setting(config.get(name), 'none')}"
            for name in (*SECTIONS["data"].model_fields, *loss_settings())
            if name not in ("table", "split_column")
            and any(other.get(name) != config.get(name) for other in alike)
        ]
        shown = f" ({', '.join(differing[:DIFFERENCES_AT_MOST])})" if differing else ""
        names.append(f"{config['dataset']}{shown}")
    return names


def best_line(found: Sequence[Best]) -> None:
    """Show the best runs; each is selected by one click."""
    if not found:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_best"):
        st.caption("Lowest final validation loss", width="content", help=COMPARED)
        for place, best in enumerate(found[:NAMED_AT_MOST]):
            st.button(
                as_markdown(f"{best.data}: run {best.row.id}, {number(best.row.val_loss)}"),
                icon=":material/star:",
                key=f"runs_best_{place}",
                type="tertiary",
                on_click=lambda run_id=best.row.id: st.session_state.update(runs_selected=[run_id]),
            )
        if len(found) > NAMED_AT_MOST:
            st.caption(f"and {len(found) - NAMED_AT_MOST} more, marked by a star", width="content")
