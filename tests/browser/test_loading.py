"""How the script of a component is loaded and left, in a real browser without a server."""

import json
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from ui.live_chart.assets import LOADER

# A component that notes what is done with it.
COMPONENT = """export default ({ data, parentElement }) => {
    if (data === "bad") throw new Error("no such data");
    noted.push(`called ${data}`);
    return () => noted.push(`left ${data}`);
}"""
# As in Streamlit, `call` gives what ends the component, or ends it itself when it was overtaken meanwhile.
PREPARE = """async (loader) => {
    window.noted = [];
    window.place = document.body.appendChild(document.createElement("div"));
    const module = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
    const component = (await import(module)).default;
    const setTriggerValue = (name) => noted.push(name);
    window.call = async (data, isOvertaken = false) => {
        const leave = await component({ data, parentElement: place, setTriggerValue });
        return isOvertaken ? leave?.() : leave;
    };
}"""


@pytest.fixture
def prepared(page: Page) -> Page:
    """An empty window that holds the component."""
    page.goto("about:blank")
    page.evaluate(PREPARE, LOADER.format(url=json.dumps(f"data:text/javascript,{quote(COMPONENT)}")))
    return page


def test_a_call_that_was_overtaken_leaves_what_is_shown_alone_even_before_the_newer_one_has_come(prepared):
    noted = prepared.evaluate("async () => { await call('old', true); await call('new'); return noted; }")
    assert noted == ["called old", "called new"]


def test_what_is_taken_off_the_page_is_left(prepared):
    noted = prepared.evaluate(
        "async () => { const leave = await call('it'); place.remove(); leave(); return noted; }"
    )
    assert noted == ["called it", "left it"]


def test_what_was_taken_off_the_page_while_it_was_loading_is_left_at_once(prepared):
    noted = prepared.evaluate("async () => { place.remove(); await call('it', true); return noted; }")
    assert noted == ["called it", "left it"]


def test_a_component_that_fails_says_so_to_the_server(prepared):
    assert prepared.evaluate("async () => { await call('bad'); return noted; }") == ["failed"]
