"""Waiting for what must come: with a generous limit, at an end as soon as it comes; holds no test."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

# No machine is that slow; a test that waits so long has failed.
SECONDS_AT_MOST = 180

# So many updates that no machine makes them while a test looks: such a run ends because it is stopped.
WITHOUT_END = {"epochs": 1_000_000, "batch_size": 1}
# At this pace a run of 1000 epochs is in the middle for longer than a test waits.
EPOCHS_A_SECOND = 1.0


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition holds.

    Raises
    ------
    AssertionError
        When it does not come true in a time that is long for every machine.
    """
    until = time.monotonic() + SECONDS_AT_MOST
    while not condition():
        assert time.monotonic() < until, f"waited {SECONDS_AT_MOST} s in vain"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Tell whether there is a process of that number that is more than a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_engines(pids: Iterable[int | None]) -> None:
    """Kill those processes that are of the engine's command line: a number may be another's by now."""
    for pid in pids:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(pid)
            if pid is not None and "engine" in process.cmdline():
                process.kill()
