"""Where users wait around the loop, measured into one table: ``make bench-around``; changes nothing."""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import streamlit

from benchmarks.around_opening import opening
from benchmarks.around_report import Measured, table
from benchmarks.around_training import evaluating, storing
from benchmarks.around_waiting import queueing, reading, starting
from benchmarks.browser import NoBrowser
from benchmarks.machine import processor
from benchmarks.speed_report import markdown
from docs.blocks import write_block

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "around-the-loop.md"
# What measures each point, and in how many rounds.
POINTS: dict[str, tuple[Callable[[int], Iterator[Measured]], int]] = {
    "a": (evaluating, 9),
    "b": (storing, 9),
    "c": (reading, 31),
    "d": (starting, 9),
    "e": (queueing, 3),
    "f": (opening, 5),
}


def machine() -> str:
    """Return what was measured with, as a table."""
    rows = [
        ("date", datetime.now(UTC).date().isoformat()),
        (
            "machine",
            f"{processor()}, {os.cpu_count()} cores, {platform.system()}",
        ),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GB"),
        ("Python", platform.python_version()),
        ("numpy, Streamlit", f"{np.__version__}, {streamlit.__version__}"),
    ]
    return markdown(["", ""], rows)


def main() -> int:
    """Print one table, and write it into the document unless only some points were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="points such as a,c; nothing is written then")
    chosen = parser.parse_args()
    points = chosen.only.split(",") if chosen.only else list(POINTS)
    if unknown := set(points) - POINTS.keys():
        parser.error(f"--only must name points of {', '.join(POINTS)}, got {', '.join(sorted(unknown))}")
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("OPENBLAS_NUM_THREADS must be 1, as make bench-around sets it")
    found: list[Measured] = []
    try:
        for point in points:
            measure, rounds = POINTS[point]
            for each in measure(rounds):
                found.append(each)
                print(*each.row, sep=" | ", flush=True)
    except NoBrowser as error:
        parser.error(str(error))
    print(f"\n{machine()}\n\n{table(found)}")
    if not chosen.only:
        write_block(DOCUMENT, "machine", machine())
        write_block(DOCUMENT, "around", table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
