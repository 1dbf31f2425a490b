"""Several seeds on the command line are one group with a mean, an interval and an honest exit status."""

import itertools
import json
from contextlib import nullcontext

import numpy as np
import pytest
from scipy import stats

from engine.cli.main import main
from engine.store.groups import group_members
from engine.store.lease import claim, new_owner
from engine.store.runs import get_run, list_runs, request, set_speed
from engine.store.store import open_store

SMALL = ["--samples", "80", "--epochs", "4", "--hidden-sizes", "6"]


@pytest.fixture
def engine(store_url, monkeypatch, capsys):
    """Run the command line in this process; return exit status, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["engine", *arguments, "--store", store_url])
        with pytest.raises(SystemExit) as left:
            main()
        text = capsys.readouterr()
        return int(left.value.code or 0), text.out, text.err

    return run


def test_seeds_are_trained_side_by_side_and_told_as_mean_with_interval(engine, store_url):
    status, text, _ = engine("train", *SMALL, "--seeds", "3", "--seed", "7", "--json")
    line = json.loads(text)
    assert (status, line["group"], line["left_out"]) == (0, 1, [])
    assert [(run["run"], run["seed"], run["status"]) for run in line["runs"]] == [
        (1, 7, "finished"),
        (2, 8, "finished"),
        (3, 9, "finished"),
    ]
    losses = np.array([row.val_loss for row in group_members(open_store(store_url), 1)], float)
    mean = line["means"]["val_loss"]
    assert (mean["mean"], mean["n"]) == (pytest.approx(losses.mean()), 3)
    assert mean["half_width"] == pytest.approx(stats.t.ppf(0.975, 2) * stats.sem(losses))
    assert "val_accuracy" in line["means"]


def test_each_seed_is_trained_as_if_it_were_alone(engine, store_url):
    engine("train", *SMALL, "--seeds", "2")
    engine("train", *SMALL, "--seed", "1")
    store = open_store(store_url)
    assert get_run(store, 2).val_loss == get_run(store, 3).val_loss != get_run(store, 1).val_loss


def test_the_summary_is_one_line_with_n(engine):
    _, text, _ = engine("train", *SMALL, "--seeds", "2")
    lines = text.splitlines()
    assert len(lines) == 3 and lines[1].endswith("(seed 1)")
    assert lines[2].startswith("mean ± 95 % interval, n = 2: validation accuracy ")


def test_a_seed_that_diverges_is_in_no_mean_and_the_status_is_1(engine):
    wild = ["--learning-rate", "1e6", "--optimizer", "sgd", "--activation", "relu", "--loss", "mse"]
    status, text, errors = engine("train", *SMALL, *wild, "--seeds", "2")
    assert status == 1
    assert "no seed finished" in text and "run 2: diverged at step" in errors


def test_a_seed_that_another_worker_holds_is_left_to_it(engine, store_url, submitted, store):
    run_id = submitted()
    assert claim(store, new_owner(), run_id) is not None
    status, _, errors = engine("resume", str(run_id), "--yes")
    assert (status, "is being trained by a worker" in errors) == (2, True)


def pressed_at(count):
    """Return what takes the place of noting_ctrl_c: Ctrl-C is pressed at so many looks."""
    looks = itertools.count(1)
    return lambda: nullcontext(lambda: next(looks) >= count)


def test_ctrl_c_stops_all_seeds_in_training_and_each_can_be_resumed(engine, store_url, monkeypatch):
    monkeypatch.setattr("engine.cli.seeds.noting_ctrl_c", pressed_at(5))
    status, _, errors = engine("train", *SMALL, "--seeds", "4")
    assert status == 130
    assert "runs 1, 2, 3, 4 stopped; `resume 1` continues it, likewise the others" in errors
    rows = list_runs(open_store(store_url))
    assert {(row.status, row.message) for row in rows} == {("stopped", "stopped by Ctrl-C")}
    assert 0 < rows[0].step == rows[3].step < rows[0].total_steps
    monkeypatch.undo()
    engine("train", *SMALL, "--seed", "2")
    for run_id in (3, 1):
        assert engine("resume", str(run_id), "--yes")[0] == 0
    store = open_store(store_url)
    assert get_run(store, 3).val_loss == get_run(store, 5).val_loss


def test_a_seed_of_which_more_is_asked_is_trained_by_itself_and_a_paused_one_is_left(
    engine, store_url, monkeypatch
):
    asked = []

    def ask(bar, record, count):
        if record.step > 2 and not asked:
            store = open_store(store_url)
            asked.append(record.step)
            set_speed(store, 2, 1000.0)
            request(store, 3, "pause")

    monkeypatch.setattr("engine.workers.session.POLL_SECONDS", 0.0)
    monkeypatch.setattr("engine.workers.session.POLL_SECONDS_IN_TRAINING", 0.0)
    monkeypatch.setattr("engine.cli.runs.TrainingBar.advance_together", ask)
    status, text, _ = engine("train", *SMALL, "--seeds", "4")
    rows = list_runs(open_store(store_url))[::-1]
    assert [(row.status, row.paused) for row in rows] == [
        ("finished", False),
        ("finished", False),
        ("queued", True),
        ("finished", False),
    ]
    assert status == 0 and asked and "n = 3" in text and "left out: run 3 (queued)" in text


def test_ctrl_c_stops_the_seed_in_training_and_those_that_wait_where_one_comes_after_another(
    engine, store_url, monkeypatch
):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.seeds.most_together", lambda *_: 1)
    monkeypatch.setattr("engine.cli.seeds.train_here", interrupt)
    status, _, errors = engine("train", *SMALL, "--seeds", "3")
    assert status == 130
    assert "run 1 stopped; runs 2, 3 not started; `resume 1` continues it" in errors
    rows = list_runs(open_store(store_url))
    assert [row.status for row in rows] == ["stopped"] * 3
    monkeypatch.undo()


@pytest.mark.parametrize("seeds", ["0", "101"])
def test_a_number_of_seeds_out_of_range_is_refused_before_anything_is_stored(engine, store_url, seeds):
    status, _, errors = engine("train", *SMALL, "--seeds", seeds)
    assert (status, errors) == (2, f"error: seeds must be >= 1 and <= 100, got {seeds}\n")
    assert list_runs(open_store(store_url)) == []
