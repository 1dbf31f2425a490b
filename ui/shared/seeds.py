"""Several seeds of one configuration: how many, how far they are, what tells groups apart."""

from collections.abc import Sequence

import streamlit as st

from engine.analysis.statistics import mean_interval
from engine.analysis.verdicts import measures
from engine.config.seeds import SEEDS_AT_MOST
from engine.figures.bands import Seeds, numbers_words
from engine.store.groups import SeedGroup, group_members, same_but_seed, seed_groups
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.run_picker import ASKED_AT_MOST, state_of
from ui.shared.text import as_markdown, layers_text, visible

NAMED_SETTINGS_AT_MOST = 3


def name_input() -> None:
    """Draw what the run is to be called."""
    st.text_input(
        "Name",
        key="train_name",
        max_chars=200,
        placeholder="optional",
        help="What the run is called in lists, legends and files.",
        persist_state="session",
    )


def seeds_input() -> None:
    """Draw how many seeds Start trains."""
    st.session_state.setdefault("train_seeds", 1)
    st.number_input(
        "Seeds",
        1,
        SEEDS_AT_MOST,
        step=1,
        key="train_seeds",
        help="How many runs Start trains, each with another seed: the one below and those that follow. One "
        "run may be luck; the mean of five with its interval tells what the settings do. "
        "Too low: no verdict. Too high: takes as many times longer.",
        persist_state="session",
    )


def seeds_line(store: Store, row: RunRow) -> None:
    """Show how the other seeds stand that a run was started with, and the way to all of them."""
    if row.group_id is None:
        return
    groups = seed_groups(store, group_members(store, row.group_id))
    group = next((each for each in groups if any(member.id == row.id for member in each.rows)), None)
    if group is None or len(group.rows) < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(as_markdown(group_words(group, row)))
        if st.button(
            "See all seeds",
            icon=":material/stacked_line_chart:",
            type="tertiary",
            key="train_see_seeds",
            help="Compare shows their mean with its band.",
        ):
            ids = [member.id for member in group.rows[:ASKED_AT_MOST]]
            st.switch_page("pages/compare.py", query_params={"runs": ",".join(map(str, ids))})


def group_words(group: SeedGroup, row: RunRow) -> str:
    """Return how a group stands, seen from one of its runs."""
    counted = len(group.counted)
    measure = next(iter(measures(row.score_name).values()))
    interval = mean_interval(list(group.values(measure.field).values()))
    mean = f"; {measure.name} {measure.words(interval)} (n = {interval.n})" if interval.n > 1 else ""
    return f"Seed {row.config['seed']}, one of {len(group.rows)}: {counted} finished{mean}."


def other_seeds_button(store: Store, rows: Sequence[RunRow]) -> None:
    """Offer to choose the runs too that differ from chosen ones in their seed alone."""
    chosen = {row.id for row in rows}
    with_settings = [row for row in rows if row.has_settings]
    others = (
        [row.id for row in same_but_seed(store, with_settings) if row.id not in chosen]
        if with_settings
        else []
    )
    if not others or len(rows) + len(others) > ASKED_AT_MOST:
        return
    ids = ",".join(str(run_id) for run_id in sorted({*chosen, *others}))
    which = "run that differs" if len(others) == 1 else "runs that differ"
    st.button(
        f"Add {len(others)} {which} only in the seed",
        icon=":material/group_add:",
        key="compare_add_seeds",
        on_click=lambda: st.query_params.update(runs=ids),
        help="Runs with the same settings and data are one group, however they were started; they are drawn "
        "as their mean with a band.",
    )


def banded(groups: Sequence[SeedGroup]) -> list[Seeds]:
    """Return the groups that a band can be drawn of: two seeds or more have finished."""
    if not any(len(group.counted) > 1 for group in groups):
        return []
    names = group_names(groups)
    return [
        Seeds({seed: row.id for seed, row in group.counted.items()}, name)
        for group, name in zip(groups, names, strict=True)
        if len(group.counted) > 1
    ]


def group_names(groups: Sequence[SeedGroup]) -> list[str]:
    """Return what to call each group: its own name where no other has it, else the settings that differ."""
    given = [visible(group.rows[0].name, 40) for group in groups]
    return [
        name if name and given.count(name) == 1 else _differing(group, groups)
        for name, group in zip(given, groups, strict=True)
    ]


def _differing(group: SeedGroup, groups: Sequence[SeedGroup]) -> str:
    if not all(each.rows[0].has_settings for each in groups):
        return ""
    config = group.rows[0].config
    names = [
        name
        for name, value in config.items()
        if name != "seed" and any(each.rows[0].config.get(name) != value for each in groups)
    ]
    told = [f"{name.replace('_', ' ')} {_value_words(config[name])}" for name in names]
    return ", ".join(told[:NAMED_SETTINGS_AT_MOST])


def _value_words(value: object) -> str:
    if value is None:
        return "automatic"
    if isinstance(value, list):
        return layers_text(value)
    return f"{value:g}" if isinstance(value, float) else visible(str(value), 20)


def candidate_names(groups: Sequence[SeedGroup]) -> list[str]:
    """Return each group as sentences call it: ``runs 1-5 (dropout 0.3)``."""
    found = []
    for group, name in zip(groups, group_names(groups), strict=True):
        ids = [row.id for row in group.counted.values()] or [row.id for row in group.rows]
        told = f"{'run' if len(ids) == 1 else 'runs'} {numbers_words(ids)}"
        found.append(f"{told} ({name})" if name else told)
    return found


def left_out_words(groups: Sequence[SeedGroup]) -> str:
    """Return which runs count for nothing and why, or nothing."""
    told = []
    for group in groups:
        for row in group.left_out:
            why = f"repeats seed {row.config['seed']}" if row.status == "finished" else state_of(row)
            told.append(f"run {row.id} ({why})")
    return f"Left out: {', '.join(told)}." if told else ""
