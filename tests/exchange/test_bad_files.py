"""A file that is none of ours, or was changed, is refused in one sentence; the store stays as it was."""

import csv
import gzip
import json
import pickle

import numpy as np
import pytest

from engine.codec import pack, unpack
from engine.exchange.export import exported
from engine.exchange.imports import BadFile, import_file
from engine.store.runs import list_runs
from engine.store.store import open_store
from tests.exchange.bundles import repacked


@pytest.fixture
def other(tmp_path):
    """Another store."""
    return open_store(f"sqlite:///{tmp_path / 'other.db'}")


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
        (f"{HEAD}1,a,-1,0,0,1\n".encode(), "step must be a whole number >= 0"),
        (f"{HEAD}1,a,0.5,0,0,1\n".encode(), "step must be a whole number >= 0"),
        (f"{HEAD}1,a,,0,0,1\n".encode(), "step must be given in each row"),
        (f"{HEAD}1,a,0,nan,0,1\n".encode(), "epoch must be a number >= 0"),
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


CHANGE = {"created_at": 0, "step": 1, "field": "learning_rate", "old": ""}


def manifest(**values):
    def change(name, blob):
        if name != "bundle.json":
            return blob
        about = json.loads(blob)
        top = {key: value for key, value in values.items() if key in about}
        about["runs"][0] |= {key: value for key, value in values.items() if key not in about}
        return json.dumps(about | top).encode()

    return change


def member(ending, change):
    return lambda name, blob: change(blob) if name.endswith(ending) else blob


def flipped(blob):
    return blob[:-1] + bytes([blob[-1] ^ 1])


def shortened_theta(blob):
    arrays, meta = unpack(blob)
    return pack({**arrays, "theta": arrays["theta"][:-1]}, meta)


def out_of_order(blob):
    arrays, meta = unpack(blob)
    return pack({**arrays, "permutation": np.zeros_like(arrays["permutation"])}, meta)


def unknown_label(blob):
    arrays, meta = unpack(blob)
    return pack({**arrays, "y_train": arrays["y_train"] + 5}, meta)


