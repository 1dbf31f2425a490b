"""What is exported comes back as it was, bit for bit."""

import csv
import io
import json

import numpy as np
import pytest

from engine.config import parse_config
from engine.exchange.export import FORMATS, exported, metrics_csv
from engine.exchange.imports import import_file
from engine.store import edit
from engine.store.checkpoints import latest_checkpoint
from engine.store.datasets import dataset_for
from engine.store.files import keep_file
from engine.store.interventions import read_changes
from engine.store.lease import claim, new_owner
from engine.store.records import Series, read_parts, read_series, write_tail
from engine.store.runs import get_run, load_run, reopen, request
from engine.store.schema import events
from engine.store.snapshots import read_snapshots
from engine.store.store import StoreError, open_store
from engine.store.submit import submit_one
from engine.training.telemetry import SCALAR_INDEX
from engine.workers.session import train_claimed

WILD = {"learning_rate": 1e6, "optimizer": "sgd", "activation": "relu", "loss": "mse"}
HOSTILE = ["=1+1", 'say "no",\nplease', "<b>x</b>", "\u202eabc", "a,b", "-x"]


@pytest.fixture
def other(tmp_path):
    """Another store."""
    return open_store(f"sqlite:///{tmp_path / 'other.db'}")


def same_scalars(left, right):
    """Tell whether all numbers have the same bits; a NaN is a NaN, whatever its sign."""
    numbers = [np.where(np.isnan(each.scalars), np.nan, each.scalars).tobytes() for each in (left, right)]
    return numbers[0] == numbers[1] and left.measured.tobytes() == right.measured.tobytes()


@pytest.mark.parametrize("format", ["csv", "parquet", "bundle"])
@pytest.mark.parametrize("settings", [{"dropout": 0.1}, {"dataset": "sine", "optimizer": "momentum"}, WILD])
def test_records_come_back_bit_for_bit(store, other, trained, format, settings):
    first, second = trained(**settings), trained(epochs=300, record_every=1, seed=3)
    numbers = import_file(other, exported(store, [second, first], format))
    assert len(numbers) == 2
    for old, new in zip((second, first), numbers, strict=True):
        assert same_scalars(read_series(store, old), read_series(other, new))
        row, before = get_run(other, new), get_run(store, old)
        assert (row.step, row.score_name, row.best_val_loss) == (
            before.step,
            before.score_name,
            before.best_val_loss,
        )


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format", ["csv", "parquet", "bundle"])
def test_any_name_comes_back_as_it_was(store, other, trained, format, name):
    (number,) = import_file(other, exported(store, [trained(name=name)], format))
    assert get_run(other, number).name == name


def test_curves_out_of_a_csv_know_no_settings_and_those_out_of_parquet_do(store, other, trained):
    run_id = trained(activation=["relu"])
    (plain,), (typed,) = (import_file(other, exported(store, [run_id], name)) for name in ("csv", "parquet"))
    for number in (plain, typed):
        assert get_run(other, number).status == "imported"
        assert latest_checkpoint(other, number)[0] is None
        load_run(other, number)
    assert not get_run(other, plain).has_settings and get_run(other, typed).has_settings
    assert get_run(other, typed).config == get_run(store, run_id).config


def test_a_bundle_brings_back_everything_and_training_goes_on_with_the_same_bits(store, other, trained):
    run_id = trained(epochs=30, dropout=0.2, name="kept")
    with store.writing() as connection:
        happened = {"run_id": run_id, "created_at": 1.5, "step": 3, "field": "learning_rate", "new": "0.01"}
        connection.execute(events.insert().values(happened))
        connection.execute(events.insert().values({**happened, "step": -1}))
    edit.change_tags(store, [run_id], add="a, b")
    edit.write_note(store, run_id, "a\nnote")
    (number,) = import_file(other, exported(store, [run_id], "bundle"))
    left, right = get_run(store, run_id), get_run(other, number)
    same = set(vars(left)) - {"id", "created_at"}
    assert {name: getattr(left, name) for name in same} == {name: getattr(right, name) for name in same}
    assert read_series(store, run_id).layers.tobytes() == read_series(other, number).layers.tobytes()
    assert read_changes(store, run_id) == read_changes(other, number) != []
    states = [latest_checkpoint(*place)[0] for place in ((store, run_id), (other, number))]
    assert states[0] is not None and states[1] is not None
    assert states[0].to_bytes() == states[1].to_bytes()
    old, new = read_snapshots(store, run_id), read_snapshots(other, number)
    assert old.keys() == new.keys()
    assert all(old[step]["theta"].tobytes() == new[step]["theta"].tobytes() for step in old)
    assert exported(store, [run_id], "npz") == exported(other, [number], "npz")


def test_a_queued_run_in_a_bundle_waits_for_nobody(store, other, submitted):
    (number,) = import_file(other, exported(store, [submitted()], "bundle"))
    assert get_run(other, number).ended
    assert claim(other, new_owner()) is None


def test_a_stopped_run_out_of_a_bundle_can_be_resumed(store, other, submitted):
    run_id = submitted(epochs=3000)
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    train_claimed(store, lease, lambda record: request(store, run_id, "stop") if record.step > 50 else None)
    (number,) = import_file(other, exported(store, [run_id], "bundle"))
    reopen(other, number)
    lease = claim(other, new_owner(), number)
    assert lease is not None and train_claimed(other, lease) == "finished"


