"""As the server starts, modules are imported and small answers are sent at once."""

import asyncio
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.ui.server.asking import run
from ui.server.start import warming


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say which sockets listen")
def test_connections_of_a_server_that_named_no_protocol_do_not_wait_for_acknowledgements() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0

        async def serve() -> None:
            async with warming([])(None):
                pass

        run(serve())
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
