"""The frame around every page: store, workers, scripts."""

import atexit
import gc
import logging
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from threadpoolctl import threadpool_limits

from engine.plugins.loading import refresh_plugins
from engine.store.runs import list_runs
from engine.store.store import Store, StoreError, default_url, open_store
from engine.workers.launcher import ensure_workers
from ui.shared.text import as_markdown

LOGO = Path(__file__).with_name("logo.svg")
SIDEBAR_WIDTH = 330
FRAME, FRAMED = "dashboard.py", "shell_framed"
RUNS_BETWEEN = 1000
FIRST_PAGE_SECONDS = 3.0
# A page that waits for a lock shows nothing meanwhile.
PATIENCE_SECONDS = 5.0
WIDE_ADDRESSES = ("", "0.0.0.0", "::")


def page_store() -> Store:
    """Return the store; each page calls this first. Plugins are brought up to their folder's files.

    A deep link on a fresh server makes Streamlit run the page's file alone, without `dashboard.py`, because
    the folder is called ``pages``. In that case the script is run again, this time inside the frame.
    """
    if _runs_alone():
        PagesManager.uses_pages_directory = False
        st.session_state[FRAMED] = False  # once: if it does not help, the page is better than nothing
        st.rerun()
    refresh_plugins()
    try:
        url, engine = _opened(default_url())
    except StoreError as error:
        st.error(as_markdown(str(error), 700), icon=":material/database_off:")
        st.stop()
    _freeze_gc()
    return Store(url, engine, PATIENCE_SECONDS)


def _freeze_gc() -> None:
    """Shorten the garbage collection that Streamlit does after every run of a script.

    It looks through all that is not frozen: 94 ms with everything that was imported, 10 ms without, 6 ms more
    with twenty windows. So all is frozen when a run begins. What becomes garbage later waits until the next
    thousand runs are over.
    """
    begun = _begun()
    begun["runs"] += 1
    if begun["runs"] % RUNS_BETWEEN == 0:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def _begun() -> dict[str, int]:
    return {"runs": 0}


def _runs_alone() -> bool:
    """Tell whether this window's first run is that of a page alone, though its server has the frame.

    Each of several windows that open a fresh server in the same moment must look for itself.
    """
    manager = getattr(get_script_run_ctx(), "pages_manager", None)
    main_script = Path(str(getattr(manager, "main_script_path", "")))
    return main_script.name == FRAME and FRAMED not in st.session_state


def go_to_train() -> None:
    """Show the Train page; a page that runs alone, outside the frame, stays where it is."""
    with suppress(StreamlitAPIException):
        st.switch_page("pages/train.py")


def start_background() -> None:
    """Start what runs beside the pages: workers that wait for runs."""
    st.session_state[FRAMED] = True
    _warn_when_reachable()
    try:
        url, _ = _opened(default_url())
    except StoreError:
        return
    if time.monotonic() > _worker_after_the_first_page(url):
        ensure_workers(url)


@st.cache_resource(show_spinner=False)
def _worker_after_the_first_page(url: str) -> float:
    """Start the worker that waits for runs a little later, once a server; return when.

    What it imports would take the processor from the first page after a server's start. Whoever presses
    Start before that starts it then.
    """
    later = threading.Timer(FIRST_PAGE_SECONDS, ensure_workers, [url])
    later.daemon = True
    later.start()
    return time.monotonic() + FIRST_PAGE_SECONDS


@st.cache_resource(show_spinner=False)
def _opened(url: str) -> tuple:
    """Open the store once a server; a URL and a library's object, so that a hot reload does no harm.

    Pictures are computed on one thread: two of them beside training workers took 90 ms for a frame of a
    replay (digits) that takes one 0.9 ms.
    """
    store = open_store(url, PATIENCE_SECONDS)
    threadpool_limits(1, user_api="blas")
    atexit.register(_report_running, url)
    return store.url, store.engine


def _report_running(url: str) -> None:
    """Tell whoever ends the server that its runs continue without it."""
    try:
        count = sum(row.status == "running" for row in list_runs(open_store(url)))
    except StoreError:
        return
    if count:
        runs = "1 run continues" if count == 1 else f"{count} runs continue"
        print(f"  {runs} training without the dashboard; start it again to watch.", file=sys.stderr)


@st.cache_resource(show_spinner=False)
def _warn_when_reachable() -> None:
    address = st.get_option("server.address") or ""
    if address in WIDE_ADDRESSES:
        logging.getLogger("backprop_lab").warning(
            "the dashboard is reachable from other machines and asks for no password; "
            "start it with --server.address 127.0.0.1, or put a proxy with a login in front of it"
        )
