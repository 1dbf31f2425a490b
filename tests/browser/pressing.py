"""How a person presses a button whose effect they wait for; holds no test."""

from collections.abc import Callable
from time import monotonic

from playwright.sync_api import Locator

from tests.waiting import SECONDS_AT_MOST, wait_for

AGAIN_AFTER_SECONDS = 30


def press_until(button: Locator, condition: Callable[[], object]) -> None:
    """Press a button until its effect is there.

    On a machine that starves the browser for seconds a press can get lost between two drawings of the page. A
    person sees that nothing happened and presses again.
    """
    button.click()
    pressed = monotonic()

    def is_done() -> bool:
        nonlocal pressed
        if condition():
            return True
        if monotonic() - pressed > AGAIN_AFTER_SECONDS and button.is_visible():
            pressed = monotonic()
            button.click(timeout=1000 * SECONDS_AT_MOST)
        return False

    wait_for(is_done)
