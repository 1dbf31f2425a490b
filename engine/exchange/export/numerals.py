"""Columns of numbers as text, thousands at once: each number with the characters of its ``repr``."""

from collections.abc import Sequence
from typing import Any

import numpy as np

# Where Arrow writes a number with a fraction as repr does: without an exponent, in as few digits as read back
# to the same bits. Whole numbers get their ".0" from us; what is neither is left to repr.
FRACTIONS_FROM, FRACTIONS_BELOW, WHOLE_BELOW = 1e-4, 1e6, 1e15


def texts_of(values: np.ndarray, known: np.ndarray, whole: bool = False) -> Any:
    """Return a column as an Arrow array of strings; what is not known is empty.

    Parameters
    ----------
    values : np.ndarray
        ``(n,)`` float64.
    known : np.ndarray
        ``(n,)`` bool.
    whole : bool
        Write whole numbers, without a point.
    """
    import pyarrow as pa

    pc = _compute()
    chosen = values[known]
    if whole:
        texts = pc.cast(pa.array(chosen.astype(np.int64)), pa.string())
    else:
        size = np.abs(chosen)
        is_whole = (size < WHOLE_BELOW) & (np.trunc(chosen) == chosen) & ~((chosen == 0) & np.signbit(chosen))
        is_other = ~is_whole & ~((size >= FRACTIONS_FROM) & (size < FRACTIONS_BELOW))
        texts = pc.cast(pa.array(chosen), pa.string())
        if is_whole.any():
            numbers = pc.cast(pa.array(chosen[is_whole].astype(np.int64)), pa.string())
            with_point = pc.binary_join_element_wise(numbers, ".0", "")
            texts = pc.replace_with_mask(texts, pa.array(is_whole), with_point)
        if is_other.any():
            others = pa.array(list(map(repr, chosen[is_other].tolist())), pa.string())
            texts = pc.replace_with_mask(texts, pa.array(is_other), others)
    if known.all():
        return texts
    blank = pa.repeat(pa.scalar(""), len(values))
    return pc.replace_with_mask(blank, pa.array(known), texts)


def csv_lines(opening: str, columns: Sequence[Any]) -> str:
    """Return the lines of columns of equal length, each after the same opening."""
    pc = _compute()
    rows = pc.binary_join_element_wise(opening, *columns, ",")
    lines = pc.binary_join_element_wise(rows, "", "\n")
    offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]].tobytes().decode()


def _compute() -> Any:
    """Return Arrow's functions: they are made when it is imported, so no type checker knows them."""
    import pyarrow.compute

    return pyarrow.compute
