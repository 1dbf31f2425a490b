"""Which columns and rows of a table can be learned from, and what its target is."""

import re
from dataclasses import dataclass

import numpy as np

from engine.config.data import DataSettings
from engine.config.errors import shown
from engine.data.decoding import TableError
from engine.data.table import Column, Table

CATEGORIES_AT_MOST = 50
CLASSES_OF_NUMBERS_AT_MOST, CLASSES_AT_MOST = 10, 1000
ROWS_AT_LEAST = 10
ID_ROWS_AT_LEAST = 20
ID_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|index|key|nr|number)$|^unnamed", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be predicted.

    Attributes
    ----------
    task : str
        ``classification`` or ``regression``.
    y : numpy.ndarray
        ``(n,)`` int64 labels, or ``(n, outputs)`` float64 values; of no meaning where a cell is empty.
    classes : tuple of str
        Empty for regression.
    known : numpy.ndarray
        ``(n,)`` bool: rows whose target is not empty, nor one of several.
    reason : str
        Why it is taken for classes or for values, in a sentence for people.
    """

    task: str
    y: np.ndarray
    classes: tuple[str, ...]
    known: np.ndarray
    reason: str


def target_of(column: Column) -> Target:
    """Return what a column stands for as a target: text and at most 10 distinct whole numbers are classes.

    Raises
    ------
    TableError
        When it is always the same, or text with more than 1000 values.
    """
    name, known = shown(column.name), ~column.missing
    count = column.different()
    if count < 2:
        raise TableError(f"target must take at least 2 distinct values, got {count} in column {name}")
    if column.numbers is None:
        if count > CLASSES_AT_MOST:
            raise TableError(
                f"target must have at most {CLASSES_AT_MOST} classes, got {count:,} in column {name}"
            )
        y = np.maximum(column.text_codes, 0).astype(np.int64)
        return Target(
            "classification", y, column.values, known, f"{name} is text with {count} values: classes"
        )
    different = np.unique(column.numbers[known])
    if count <= CLASSES_OF_NUMBERS_AT_MOST and (different == np.round(different)).all():
        y = np.minimum(np.searchsorted(different, column.numbers), count - 1)
        classes = tuple(f"{value:.17g}" for value in different)
        return Target(
            "classification", y, classes, known, f"{name} has {count} distinct whole numbers: classes"
        )
    y = np.where(known, column.numbers, 0.0)[:, np.newaxis]
    return Target("regression", y, (), known, f"{name} has {count:,} distinct numbers: values")


def target_names(settings: DataSettings) -> tuple[str, ...]:
    """Return the columns to predict, in the order of the outputs."""
    named = settings.target or ""
    return (named,) if isinstance(named, str) else named


def targets_of(table: Table, settings: DataSettings) -> Target:
    """Return what the columns to predict ask for: one as :func:`target_of` says, several for their values.

    Raises
    ------
    TableError
        When the table has no such column, one of several holds text, or one is always the same.
    """
    columns = [table.column(name, "target") for name in target_names(settings)]
    if len(columns) == 1:
        return target_of(columns[0])
    cells = np.column_stack([_values_of(column) for column in columns])
    known = np.isnan(cells).sum(axis=1) == 0
    y = np.where(known[:, np.newaxis], cells, 0.0)
    listed = ", ".join(shown(column.name) for column in columns)
    return Target("regression", y, (), known, f"columns {listed}: numbers, predicted together")


def _values_of(column: Column) -> np.ndarray:
    name, count = shown(column.name), column.different()
    if column.numbers is None:
        raise TableError(
            f"target must name columns of numbers where it names several, got text in column {name}"
        )
    if count < 2:
        raise TableError(f"target must take at least 2 distinct values, got {count} in column {name}")
    return column.numbers


def unusable(column: Column) -> str:
    """Return why a column is skipped unless it is asked for by name; empty when it is not."""
    count = column.different()
    if count < 2:
        return "constant" if count else "empty"
    if is_id_like(column):
        return "a row id"
    if column.kind == "text" and count > CATEGORIES_AT_MOST:
        return f"text with {count:,} distinct values"
    return ""


def is_id_like(column: Column) -> bool:
    """Tell whether a column only numbers the rows: all cells differ, and they are names or a sequence."""
    cells = column.known()
    count = len(cells)
    if count < ID_ROWS_AT_LEAST:
        return False
    if column.numbers is None:
        is_dates = DATE.fullmatch(column.values[0]) and DATE.fullmatch(column.values[-1])
        return column.different() > 0.95 * count and not is_dates
    if column.different() < count or (cells != np.round(cells)).any():
        return False
    steps = np.diff(cells)
    is_sequence = (steps > 0).all() or (steps < 0).all() or np.ptp(cells) < 2 * count
    return bool(is_sequence or ID_NAME.search(column.name))


def chosen_columns(table: Table, settings: DataSettings) -> tuple[Column, ...]:
    """Return the columns to learn from: those named, or all but the target that are usable.

    Raises
    ------
    TableError
        When a name is unknown, given twice or the target's, or when nothing is left.
    """
    targets = [table.column(name, "target").name for name in target_names(settings)]
    if settings.columns is None:
        apart = (*targets, settings.split_column)
        found = tuple(c for c in table.columns if c.name not in apart and not unusable(c))
        if not found:
            raise TableError("the table must have at least one usable column beside the target, got none")
        return found
    for target in targets:
        if target in settings.columns:
            raise TableError(f"columns must not hold the target, got {shown(target)}")
    if not settings.columns or len(set(settings.columns)) < len(settings.columns):
        raise TableError(f"columns must name at least one column, each once, got {shown(settings.columns)}")
    return tuple(table.column(name, "columns") for name in settings.columns)


def usable_rows(columns: tuple[Column, ...], target: Target, missing: str) -> np.ndarray:
    """Return the numbers of the rows with a target and, where they are dropped, without an empty cell.

    Raises
    ------
    TableError
        When fewer than 10 are left, or their targets are all the same.
    """
    kept = target.known.copy()
    if missing == "drop":
        for column in columns:
            kept &= ~column.missing
    rows = np.flatnonzero(kept)
    if len(rows) < ROWS_AT_LEAST:
        raise TableError(
            f"the table must have at least {ROWS_AT_LEAST} rows that can be used, got {len(rows)}"
        )
    y = target.y[rows]
    if not np.ptp(y, axis=0).all():
        raise TableError("target must take at least 2 distinct values in the rows that can be used, got 1")
    return rows


def split_key(table: Table, settings: DataSettings, rows: np.ndarray) -> np.ndarray | None:
    """Return ``(rows,)`` numbers of groups, or times in their order; None for a random split.

    Raises
    ------
    TableError
        When the column is unknown or has gaps, or when a time is neither a number nor a date.
    """
    if settings.split == "random":
        return None
    column = table.column(settings.split_column or "", "split_column")
    gaps = int(column.missing[rows].sum())
    if gaps:
        raise TableError(f"split_column must have no empty cells, got {gaps:,} in {shown(column.name)}")
    if column.numbers is not None:
        return column.numbers[rows]
    if settings.split == "time":
        for value in column.values:
            if not DATE.fullmatch(value):
                raise TableError(
                    "split_column must hold numbers or dates such as 2026-01-31 to split by time, "
                    f"got {shown(value)}"
                )
    return column.text_codes[rows]
