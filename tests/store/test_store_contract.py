"""What a store must do, whatever database holds it: each backend runs :class:`StoreContract` by its URL."""

import csv
import io
from collections import OrderedDict

import numpy as np
import pytest
import sqlalchemy as sa

from engine.codec import CodecError, pack, unpack_table
from engine.exchange.export import exported
from engine.exchange.export.text import layers_csv, metrics_csv
from engine.exchange.imports import import_file
from engine.exchange.imports.errors import BadFile
from engine.store.checkpoints import latest_checkpoint
from engine.store.files import NoSuchFile, file_content, keep_file, list_files
from engine.store.lease import LeaseLost, claim, new_owner, write_held
from engine.store.query import sparklines
from engine.store.reader import read_on
from engine.store.records import Series, cut_after, joined, read_many, read_parts, read_series
from engine.store.runs import NoSuchRun, get_run, list_runs, reopen, request
from engine.store.schema import chunks, datasets
from engine.training.telemetry import LAYER_STATISTICS, SCALARS
from engine.workers.session import train_claimed
from tests.store.other_columns import (
    CHANGES,
    GONE,
    NEW,
    another_order,
    blank,
    by_name,
    one_more,
    without_names,
)
from tests.workers.together import take

SETTINGS = {"epochs": 60, "record_every": 1, "hidden_sizes": [4, 3], "dropout": 0.2}


def trained(store, run_id, **options):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease, **options)


def interrupted(store, run_id, after):
    """Train a run until it has given some records, and open it again for whoever goes on with it."""
    records = []
    with pytest.raises(KeyboardInterrupt):
        trained(store, run_id, on_record=records.append, is_interrupted=lambda: len(records) >= after)
    reopen(store, run_id)
    assert 0 < get_run(store, run_id).step < get_run(store, run_id).total_steps


