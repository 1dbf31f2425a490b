"""Lets no page of another server on this machine open the WebSocket."""

from urllib.parse import urlsplit

from ui.server.asgi import Application, Message, Receive, Send

# Streamlit takes an origin of these names for its own, whatever the port.
THIS_MACHINE = ("localhost", "127.0.0.1", "0.0.0.0", "::1")
POLICY_VIOLATION = 1008


class OwnOrigin:
    """Refuses a WebSocket that a page of this machine asks for which another server, at another port, sent.

    Origins elsewhere are Streamlit's to judge: a proxy may stand before it under a name of its own.

    Parameters
    ----------
    app : ASGI application
        What answers.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket" and _is_of_another_server(dict(scope["headers"])):
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await self.app(scope, receive, send)


def _is_of_another_server(headers: dict[bytes, bytes]) -> bool:
    if (origin := headers.get(b"origin")) is None:
        return False
    try:
        parts = urlsplit(origin.decode("latin-1"))
        name = parts.hostname
    except ValueError:
        return True
    host = headers.get(b"host", b"").decode("latin-1")
    return name in THIS_MACHINE and parts.netloc.lower() != host.lower()
