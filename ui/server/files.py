"""Answers with files, from memory once each was asked for: packing the chart script takes .1 s each time."""

import asyncio

from ui.server.asgi import Application, Message, Receive, Send

# Streamlit's own files and ours: their names change with what they hold.
PLACES = ("/static/", "/app/static/")
IMMUTABLE = (b"cache-control", b"public, immutable, max-age=31536000")
BODY = "http.response.body"
# What asks for a part of a file, or whether it is new.
OTHER_QUESTIONS = (b"range", b"if-none-match", b"if-modified-since")


class KeepFiles:
    """Keeps whole answers with files below :data:`PLACES`; all else passes as it is.

    Parameters
    ----------
    app : ASGI application
        What answers at first.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        self._kept: dict[tuple[str, bool], list[Message]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _asks_for_a_file(scope):
            await self.app(scope, receive, send)
            return
        packed = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
        key = scope["path"], packed
        if key not in self._kept:
            messages: list[Message] = []

            async def note(message: Message) -> None:
                messages.append(message)

            await self.app(scope, _undisturbed(receive), note)
            if not _is_whole(messages) or not _lasts(messages[0]):
                await _pass(messages, send)
                return
            self._kept[key] = [_lasting(messages[0]), *messages[1:]]
        await _pass(self._kept[key], send)


def _asks_for_a_file(scope: Message) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.startswith(PLACES) and not any(name in OTHER_QUESTIONS for name, _ in scope["headers"])


def _undisturbed(receive: Receive) -> Receive:
    """Keep from an application that whoever asked has gone: its answer is for those who ask later, too."""

    async def receive_on() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            await asyncio.Event().wait()  # until the application has answered and asks no more
        return message

    return receive_on


def _is_whole(messages: list[Message]) -> bool:
    """Tell whether an answer is all there: a beginning, and a body with an end and the promised length."""
    if not messages or messages[0].get("status") != 200:
        return False
    bodies = messages[1:]
    if not bodies or any(each["type"] != BODY for each in bodies) or bodies[-1].get("more_body", False):
        return False
    length = sum(len(each.get("body", b"")) for each in bodies)
    promised = [int(value) for name, value in messages[0]["headers"] if name == b"content-length"]
    return all(length == each for each in promised)


def _lasts(start: Message) -> bool:
    """Tell whether a file says nothing of its age, or that it never changes."""
    return all(b"immutable" in value for name, value in start["headers"] if name == IMMUTABLE[0])


def _lasting(start: Message) -> Message:
    """Return the beginning of an answer as one that a browser need not ask for again."""
    return {**start, "headers": [*(each for each in start["headers"] if each[0] != IMMUTABLE[0]), IMMUTABLE]}


async def _pass(messages: list[Message], send: Send) -> None:
    for message in messages:
        await send(message)