def descending(blob):
    arrays, meta = unpack(blob)
    return pack({name: array[::-1].copy() for name, array in arrays.items()}, meta)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda name, blob: None if name == "bundle.json" else blob, "must be a bundle"),
        (lambda name, blob: None if name.endswith("state") else blob, "lacks its part runs/0/state"),
        (manifest(version=2), "version of bundle.json must be 1, got 2"),
        (manifest(runs=[]), "runs of bundle.json must be a list that is not empty, got []"),
        (manifest(scalars=["loss"]), "unknown column 'loss'"),
        (manifest(config='{"epochs": 0}'), "epochs must be >= 1, got 0"),
        (manifest(config='{"hidden_sizes": [1000000, 1000000]}'), "fit into memory"),
        (manifest(config='{"hidden_sizes": [7]}'), "does not fit its network"),
        (manifest(config="{"), "must be JSON"),
        (manifest(name=5), "name of run 1 of the bundle must be text"),
        (manifest(parts=-1), "parts of run 1 of the bundle must be >= 0, got -1"),
        (manifest(parts=10**30), "parts of run 1 of the bundle must be <= 100000, got 1000000000"),
        (manifest(parts=9), "lacks its part runs/0/records/1"),
        (manifest(seconds="1"), "seconds of run 1 of the bundle must be a number, got '1'"),
        (manifest(seconds=float("nan")), "seconds of run 1 of the bundle must be a finite number, got nan"),
        (manifest(seconds=10**400), "seconds of run 1 of the bundle must be a"),
        (manifest(epoch=True), "epoch of run 1 of the bundle must be a number, got True"),
        (manifest(name="\ud800"), "name of run 1 of the bundle must be text, got '\\ud800'"),
        (
            manifest(note="a" * 100_001),
            "note of run 1 of the bundle must be text of at most 100,000",
        ),
        (manifest(has_state=1), "has_state of run 1 of the bundle must be true or false, got 1"),
        (manifest(score_name="f1"), "score_name of run 1 of the bundle must be 'accuracy' or 'r2', got 'f1'"),
        (manifest(tags=["a", 5]), "entry 2 of tags of run 1 of the bundle must be text, got 5"),
        (manifest(runs=[{}] * 1001), "runs of bundle.json must be a list of at most 1,000 entries"),
        (manifest(format="zip"), "format of bundle.json must be 'backprop-lab bundle', got 'zip'"),
        (manifest(runs=[5]), "run 1 of the bundle must be an object, got 5"),
        (manifest(runs=[{}]), "name of run 1 of the bundle is missing"),
        (
            manifest(results={"val_loss": []}),
            "val_loss of results of run 1 of the bundle must be a number",
        ),
        (manifest(results=[]), "results of run 1 of the bundle must be an object, got []"),
        (manifest(dataset="../../etc/passwd"), "lacks its part data/../../etc/passwd"),
        (manifest(events=[{"step": 1}]), "created_at of entry 1 of events of run 1 of the bundle is missing"),
        (
            manifest(events=[{**CHANGE, "new": "1", "step": -1}]),
            "step of entry 1 of events of run 1 of the bundle must be >= 0",
        ),
        (manifest(events=[{**CHANGE, "new": "nan"}]), "learning_rate must be"),
        (manifest(events=[{**CHANGE, "field": "weight", "new": "{}"}]), "weight must name layer"),
        (member("bundle.json", lambda blob: b"[" * 100_000), "must be JSON"),
        (member("bundle.json", lambda blob: b"[]"), "must be an object"),
        (member("state", flipped), "damaged"),
        (member("state", shortened_theta), "does not fit its network"),
        (member("state", out_of_order), "an order of its training rows"),
        (member("records/0", flipped), "damaged"),
        (member("records/0", descending), "must ascend"),
        (member("records/0", lambda blob: pack({"values": np.zeros((3, 1))})), "damaged"),
        (member("snapshots/0", lambda blob: pack({"theta": np.zeros(3)})), "snapshot does not fit"),
        (member("snapshots/0", lambda blob: b"\x80\x04."), "damaged"),
    ],
)
def test_a_changed_bundle_is_refused_in_one_sentence(store, other, trained, change, sentence):
    content = exported(store, [trained()], "bundle")
    with pytest.raises(BadFile) as refused:
        import_file(other, repacked(content, change))
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert list_runs(other) == []


def test_labels_out_of_range_are_refused(store, other, trained):
    content = exported(store, [trained()], "bundle")
    changed = repacked(content, lambda name, blob: unknown_label(blob) if name.startswith("data/") else blob)
    with pytest.raises(BadFile, match="data of a run does not fit together"):
        import_file(other, changed)


def moved_place(arrays, meta):
    arrays["coordinates_val"][0, 0] += 1


def other_features(arrays, meta):
    meta["encoding"]["features"] = ["x1", "x2"]


def foreign_features(arrays, meta):
    meta["encoding"]["features"] = meta["feature_names"] = ["x1_squared", "exec"]


def no_places(arrays, meta):
    del arrays["coordinates_train"], arrays["coordinates_val"]


def places_without_features(arrays, meta):
    meta["encoding"] = {}


def named_targets(arrays, meta):
    meta["target_names"] = ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [moved_place, other_features, foreign_features, no_places, places_without_features, named_targets],
)
def test_features_that_are_not_made_from_their_places_are_refused(store, other, trained, change):
    run_id = trained(dataset="circles", features=["x1_squared", "x2_squared"])
    content = exported(store, [run_id], "bundle")
    assert len(import_file(other, content)) == 1

    def damaged(name, blob):
        if not name.startswith("data/"):
            return blob
        arrays, meta = unpack(blob)
        arrays = {key: array.copy() for key, array in arrays.items()}
        change(arrays, meta)
        return pack(arrays, meta)

    with pytest.raises(BadFile, match="data of a run does not fit together"):
        import_file(other, repacked(content, damaged))
    assert len(list_runs(other)) == 1
