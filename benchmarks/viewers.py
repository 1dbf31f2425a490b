"""Viewers of the dashboard without a browser: they speak its WebSocket protocol."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

STREAM, SUBPROTOCOL = "/_stcore/stream", Subprotocol("streamlit")
LARGEST_MESSAGE = 2**26
SCRIPT_RUNS_KEPT = 2
SECONDS_TO_OPEN = 120


@dataclass
class Kept:
    """What a browser keeps so that the server need not send it again: hashes of large messages by age.

    A message stays as long as it came, or was referred to, in one of the last two runs of the script that
    could have sent it: the whole page's, or its own fragment's.
    """

    seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    runs: int = 0

    def take(self, message: ForwardMsg) -> None:
        """Take up a message that is to be kept, or one that refers to it."""
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            _, fragment = self.seen[message.ref_hash]
            self.seen[message.ref_hash] = (self.runs, fragment)
        elif message.metadata.cacheable and message.hash not in self.seen:
            self.seen[message.hash] = (self.runs, message.delta.fragment_id)

    def age(self, fragments: Sequence[str]) -> None:
        """Let one run of the script pass, of these fragments or of the whole page."""
        self.runs += 1
        for hashed, (run, fragment) in list(self.seen.items()):
            may_be_stale = not fragments or fragment in fragments
            if may_be_stale and self.runs - run > SCRIPT_RUNS_KEPT:
                del self.seen[hashed]


class Counting(ClientConnection):
    """A connection that counts what comes over the wire, packed as it may be."""

    bytes_received = 0

    def data_received(self, data: bytes) -> None:
        """Count, and go on as always."""
        self.bytes_received += len(data)
        super().data_received(data)


class Viewer:
    """One window on one page, as the server sees it.

    Like a browser it runs the page's script once, then each fragment as often as the server asked for, and
    says which large messages it still holds. It draws nothing and sets no widget.

    Attributes
    ----------
    bytes_unpacked : int
        Payload of all messages of the server.
    ticks : collections.Counter
        Finished runs by fragment; those of the whole page under the empty name.
    """

    def __init__(self, page: str, query: str) -> None:
        self.page, self.query = page, query
        self.bytes_unpacked = 0
        self.ticks: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.is_open = asyncio.Event()
        self._page_hash = ""
        self._running: tuple[str, ...] = ()
        self._kept = Kept()
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._socket: Counting | None = None

    @property
    def bytes_received(self) -> int:
        """What came over the wire so far."""
        return self._socket.bytes_received if self._socket else 0

    @property
    def updates(self) -> int:
        """How often the fragment was drawn that was drawn most often."""
        return max((count for name, count in self.ticks.items() if name), default=0)

    def rerun(self, fragment: str = "") -> BackMsg:
        """Return the message that asks for a run of the page's script, or of one fragment by its timer."""
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string = self.query
        state.page_script_hash = self._page_hash
        state.page_name = "" if self._page_hash else self.page
        state.fragment_id = fragment
        state.is_auto_rerun = bool(fragment)
        state.cached_message_hashes.extend(self._kept.seen)
        state.context_info.timezone = "UTC"
        state.context_info.locale = "en"
        return asked

    def take(self, payload: bytes, start: Callable[[str, float], None], stop: Callable[[str], None]) -> None:
        """Take up a message of the server; the caller starts and stops timers of fragments, ``""`` is all."""
        message = ForwardMsg.FromString(payload)
        kind = message.WhichOneof("type") or ""
        self.bytes_unpacked += len(payload)
        self.kinds[kind] += 1
        self._kept.take(message)
        if kind == "new_session":
            self._page_hash = message.new_session.page_script_hash
            self._running = tuple(message.metadata.run.fragment_ids)
            if not self._running:
                stop("")
        elif kind == "auto_rerun":
            start(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                stop(fragment)
        elif kind == "script_finished":
            self._finish(message.script_finished)

    def _finish(self, status: int) -> None:
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._kept.age(self._running)
        for name in self._running or ("",):
            self.ticks[name] += 1
        self.is_open.set()

    async def watch(self, address: str) -> None:
        """Look at the page until cancelled."""
        parts = urlsplit(address)
        async with connect(
            f"ws://{parts.netloc}{STREAM}",
            subprotocols=[SUBPROTOCOL],
            origin=Origin(address),
            max_size=LARGEST_MESSAGE,
            create_connection=Counting,
        ) as socket:
            assert isinstance(socket, Counting)
            self._socket = socket
            try:
                await socket.send(self.rerun().SerializeToString())
                async for payload in socket:
                    assert isinstance(payload, bytes)
                    self.take(payload, partial(self._start, socket), self._stop)
            finally:
                self._stop("")

    def _start(self, socket: ClientConnection, fragment: str, interval: float) -> None:
        if fragment in self._timers and self._timers[fragment][0] == interval:
            return
        self._stop(fragment)
        timer = asyncio.create_task(self._ask_again(socket, fragment, interval))
        self._timers[fragment] = (interval, timer)

    def _stop(self, fragment: str) -> None:
        for name in [fragment] if fragment else list(self._timers):
            if name in self._timers:
                self._timers.pop(name)[1].cancel()

    async def _ask_again(self, socket: ClientConnection, fragment: str, interval: float) -> None:
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            due += interval
            await asyncio.sleep(due - clock.time())
            await socket.send(self.rerun(fragment).SerializeToString())


@asynccontextmanager
async def watching(address: str, page: str, query: str, count: int) -> AsyncIterator[list[Viewer]]:
    """Give viewers of one page that have it open, started evenly over a second as people would not be.

    Raises
    ------
    ConnectionError
        When the server closed a connection.
    """
    viewers = [Viewer(page, query) for _ in range(count)]
    tasks = []
    try:
        for viewer in viewers:
            tasks.append(asyncio.create_task(viewer.watch(address)))
            await asyncio.sleep(1 / count)
        async with asyncio.timeout(SECONDS_TO_OPEN):
            for viewer in viewers:
                await viewer.is_open.wait()
        yield viewers
        for task in tasks:
            if task.done():
                raise ConnectionError(f"a viewer lost its connection: {task.exception()}")
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
