"""Several seeds of one configuration: how many, how far they are, what tells groups apart."""

from collections.abc import Sequence

import streamlit as st

from engine.analysis.statistics import mean_interval
from engine.analysis.verdicts import measures
from engine.figures.bands import Seeds, format_run_ids
from engine.store.differences import Apart
from engine.store.groups import SeedGroup, group_members, same_but_seed, seed_groups
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.difference_text import difference_names
from ui.shared.run_picker import ADDRESSED_AT_MOST
from ui.shared.run_state import state_of
from ui.shared.text import as_markdown, visible


def seeds_line(store: Store, row: RunRow) -> None:
    """Show how far the other seeds of a run are, and a button to all of them."""
    if row.group_id is None:
        return
    groups = seed_groups(store, group_members(store, row.group_id))
    group = next((each for each in groups if any(member.id == row.id for member in each.rows)), None)
    if group is None or len(group.rows) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(as_markdown(describe_group(group, row)))
        if st.button(
            "See all seeds",
            icon=":material/stacked_line_chart:",
            type="tertiary",
            key="train_see_seeds",
            help="Shows their mean with a band on the Compare page.",
        ):
            ids = [member.id for member in group.rows[:ADDRESSED_AT_MOST]]
            st.switch_page("pages/compare.py", query_params={"runs": ",".join(map(str, ids))})


def describe_group(group: SeedGroup, row: RunRow) -> str:
    """Return how far a group is, seen from one of its runs."""
    counted = len(group.counted)
    measure = next(iter(measures(row.score_name).values()))
    interval = mean_interval(list(group.values(measure.field).values()))
    mean = f"; {measure.name} {measure.format(interval)} (n = {interval.n})" if interval.n > 1 else ""
    return f"Seed {row.config['seed']}, one of {len(group.rows)} ({counted} finished){mean}."


def other_seeds_button(store: Store, rows: Sequence[RunRow]) -> None:
    """Offer to add the runs that differ from the chosen ones only in the seed."""
    chosen = {row.id for row in rows}
    with_settings = [row for row in rows if row.has_settings]
    others = (
        [row.id for row in same_but_seed(store, with_settings) if row.id not in chosen]
        if with_settings
        else []
    )
    if not others or len(rows) + len(others) > ADDRESSED_AT_MOST:
        return
    ids = ",".join(str(run_id) for run_id in sorted({*chosen, *others}))
    which = "run" if len(others) == 1 else "runs"
    st.button(
        f"Add {len(others)} {which} with other seeds",
        icon=":material/group_add:",
        key="compare_add_seeds",
        on_click=lambda: st.query_params.update(runs=ids),
        help="Runs that differ only in the seed are shown as one group: their mean with a band.",
    )


def banded(groups: Sequence[SeedGroup], apart: Apart) -> list[Seeds]:
    """Return the groups with a band: those of which two seeds or more have finished."""
    if not any(len(group.counted) > 1 for group in groups):
        return []
    names = difference_names(apart, [[row.id for row in group.rows] for group in groups])
    return [
        Seeds({seed: row.id for seed, row in group.counted.items()}, name)
        for group, name in zip(groups, names, strict=True)
        if len(group.counted) > 1
    ]


def group_names(groups: Sequence[SeedGroup], apart: Apart) -> list[str]:
    """Return a name for each group: its own where no other has it, else the settings that differ."""
    given = [visible(group.rows[0].name, 40) for group in groups]
    differing = difference_names(apart, [[row.id for row in group.rows] for group in groups])
    return [
        name if name and given.count(name) == 1 else difference
        for name, difference in zip(given, differing, strict=True)
    ]


def candidate_names(groups: Sequence[SeedGroup], apart: Apart) -> list[str]:
    """Return each group as sentences call it: ``runs 1-5 (dropout 0.3)``."""
    found = []
    for group, name in zip(groups, group_names(groups, apart), strict=True):
        ids = [row.id for row in group.counted.values()] or [row.id for row in group.rows]
        runs = f"{'run' if len(ids) == 1 else 'runs'} {format_run_ids(ids)}"
        found.append(f"{runs} ({name})" if name else runs)
    return found


def describe_left_out(groups: Sequence[SeedGroup]) -> str:
    """Return which runs do not count and why, or nothing."""
    listed = []
    for group in groups:
        for row in group.left_out:
            why = f"repeats seed {row.config['seed']}" if row.status == "finished" else state_of(row)
            listed.append(f"run {row.id} ({why})")
    return f"Not counted: {', '.join(listed)}." if listed else ""
