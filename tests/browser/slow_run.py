"""Runs that go on for longer than any test waits, and runs that are let go; holds no test."""

import re

from playwright.sync_api import Page, expect

from engine.store.runs import get_run, list_runs, set_speed
from engine.store.store import Store
from tests.browser.at_rest import at_rest
from tests.waiting import wait_for

EPOCHS, RECORD_EVERY = 100_000, 5
SHOWN = "() => document.querySelector('[data-chart=stage-loss]')?.dataset.identity?.startsWith('run ')"


def start_slow_run(page: Page, address: str, store: Store, *, is_shown: bool = True) -> int:
    """Start a run of 100 000 epochs on the Train page, slow it down to one a second, return its number.

    Not even at the page's own speed, 20 epochs a second, does it end before it is slowed down. Unless its
    charts cannot come, they are waited for: until then the page shows the example.
    """
    page.goto(f"{address}/train?epochs={EPOCHS}&record_every={RECORD_EVERY}")
    at_rest(page)
    page.get_by_role("button", name="Start", exact=False).first.click()
    wait_for(lambda: list_runs(store))
    (run,) = list_runs(store)
    begun = run.config["epochs"], run.config["record_every"]
    assert begun == (EPOCHS, RECORD_EVERY), f"the form's values were {begun}"
    wait_for(lambda: list_runs(store)[0].speed is not None)
    set_speed(store, run.id, 1.0)
    expect(page).to_have_url(re.compile(rf"run={run.id}$"))
    if is_shown:
        page.wait_for_function(SHOWN)
    return run.id


def wait_until_ended(store: Store, count: int) -> int:
    """Wait for the last of so many runs, let it train as fast as it can to its end, and return its number."""
    wait_for(lambda: len(list_runs(store)) == count)
    run_id = max(run.id for run in list_runs(store))
    # The page sets its own speed first, unless it is as fast as it can be.
    wait_for(lambda: get_run(store, run_id).speed is not None or get_run(store, run_id).ended)
    set_speed(store, run_id, None)
    wait_for(lambda: get_run(store, run_id).ended)
    return run_id