class StoreContract:
    """The behaviour of a store; a subclass says in ``store_url`` where a new, empty one is."""

    def test_a_submitted_run_is_queued_and_trains_to_the_end(self, store, submitted):
        run_id = submitted(name="first")
        assert get_run(store, run_id).status == "queued"
        assert trained(store, run_id) == "finished"
        row = get_run(store, run_id)
        assert (row.status, row.step, row.name) == ("finished", row.total_steps, "first")
        assert row.val_score is not None and 0 <= row.val_score <= 1

    def test_every_recorded_step_is_in_the_series_once_and_in_order(self, store, submitted):
        run_id = submitted(epochs=60)
        trained(store, run_id)
        steps = read_series(store, run_id)["step"]
        np.testing.assert_array_equal(steps, np.arange(len(steps)))

    def test_reading_since_a_step_gives_only_what_came_later(self, store, submitted):
        run_id = submitted()
        trained(store, run_id)
        whole, late = read_series(store, run_id), read_series(store, run_id, since_step=3)
        np.testing.assert_array_equal(late.scalars, whole.scalars[whole["step"] > 3])

    def test_equal_data_is_stored_once(self, store, submitted):
        submitted(seed=1)
        submitted(seed=2)
        with store.reading() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(datasets)) == 1

    def test_an_unknown_run_is_named(self, store):
        for run_id in (99, -1, 10**30):
            with pytest.raises(NoSuchRun, match=f"no such run: {run_id}"):
                get_run(store, run_id)

    def test_a_run_is_claimed_by_one_process_alone(self, store, submitted):
        run_id = submitted()
        assert claim(store, "a", run_id) is not None
        assert claim(store, "b", run_id) is None

    def test_a_holder_that_lost_its_lease_writes_nothing(self, store, submitted):
        run_id = submitted()
        old = claim(store, "a", run_id)
        new = claim(store, "b", run_id, frozen=frozenset({run_id}))
        assert old is not None and new is not None and new.epoch == old.epoch + 1
        with pytest.raises(LeaseLost), store.writing() as connection:
            write_held(connection, old, step=999)
        assert get_run(store, run_id).step == 0

    def test_stop_is_final_for_a_queued_run_and_a_finished_run_stays_finished(self, store, submitted):
        queued, done = submitted(), submitted()
        trained(store, done)
        for run_id in (queued, queued, done):
            request(store, run_id, "stop")
        reopen(store, done)
        assert get_run(store, queued).status == "stopped" and get_run(store, done).status == "finished"

    def test_a_stopped_run_goes_on_to_the_same_bits_as_an_unbroken_one(
        self, store, submitted, polling_always
    ):
        whole, broken = submitted(epochs=30, dropout=0.2), submitted(epochs=30, dropout=0.2)
        trained(store, whole)
        lease = claim(store, "a", broken)
        assert lease is not None

        def stop_midway(record):
            if record.step == 10:
                request(store, broken, "stop")

        assert train_claimed(store, lease, stop_midway) == "stopped"
        assert get_run(store, broken).step == 10
        reopen(store, broken)
        assert trained(store, broken) == "finished"
        first, second = latest_checkpoint(store, whole)[0], latest_checkpoint(store, broken)[0]
        assert first is not None and second is not None
        assert first.theta.tobytes() == second.theta.tobytes()

    def test_cutting_a_series_keeps_what_was_before(self, store, submitted):
        run_id = submitted(epochs=60)
        trained(store, run_id)
        with store.writing() as connection:
            cut_after(connection, run_id, 57)
        assert read_series(store, run_id)["step"][-1] == 57

    def test_hostile_names_are_kept_as_text(self, store, submitted):
        for name in ("<script>alert(1)</script>", "'; DROP TABLE runs;--", "‮abc", "=cmd|'/C calc'!A0"):
            assert get_run(store, submitted(name=name)).name == name
        assert get_run(store, submitted(name="a\0b\ud800")).name == "ab?"
        assert len(list_runs(store)) == 5

    def test_equal_files_are_kept_once_and_an_unknown_one_is_named(self, store):
        first, again = keep_file(store, "a.csv", b"x,y\n1,2\n"), keep_file(store, "b.csv", b"x,y\n1,2\n")
        assert first == again and list_files(store) == [(first, "a.csv")]
        assert file_content(store, first) == b"x,y\n1,2\n"
        with pytest.raises(NoSuchFile, match="no such file: 00"):
            file_content(store, "00")

    @pytest.fixture(params=[False, True], ids=["named", "unnamed"])
    def recorded(self, request, store, submitted):
        """A trained run of two chunks, that name their columns or do not, and its records by name."""
        run_id = submitted(**SETTINGS)
        trained(store, run_id)
        before = by_name(read_series(store, run_id))
        if request.param:
            without_names(store)
        return run_id, before

    @pytest.mark.parametrize("change", CHANGES)
    def test_records_are_read_by_name_and_what_was_not_recorded_is_blank(
        self, store, recorded, columns, change
    ):
        (run_id, before), held = recorded, OrderedDict()
        sparks = sparklines(store, [run_id], "penalty")
        read_on(store, [run_id], held)
        columns(change)
        series = read_series(store, run_id)
        wanted = {name: before[name] for name in by_name(series) if NEW not in name}
        if f"layers.{NEW}" in by_name(series):
            wanted |= blank(series, NEW)
        assert by_name(series) == wanted and len(series) > 100
        assert by_name(read_many(store, [run_id])[run_id]) == wanted
        assert by_name(joined(list(read_parts(store, run_id)))) == wanted
        assert by_name(read_on(store, [run_id], held)[run_id]) == wanted
        assert by_name(read_on(store, [run_id], held)[run_id]) == wanted
        (scalars,) = read_parts(store, run_id, layers=False)
        assert {name: each for name, each in by_name(scalars).items() if "layers." not in name} == {
            name: each for name, each in wanted.items() if "layers." not in name
        }
        assert sparklines(store, [run_id], "penalty") == sparks

    @pytest.mark.parametrize("change", CHANGES)
    def test_a_chunk_that_is_cut_under_other_columns_keeps_its_values_under_their_names(
        self, store, recorded, columns, change
    ):
        run_id, _ = recorded
        whole = read_series(store, run_id)
        first = by_name(Series(*(array[:58] for array in whole.arrays)))
        columns(change)
        is_known = GONE in SCALARS.names
        with store.writing() as connection:
            assert cut_after(connection, run_id, 57) == 1
        columns(list)
        after = read_series(store, run_id)
        assert after["step"][-1] == 57
        assert by_name(after) == {**first, **({} if is_known else blank(after, GONE))}

    @pytest.mark.parametrize("change", CHANGES)
    def test_an_export_under_other_columns_has_a_blank_for_what_was_not_recorded(
        self, store, recorded, columns, change
    ):
        run_id, _ = recorded
        for write, listed in ((metrics_csv, SCALARS), (layers_csv, LAYER_STATISTICS)):
            columns(list)
            before = list(csv.DictReader(io.StringIO(write(store, [run_id]))))
            places = list(before[0])[: -len(listed)]
            columns(change)
            after = list(csv.DictReader(io.StringIO(write(store, [run_id]))))
            assert list(after[0]) == [*places, *listed.names] and len(after) > 100
            assert after == [{name: row.get(name, "") for name in after[0]} for row in before]

    @pytest.mark.parametrize("format", ["bundle", "parquet", "csv"])
    def test_files_take_records_elsewhere_by_name(self, store, tmp_path, recorded, columns, format):
        (run_id, before), text = recorded, layers_csv(store, [recorded[0]])
        content = exported(store, [run_id], format)
        columns(one_more)
        newer, blanks = exported(store, [run_id], format), layers_csv(store, [run_id])
        for each in (content, newer):
            (number,) = import_file(store, each)
            series = read_series(store, number)
            assert by_name(series).keys() == {*before, NEW, f"layers.{NEW}"}
            assert by_name(series)[NEW] == blank(series, NEW)[NEW]
            assert np.array_equal(series["penalty"], read_series(store, run_id)["penalty"], equal_nan=True)
            if format == "bundle":
                assert layers_csv(store, [number]).splitlines()[1:] == [
                    line.replace(f"{run_id},", f"{number},", 1) for line in blanks.splitlines()[1:]
                ]
        columns(list)
        with pytest.raises(BadFile, match=f"unknown column '?{NEW}"):
            import_file(store, newer)
        assert layers_csv(store, [run_id]) == text

    @pytest.mark.parametrize("change", [one_more, another_order])
    @pytest.mark.parametrize("is_named", [True, False])
    def test_an_interrupted_run_goes_on_under_other_columns_to_the_bits_of_an_unbroken_one(
        self, store, submitted, columns, change, is_named
    ):
        whole, broken = submitted(**SETTINGS), submitted(**SETTINGS)
        trained(store, whole)
        interrupted(store, broken, after=47)
        if not is_named:
            without_names(store)
        columns(change)
        assert trained(store, broken) == "finished"
        first, second = (latest_checkpoint(store, run_id)[0] for run_id in (whole, broken))
        assert first is not None and second is not None
        first.seconds = second.seconds
        assert first.to_bytes() == second.to_bytes()
        columns(list)
        before, after = (by_name(read_series(store, run_id)) for run_id in (whole, broken))
        assert {**before, "seconds": after["seconds"]} == after

    def test_runs_trained_together_name_their_columns_too(self, store, seeds, columns, one_core):
        alone, beside = seeds(2), seeds(2)
        for run_id in alone:
            trained(store, run_id)
        columns(one_more)
        leases = take(store)
        assert [lease.run_id for lease in leases] == beside
        train_claimed(store, leases)
        columns(another_order)
        for one, other in zip(alone, beside, strict=True):
            before, after = by_name(read_series(store, one)), by_name(read_series(store, other))
            assert {**before, "seconds": after["seconds"]} == after

    def test_a_chunk_whose_columns_are_not_those_that_it_names_is_damaged(self, store, recorded):
        run_id, _ = recorded
        with store.writing() as connection:
            arrays, names = unpack_table(connection.scalar(sa.select(chunks.c.scalars)) or b"")
            wrong = {"scalars": pack(arrays, columns=names[1:] or ("step",))}
            connection.execute(chunks.update().values(wrong))
        with pytest.raises(CodecError, match="must have"):
            read_series(store, run_id)


class TestSQLite(StoreContract):
    """The embedded store: ``store_url`` of the fixtures that all tests share."""
