"""Columns of a table to numbers for a network, fitted on training rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.config.data import COORDINATES
from engine.config.errors import shown
from engine.data.columns import CATEGORIES_AT_MOST
from engine.data.decoding import TableError
from engine.data.reading import read_table
from engine.data.table import Column, Table
from engine.nn.features import features_of

CELLS_AT_MOST = 50_000_000
EMPTY = "(empty)"
Encoding = dict[str, Any]


def fit_encoding(columns: Sequence[Column], train: np.ndarray, missing: str) -> Encoding:
    """Decide from the training rows how columns become features; the result is JSON-able.

    A number stays a number; an empty cell takes the median of the training rows. A text has one feature for
    each of its 50 most frequent values in the training rows, 1 where it is that value: a rarer value, or one
    that was never seen, is 0 in all of them. Empty cells of a text are a value of their own.

    Returns
    -------
    dict
        ``missing``; ``columns``: for each ``name``, ``kind`` and ``fill`` (numbers) or ``values`` (texts,
        ``None`` for empty cells).
    """
    return {"missing": missing, "columns": [_fitted(column, train) for column in columns]}


def _fitted(column: Column, train: np.ndarray) -> dict[str, Any]:
    if column.numbers is not None:
        cells = column.numbers[train]
        known = cells[~np.isnan(cells)]
        fill = float(np.median(known)) if len(known) else 0.0
        return {"name": column.name, "kind": "number", "fill": fill}
    counts = np.bincount(column.text_codes[train] + 1, minlength=len(column.values) + 1)
    frequent = np.argsort(-counts, kind="stable")[:CATEGORIES_AT_MOST]
    codes = sorted(int(code) - 1 for code in frequent if counts[code] > 0)
    values = [None if code < 0 else column.values[code] for code in codes]
    return {"name": column.name, "kind": "text", "values": values}


def plain_encoding(names: Sequence[str]) -> Encoding:
    """Return the encoding of numeric columns without a gap: that of the bundled tables and toys."""
    return {"missing": "drop", "columns": [{"name": name, "kind": "number", "fill": 0.0} for name in names]}


def plane_encoding(features: Sequence[str]) -> Encoding:
    """Return the encoding of a toy of which a network reads other features than its coordinates."""
    return plain_encoding(COORDINATES) | {"features": list(features)}


def features_from(encoding: Encoding, columns: np.ndarray) -> np.ndarray:
    """Return the features ``(n, features)`` of encoded columns ``(n, columns)``: they, or made from them."""
    names = encoding.get("features")
    return columns if names is None else features_of(names, columns)


def feature_names(encoding: Encoding) -> tuple[str, ...]:
    """Return a name for each feature: the column's, ``column=value`` for a value of a text, or its own."""
    if "features" in encoding:
        return tuple(encoding["features"])
    names = []
    for column in encoding["columns"]:
        if column["kind"] == "number":
            names.append(column["name"])
        else:
            names += [f"{column['name']}={EMPTY if v is None else v}" for v in column["values"]]
    return tuple(names)


def is_number(encoding: Encoding) -> np.ndarray:
    """Return ``(features,)`` bool: the features that are numbers, not values of a text."""
    if "features" in encoding:
        return np.ones(len(encoding["features"]), np.bool_)
    return _are_numbers(encoding)


def _are_numbers(encoding: Encoding) -> np.ndarray:
    """Return the same of the encoded columns, before features are made from them."""
    flags: list[bool] = []
    for column in encoding["columns"]:
        flags += [True] if column["kind"] == "number" else [False] * len(column["values"])
    return np.array(flags, np.bool_)


def encode(encoding: Encoding, table: Table, rows: np.ndarray) -> np.ndarray:
    """Return ``(rows, features)`` float64 numbers, not yet standardised.

    Raises
    ------
    TableError
        When a column is missing or holds text where numbers were learned, or the result would be too large.
    """
    width = len(_are_numbers(encoding))
    if width * len(rows) > CELLS_AT_MOST:
        raise TableError(
            f"rows x features must be at most {CELLS_AT_MOST:,}, got {len(rows):,} x {width:,}: "
            "name fewer columns"
        )
    x = np.zeros((len(rows), width))
    place = 0
    for facts in encoding["columns"]:
        column = table.column(facts["name"])
        if facts["kind"] == "number":
            cells = _numbers_of(column)[rows]
            x[:, place] = np.where(np.isnan(cells), facts["fill"], cells)
            place += 1
        else:
            codes = column.text_codes[rows]
            number = {value: code for code, value in enumerate(column.values)}
            for value in facts["values"]:
                code = -1 if value is None else number.get(value, -2)
                x[:, place] = codes == code
                place += 1
    return features_from(encoding, x)


def _numbers_of(column: Column) -> np.ndarray:
    if column.numbers is None:
        raise TableError(
            f"column {shown(column.name)} must hold finite numbers as in training, "
            f"got {shown(column.example or (column.values or ('text',))[0])}"
        )
    return column.numbers


def incomplete(encoding: Encoding, table: Table) -> np.ndarray:
    """Return ``(n,)`` bool: rows with an empty cell in a column that the encoding uses."""
    gaps = np.zeros(table.rows, np.bool_)
    for facts in encoding["columns"]:
        gaps |= table.column(facts["name"]).missing
    return gaps


def read_as_encoded(content: bytes, encoding: Encoding) -> Table:
    """Read a CSV file in which texts of the encoding stay texts, whatever this file holds.

    Raises
    ------
    TableError
        As :func:`engine.data.reading.read_table`.
    """
    return read_table(content, frozenset(c["name"] for c in encoding["columns"] if c["kind"] == "text"))
