"""The row of a run says what its own records and its own network say, while it trains and at its end."""

import numpy as np
import pytest

from engine.store.checkpoints import latest_checkpoint
from engine.store.records import read_series
from engine.store.runs import get_run, load_run, request
from engine.training.model import predict
from engine.training.plan import plan
from engine.training.telemetry import SCALAR_INDEX
from engine.workers.session import train_claimed
from tests.workers.together import in_the_middle, take


def test_scores_and_losses_of_a_finished_run_are_those_of_the_rows_that_they_are_named_after(store, trained):
    run_id = trained(samples=150, noise=0.4, test_fraction=0.2, epochs=30, learning_rate=0.03)
    row, (config, dataset) = get_run(store, run_id), load_run(store, run_id)
    state, _ = latest_checkpoint(store, run_id)
    assert state is not None
    for split in ("train", "val", "test"):
        x, y = getattr(dataset, f"x_{split}"), getattr(dataset, f"y_{split}")
        chance = predict(config, dataset, state.learned, x)[:, 0]
        assert getattr(row, f"{split}_score") == ((chance > 0.5) == y).mean()
        loss = -np.mean(np.log(np.where(y == 1, chance, 1 - chance)))
        assert getattr(row, f"{split}_loss") == pytest.approx(loss, rel=1e-4)
    assert len({row.train_score, row.val_score, row.test_score}) == 3


def test_the_epoch_of_a_row_is_its_updates_over_those_of_an_epoch(store, seeds, monkeypatch, one_core):
    finished, stopped = seeds(2, epochs=30)
    leases = take(store)
    in_the_middle(monkeypatch, lambda: request(store, stopped, "stop"))
    train_claimed(store, leases)
    assert get_run(store, stopped).status == "stopped" and get_run(store, finished).epoch == 30
    for run_id in (finished, stopped):
        row = get_run(store, run_id)
        assert row.epoch == row.step / plan(*load_run(store, run_id)).steps_per_epoch > 0


def test_while_a_stack_trains_each_row_shows_the_losses_and_scores_of_its_own_run(
    store, seeds, monkeypatch, one_core
):
    ids, seen = seeds(4, epochs=30), []

    def look():
        for run_id in ids:
            row, series = get_run(store, run_id), read_series(store, run_id)
            names = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
            evaluated = series.scalars[np.isfinite(series.scalars[:, SCALAR_INDEX["val_loss"]])]
            latest = [evaluated[-1, SCALAR_INDEX[name]] for name in names]
            assert [row.train_loss, row.val_loss, row.train_score, row.val_score] == latest
            assert row.status == "running"
            seen.append(row.val_loss)

    in_the_middle(monkeypatch, look)
    train_claimed(store, take(store))
    assert len(set(seen)) == 4
