"""Configurations compared across their seeds: a table of means, and a sentence for each."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.analysis.comparable import why_incomparable
from engine.analysis.statistics import Comparison, Interval, compare, mean_interval
from engine.analysis.verdicts import DASH, Measure, format_p, measures, verdict
from engine.figures.theme import run_colour
from engine.store.differences import Apart
from engine.store.groups import SeedGroup, known_settings
from engine.store.store import Store
from ui.shared.run_text import describe_incomparable
from ui.shared.seeds import candidate_names, describe_left_out
from ui.shared.text import as_markdown, dot
from ui.shared.widgets import kept

SENTENCES_AT_MOST = 12


def show_verdicts(
    store: Store, groups: Sequence[SeedGroup], apart: Apart, baseline: int | None, colours: dict[int, str]
) -> None:
    """Show one row a configuration with its mean and paired difference, and a sentence for each.

    Parameters
    ----------
    apart : Apart
        What tells the runs apart.
    baseline : int or None
        A run; its group is what the others are compared with. None takes the best.
    colours : dict
        By the first run of a group, as the chart has it.
    """
    known = _measures_of(groups)
    if not known:
        st.caption("No run has finished yet.")
        return
    if st.session_state.get("compare_seed_metric") not in known:
        st.session_state["compare_seed_metric"] = next(iter(known))
    name = st.selectbox(
        "Metric",
        list(known),
        help="Averaged over the seeds, on all rows of the split at the end of each run. Choose it before you "
        "look: of many metrics, one differs by chance.",
        width=280,
        **kept("compare_seed_metric"),
    )
    measure = known[name]
    first = {group.rows[0].id: known_settings(store, group.rows[0]) for group in groups}
    reason = why_incomparable(first, measure.field)
    candidates = [group.values(measure.field) for group in groups]
    place = next((i for i, g in enumerate(groups) if any(row.id == baseline for row in g.rows)), None)
    comparisons: Sequence[Comparison] = ()
    if reason is None:
        comparisons = compare(candidates, place, higher_is_better=measure.higher_is_better)
    names = candidate_names(groups, apart)
    _table(groups, candidates, comparisons, names, measure, colours)
    if len(groups) == 1:
        st.markdown("Also choose runs with another setting to see which is better.")
    if reason is not None:
        st.markdown(f"- {as_markdown(describe_incomparable(reason, measure.name))}")
    for comparison in comparisons[:SENTENCES_AT_MOST]:
        st.markdown(f"- {as_markdown(_capital(verdict(comparison, names, measure)))}")
    _notes(groups, comparisons, measure, is_chosen=place is not None)


def _measures_of(groups: Sequence[SeedGroup]) -> dict[str, Measure]:
    scores = {group.rows[0].score_name for group in groups}
    known = {name: m for score in sorted(scores) for name, m in measures(score).items()}
    return {
        name: measure
        for name, measure in known.items()
        if any(group.values(measure.field) for group in groups)
        and (len(scores) == 1 or not measure.field.endswith("score"))
    }


def _table(
    groups: Sequence[SeedGroup],
    candidates: Sequence[dict[int, float]],
    comparisons: Sequence[Comparison],
    names: Sequence[str],
    measure: Measure,
    colours: dict[int, str],
) -> None:
    by_place = {comparison.candidate: comparison for comparison in comparisons}
    rows = []
    for place, values in enumerate(candidates):
        interval = mean_interval(list(values.values()))
        row: dict[str, Any] = {"": "", "configuration": names[place], "n": interval.n}
        row[measure.name] = measure.format(interval)
        row |= _difference_cells(by_place.get(place), measure, is_reference=place not in by_place)
        rows.append(row)
    reference = f"minus {names[comparisons[0].reference]}" if comparisons else "difference"
    table = pd.DataFrame(rows).rename(columns={"difference": reference})
    if not comparisons:
        table = table[["", "configuration", "n", measure.name]]
    marks = [
        colours.get(min(row.id for row in group.counted.values()), "") if group.counted else ""
        for group in groups
    ]
    marks = [mark or run_colour(group.rows[0].id) for mark, group in zip(marks, groups, strict=True)]
    table[""] = [dot(mark) for mark in marks]
    shapes = {
        "": st.column_config.ImageColumn(width=32),
        "n": st.column_config.NumberColumn(width=40, help="Number of finished seeds, each counted once."),
        measure.name: st.column_config.TextColumn(help="Mean over seeds ± 95 % interval (Student's t)."),
        reference: st.column_config.TextColumn(help="Mean difference, paired by seed, ± 95 % interval."),
        "p": st.column_config.TextColumn(
            help="Probability of such a difference by chance; Holm-corrected for all comparisons."
        ),
    }
    st.dataframe(table, hide_index=True, column_config=shapes, alt="configurations across seeds")


def _difference_cells(comparison: Comparison | None, measure: Measure, is_reference: bool) -> dict[str, Any]:
    if comparison is None:
        return {"difference": "reference" if is_reference else DASH, "pairs": "", "p": ""}
    interval: Interval = comparison.difference.interval
    p = format_p(comparison.p).removeprefix("p ").removeprefix("= ")
    return {"difference": measure.format_difference(interval), "pairs": str(interval.n), "p": p}


def _notes(
    groups: Sequence[SeedGroup], comparisons: Sequence[Comparison], measure: Measure, is_chosen: bool
) -> None:
    notes = [describe_left_out(groups)]
    if comparisons:
        family = comparisons[0].family
        if not is_chosen and family > 1:
            notes.append(
                "Without a baseline, the best configuration is the reference and p is corrected for all "
                f"{family} pairs; a baseline chosen beforehand needs fewer."
            )
        elif family > 1:
            notes.append(f"p is Holm-corrected for {family} comparisons.")
        notes.append(
            "± is the 95 % interval over seeds: the effect of initialization, shuffling and dropout."
        )
    st.caption(" ".join(note for note in notes if note))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
