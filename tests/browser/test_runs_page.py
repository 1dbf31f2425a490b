"""The Runs page in a real browser: select, export, archive, delete; the question is asked once."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.store.records import read_series
from engine.store.runs import get_run, list_runs
from engine.training.telemetry import SCALARS

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.filterwarnings("ignore::ResourceWarning")]

ROW, HEADER = 35, 35


def select(page: Page, place: int):
    """Select a row of the table by its box."""
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + HEADER + place * ROW + ROW / 2)


def test_selected_runs_are_exported_archived_and_deleted_after_one_question(
    page: Page, server, store, trained
):
    alerts = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    ids = [trained(name=f"<img src=x onerror=alert(1)> {seed}", seed=seed) for seed in range(4)]
    page.goto(f"{server}/runs")
    expect(page.get_by_text("1 to 4 of 4 runs")).to_be_visible()
    select(page, 0)
    expect(page.get_by_text("1 selected")).to_be_visible()
    select(page, 1)
    expect(page.get_by_text("2 selected")).to_be_visible()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8").splitlines()))
    for run_id in ids[2:]:
        series = read_series(store, run_id)
        mine = [row for row in rows if row["run"] == str(run_id)]
        for column in SCALARS:
            read = [float(row[column.name]) if row[column.name] else np.nan for row in mine]
            np.testing.assert_array_equal(read, series[column.name])
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("1 to 2 of 2 runs")).to_be_visible()
    assert [get_run(store, run_id).archived for run_id in ids] == [False, False, True, True]

    select(page, 0)
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog")
    question.get_by_role("button", name="Keep").click()
    expect(question).to_be_hidden()
    assert len(list_runs(store, archived=True)) == 4
    page.get_by_role("button", name="Delete", exact=True).click()
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 to 1 of 1 runs")).to_be_visible()
    assert [row.id for row in list_runs(store, archived=True)] == [ids[3], ids[2], ids[0]]
    assert alerts == []


def test_clone_and_edit_fills_the_form_of_the_train_page(page: Page, server, store, trained):
    run_id = trained(name="copied", activation="relu", hidden_sizes=[7, 5], epochs=3)
    page.goto(f"{server}/runs")
    expect(page.get_by_text("1 to 1 of 1 runs")).to_be_visible()
    select(page, 0)
    page.get_by_role("button", name="Clone and edit").click()
    expect(page).to_have_url(re.compile(rf"/train\?run={run_id}$"))
    expect(page.get_by_role("textbox", name="Hidden layers")).to_have_value("7, 5")
    page.get_by_role("button", name="Start", exact=False).first.click()
    expect(page).to_have_url(re.compile(rf"run={run_id + 1}$"))
    first, second = get_run(store, run_id), get_run(store, run_id + 1)
    assert first.config == second.config and second.name == "copied"
