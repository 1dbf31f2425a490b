"""The server tells browsers its root in the pages' document, and leaves other answers alone."""

import pytest

from tests.ui.server.asking import answer, answering
from ui.server.root import ROOT_TOLD, TellRoot

PAGE = b"<!DOCTYPE html><html><head><title>Lab</title></head></html>"
HTML = (b"content-type", b"text/html; charset=utf-8")


def page(app, *, accept: bytes = b"text/html,*/*", method: str = "GET") -> tuple[dict, bytes]:
    """Return headers and body of the answer to a browser that has seen the page before."""
    headers = [(b"accept", accept), (b"accept-encoding", b"gzip"), (b"if-none-match", b'"1"')]
    return answer(TellRoot(app), "/train", headers, method=method)


def test_the_root_is_told_first_in_the_head_and_the_length_is_that_of_what_is_sent() -> None:
    app, asked = answering(PAGE, [HTML, (b"content-length", b"57"), (b"etag", b'"1"')])
    start, body = page(app)
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
    start, found = page(app, **asking)
    assert (start["status"], start["headers"], found) == (status, dict(headers), body)
