"""What a network said of the rows held out is stored when its run ends, and belongs to its last weights."""

import numpy as np
import pytest
import sqlalchemy as sa

from engine.codec import pack
from engine.exchange.export import exported
from engine.exchange.imports import BadFile, import_file
from engine.store import edit
from engine.store.branching import continue_run, repeat_run
from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.predictions import packed_predictions, predictions_of, stored_predictions
from engine.store.runs import get_run, load_run, reopen, request
from engine.store.schema import checkpoints, predictions
from engine.store.store import open_store
from engine.training.model import predict
from engine.workers.session import train_claimed

WILD = {"learning_rate": 1e6, "optimizer": "sgd", "activation": "relu", "dataset": "sine"}


def train(store, run_id, on_record=None):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease, on_record)


def count(store):
    with store.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(predictions))


@pytest.mark.parametrize(
    "settings",
    [
        {"test_fraction": 0.2},
        {"dataset": "digits", "samples": 200, "normalization": "batch"},
        {"dataset": "diabetes", "samples": 200, "test_fraction": 0.2, "dtype": "float64"},
        {"loss": "cross_entropy"},
    ],
)
def test_a_finished_run_holds_what_its_network_says_of_every_row_held_out(store, trained, settings):
    run_id = trained(**settings)
    found, (config, dataset) = predictions_of(store, run_id), load_run(store, run_id)
    state = latest_checkpoint(store, run_id)[0]
    assert found is not None and state is not None
    assert (found.origin, found.step) == ("stored", get_run(store, run_id).total_steps)
    for text, x in ((found.val, dataset.x_val), (found.test, dataset.x_test)):
        if len(x):
            assert text is not None
            expected = predict(config, dataset, state.learned, x)
            assert text.dtype == expected.dtype
            np.testing.assert_array_equal(text, expected)
    assert (found.test is None) == (len(dataset.x_test) == 0)


def test_a_diverged_run_holds_what_is_no_number(store, trained):
    run_id = trained(**WILD)
    found = predictions_of(store, run_id)
    assert get_run(store, run_id).status == "diverged"
    assert found is not None and found.origin == "stored" and not np.isfinite(found.val).all()


def test_a_stopped_run_holds_validation_rows_alone_until_it_goes_on_to_its_end(store, submitted):
    run_id = submitted(epochs=3000, test_fraction=0.2)
    stop = lambda record: request(store, run_id, "stop") if record.step > 50 else None  # noqa: E731
    assert train(store, run_id, stop) == "stopped"
    early = predictions_of(store, run_id)
    assert early is not None and (early.origin, early.test) == ("stored", None)
    assert early.step == get_run(store, run_id).step
    reopen(store, run_id)
    counts = []
    train(store, run_id, lambda record: counts.append(count(store)) if record.step % 1000 == 0 else None)
    assert set(counts) == {0}
    late = predictions_of(store, run_id)
    assert late is not None and late.test is not None and late.origin == "stored"
    assert not np.array_equal(early.val, late.val)


def test_a_run_without_stored_or_whole_ones_is_predicted_from_its_newest_checkpoint(store, trained):
    run_id = trained(test_fraction=0.2)
    stored = predictions_of(store, run_id)
    with store.writing() as connection:
        connection.execute(predictions.update().values(outputs=b"damaged"))
    damaged = predictions_of(store, run_id)
    with store.writing() as connection:
        connection.execute(predictions.delete())
    absent = predictions_of(store, run_id)
    assert stored is not None and damaged is not None and absent is not None
    for each in (damaged, absent):
        assert each.origin == "computed" and each.step == stored.step
        np.testing.assert_array_equal(each.val, stored.val)
        np.testing.assert_array_equal(each.test, stored.test)


def test_a_run_that_never_trained_has_none(store, submitted):
    assert predictions_of(store, submitted()) is None


def test_test_rows_of_a_run_that_still_goes_on_are_not_looked_at(store, submitted):
    run_id, seen = submitted(epochs=2000, test_fraction=0.2), []

    def look(record):
        if record.step % 100 == 0 and not seen:  # nothing to compute them from before the first commit
            seen.extend(each for each in [predictions_of(store, run_id)] if each is not None)

    train(store, run_id, look)
    (found,) = seen
    assert (found.origin, found.test) == ("computed", None)


def test_a_continued_and_a_repeated_run_make_their_own(store, trained):
    run_id = trained()
    child, again = continue_run(store, run_id, 3), repeat_run(store, run_id)
    assert count(store) == 1
    for each in (child, again):
        train(store, each)
    first, longer, same = (predictions_of(store, each) for each in (run_id, child, again))
    assert first is not None and longer is not None and same is not None
    np.testing.assert_array_equal(first.val, same.val)
    assert longer.origin == "stored" and not np.array_equal(first.val, longer.val)


def test_deleting_a_run_deletes_them(store, trained):
    edit.delete_runs(store, [trained()])
    assert count(store) == 0


@pytest.fixture
def other(tmp_path):
    """Another store."""
    return open_store(f"sqlite:///{tmp_path / 'other.db'}")


@pytest.mark.parametrize("settings", [{"test_fraction": 0.2}, WILD])
def test_a_bundle_brings_them_back_bit_for_bit(store, other, trained, settings):
    run_id = trained(**settings)
    (number,) = import_file(other, exported(store, [run_id], "bundle"))
    assert stored_predictions(other, number) == stored_predictions(store, run_id) != None  # noqa: E711
    with other.writing() as connection:
        connection.execute(checkpoints.delete())
    found = predictions_of(other, number)
    assert found is not None and found.origin == "stored"


def test_a_bundle_of_a_run_without_them_is_read_too(store, other, trained):
    run_id = trained()
    with store.writing() as connection:
        connection.execute(predictions.delete())
    (number,) = import_file(other, exported(store, [run_id], "bundle"))
    assert stored_predictions(other, number) is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"val": np.zeros((3, 1), np.float32)},
        {"val": np.zeros((20, 2), np.float32)},
        {"val": np.zeros((20, 1), np.int64)},
        {"test": np.zeros((0, 1), np.float32)},
        {"val": np.zeros((20, 1), np.float32), "test": np.zeros((5, 1), np.float32)},
        {"val": np.zeros((20, 1), np.float32), "more": np.zeros((20, 1), np.float32)},
    ],
)
def test_a_bundle_with_predictions_of_other_rows_is_refused(store, other, trained, arrays):
    run_id = trained()
    with store.writing() as connection:
        connection.execute(predictions.update().values(outputs=pack(arrays)))
    with pytest.raises(BadFile, match="predictions of a run do not fit its data"):
        import_file(other, exported(store, [run_id], "bundle"))


def test_predictions_that_would_take_too_much_room_are_left_to_the_checkpoint(store, trained, monkeypatch):
    monkeypatch.setattr("engine.store.predictions.LARGEST", 20 * 8 - 1)
    run_id = trained()
    config, dataset = load_run(store, run_id)
    state = latest_checkpoint(store, run_id)[0]
    assert state is not None and packed_predictions(config, dataset, state) is None
    found = predictions_of(store, run_id)
    assert found is not None and found.origin == "computed" and len(found.val) == 20
