"""What the server does as it starts: it sees to quick answers, and imports what the pages need."""

import importlib
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import psutil


def send_at_once() -> None:
    """Have what this process answers sent at once.

    Otherwise each answer after a connection's first takes 40 ms: its head goes out, its body waits until the
    browser has acknowledged that. asyncio sees to it only for sockets that name their protocol, and
    Streamlit's does not (https://github.com/Kludex/uvicorn/issues/3149). Connections take the option over
    from the socket that listens. Windows does not say which sockets these are; nothing changes there.
    """
    for each in psutil.Process().net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.fd >= 0:
            with socket.socket(fileno=os.dup(each.fd)) as listening:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def warming(
    at_once: Sequence[str], later: Sequence[str] = (), seconds: float = 0.0
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return what has modules imported from the server's start on, beside its answers.

    Parameters
    ----------
    at_once : sequence of str
        Dotted names. Who opens a page that needs one of them waits for the rest of its import only.
    later : sequence of str
        What the first page does without: imported meanwhile, it would take the processor from that.
    seconds : float
        How long after that the rest begins.
    """
    is_over = threading.Event()

    def import_them() -> None:
        for name in at_once:
            importlib.import_module(name)
        if not is_over.wait(seconds):
            for name in later:
                importlib.import_module(name)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        send_at_once()
        threading.Thread(target=import_them, name="warm", daemon=True).start()
        try:
            yield
        finally:
            is_over.set()

    return lifespan
