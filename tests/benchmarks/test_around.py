"""The benchmark around the loop does the work that it names; nothing is timed, no browser is opened."""

import re

import numpy as np
import pytest

from benchmarks.around_opening import ROOT, fresh_clone
from benchmarks.around_report import Measured, costs, ratios, table
from benchmarks.around_training import trained, without_evaluations, without_records
from engine.training import trainer
from engine.training.plan import plan
from tests.training.short_runs import start

DOCUMENT = (ROOT / "docs" / "around-the-loop.md").read_text("utf-8")


def test_a_target_is_held_by_the_median_and_each_row_tells_its_extremes():
    held = Measured("a", "one", [1.2, 1.1, 1.0], target=1.15)
    missed = Measured("d", "two", [0.5, 0.2, 0.4], "s", target=0.3)
    shown = Measured("e", "three", [2.0, 2.0], "processes")
    below = Measured("b", "four", [-12.3, 1.5], "%")
    assert [each.is_held for each in (held, missed, shown)] == [True, False, None]
    rows = table([held, missed, shown, below]).splitlines()[2:]
    assert rows == [
        "| a | one | 1.10 (1.00 to 1.20) | 3 | ≤ 1.15 held |",
        "| d | two | 0.400 s (0.200 to 0.500) | 3 | ≤ 0.300 **not held** |",
        "| e | three | 2.00 processes | 2 | none set |",
        "| b | four | −5.40 % (−12.3 to 1.50) | 2 | none set |",
    ]


def test_rounds_are_compared_one_by_one():
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
    assert costs([1.5, 1.0], [1.0, 1.0]) == pytest.approx([50.0, 0.0])


@pytest.mark.parametrize("without", [without_evaluations, without_records])
def test_a_run_watched_less_learns_the_same_bits(without):
    config, dataset, _ = start(epochs=40)
    planned = plan(config, dataset)
    less = without(planned)
    assert trained(config, dataset, less) == trained(config, dataset, planned)
    assert {0, planned.total_steps} <= less.evaluation_steps <= less.record_steps <= planned.record_steps


def test_without_evaluations_the_records_stay_and_tell_no_loss_in_between(monkeypatch):
    config, dataset, state = start(epochs=40)
    planned = plan(config, dataset)
    less = without_evaluations(planned)
    monkeypatch.setattr(trainer, "plan", lambda *_: less)
    records = [record for record in trainer.train(config, dataset, state) if record is not None]
    assert {record.step for record in records} == planned.record_steps
    losses = np.array([record["val_loss"] for record in records])
    assert np.isfinite(losses[[0, -1]]).all() and np.isnan(losses[1:-1]).all()


def test_a_fresh_clone_has_what_is_kept_and_nothing_that_running_leaves(tmp_path):
    fresh_clone(tmp_path / "clone")
    names = {path.name for path in (tmp_path / "clone").iterdir()}
    assert {
        "Makefile",
        "dashboard.py",
        "engine",
        ".ci",
        ".streamlit",
        ".venv",
        "requirements.txt",
    } <= names
    assert not names & {".lab", "static", ".git"}
    assert not list((tmp_path / "clone" / "engine").rglob("__pycache__"))


def test_the_document_names_each_point_that_is_measured_and_gives_a_reason_for_each_miss():
    blocks = dict(re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end -->", DOCUMENT, re.DOTALL))
    rows = [line.split(" | ") for line in blocks["around"].splitlines()[2:] if line]
    assert {row[0].strip("| ") for row in rows} == set("abcdef")
    reasons = DOCUMENT.partition("## Why")[2]
    for row in rows:
        if "not held" in row[-1]:
            assert f"**{row[0].strip('| ')}**" in reasons
