"""The server tells browsers its root in the pages' document, leaves other answers alone, and warms up."""

import asyncio
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ui.shared.serving import ROOT_TOLD, Message, Receive, Send, TellRoot, warming

PAGE = b"<!DOCTYPE html><html><head><title>Lab</title></head></html>"
HTML = (b"content-type", b"text/html; charset=utf-8")


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread of its own: the browser tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def answering(body: bytes, headers: list[tuple[bytes, bytes]], status: int = 200) -> Any:
    """Return an application that answers in two parts, and notes what it was asked."""
    asked: list[Message] = []

    async def app(scope: Message, _receive: Receive, send: Send) -> None:
        asked.append(scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:9], "more_body": True})
        await send({"type": "http.response.body", "body": body[9:]})

    return app, asked


def answer(app: Any, *, accept: bytes = b"text/html,*/*", method: str = "GET") -> tuple[dict, bytes]:
    """Return headers and body of the answer to a request."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read from the request")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"accept", accept), (b"accept-encoding", b"gzip"), (b"if-none-match", b'"1"')]
    scope = {"type": "http", "method": method, "path": "/train", "headers": headers}
    run(TellRoot(app)(scope, receive, send))
    body = b"".join(each.get("body", b"") for each in sent[1:])
    return {**sent[0], "headers": dict(sent[0]["headers"])}, body


def test_the_root_is_told_first_in_the_head_and_the_length_is_that_of_what_is_sent() -> None:
    app, asked = answering(PAGE, [HTML, (b"content-length", b"57"), (b"etag", b'"1"')])
    start, body = answer(app)
    assert body == PAGE.replace(b"<head>", b"<head>" + ROOT_TOLD)
    assert start["headers"] == {b"content-type": HTML[1], b"content-length": str(len(body)).encode()}
    assert [name for name, _ in asked[0]["headers"]] == [b"accept"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "asking"),
    [
        (b"export {}; // <head>", [(b"content-type", b"text/javascript")], 200, {}),
        (PAGE, [HTML], 404, {}),
        (PAGE, [HTML], 200, {"accept": b"*/*"}),
        (PAGE, [HTML], 200, {"method": "POST"}),
    ],
    ids=["a script", "an error", "a request of a script", "a form"],
)
def test_every_other_answer_passes_as_it_is(body: bytes, headers: list, status: int, asking: dict) -> None:
    app, _ = answering(body, headers, status)
    start, found = answer(app, **asking)
    assert (start["status"], start["headers"], found) == (status, dict(headers), body)


def test_modules_are_imported_while_the_server_runs_and_none_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("warm_first", "warm_then", "warm_never"):
        (tmp_path / f"{name}.py").write_text('"""Imported by a test."""\n')
    monkeypatch.syspath_prepend(tmp_path)

    async def serve(lifespan: Any, awaited: str) -> None:
        async with lifespan(None):
            while awaited not in sys.modules:
                await asyncio.sleep(0.01)

    run(asyncio.wait_for(serve(warming(["warm_first"], ["warm_then"]), "warm_then"), 60))
    del sys.modules["warm_first"]
    run(asyncio.wait_for(serve(warming(["warm_first"], ["warm_never"], 1e6), "warm_first"), 60))
    for thread in threading.enumerate():
        if thread.name == "warm":
            thread.join(60)
    assert "warm_never" not in sys.modules
    for name in ("warm_first", "warm_then"):
        del sys.modules[name]
