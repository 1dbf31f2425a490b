"""Sentences about a run as a whole, and about several runs."""

from collections.abc import Mapping, Sequence

import pandas as pd

from engine.analysis.comparable import Incomparable
from engine.analysis.ranking import CLOSE, last_finite, rank
from engine.figures.bands import format_run_ids
from engine.store.row import RunRow
from ui.shared.difference_text import setting_word
from ui.shared.text import NOTHING, number, percent

SETTINGS_NAMED = 3


def describe_score(row: RunRow) -> str:
    """Say how well the network does on training and validation rows."""
    if row.train_score is None or row.val_score is None:
        return "The outputs are infinite or NaN." if row.status == "diverged" else NOTHING
    name, form = ("R²", number) if row.score_name == "r2" else ("Accuracy", percent)
    return f"{name}: {form(row.train_score)} on training rows, {form(row.val_score)} on validation rows."


def describe_ranking(
    rows: Sequence[RunRow],
    frames: Mapping[int, pd.DataFrame],
    column: str,
    incomparable: Incomparable | None = None,
) -> str:
    """Say which of several runs is best and which is worst in a metric, where that can be said.

    Parameters
    ----------
    rows : sequence of RunRow
        Those that diverged are left out, and named.
    frames : mapping of int to pandas.DataFrame
        By run its records.
    column : str
        Such as ``val_loss``; of scores the highest is best, of everything else the lowest.
    incomparable : Incomparable, optional
        Why they cannot be ranked by it.
    """
    metric = metric_name(column)
    if incomparable is not None:
        return describe_incomparable(incomparable, metric)
    diverged = [row.id for row in rows if row.status == "diverged"]
    values = {row.id: last_finite(frames[row.id][column].to_numpy()) for row in rows}
    found = rank(column, {run: value for run, value in values.items() if run not in diverged})
    ends = f" {_runs(diverged)} diverged." if diverged else ""
    if found is None:
        return ends.strip() or NOTHING
    best, moves = number(found.best_value), any(not row.ended for row in rows)
    if found.best == found.worst:
        return f"Run {found.best}: {metric} {best}{' so far' if moves else ''}.{ends}"
    if found.is_close:
        who = "All others" if diverged else "All runs"
        return f"{who} are within {100 * CLOSE:g} % of each other: {metric} {best}.{ends}"
    first, last = ("highest", "lowest") if found.higher_is_better else ("lowest", "highest")
    start, verb, beside = ("So far run", "has", "") if moves else ("Run", "ends with", "with ")
    return (
        f"{start} {found.best} {verb} the {first} {metric} ({best}), run {found.worst} {beside}the {last} "
        f"({number(found.worst_value)}).{ends}"
    )


def metric_name(column: str) -> str:
    """Return what people call a metric: ``validation loss`` for ``val_loss``."""
    return column.replace("_", " ").replace("val ", "validation ").replace("train ", "training ")


def describe_incomparable(found: Incomparable, metric: str) -> str:
    """Say why runs are not ranked by a metric."""
    if found.unknown:
        whose = "their" if len(found.unknown) > 1 else "its"
        return (
            f"Not ranked by {metric}: the settings of {_runs(found.unknown).lower()} are unknown, so {whose} "
            "loss and rows may be others."
        )
    reasons = []
    if found.rows:
        reasons.append(f"measured on different rows or in different units ({_settings(found.rows)})")
    if found.loss:
        reasons.append(f"different losses ({_settings(found.loss)})")
    more = " Compare a score instead." if not found.rows else ""
    return f"Not ranked by {metric}: {' and '.join(reasons)}.{more}"


def _settings(names: Sequence[str]) -> str:
    more = len(names) - SETTINGS_NAMED
    shown = ", ".join(setting_word(name) for name in names[:SETTINGS_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _runs(runs: Sequence[int]) -> str:
    return f"Run{'' if len(runs) == 1 else 's'} {format_run_ids(runs)}"
