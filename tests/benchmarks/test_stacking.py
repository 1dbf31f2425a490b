"""The benchmark of stacked runs trains what it says, both ways to the same end; nothing is timed."""

import dataclasses

import pytest

from benchmarks import stacking
from benchmarks.stacking import (
    GRID,
    MEASURED,
    TARGETS,
    Measured,
    Runs,
    check_equal,
    queued,
    table,
    train_one_by_one,
    train_stacked,
    with_rates,
    with_seeds,
    work_one_by_one,
    work_stacked,
)
from engine.store.runs import list_runs
from engine.training.stack import most_together
from tests.docs.test_docs import ROOT


def short(runs: Runs) -> Runs:
    return dataclasses.replace(
        runs, configs=tuple(each.model_copy(update={"epochs": 2}) for each in runs.configs)
    )


@pytest.mark.parametrize("workload", ["W1", "W2"])
def test_a_grid_is_eight_learning_rates_with_two_seeds_and_sixteen_fit_one_stack(workload: str) -> None:
    runs = with_rates(workload)
    assert sorted({config.learning_rate for config in runs.configs}) == sorted(GRID)
    assert len({(config.learning_rate, config.seed) for config in runs.configs}) == len(runs.configs) == 16
    assert most_together(runs.configs[0], runs.dataset) >= 16


@pytest.mark.parametrize("runs", [with_seeds("W1", 5), with_rates("W2")], ids=lambda each: each.words)
def test_both_ways_end_with_the_same_weights(runs: Runs) -> None:
    check_equal(short(runs))


def test_other_weights_side_by_side_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = short(with_seeds("W1", 4))
    other = short(with_seeds("W1", 5)).configs[1:]
    monkeypatch.setattr(
        stacking, "train_stacked", lambda _: train_stacked(dataclasses.replace(runs, configs=other))
    )
    with pytest.raises(SystemExit, match="weights in a stack must be those alone"):
        check_equal(runs)


def test_both_workers_finish_every_run_of_the_queue(tmp_path) -> None:
    runs = short(with_seeds("W1", 4))
    alone = [state.theta for state in train_one_by_one(runs)]
    losses = []
    for work in (work_one_by_one, work_stacked):
        store = queued(runs, str(tmp_path))
        work(store)
        rows = list_runs(store)
        assert [row.status for row in rows] == ["finished"] * len(alone)
        losses.append([row.val_loss for row in rows])
    assert losses[0] == losses[1] and len(set(losses[0])) == len(alone)


def test_the_table_tells_ratios_targets_and_times_of_a_run() -> None:
    measured = Measured(MEASURED[1], [1.6, 1.6], [0.32, 0.48], [3.2, 3.2], [0.8, 0.64])
    shown = "0.250 (0.200-0.300): ≤ 0.250 held | 0.225 (0.200-0.250): ≤ 0.250 held"
    assert table([measured]).splitlines()[-1] == f"| W1, 16 seeds | {shown} | 200 | 45.0 |"
    other = dataclasses.replace(measured, worked_stacked=[1.6, 1.6])
    assert "0.500 (0.500-0.500): ≤ 0.250 not held" in table([other])


def test_every_target_has_a_line_and_the_document_has_them_all() -> None:
    names = {(runs.workload, runs.words) for runs in MEASURED}
    assert names >= TARGETS.keys()
    text = (ROOT / "docs" / "stacking.md").read_text("utf-8")
    assert all(f"| {workload}, {words} |" in text for workload, words in names)
