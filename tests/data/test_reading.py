"""A CSV file is read as it stands or refused in one sentence; nothing is misread in silence."""

import gzip
import io
import pickle
import zipfile

import numpy as np
import pytest

from engine.data.decoding import TableError, decoded
from engine.data.reading import read_table


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("table.csv", "a,b\n1,2\n")
    return file.getvalue()


REFUSED = {
    "empty": (b"", "the file must hold a line of column names and rows below it, got nothing"),
    "blank": (b" \n\n", "the file must hold a line of column names and rows below it, got nothing"),
    "header only": (b"a,b\n", "the table must have rows below the line of names, got none"),
    "ragged": (b"a,b\n1,2\n3\n", "line 3 must have 2 cells like the first one, got 1"),
    "ragged after a long cell": (
        b'a,b\n1,"x\ny"\n3,4,5\n',
        "line 4 must have 2 cells like the first one, got 3",
    ),
    "duplicate names": (b"a, a\n1,2\n", "each column must have a name of its own, got 'a' twice"),
    "no name": (b"a,\n1,2\n", "column 2 must have a name in the first line, got an empty cell"),
    "long name": (
        b"a," + b"x" * 201 + b"\n1,2\n",
        "a column's name must have at most 200 characters, got 201",
    ),
    "one column": (
        b"a\n1\n",
        "the table must have at least 2 columns, separated by comma, semicolon or tab, got 1",
    ),
    "many columns": (
        b",".join(b"c%d" % i for i in range(2001)) + b"\n",
        "the table must have at most 2,000 columns, got 2,001",
    ),
    "NUL": (b"a,b\n1,\x002\n", "the file must be text, got a NUL byte on line 2"),
    "binary": (b"a,b\n\x01\x02", "the file must be text, got the control character 1 on line 2"),
    "unclosed quote": (b'a,b\n1,"2\n3,4\n', "a quote must be closed, but the one on line 2 is not"),
    "text behind a quote": (b'a,b\n1,"2"x\n', "line 2 must be valid CSV: ',' expected after '\"'"),
    "endless cell": (
        b"a,b\n1," + b"x" * 200_000,
        "a cell must have at most 131,072 characters, got more on line 2 (is a quote not closed?)",
    ),
    "infinite": (b"a,b\n1,2\n3,inf\n", "column 'b' must hold finite numbers, got 'inf' on line 3"),
    "beyond floats": (b"a,b\n1,1e999\n", "column 'b' must hold finite numbers, got '1e999' on line 2"),
    "gzip": (gzip.compress(b"a,b\n1,2\n"), "the file must be CSV text, got a gzip archive"),
    "zip or xlsx": (zipped(), "the file must be CSV text, got a zip archive or an Excel workbook"),
    "pickle": (pickle.dumps({"a": 1}), "the file must be CSV text, got a pickle"),
    "200 MB on a line": (b"x" * 200_000_000, "the file must have at most 50 MB, got 200 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_could_be_misread_is_refused_in_one_sentence(name: str) -> None:
    content, sentence = REFUSED[name]
    with pytest.raises(TableError) as refused:
        read_table(content)
    assert str(refused.value) == sentence


def test_more_rows_than_a_million_are_refused() -> None:
    with pytest.raises(TableError, match="at most 1,000,000 rows, got more"):
        read_table(b"a,b\n" + b"1,2\n" * 1_000_001)


@pytest.mark.parametrize(
    ("encoding", "mark", "named"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8", b"\xef\xbb\xbf", "UTF-8"),
        ("utf-16-le", b"\xff\xfe", "UTF-16"),
        ("utf-16-be", b"\xfe\xff", "UTF-16"),
        ("utf-16-le", b"", "UTF-16"),
        ("latin-1", b"", "Latin-1"),
    ],
)
def test_the_encoding_is_decided_and_told(encoding: str, mark: bytes, named: str) -> None:
    text = "city,price\nKöln,1\nOrléans,2\n"
    assert decoded(mark + text.encode(encoding)) == (text, named)
    table = read_table(mark + text.encode(encoding))
    assert table.columns[0].values == ("Köln", "Orléans")
    assert named in table.notes[0]


@pytest.mark.parametrize("content", [b"a;b\n1,5;x\n-2,25;y\n", b"a\tb\n1,5\tx\n-2,25\ty\n"])
def test_a_decimal_comma_is_a_number_where_the_comma_does_not_separate(content: bytes) -> None:
    table = read_table(content)
    np.testing.assert_array_equal(table.columns[0].numbers, [1.5, -2.25])
    assert "decimal comma" in table.notes[0]


def test_points_between_thousands_are_no_numbers_beside_a_decimal_comma() -> None:
    table = read_table(b"a;b\n1,5;x\n1.000;y\n")
    assert table.columns[0].values == ("1,5", "1.000")


def test_blanks_and_their_usual_words_are_empty_cells() -> None:
    table = read_table(b"a,b\n1,x\n,NA\nNaN,\nnull,?\n 2 , y \n")
    np.testing.assert_array_equal(table.columns[0].numbers, [1, np.nan, np.nan, np.nan, 2])
    np.testing.assert_array_equal(table.columns[1].codes, [0, -1, -1, -1, 1])


def test_whole_numbers_beyond_2_53_stay_text_so_that_no_digit_is_lost() -> None:
    table = read_table(b"a,b\n9007199254740993,1\n9007199254740992,2\n")
    assert table.columns[0].values == ("9007199254740992", "9007199254740993")
    assert "beyond 2^53" in table.notes[1]
    assert read_table(b"a,b\n9007199254740991,1\n").columns[0].kind == "number"


@pytest.mark.parametrize("cell", ["1_000", "１２", "0x10", "1e", "=1+1", "+", "@A1", "1,5"])
def test_what_only_python_or_a_spreadsheet_takes_for_a_number_is_text(cell: str) -> None:
    column = read_table(f'a,b\n"{cell}",1\n'.encode()).columns[0]
    assert column.values == (cell,)


def test_a_text_column_with_100_000_values_is_kept_whole() -> None:
    rows = "\n".join(f"name {i},{i % 2}" for i in range(100_000))
    column = read_table(f"a,b\n{rows}\n".encode()).columns[0]
    assert column.different() == 100_000 and column.values[int(column.text_codes[77])] == "name 77"


def test_one_word_among_numbers_makes_a_column_text_and_is_named() -> None:
    rows = "\n".join(["1,2"] * 50 + ["oops,2"])
    assert read_table(f"a,b\n{rows}".encode()).columns[0].example == "oops"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_separates_rows(end: str) -> None:
    table = read_table(end.join(["a,b", "1,x", "", "2,y"]).encode())
    np.testing.assert_array_equal(table.columns[0].numbers, [1, 2])


def test_a_column_can_be_read_as_text_whatever_it_holds() -> None:
    assert read_table(b"zip,b\n007,1\n08,2\n", frozenset({"zip"})).columns[0].values == ("007", "08")
