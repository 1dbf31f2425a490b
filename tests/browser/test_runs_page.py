"""The Runs page in a real browser: sort, open groups, filter, select, export, archive, delete."""

import csv
import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect

from engine.store.records import read_series
from engine.store.runs import get_run, list_runs, set_speed
from engine.store.schema import runs
from engine.training.telemetry import SCALARS
from engine.workers.launcher import ensure_workers

FIRST_CELLS = """() => [...document.querySelectorAll('.runs-table tbody .lead span:not(.best)')]
  .map(each => each.textContent)"""


def rows_of(page: Page) -> Locator:
    """Return the rows of the table."""
    return page.locator(".runs-table tbody tr")


def select(page: Page, place: int) -> None:
    """Select a row of the table by its box."""
    rows_of(page).nth(place).get_by_role("checkbox").click()


def wait_for_rows(page: Page, wanted: list[str]) -> None:
    """Wait until the first cells of the rows are these."""
    page.wait_for_function(f"wanted => JSON.stringify(({FIRST_CELLS})()) === wanted", arg=as_json(wanted))


def as_json(texts: list[str]) -> str:
    """Return texts as the browser's JSON.stringify writes them."""
    return "[" + ",".join(f'"{text}"' for text in texts) + "]"


def header(page: Page, name: str) -> Locator:
    """Return the header of a column."""
    return page.locator(".runs-table th", has=page.get_by_role("button", name=name, exact=True))


def with_losses(store, submitted, losses):
    """Submit runs of different sizes with these validation losses, finished."""
    ids = []
    for place, loss in enumerate(losses):
        ids.append(submitted(hidden_sizes=[place + 2], learning_rate=(place + 1) / 100))
        with store.writing() as connection:
            one = runs.update().where(runs.c.id == ids[-1])
            connection.execute(one.values(val_loss=loss, status="finished"))
    return ids


def test_selected_runs_are_exported_archived_and_deleted_after_one_question(
    page: Page, server, store, trained
):
    alerts = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    ids = [trained(name=f"<img src=x onerror=alert(1)> {size}", hidden_sizes=[size]) for size in (2, 3, 4, 5)]
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

    wait_for_rows(page, [str(ids[1]), str(ids[0])])
    select(page, 0)
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog")
    question.get_by_role("button", name="Keep").click()
    expect(question).to_be_hidden()
    assert len(list_runs(store, archived=True)) == 4
    page.get_by_role("button", name="Delete", exact=True).click()
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("1 to 1 of 1 run")).to_be_visible()
    assert [row.id for row in list_runs(store, archived=True)] == [ids[3], ids[2], ids[0]]
    assert alerts == []


def test_clone_and_edit_fills_the_form_of_the_train_page(page: Page, server, store, trained):
    run_id = trained(name="copied", activation="relu", hidden_sizes=[7, 5], epochs=3)
    page.goto(f"{server}/runs")
    expect(page.get_by_text("1 to 1 of 1 run")).to_be_visible()
    select(page, 0)
    page.get_by_role("button", name="Clone and edit").click()
    expect(page).to_have_url(re.compile(rf"/train\?run={run_id}$"))
    expect(page.get_by_role("textbox", name="Hidden layers")).to_have_value("7, 5")
    page.get_by_role("button", name="Start", exact=False).first.click()
    expect(page).to_have_url(re.compile(rf"run={run_id + 1}$"))
    first, second = get_run(store, run_id), get_run(store, run_id + 1)
    assert first.config == second.config and second.name == "copied"


def test_a_click_on_a_header_sorts_best_first_and_a_reload_keeps_it(page: Page, server, store, submitted):
    ids = with_losses(store, submitted, [0.3, 0.1, 0.2])
    best_first = [str(ids[place]) for place in (1, 2, 0)]
    page.goto(f"{server}/runs")
    wait_for_rows(page, [str(run_id) for run_id in ids[::-1]])
    header(page, "validation loss").get_by_role("button").click()
    wait_for_rows(page, best_first)
    expect(header(page, "validation loss")).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile("runs_sort=val_loss"))
    page.reload()
    wait_for_rows(page, best_first)
    header(page, "validation loss").get_by_role("button").click()
    wait_for_rows(page, best_first[::-1])
    expect(header(page, "validation loss")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_role("button", name=f"run {ids[1]}, 0.1")).to_be_visible()


