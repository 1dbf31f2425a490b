"""Pages stay up, quiet and at one place, whatever state the runs are in that they show."""

from playwright.sync_api import Page, expect

from tests.browser.at_rest import at_rest
from tests.states import one_of_each

SHOWN = {
    "train": ("diverged later", "one record", "imported"),
    "overfitting": ("imported without validation",),
    "gradients": ("diverged at its first step",),
}
COMPARED = ("finished", "diverged later", "other loss", "values", "imported", "one record")
MENU = "() => Math.round(document.querySelector('[data-testid=stTopNavLink]').getBoundingClientRect().x)"


def test_no_state_of_a_run_brings_a_page_down_or_a_word_into_the_console(
    page: Page, server: str, store
) -> None:
    said, ids = [], one_of_each(store)
    page.on("console", lambda each: said.append(each.text) if each.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: said.append(answer.url) if answer.status >= 400 else None)
    page.set_viewport_size({"width": 1440, "height": 900})
    places = [f"{name}?run={ids[state]}" for name, states in SHOWN.items() for state in states]
    places += [f"compare?runs={','.join(str(ids[state]) for state in COMPARED)}", "runs"]
    for place in places:
        page.goto(f"{server}/{place}")
        expect(
            page.locator(".stMainBlockContainer :is(canvas, .js-plotly-plot, tbody tr)").first
        ).to_be_visible()
        at_rest(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert said == []


def test_the_menu_stands_at_one_place_on_all_pages(page: Page, server: str, trained) -> None:
    trained()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/train")
    expect(page.locator(".stage canvas").first).to_be_visible()
    at_rest(page)
    expected = page.evaluate(MENU)
    for name in ("Compare", "Learn", "Runs"):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page).to_have_title("Backprop Lab")
        page.wait_for_function(f"place => ({MENU})() === place", arg=expected)


def test_a_click_on_the_menu_goes_through_an_open_tooltip(page: Page, server: str, trained) -> None:
    """Start's tooltip opened over the menu, and clicks there did nothing."""
    trained()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server}/train")
    page.get_by_role("button", name="Start", exact=False).first.hover()
    tooltip = page.get_by_test_id("stTooltipContent")
    expect(tooltip).to_be_visible()
    link = page.get_by_role("link", name="Runs", exact=True).first.bounding_box()
    assert link is not None
    x, y = link["x"] + link["width"] / 2, link["y"] + link["height"] / 2
    # As if it had opened there: wherever a tooltip stands, the click is for what lies under it.
    tooltip.evaluate(
        "(e, [x, y]) => { e.style.cssText = `position: fixed; left: ${x - 40}px; top: ${y - 10}px`; }",
        [x, y],
    )
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('a') !== null", [x, y])
