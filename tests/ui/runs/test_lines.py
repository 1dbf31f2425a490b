"""Lines of the table of runs: groups are sorted by their mean, cells say what is true of all their runs."""

import numpy as np
import pytest

from engine.analysis.comparable import loss_settings
from engine.store.groups import seed_groups
from engine.store.query import get_runs
from engine.store.schema import runs
from ui.runs.best import best_runs
from ui.runs.columns import USUAL, choices, group_cell, heading, run_cell, title
from ui.runs.lines import in_lines, shown_runs, single, table_message

VIEW = {"sort": "val_loss", "descending": False, "open": [], "columns": [], "serial": 0}


def change(store, run_id, **values):
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(**values))


@pytest.fixture
def lines(store, submitted):
    """Three seeds with losses .1, .3 and (still running) none; one run of .15; one without a loss."""
    ids = [submitted(seed=seed, name=f"seed {seed}") for seed in range(3)]
    ids += [submitted(hidden_sizes=[3]), submitted(hidden_sizes=[4])]
    for run_id, loss in zip(ids, (0.1, 0.3, None, 0.15, None), strict=True):
        status = "queued" if loss is None else "finished"
        change(store, run_id, val_loss=loss, status=status, seconds=10.0 * run_id, tags=f"t{run_id}")
    return ids, seed_groups(store, get_runs(store, ids))


def numbers(groups):
    return [[row.id for row in group.rows] for group in groups]


def test_a_group_stands_where_its_mean_does_and_without_values_at_the_end(lines):
    ids, groups = lines
    up = in_lines(groups, "val_loss", descending=False)
    assert numbers(up) == [[ids[3]], ids[:3], [ids[4]]]
    assert numbers(in_lines(groups, "val_loss", descending=True)) == [ids[:3], [ids[3]], [ids[4]]]
    assert numbers(in_lines(groups, "run", descending=True)) == [[ids[4]], [ids[3]], ids[:3]]
    assert numbers(in_lines(groups, "seconds", descending=False))[0] == ids[:3]


def test_cells_of_a_group_say_mean_range_or_what_all_share(lines):
    ids, groups = lines
    group = next(each for each in groups if len(each.rows) == 3)
    half = 12.7062 * np.std([0.1, 0.3], ddof=1) / np.sqrt(2)
    mean, shown_half = map(float, str(group_cell("val_loss", group, {})).split(" ± "))
    assert mean == pytest.approx(0.2, abs=0.05) and shown_half == pytest.approx(half, abs=0.05)
    assert group_cell("run", group, {}) == "3 seeds"
    assert group_cell("status", group, {}) == "2 finished, 1 queued"
    assert group_cell("seed", group, {}) == "0 to 2"
    assert group_cell("learning_rate", group, {}) == run_cell("learning_rate", group.rows[0], {})
    assert group_cell("name", group, {}) == "seed 0, …"
    assert group_cell("tag", group, {}) == {"tags": [f"t{run_id}" for run_id in ids[:3]]}
    assert group_cell("val_score", group, {}) is None
    curves = {ids[0]: [1.0, 0.0], ids[1]: [2.0, 1.0]}
    assert group_cell("curve", group, curves) == {"curves": [[50, 0], [99, 50]]}


def test_an_open_group_is_followed_by_its_runs_best_first(lines):
    ids, groups = lines
    message = table_message(
        in_lines(groups, "val_loss", descending=False),
        ["run", "val_loss"],
        {**VIEW, "open": [ids[1]]},
        selected={ids[0], ids[3]},
        best={ids[0]: "why"},
        curves={},
    )
    assert [(line["level"], line["runs"]) for line in message["lines"]] == [
        (1, [ids[3]]),
        (1, ids[:3]),
        *((2, [run_id]) for run_id in (ids[0], ids[1], ids[2])),
        (1, [ids[4]]),
    ]
    assert [line["selected"] for line in message["lines"]][:3] == [[ids[3]], [ids[0]], [ids[0]]]
    assert [line["best"] for line in message["lines"]] == ["", "why", "why", "", "", ""]
    assert message["lines"][1]["open"] and len(shown_runs(groups, [ids[1]], 1)) == 5
    assert len(shown_runs(groups, [], 1)) == 3


def test_every_column_shows_any_run_and_group(store, lines, trained):
    ids, groups = lines
    rows = get_runs(store, [trained(), ids[0]])
    change(store, ids[0], config_version=0, created_at=1e21, message="x", note="y")
    rows += get_runs(store, [ids[0]])
    for name in ["run", *choices()]:
        for row in rows:
            cell = run_cell(name, row, {row.id: [0.3, 0.2]})
            assert cell is None or isinstance(cell, str | dict)
        cell = group_cell(name, groups[0], {})
        assert cell is None or isinstance(cell, str | dict)
        assert heading(name)["title"] == title(name)
    assert run_cell("started", rows[-1], {}) is None and run_cell("optimizer", rows[-1], {}) is None
    titles = [title(name) for name in choices()]
    assert len(titles) == len(set(titles)) and set(USUAL) < set(choices())


def test_the_best_run_is_the_best_of_those_on_the_same_rows_by_the_same_loss(store, submitted):
    settings = [
        {"seed": 1},
        {"seed": 2},
        {"hidden_sizes": [3]},
        {"label_smoothing": 0.1},
        {"label_smoothing": 0.1, "seed": 3},
        {"noise": 0.5},
        {"dataset": "circles"},
        {"dataset": "circles", "seed": 4},
    ]
    losses = (0.3, 0.1, 0.2, 0.01, 0.02, 0.001, 0.6, 0.5)
    ids = [submitted(**each) for each in settings]
    for run_id, loss in zip(ids, losses, strict=True):
        change(store, run_id, val_loss=loss, status="finished")
    found = best_runs(store, get_runs(store, ids))
    assert [(best.row.id, best.among) for best in found] == [(ids[1], 3), (ids[7], 2), (ids[3], 2)]
    assert [best.data for best in found] == [
        "moons (label smoothing 0)",
        "circles",
        "moons (label smoothing 0.1)",
    ]
    change(store, ids[1], status="diverged")
    change(store, ids[3], status="running")
    found = best_runs(store, get_runs(store, ids))
    assert [(best.row.id, best.among) for best in found] == [(ids[7], 2), (ids[2], 2)]
    assert "loss" in loss_settings() and "class_weights" in loss_settings()


def test_single_lines_are_as_many_as_runs(store, submitted):
    rows = get_runs(store, [submitted(seed=seed) for seed in range(3)])
    assert [group.rows for group in single(rows)] == [(row,) for row in rows]