def test_a_group_opens_to_its_seeds_by_click_and_by_key_and_a_reload_keeps_it_open(
    page: Page, server, store, trained
):
    ids = [trained(seed=seed) for seed in range(3)]
    alone = trained(hidden_sizes=[3])
    opened = [str(alone), "3 seeds", *(str(run_id) for run_id in ids[::-1])]
    page.goto(f"{server}/runs")
    wait_for_rows(page, opened[:2])
    group = rows_of(page).nth(1)
    expect(group).to_have_attribute("aria-expanded", "false")
    group.get_by_role("button").click()
    wait_for_rows(page, opened)
    page.reload()
    wait_for_rows(page, opened)
    expect(rows_of(page).nth(1)).to_have_attribute("aria-expanded", "true")
    rows_of(page).nth(1).focus()
    page.keyboard.press("ArrowLeft")
    wait_for_rows(page, opened[:2])
    page.keyboard.press("ArrowRight")
    wait_for_rows(page, opened)
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    expect(page.get_by_text("1 selected")).to_be_visible()
    expect(rows_of(page).nth(2)).to_have_attribute("aria-selected", "true")
    select(page, 1)
    expect(page.get_by_text("3 selected")).to_be_visible()


def test_columns_are_moved_by_mouse_and_by_key_and_a_reload_keeps_them(page: Page, server, submitted):
    submitted()
    page.goto(f"{server}/runs?runs_columns=epochs,optimizer,activation")
    heads = page.locator(".runs-table thead .sort")
    expect(heads).to_have_text(["run", "epochs", "optimizer", "activation"])
    header(page, "activation").drag_to(header(page, "epochs"), target_position={"x": 2, "y": 10})
    expect(heads).to_have_text(["run", "activation", "epochs", "optimizer"])
    header(page, "epochs").get_by_role("button").press("Alt+ArrowRight")
    expect(heads).to_have_text(["run", "activation", "optimizer", "epochs"])
    page.reload()
    expect(heads).to_have_text(["run", "activation", "optimizer", "epochs"])


def test_a_filter_is_typed_kept_in_the_address_and_a_mistake_is_told(page: Page, server, store, submitted):
    ids = with_losses(store, submitted, [0.3, 0.1, 0.2])
    page.goto(f"{server}/runs")
    wait_for_rows(page, [str(run_id) for run_id in ids[::-1]])
    box = page.get_by_role("textbox", name="Filter")
    box.fill("optimizer=adam val_loss<0.25")
    box.press("Enter")
    wait_for_rows(page, [str(ids[2]), str(ids[1])])
    page.reload()
    wait_for_rows(page, [str(ids[2]), str(ids[1])])
    box.fill("val_los<0.25")
    box.press("Enter")
    expect(page.get_by_text("did you mean val_loss")).to_be_visible()


def test_selection_order_and_open_groups_stay_while_a_run_moves(
    page: Page, server, store, submitted, trained
):
    ids = [trained(seed=seed) for seed in range(2)]
    moving = submitted(hidden_sizes=[3], epochs=100_000)
    set_speed(store, moving, 5.0)
    ensure_workers(store.url)
    page.goto(f"{server}/runs?runs_sort=run&runs_descending=false&runs_open={ids[1]}&runs_columns=step")
    wait_for_rows(page, ["2 seeds", *(str(run_id) for run_id in (*ids, moving))])
    select(page, 1)
    expect(page.get_by_text("1 selected")).to_be_visible()
    for _ in range(3):
        shown = rows_of(page).nth(3).inner_text()
        page.wait_for_function(
            "shown => document.querySelectorAll('.runs-table tbody tr')[3]?.innerText !== shown", arg=shown
        )
    wait_for_rows(page, ["2 seeds", *(str(run_id) for run_id in (*ids, moving))])
    expect(rows_of(page).nth(1)).to_have_attribute("aria-selected", "true")
    expect(rows_of(page).nth(3)).to_have_attribute("aria-selected", "false")
    expect(header(page, "run")).to_have_attribute("aria-sort", "ascending")


def test_at_390_pixels_the_table_scrolls_inside_the_page(page: Page, server, store, submitted):
    with_losses(store, submitted, [0.3, 0.1, 0.2])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server}/runs")
    expect(rows_of(page)).to_have_count(3)
    widths = page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
          .map(each => each.scrollWidth)"""
    )
    assert max(widths) <= 390
    box = page.locator(".runs-table").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
