"""What comes out of an address or a store is shown as it stands: nothing in it can be clicked."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(
    "text", ["http://evil.example/x", "www.evil.example", "me@evil.example", ":material/home:", ":rocket:"]
)
def test_a_hostile_text_in_the_address_becomes_neither_link_nor_picture(page: Page, server, text):
    page.goto(f"{server}/runs?runs_sort={quote(text, safe='')}")
    box = page.get_by_test_id("stAlert").first
    expect(box).to_contain_text("unknown name")
    said = box.get_by_test_id("stMarkdownContainer")
    expect(said.locator("a, img, [role=img]")).to_have_count(0)
    assert text in said.inner_text().replace("\u2060", "")
