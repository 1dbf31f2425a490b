"""Configurations compared across their seeds: a table of means, and a sentence for each."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.analysis.statistics import Comparison, Interval, compare, mean_interval
from engine.analysis.verdicts import DASH, Measure, measures, p_words, verdict
from engine.figures.theme import run_colour
from engine.store.groups import SeedGroup
from ui.shared.seeds import candidate_names, left_out_words
from ui.shared.text import as_markdown, dot

SENTENCES_AT_MOST = 12


def show_verdicts(groups: Sequence[SeedGroup], baseline: int | None, colours: dict[int, str]) -> None:
    """Show one row a configuration with its mean and its paired difference, and below what follows from it.

    Parameters
    ----------
    baseline : int or None
        A run; its group is what the others are held against. None takes the best.
    colours : dict
        By the first run of a group, as the chart has it.
    """
    known = _measures_of(groups)
    if not known:
        st.caption("No run has finished yet: there is nothing to average.")
        return
    if st.session_state.get("compare_judged_by") not in known:
        st.session_state["compare_judged_by"] = next(iter(known))
    name = st.selectbox(
        "Judged by",
        list(known),
        key="compare_judged_by",
        help="What is averaged over the seeds, on all rows of the split at the end of each run. Choose it "
        "before you look: of many measures one will differ by chance.",
        width=280,
        persist_state="session",
    )
    measure = known[name]
    candidates = [group.values(measure.field) for group in groups]
    place = next((i for i, g in enumerate(groups) if any(row.id == baseline for row in g.rows)), None)
    comparisons = compare(candidates, place, higher_is_better=measure.higher_is_better)
    names = candidate_names(groups)
    _table(groups, candidates, comparisons, names, measure, colours)
    if len(groups) == 1:
        st.markdown("Choose runs with another setting, too, to see which is better.")
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
        row[measure.name] = measure.words(interval)
        row |= _difference_cells(by_place.get(place), measure, is_reference=place not in by_place)
        rows.append(row)
    reference = f"minus {names[comparisons[0].reference]}" if comparisons else "difference"
    table = pd.DataFrame(rows).rename(columns={"difference": reference})
    if len(groups) == 1:
        table = table[["", "configuration", "n", measure.name]]
    marks = [
        colours.get(min(row.id for row in group.counted.values()), "") if group.counted else ""
        for group in groups
    ]
    marks = [mark or run_colour(group.rows[0].id) for mark, group in zip(marks, groups, strict=True)]
    table[""] = [dot(mark) for mark in marks]
    shapes = {
        "": st.column_config.ImageColumn(width=32),
        "n": st.column_config.NumberColumn(width=40, help="Seeds that count: finished, each once."),
        measure.name: st.column_config.TextColumn(help="Mean over seeds ± its 95 % interval (Student's t)."),
        reference: st.column_config.TextColumn(help="Paired by seed: mean difference ± its 95 % interval."),
        "p": st.column_config.TextColumn(
            help="How often chance alone makes such a difference; corrected by Holm for all comparisons."
        ),
    }
    st.dataframe(table, hide_index=True, column_config=shapes, alt="configurations judged over their seeds")


def _difference_cells(comparison: Comparison | None, measure: Measure, is_reference: bool) -> dict[str, Any]:
    if comparison is None:
        return {"difference": "reference" if is_reference else DASH, "pairs": "", "p": ""}
    interval: Interval = comparison.difference.interval
    told = p_words(comparison.p).removeprefix("p ").removeprefix("= ")
    return {"difference": measure.difference_words(interval), "pairs": str(interval.n), "p": told}


def _notes(
    groups: Sequence[SeedGroup], comparisons: Sequence[Comparison], measure: Measure, is_chosen: bool
) -> None:
    notes = [left_out_words(groups)]
    if comparisons:
        family = comparisons[0].family
        if not is_chosen and family > 1:
            notes.append(
                f"No baseline is chosen, so the best one is the reference, and p counts all {family} pairs; "
                "with a baseline chosen beforehand there are fewer."
            )
        elif family > 1:
            notes.append(f"p is corrected by Holm for {family} comparisons.")
        notes.append("± is a 95 % interval over seeds: what initial weights, shuffling and dropout do.")
    if len({group.rows[0].dataset_id for group in groups}) > 1:
        notes.append("They were scored on different rows: a difference may come from the data.")
    if measure.field.endswith("loss") and len({_squares(group) for group in groups}) > 1:
        notes.append("Their losses are different functions: compare the scores instead.")
    st.caption(" ".join(note for note in notes if note))


def _squares(group: SeedGroup) -> bool:
    row = group.rows[0]
    return row.config["loss"] == "mse" or row.score_name == "r2"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
