"""The WebSocket is opened for pages of this very server, by each of its names, and for no other's."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from streamlit import config
from streamlit.web.server.starlette import starlette_websocket

from tests.ui.server.asking import run
from ui.server.asgi import Message
from ui.server.origin import OwnOrigin

CONFIG = Path(__file__).resolve().parents[3] / ".streamlit" / "config.toml"


async def greet(socket: WebSocket) -> None:
    """Open the WebSocket where Streamlit would."""
    headers = socket.headers
    if not starlette_websocket._is_origin_allowed(headers.get("origin"), headers.get("host")):
        await socket.close()
        return
    await socket.accept()
    await socket.close()


def opens(host: str, origin: str | None) -> bool:
    """Shake hands with a server that judges as Streamlit does with our settings, behind our own judgement."""
    app = OwnOrigin(Starlette(routes=[WebSocketRoute("/_stcore/stream", greet)]))
    headers = [(b"host", host.encode())] + ([] if origin is None else [(b"origin", origin.encode())])
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers, "subprotocols": []}
    sent = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    run(app(scope, receive, send))
    return sent[0] == "websocket.accept"


@pytest.fixture(autouse=True)
def our_settings() -> Iterator[None]:
    """Judge by the hosts that the shipped settings allow."""
    hosts = tomllib.loads(CONFIG.read_text("utf-8"))["server"]["allowedHosts"]
    before = config.get_option("server.allowedHosts")
    config._set_option("server.allowedHosts", hosts, "test")
    yield
    config._set_option("server.allowedHosts", before, "test")


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_a_page_of_this_server_opens_the_websocket_by_each_of_its_names(host: str) -> None:
    assert opens(host, f"http://{host}") and opens(host, None)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", "http://localhost:9999"),
        ("127.0.0.1:8501", "http://localhost:8501"),
        ("127.0.0.1:8501", "http://127.0.0.1"),
        ("[::1]:8501", "http://[::1]:9999"),
        ("localhost:8501", "http://0.0.0.0:8501"),
        ("localhost:8501", "http://[::1"),
        ("rebound.example:8501", "http://rebound.example:8501"),
    ],
)
def test_a_page_of_another_server_does_not_open_it(host: str, origin: str) -> None:
    assert not opens(host, origin)
