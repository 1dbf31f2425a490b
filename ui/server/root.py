"""Tells browsers where the server's root is."""

from ui.server.asgi import Application, Message, Receive, Send

# Left to itself, Streamlit's script asks for the server below the page's address, `/train/_stcore/health`,
# and takes the 404 as the answer that the root is one step higher. It asks at once where this says: where the
# page's own scripts come from, whatever a proxy puts before it.
ROOT_TOLD = b'<script>window.__streamlit = {BACKEND_BASE_URL: new URL("./", document.baseURI).href}</script>'
HEAD = b"<head>"
# With these a request can be answered by something other than the whole document, as it is.
OTHER_ANSWERS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
# They name the file without what is put into it.
OF_THE_FILE = (b"content-length", b"etag", b"last-modified")


class TellRoot:
    """Puts :data:`ROOT_TOLD` into the pages' HTML document; every other answer passes as it is.

    Parameters
    ----------
    app : ASGI application
        What answers.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _asks_for_a_page(scope):
            await self.app(scope, receive, send)
            return
        headers = [each for each in scope["headers"] if each[0] not in OTHER_ANSWERS]
        begun: list[Message] = []
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                start, whole = _told(begun[0], bytes(body))
                await send(start)
                await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": headers}, receive, hold)


def _asks_for_a_page(scope: Message) -> bool:
    """Tell whether a browser opens an address: it says then that it wants HTML."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _told(start: Message, body: bytes) -> tuple[Message, bytes]:
    """Return the beginning and the body of an answer, with the root in it where it is an HTML document."""
    headers = list(start.get("headers", []))
    is_html = any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)
    if start["status"] != 200 or not is_html or HEAD not in body:
        return start, body
    body = body.replace(HEAD, HEAD + ROOT_TOLD, 1)
    headers = [each for each in headers if each[0] not in OF_THE_FILE]
    headers.append((b"content-length", str(len(body)).encode()))
    return {**start, "headers": headers}, body
