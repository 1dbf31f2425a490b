"""How a person starts a run that goes on for longer than any test waits; holds no test."""

import re

from playwright.sync_api import Page, expect

from engine.store.runs import list_runs, set_speed
from engine.store.store import Store
from tests.waiting import wait_for

SECTIONS = {"Epochs, batches, loss": ("Epochs", 100_000), "Name, seeds, records": ("Record every", 5)}


def start_slow_run(page: Page, address: str, store: Store) -> int:
    """Start a run of 100 000 epochs on the Train page, slow it down to one a second, return its number.

    Not even at the page's own speed, 20 epochs a second, does it end before it is slowed down.
    """
    page.goto(address)
    for count, (section, (label, number)) in enumerate(SECTIONS.items(), start=1):
        page.get_by_text(section).click()
        field = page.get_by_role("spinbutton", name=re.compile(f"^{label}"))
        field.fill(str(number))
        field.press("Enter")
        expect(page.get_by_text("1 set", exact=True)).to_have_count(count)
    page.get_by_role("button", name="Start", exact=False).first.click()
    wait_for(lambda: list_runs(store))
    (run,) = list_runs(store)
    assert (run.config["epochs"], run.config["record_every"]) == (100_000, 5)
    wait_for(lambda: list_runs(store)[0].speed is not None)
    set_speed(store, run.id, 1.0)
    expect(page).to_have_url(re.compile(rf"run={run.id}$"))
    return run.id
