"""The settings of the compared runs: how many differ by choice, which follow, and all of them on request."""

from collections.abc import Sequence
from itertools import combinations

import pandas as pd
import streamlit as st

from engine.config.twins import same_arithmetic
from engine.store.differences import Apart
from engine.store.row import RunRow
from ui.shared.difference_text import describe_differences, describe_following
from ui.shared.text import as_markdown, format_setting
from ui.shared.widgets import kept

LINES_AT_MOST = 12


def settings_title(apart: Apart) -> str:
    """Return what the button says under which the settings are."""
    return describe_differences(apart) if len(apart.settings) > 1 else "Settings"


def show_settings(rows: Sequence[RunRow], apart: Apart) -> None:
    """Show the settings of the runs as they were used: those that differ first, and alone unless asked."""
    unknown = [row.id for row in rows if not row.has_settings]
    if unknown:
        runs = ", ".join(map(str, unknown))
        st.caption(f"Unknown settings of run {runs}: only its curves were imported.")
    if apart.settings:
        _table(apart)
        st.caption(as_markdown(" ".join([describe_following(apart), *_equal(apart)])))


def _table(apart: Apart) -> None:
    columns = {f"run {run}": settings for run, settings in apart.settings.items()}
    table = pd.DataFrame(columns).map(format_setting)
    differing = [*apart.differing.chosen, *apart.differing.following]
    everything = st.toggle(
        "All settings", help="Also show settings that are equal.", **kept("compare_all_settings")
    )
    is_whole = everything or len(apart.settings) == 1
    names = [*differing, *(name for name in table.index if name not in differing)] if is_whole else differing
    if not names:
        return
    st.dataframe(
        table.loc[names].rename_axis("setting").reset_index(),
        hide_index=True,
        width="content",
        height="content" if len(names) <= LINES_AT_MOST else 35 * (LINES_AT_MOST + 1),
        alt="settings of the chosen runs",
    )


def _equal(apart: Apart) -> list[str]:
    """Name pairs of runs whose optimizers have two names and do the same."""
    return [
        f"Runs {one} and {other} compute the same: {first['optimizer']} and {second['optimizer']} are one "
        "rule with these settings."
        for (one, first), (other, second) in combinations(apart.settings.items(), 2)
        if same_arithmetic(first, second)
    ]
