"""A file that was asked for once is answered from memory; whatever else is asked passes as it is."""

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.ui.server.asking import answer, answering, run
from ui.server.asgi import Message, Receive, Send
from ui.server.files import KeepFiles

SCRIPT, PATH = b"export default 1; // long enough", "/app/static/stage-1.js"
JAVASCRIPT, GZIP = (b"content-type", b"text/javascript"), (b"accept-encoding", b"gzip, br")


def test_a_file_is_made_once_for_all_who_ask_and_need_not_be_asked_for_again() -> None:
    app, asked = answering(SCRIPT, [JAVASCRIPT])
    keeping = KeepFiles(app)
    answers = [answer(keeping, PATH, [GZIP]) for _ in range(3)]
    assert len(asked) == 1 and answers[0] == answers[1] == answers[2]
    start, body = answers[0]
    assert body == SCRIPT and b"immutable" in start["headers"][b"cache-control"]


def test_whoever_cannot_unpack_gets_another_answer_than_whoever_can() -> None:
    app, asked = answering(SCRIPT, [JAVASCRIPT])
    keeping = KeepFiles(app)
    for headers in ([GZIP], [], [GZIP], []):
        answer(keeping, PATH, headers)
    assert [[name for name, _ in each["headers"]] for each in asked] == [[b"accept-encoding"], []]


def test_what_says_of_itself_that_it_changes_is_asked_for_anew() -> None:
    app, asked = answering(SCRIPT, [JAVASCRIPT, (b"cache-control", b"no-cache")])
    keeping = KeepFiles(app)
    answers = [answer(keeping, PATH, [])[0]["headers"] for _ in range(2)]
    assert len(asked) == 2 and [each[b"cache-control"] for each in answers] == [b"no-cache"] * 2


@pytest.mark.parametrize(
    ("path", "headers", "status", "method"),
    [
        (PATH, [(b"range", b"bytes=0-9")], 200, "GET"),
        (PATH, [(b"if-none-match", b'"1"')], 200, "GET"),
        (PATH, [], 404, "GET"),
        (PATH, [], 200, "HEAD"),
        ("/train/static", [], 200, "GET"),
        ("/_stcore/health", [], 200, "GET"),
    ],
    ids=["a part", "whether it is new", "an error", "its head", "a page", "the server's state"],
)
def test_nothing_else_is_kept(path: str, headers: list, status: int, method: str) -> None:
    app, asked = answering(SCRIPT, [JAVASCRIPT], status)
    keeping = KeepFiles(app)
    for _ in range(2):
        start, body = answer(keeping, path, headers, method=method)
        assert (start["status"], start["headers"], body) == (status, dict([JAVASCRIPT]), SCRIPT)
    assert len(asked) == 2


def test_an_answer_that_was_cut_off_is_kept_for_nobody() -> None:
    whole, asked = answering(SCRIPT, [JAVASCRIPT, (b"content-length", b"%d" % len(SCRIPT))])

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        """Fail the first time after the beginning, the second time in the middle."""
        sent = 0

        async def cut(message: Message) -> None:
            nonlocal sent
            sent += 1
            if sent <= len(asked):
                await send({**message, "more_body": False} if "body" in message else message)

        await whole(scope, receive, cut if len(asked) < 2 else send)

    keeping = KeepFiles(app)
    bodies = [answer(keeping, PATH, [GZIP])[1] for _ in range(4)]
    assert bodies == [b"", SCRIPT[:9], SCRIPT, SCRIPT] and len(asked) == 3


@pytest.mark.parametrize("headers", [[], [GZIP]], ids=["as it is", "packed"])
def test_whoever_goes_away_while_a_file_is_read_leaves_it_whole_for_the_next(tmp_path: Path, headers) -> None:
    (tmp_path / "big.js").write_bytes(SCRIPT * 40_000)
    files = Starlette(
        routes=[Mount("/static", StaticFiles(directory=tmp_path))],
        middleware=[Middleware(GZipMiddleware, minimum_size=1)],
    )
    keeping, sent = KeepFiles(files), list[Message]()
    scope = {"type": "http", "method": "GET", "path": "/static/big.js", "headers": headers, "root_path": ""}

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    run(keeping(scope, gone, send))
    start, body = answer(keeping, "/static/big.js", headers)
    packed = start["headers"].get(b"content-encoding") == b"gzip"
    assert packed == bool(headers)
    assert (gzip.decompress(body) if packed else body) == SCRIPT * 40_000
