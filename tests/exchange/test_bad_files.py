"""A file that is none of ours, or was changed, is refused in one sentence; the store stays as it was."""

import csv
import gzip
import json
import pickle

import pytest

from engine.exchange.export import exported
from engine.exchange.imports import BadFile, import_file
from engine.store.runs import list_runs

HEAD = "run,name,step,epoch,seconds,val_loss\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (HEAD.encode(), "no record of any run"),
        (b"a,b\n1,2\n", "unknown column 'a'"),
        (b"run,name,step,epoch,seconds,val_los\n", "did you mean 'val_loss'"),
        (b"run,name,step,epoch\n1,a,0,0\n", "seconds is missing"),
        (b"run,run,name,step,epoch,seconds\n", "run twice"),
        (f"{HEAD}1,a,0,0\n".encode(), "line 2 must have 6 cells, got 4"),
        (f"{HEAD}1,a,0,0,0,x\n".encode(), "val_loss must be a number or blank, got 'x' in line 2"),
        (f"{HEAD}1,a,0,0,0,1e999\n".encode(), "got '1e999' in line 2"),
        (f"{HEAD}1,a,0,0,0,1_0\n".encode(), "got '1_0' in line 2"),
        (f"{HEAD}1,a,0,0,0, 1\n".encode(), "got ' 1' in line 2"),
        (
            f"{HEAD}1,a,0,0,0,1\n1,a,0,0,0,1\n".encode(),
            "steps must ascend within a run, got 0 after 0 in run 1",
        ),
        (f"{HEAD}1,a,-1,0,0,1\n".encode(), "step must be a whole number from 0 to 2^53"),
        (f"{HEAD}1,a,0.5,0,0,1\n".encode(), "step must be a whole number from 0 to 2^53"),
        (f"{HEAD}1,a,,0,0,1\n".encode(), "step must be given in each row"),
        (f"{HEAD}1,a,0,nan,0,1\n".encode(), "epoch must be a number from 0 to 2^53"),
        (f"{HEAD}x,a,0,0,0,1\n".encode(), "run must be a whole number, got 'x' in line 2"),
        (f'{HEAD}1,"a,0,0,0,1\n'.encode(), "is no CSV"),
        (f"{HEAD}1,{'a' * 20_000},0,0,0,1\n".encode(), "at most 10,000 characters, got more in line 2"),
        (f"{HEAD}1,{'a' * 200_000},0,0,0,1\n".encode(), "is no CSV"),
        (f"{HEAD}1,a\0,0,0,0,1\n".encode(), "NUL byte"),
        (HEAD.encode("utf-16"), "UTF-16"),
        (f"{HEAD}1,é,0,0,0,1\n".encode("latin-1"), "must be UTF-8, got byte 0xe9"),
        (gzip.compress(HEAD.encode()), "a gzip file"),
        (pickle.dumps({"a": 1}), "a pickle"),
        (b"x" * 50_000_001, "at most 50 MB"),
        (b"PAR1" + bytes(100), "Parquet file is damaged"),
        (b"PK\x03\x04" + bytes(100), "bundle is damaged"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_file_that_is_none_of_ours_is_refused_in_one_sentence_and_the_store_stays(store, content, sentence):
    with pytest.raises(BadFile) as refused:
        import_file(store, content)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert list_runs(store) == []


def test_importing_leaves_the_limits_of_other_csv_files_alone(store, trained):
    """The limit of a cell is the whole process's: a table of one's own may be read next."""
    before = csv.field_size_limit()
    import_file(store, exported(store, [trained()], "csv"))
    assert csv.field_size_limit() == before == 131_072


def renamed(table):
    names = ["x", *table.column_names[1:]]
    return table.rename_columns(names).replace_schema_metadata(table.schema.metadata)


def parquet_with(store, table_change=None, metadata_change=None, run_id=1):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(exported(store, [run_id], "parquet")))
    table = table_change(table) if table_change else table
    if metadata_change:
        about = json.loads(table.schema.metadata[b"backprop-lab"])
        table = table.replace_schema_metadata({b"backprop-lab": json.dumps(metadata_change(about)).encode()})
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    return out.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"table_change": lambda table: table.replace_schema_metadata({})}, "this program exported"),
        ({"table_change": lambda table: table.drop(["step"])}, "column step is missing"),
        (
            {"table_change": renamed},
            "unknown column 'x'",
        ),
        ({"table_change": lambda table: table.cast(_text_losses(table))}, "column val_loss must be double"),
        (
            {"metadata_change": lambda about: {**about, "kind": "layers"}},
            "must be 'metrics', got 'layers'",
        ),
        (
            {"metadata_change": lambda about: {**about, "version": 9}},
            "version of the Parquet file must be 1",
        ),
        (
            {"metadata_change": lambda about: {**about, "runs": [{"run": 1, "config": {"epochs": 0}}]}},
            "epochs must be",
        ),
    ],
)
def test_a_changed_parquet_file_is_refused_in_one_sentence(store, other, trained, changes, sentence):
    trained()
    with pytest.raises(BadFile, match=sentence):
        import_file(other, parquet_with(store, **changes))
    assert list_runs(other) == []


def _text_losses(table):
    import pyarrow as pa

    place = table.column_names.index("val_loss")
    return table.schema.set(place, pa.field("val_loss", pa.string()))
