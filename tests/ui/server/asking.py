"""Asks ASGI applications, without a server; holds no test."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ui.server.asgi import Message, Receive, Send


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


def answer(
    app: Any, path: str, headers: Sequence[tuple[bytes, bytes]], *, method: str = "GET"
) -> tuple[dict, bytes]:
    """Return headers and body of the answer to a request."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read from the request")

    async def send(message: Message) -> None:
        sent.append(message)

    run(app({"type": "http", "method": method, "path": path, "headers": list(headers)}, receive, send))
    body = b"".join(each.get("body", b"") for each in sent[1:])
    return {**sent[0], "headers": dict(sent[0]["headers"])}, body
