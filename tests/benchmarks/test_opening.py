"""The opening benchmark decides its goals rightly, and the soak notices what goes wrong."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.opening import DOCUMENT
from benchmarks.opening_pages import COMPARE, EMPTY, OPTUNA, RUNS, TENSORBOARD, TRAIN
from benchmarks.opening_report import Cost, Idle, Openings, blocks, goals
from benchmarks.soak import GROWTH_AT_MOST, Memory, Noticed, Soak
from docs.blocks import with_block


def cost(first: float, browser: float = 1.0, requests: int = 80) -> Cost:
    return Cost(first, first + 1, browser, 0.5, requests, 1000)


@pytest.fixture
def found() -> Openings:
    """Two rounds; the second of them on a machine that was twice as slow."""
    costs = {
        TRAIN: [cost(1.5, 1.9), cost(3.0, 3.8)],
        COMPARE: [cost(3.1), cost(6.2)],
        RUNS: [cost(1.2), cost(2.4)],
        EMPTY: [cost(1.0), cost(2.0, 2.0)],
        TENSORBOARD: [cost(3.0), cost(6.0)],
        OPTUNA: [cost(2.0), cost(4.0)],
    }
    idle = {TRAIN: Idle(20, 0.1, 0.2, 0, 1)}
    return Openings(300, costs, idle, {TRAIN: [(2.0, 1.0), (2.2, 2.0)]})


def test_goals_are_decided_by_ratios_of_a_round(found: Openings) -> None:
    decided = {each.claim: (round(each.found, 3), each.is_held) for each in goals(found)}
    assert decided == {
        "Train's first picture against the empty page's": (1.5, True),
        "Train's first picture against TensorBoard's": (0.5, True),
        "Train's browser time against the empty page's": (1.9, True),
        "requests of Train": (80, True),
        "Compare's first picture against TensorBoard's": (1.033, False),
        f"{TRAIN}: first page after a server start against a later one": (1.55, False),
    }


def test_every_table_has_its_place_in_the_document(found: Openings) -> None:
    text = DOCUMENT.read_text("utf-8")
    for name, block in blocks(found, [("date", "today")]).items():
        text = with_block(text, name, block)
    assert "| Runs of 300 | 1.80 s (1.20 to 2.40) |" in text
    assert "≤ 1.6 held" in text and "≤ 1 **not held**" in text


def soaked(noticed: Noticed, server: list[float]) -> Soak:
    return Soak(60, 9, noticed, [Memory(at, mb, 500) for at, mb in enumerate(server)])


@pytest.mark.parametrize(
    ("server", "is_flat"),
    [
        ([100, 300, 300, 300, 310, 300], True),
        ([100, 300, 300, 300, 300 * GROWTH_AT_MOST, 500], False),
        ([], True),
    ],
    ids=["grown once at first", "growing on", "too short to tell"],
)
def test_memory_is_flat_when_its_last_third_is_no_more_than_the_one_before(
    server: list[float], is_flat: bool
) -> None:
    found = soaked(Noticed(), server)
    assert found.is_flat == is_flat
    assert math.isnan(found.growth(lambda each: each.server)) == (not server)
    assert found.table().count("\n") == 7


def test_a_soak_notices_console_connections_and_requests() -> None:
    page: Any = SimpleNamespace(listening={})
    page.on = page.listening.__setitem__
    noticed = Noticed()
    noticed.watch(page)
    page.listening["console"](SimpleNamespace(type="log", text="ready"))
    page.listening["response"](SimpleNamespace(status=200, url="/"))
    assert noticed.is_clean
    socket = SimpleNamespace(listening={})
    socket.on = socket.listening.__setitem__
    page.listening["websocket"](socket)
    assert (noticed.is_clean, noticed.sockets) == (True, 1)
    socket.listening["close"](socket)
    assert not noticed.is_clean
    page.listening["console"](SimpleNamespace(type="error", text="MISS"))
    page.listening["pageerror"](ValueError("no"))
    page.listening["response"](SimpleNamespace(status=404, url="/gone"))
    assert noticed.console == ["error: MISS", "uncaught: no"]
    assert noticed.failed == ["404: /gone"]
