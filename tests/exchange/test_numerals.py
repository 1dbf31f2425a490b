"""Columns of numbers are written with the characters of repr, whatever the numbers are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.exchange.export.numerals import csv_lines, texts_of

EDGES = [0.0, -0.0, 1.0, -1.0, 1e-4, 9.999999999999999e-05, 1e-5, 1e6, 999999.9999999999, 1e6 + 0.5, 1e15]
EDGES += [1e16, 1e17, 123456789012345.6, 2.0**53, 5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 1e22, 1e-7]
EDGES += [float("nan"), float("inf"), -float("inf"), 2.5, 100.0, 1e14 + 1, 999999999999999.0]


def written(values, known=None):
    values = np.array(values, float)
    return texts_of(values, np.ones(len(values), bool) if known is None else np.array(known)).to_pylist()


@settings(deadline=None)  # the first example waits for Arrow to be loaded
@given(st.lists(st.floats() | st.floats(-2e6, 2e6) | st.integers(-(10**17), 10**17).map(float)))
def test_a_number_is_written_as_repr_writes_it(values):
    assert written(values) == list(map(repr, values))


def test_numbers_of_all_sizes_are_written_as_repr_writes_them():
    rng = np.random.default_rng(0)
    many = rng.standard_normal(20_000) * 10.0 ** rng.integers(-20, 20, 20_000)
    values = [
        *EDGES,
        *(-each for each in EDGES),
        *many.tolist(),
        *np.float32(many[:5000]).astype(float).tolist(),
    ]
    assert written(values) == list(map(repr, values))


def test_what_is_not_known_is_blank_and_whole_numbers_have_no_point():
    assert written([1.0, np.nan, 2.5], [True, False, True]) == ["1.0", "", "2.5"]
    assert written([1.0, 2.0], [False, False]) == ["", ""]
    assert texts_of(np.array([3.0, 4e9]), np.array([True, True]), whole=True).to_pylist() == [
        "3",
        "4000000000",
    ]


@pytest.mark.parametrize("opening", ["1,", '7,"a, ""b"""', "1,é"])
def test_lines_begin_with_their_opening_and_hold_each_column(opening):
    columns = [texts_of(np.array(each), np.ones(2, bool)) for each in ([1.0, 2.0], [0.5, -1e-9])]
    assert csv_lines(opening, columns) == f"{opening},1.0,0.5\n{opening},2.0,-1e-09\n"
