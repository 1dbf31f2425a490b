"""The lines of the table of runs: single runs, and groups of seeds that open; sorted together."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from engine.store.columns import by_key, in_order, known_column, sort_key
from engine.store.groups import SeedGroup
from engine.store.row import RunRow
from ui.runs.columns import METRICS, group_cell, heading, run_cell

Curves = Mapping[int, Sequence[float]]


def single(rows: Sequence[RunRow]) -> list[SeedGroup]:
    """Return each run as a line of its own."""
    return [SeedGroup((row,)) for row in rows]


def in_lines(groups: Sequence[SeedGroup], sort: str, descending: bool) -> list[SeedGroup]:
    """Return groups sorted by a column; those without a value come last, equal ones newest first.

    Of losses and scores the mean over the seeds that count decides, of anything else the first of the runs.
    """
    newest = sorted(groups, key=lambda group: -max(row.id for row in group.rows))
    return by_key(newest, [_key(group, sort, descending) for group in newest], descending)


def _key(group: SeedGroup, sort: str, descending: bool) -> tuple[int, Any] | None:
    if len(group.rows) > 1 and sort in METRICS:
        values = list(group.values(sort).values())
        return sort_key(sum(values) / len(values)) if values else None
    found = [sort_key(known_column(sort).value(row)) for row in group.rows]
    keys = [key for key in found if key is not None]
    return (max(keys) if descending else min(keys)) if keys else None


def is_open(group: SeedGroup, opened: Collection[int]) -> bool:
    """Tell whether a group of several runs is open; any of its runs stands for it, so that it may grow."""
    return len(group.rows) > 1 and any(row.id in opened for row in group.rows)


def shown_runs(groups: Sequence[SeedGroup], opened: Collection[int], of_group: int) -> list[RunRow]:
    """Return the runs whose curves are on the screen: all but the later ones of closed groups."""
    return [row for group in groups for row in group.rows[: None if is_open(group, opened) else of_group]]


def table_message(
    groups: Sequence[SeedGroup],
    columns: Sequence[str],
    view: Mapping[str, Any],
    *,
    selected: Collection[int],
    best: Mapping[int, str],
    curves: Curves,
) -> dict[str, Any]:
    """Return what the browser draws.

    Parameters
    ----------
    groups : sequence of SeedGroup
        One page of lines, in order.
    columns : sequence of str
        Names of the columns, the run's number first.
    view : mapping
        ``sort``, ``descending``, ``open`` (numbers of runs whose group is open) and ``serial``.
    best : mapping
        Why a run is marked as the best, by number.
    """
    lines = []
    for group in groups:
        opened = is_open(group, view["open"])
        lines.append(_line(group, columns, selected, best, curves, opened))
        if opened:
            members = in_order(group.rows, view["sort"], view["descending"])
            lines += [_run(row, columns, selected, best, curves, level=2) for row in members]
    return {
        "columns": [heading(name) for name in columns],
        "sort": view["sort"],
        "descending": view["descending"],
        "open": view["open"],
        "serial": view["serial"],
        "lines": lines,
    }


def _line(
    group: SeedGroup,
    columns: Sequence[str],
    selected: Collection[int],
    best: Mapping[int, str],
    curves: Curves,
    opened: bool,
) -> dict[str, Any]:
    if len(group.rows) == 1:
        return _run(group.rows[0], columns, selected, best, curves, level=1)
    ids = [row.id for row in group.rows]
    inside = next((best[run_id] for run_id in ids if run_id in best), "")
    return {
        "key": f"g{min(ids)}",
        "runs": ids,
        "level": 1,
        "open": opened,
        "selected": [run_id for run_id in ids if run_id in selected],
        "best": inside,
        "cells": [group_cell(name, group, curves) for name in columns],
    }


def _run(
    row: RunRow,
    columns: Sequence[str],
    selected: Collection[int],
    best: Mapping[int, str],
    curves: Curves,
    level: int,
) -> dict[str, Any]:
    return {
        "key": f"r{row.id}",
        "runs": [row.id],
        "level": level,
        "selected": [row.id] if row.id in selected else [],
        "best": best.get(row.id, ""),
        "cells": [run_cell(name, row, curves) for name in columns],
    }
