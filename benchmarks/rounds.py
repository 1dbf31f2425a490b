"""Times candidates in interleaved rounds, A B C A B C, in the processor's time."""

import gc
import time
from collections.abc import Callable, Mapping

from benchmarks.candidates import Candidate

BLOCK_SECONDS = 0.05
STATISTICS_EVERY = 10
Times = dict[str, list[float]]


def timed(candidate: Candidate, steps: int, *, restart: bool = True) -> float:
    """Return the seconds of a step in one block of them, from the start on unless told to go on."""
    if restart:
        candidate.restart()
    gc.disable()
    try:
        started = time.process_time()
        candidate.run(steps)
        return (time.process_time() - started) / steps
    finally:
        gc.enable()


def steps_of_a_block(candidate: Candidate, *, restart: bool = True) -> int:
    """Return how many steps take some 50 ms: a multiple of ten, so that statistics every ten fall alike."""
    steps = STATISTICS_EVERY
    timed(candidate, steps, restart=restart)  # the first time is for caches and compilers
    while (seconds := timed(candidate, steps, restart=restart)) * steps < BLOCK_SECONDS / 4:
        steps *= 2
    return max(1, round(BLOCK_SECONDS / seconds / STATISTICS_EVERY)) * STATISTICS_EVERY


def interleaved(blocks: Mapping[str, Callable[[], float]], rounds: int) -> Times:
    """Return the seconds of a step of every block, round by round; one round before is thrown away."""
    for block in blocks.values():
        block()
    times: Times = {name: [] for name in blocks}
    for _ in range(rounds):
        for name, block in blocks.items():
            times[name].append(block())
    return times


def block_of(candidate: Candidate, *, restart: bool = True) -> Callable[[], float]:
    """Return what times one block of a candidate."""
    steps = steps_of_a_block(candidate, restart=restart)
    return lambda: timed(candidate, steps, restart=restart)
