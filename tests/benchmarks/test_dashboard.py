"""The viewers of the dashboard's benchmark behave as a browser does, and its report judges rightly."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Navigation_pb2 import Navigation

from benchmarks.browser import dashboard
from benchmarks.dashboard import DOCUMENT
from benchmarks.dashboard_report import Scene, Slowdown, Window, document_blocks, scene_table, slowdown_table
from benchmarks.viewers import SCRIPT_RUNS_KEPT, Kept, Viewer, watching
from docs.blocks import with_block
from engine.store.runs import set_speed


class Timers:
    """Notes what a viewer starts and stops."""

    def __init__(self) -> None:
        self.running: dict[str, float] = {}

    def start(self, fragment: str, interval: float) -> None:
        self.running[fragment] = interval

    def stop(self, fragment: str) -> None:
        for name in [fragment] if fragment else list(self.running):
            self.running.pop(name, None)


def finished(
    status: "ForwardMsg.ScriptFinishedStatus.ValueType" = ForwardMsg.FINISHED_SUCCESSFULLY,
) -> ForwardMsg:
    return ForwardMsg(script_finished=status)


def session(page_hash: str = "page", fragments: tuple[str, ...] = ()) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.page_script_hash = page_hash
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def large(hashed: str, fragment: str = "") -> ForwardMsg:
    message = ForwardMsg(hash=hashed)
    message.metadata.cacheable = True
    message.delta.new_element.markdown.body = "words"
    message.delta.fragment_id = fragment
    return message


def timer(fragment: str, interval: float) -> ForwardMsg:
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = fragment, interval
    return message


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def viewer() -> Viewer:
    return Viewer("compare", "runs=1,2")


def take(viewer: Viewer, timers: Timers, *messages: ForwardMsg) -> None:
    for message in messages:
        viewer.take(message.SerializeToString(), timers.start, timers.stop)


def test_a_viewer_asks_for_its_page_by_name_first_and_by_its_hash_from_then_on(viewer, timers) -> None:
    first = viewer.rerun().rerun_script
    assert (first.page_name, first.page_script_hash, first.query_string) == ("compare", "", "runs=1,2")
    take(viewer, timers, session("abc"), finished())
    again = BackMsg.FromString(viewer.rerun("f").SerializeToString()).rerun_script
    assert (again.page_name, again.page_script_hash, again.fragment_id) == ("", "abc", "f")
    assert again.is_auto_rerun and not first.is_auto_rerun


def test_a_page_is_open_once_its_script_has_run_and_fragments_are_counted_each(viewer, timers) -> None:
    take(viewer, timers, session(), finished(ForwardMsg.FINISHED_EARLY_FOR_RERUN))
    assert not viewer.is_open.is_set()
    take(viewer, timers, session(), finished())
    assert viewer.is_open.is_set() and viewer.updates == 0
    for fragment in ("f", "f", "g"):
        status = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
        take(viewer, timers, session(fragments=(fragment,)), finished(status))
    assert viewer.ticks == {"": 1, "f": 2, "g": 1}
    assert viewer.updates == 2


def test_timers_run_until_the_server_or_a_whole_run_of_the_page_stops_them(viewer, timers) -> None:
    take(viewer, timers, session(), timer("f", 1.0), timer("g", 0.5), finished())
    assert timers.running == {"f": 1.0, "g": 0.5}
    stop = ForwardMsg()
    stop.stop_auto_rerun.fragment_ids.append("g")
    take(viewer, timers, session(fragments=("f",)), stop)
    assert timers.running == {"f": 1.0}
    take(viewer, timers, session())
    assert timers.running == {}


def test_a_viewer_says_which_large_messages_it_holds_as_long_as_a_browser_would(viewer, timers) -> None:
    take(viewer, timers, session(), large("whole"), large("part", "f"), ForwardMsg(hash="small"), finished())
    assert set(viewer.rerun().rerun_script.cached_message_hashes) == {"whole", "part"}
    status = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
    for _ in range(SCRIPT_RUNS_KEPT + 1):
        take(viewer, timers, session(fragments=("f",)), finished(status))
    assert set(viewer.rerun().rerun_script.cached_message_hashes) == {"whole"}


def test_a_message_that_is_referred_to_stays() -> None:
    kept = Kept()
    kept.take(large("part", "f"))
    for _ in range(10):
        kept.take(ForwardMsg(ref_hash="part"))
        kept.age(["f"])
    assert set(kept.seen) == {"part"}


def test_bytes_are_counted_as_they_come(viewer, timers) -> None:
    message = large("a")
    take(viewer, timers, message, message)
    assert viewer.bytes_unpacked == 2 * len(message.SerializeToString())
    assert viewer.bytes_received == 0, "nothing came over a wire"


def window(milliseconds: float, kilobytes: float) -> Window:
    return Window(milliseconds, kilobytes, 2 * kilobytes, 1.0)


def test_a_target_is_held_by_the_median_of_the_windows() -> None:
    table = scene_table([Scene("train", 20, [window(20, 50), window(29, 60), window(90, 10)])])
    assert "29.0 (20.0-90.0) | ≤ 30 ms held" in table
    assert "50.0 (10.0-60.0) | ≤ 40 KB not held" in table


def test_a_window_with_viewers_is_held_against_the_one_before_it() -> None:
    alone, watched = [(100.0, 200.0), (50.0, 200.0)], [(95.0, 100.0), (50.0, 190.0)]
    found = Slowdown("compare", 20, alone, watched, [1.0, 0.9])
    assert found.share(0).median == pytest.approx(0.025)
    table = slowdown_table([found])
    assert "2.5 % (0.0 to 5.0) | ≤ 10 % held" in table
    assert "27.5 % (5.0 to 50.0) | ≤ 10 % not held" in table


def test_every_table_has_its_place_in_the_document() -> None:
    text = DOCUMENT.read_text("utf-8")
    for name, block in document_blocks([], [], []).items():
        text = with_block(text, name, block)


def test_a_viewer_opens_a_real_page_and_is_sent_its_fragment_again(store_url, store, submitted) -> None:
    """One server, one window, one slow run: two updates within seconds."""
    run_id = submitted(epochs=300)
    set_speed(store, run_id, 1.0)

    async def look(address: str) -> Viewer:
        async with watching(address, "train", f"run={run_id}", 1) as (seen,), asyncio.timeout(60):
            while seen.updates < 2:
                await asyncio.sleep(0.05)
        return seen

    # In a thread of its own: this one may have a loop that belongs to a browser of other tests.
    with dashboard(store_url) as running, ThreadPoolExecutor(1) as thread:
        seen = thread.submit(asyncio.run, look(running.address)).result()
    assert seen.ticks[""] >= 1
    assert seen.bytes_received > 0
    assert seen.bytes_unpacked > 10_000


class Framed(Viewer):
    """Notes where the names of pages stand: on top in the frame, at the side where a page runs alone."""

    position = Navigation.HIDDEN

    def take(self, payload: bytes, start: Callable[[str, float], None], stop: Callable[[str], None]) -> None:
        message = ForwardMsg.FromString(payload)
        if message.WhichOneof("type") == "navigation":
            self.position = message.navigation.position
        super().take(payload, start, stop)


def test_windows_that_open_a_fresh_server_in_the_same_moment_all_stand_inside_the_frame(store_url) -> None:
    async def look(address: str) -> list[Framed]:
        viewers = [Framed("train", "") for _ in range(6)]
        tasks = [asyncio.create_task(viewer.watch(address)) for viewer in viewers]
        async with asyncio.timeout(60):
            for viewer in viewers:
                await viewer.is_open.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return viewers

    with dashboard(store_url) as running, ThreadPoolExecutor(1) as thread:
        viewers = thread.submit(asyncio.run, look(running.address)).result()
    assert [viewer.position for viewer in viewers] == [Navigation.TOP] * len(viewers)
