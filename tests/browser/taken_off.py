"""A part of the page that is taken off and comes back; holds no test."""

from playwright.sync_api import Page


def take_off(page: Page, name: str) -> None:
    """Put an empty place where a component stands, as Streamlit does at times; ``window.before`` keeps it.

    A page that is still being drawn may bring it back at once.
    """
    is_gone = page.evaluate(
        """name => {
        window.before = document.querySelector(`.${name}`);
        const put = document.createElement("div");
        put.className = name;
        before.replaceWith(put);
        return !before.isConnected;
    }""",
        name,
    )
    assert is_gone