def test_the_wide_csv_has_one_row_a_step_and_one_column_a_run_and_metric(store, trained):
    ids = [trained(epochs=4), trained(epochs=6, dataset="sine", record_every=2)]
    rows = list(csv.DictReader(io.StringIO(exported(store, ids, "wide").decode())))
    steps = [int(row["step"]) for row in rows]
    series = [read_series(store, run_id) for run_id in ids]
    assert steps == sorted({int(step) for each in series for step in each["step"]})
    for run_id, each, score in zip(ids, series, ("accuracy", "r2"), strict=True):
        for name in ("train_loss", "grad_norm", f"val_{score}"):
            column = {int(row["step"]): row[f"run_{run_id}.{name}"] for row in rows}
            read = [float(column[int(step)] or "nan") for step in each["step"]]
            np.testing.assert_array_equal(read, each[name])
    assert f"run_{ids[0]}.val_r2" not in rows[0]


def test_json_holds_settings_and_results_without_nan(store, trained):
    ids = [trained(name="first"), trained(**WILD)]
    shown = json.loads(exported(store, ids, "json"), parse_constant=lambda name: pytest.fail(name))["runs"]
    assert [run["run"] for run in shown] == ids and shown[0]["config"] == get_run(store, ids[0]).config
    assert shown[0]["results"]["val_accuracy"] == get_run(store, ids[0]).val_score


def test_json_names_the_step_of_the_lowest_validation_loss_not_the_last_one(store, trained):
    run_id = trained(samples=60, noise=0.5, learning_rate=0.1, epochs=20)
    (shown,) = json.loads(exported(store, [run_id], "json"))["runs"]
    scalars = read_series(store, run_id).scalars
    losses = scalars[:, SCALAR_INDEX["val_loss"]]
    best = scalars[np.nanargmin(losses)]
    assert 0 < shown["results"]["best_step"] == best[SCALAR_INDEX["step"]] < shown["step"]
    assert shown["results"]["best_val_loss"] == np.nanmin(losses)


def test_weights_of_several_runs_are_told_apart_and_missing_ones_named(store, trained, submitted):
    ids = [trained(), trained(seed=1)]
    with np.load(io.BytesIO(exported(store, ids, "npz")), allow_pickle=False) as weights:
        assert {f"run{run_id}.dense1.weight" for run_id in ids} <= set(weights.files)
    with pytest.raises(StoreError, match="no checkpoint"):
        exported(store, [submitted(seed=2)], "npz")


def test_an_unknown_format_is_refused(store):
    with pytest.raises(ValueError, match=f"format must be one of {', '.join(FORMATS)}"):
        exported(store, [], "xlsx")


def test_parts_of_a_run_are_the_whole_run(store, trained):
    run_id = trained(epochs=2500, record_every=1)
    parts, whole = list(read_parts(store, run_id)), read_series(store, run_id)
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate([part.scalars for part in parts]), whole.scalars)


def test_parts_go_on_where_a_run_has_grown_while_it_was_read(store, trained, submitted):
    whole, run_id = read_series(store, trained(epochs=2500, record_every=1)), submitted()

    def written(number, start, end):
        with store.writing() as connection:
            write_tail(connection, run_id, number, Series(*(each[start:end] for each in whole.arrays)))

    written(0, 0, 2050)
    stream = read_parts(store, run_id)
    parts = [next(stream)]
    assert 0 < len(parts[0]) < 2050
    parts.append(next(stream))
    written(20, 2000, 2600)  # the open chunk is written again, with more records and others behind it
    parts += stream
    np.testing.assert_array_equal(np.concatenate([part["step"] for part in parts]), np.arange(2600))


def test_columns_may_come_in_any_order_and_some_may_be_missing(store):
    text = "val_loss,step,name,run,epoch,seconds\n0.5,0,a,7,0,0\n,1,a,7,0.5,0.1\nnan,2,a,7,1,0.2\n"
    (number,) = import_file(store, b"\xef\xbb\xbf" + text.encode())
    series = read_series(store, number)
    np.testing.assert_array_equal(series["val_loss"], [0.5, np.nan, np.nan])
    assert metrics_csv(store, [number]).splitlines()[2].count("nan") == 0
    assert get_run(store, number).best_step == 0


def test_a_run_on_a_table_of_ones_own_comes_back_with_its_rows(store, other):
    lines = "\n".join(f"{place % 7},{'red' if place % 3 else 'blue'},{place % 2}" for place in range(60))
    table_id = keep_file(store, "mine.csv", f"size,colour,label\n{lines}\n".encode())
    config = parse_config(
        {
            "dataset": "table",
            "table": table_id,
            "target": "label",
            "epochs": 2,
            "test_fraction": 0.2,
            "batch_size": 8,
        }
    )
    run_id = submit_one(store, config, dataset_for(store, config))
    lease = claim(store, new_owner(), run_id)
    assert lease is not None and train_claimed(store, lease) == "finished"
    (number,) = import_file(other, exported(store, [run_id], "bundle"))
    left, right = get_run(store, run_id), get_run(other, number)
    assert (right.test_score, right.config, right.dataset_id) == (
        left.test_score,
        left.config,
        left.dataset_id,
    )
    (curves,) = import_file(other, exported(store, [run_id], "parquet"))
    assert get_run(other, curves).status == "imported"


def test_runs_with_features_and_with_several_targets_come_back_as_they_were(store, other, trained):
    ids = [
        trained(dataset="circles", features=["x1_squared", "sin_x2"], standardize_inputs="off"),
        trained(dataset="linnerud", samples=20, batch_size="full", standardize_target="off"),
    ]
    for left, right in zip(ids, import_file(other, exported(store, ids, "bundle")), strict=True):
        assert get_run(other, right).config == get_run(store, left).config
        assert get_run(other, right).dataset_id == get_run(store, left).dataset_id
    for kind in ("csv", "parquet"):
        assert len(import_file(other, exported(store, ids, kind))) == 2
