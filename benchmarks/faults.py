"""Inflicts what can go wrong on real stores with real processes, and checks that every promise is kept.

``python -m benchmarks.faults [--counts small|full] [--share 0.5] [--only WORDS] [--write]``: kills of
workers, of the server and of whole groups of processes, locks, a full disk, stopped workers, damaged stores
and bundles. Where and when each strikes is drawn from ``--seed``, which is printed.

The small counts take about half a minute, the full ones about 20 minutes on two cores that do nothing else.
What the program waits for by the clock (a lock of a minute, a stopped worker of 15 s) strikes fewer times
there than kills. In the small counts nobody waits so long: a lock is held until somebody says so, which they
do sooner, and a stopped worker is replaced sooner.
"""

import argparse
import logging
import os
import platform
import sqlite3
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from random import Random

from benchmarks.faults_bundles import BUNDLES
from benchmarks.faults_damage import DAMAGES
from benchmarks.faults_disk import go_inside, kind
from benchmarks.faults_kills import KILLS
from benchmarks.faults_lab import Fault, lab
from benchmarks.faults_report import Outcome, facts, table
from benchmarks.faults_runs import Broken, Missed
from benchmarks.faults_waits import WAITS
from benchmarks.machine import processor
from docs.blocks import write_block

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"
FAULTS: tuple[Fault, ...] = (*KILLS, *WAITS, *DAMAGES, *BUNDLES)
COUNTS = ("small", "full")
MISSED_AT_MOST = 10


def inflicted(name: str, seed: int, number: int, times: int, is_hasty: bool) -> str:
    """Inflict a fault so many times; return a sentence when a promise was broken, else nothing."""
    (fault,) = (each for each in FAULTS if each.name == name)
    with _silence():
        return _inflicted(fault, f"{seed} {name} {number}", times, is_hasty)


@contextmanager
def _silence() -> Iterator[None]:
    """Leave out what the program says of a lock or a full disk in this process."""
    log = logging.getLogger("backprop_lab")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _inflicted(fault: Fault, seed: str, times: int, is_hasty: bool) -> str:
    done = missed = 0
    while done < times:
        random = Random(f"{seed} {done} {missed}")
        try:
            with lab(random, is_hasty=is_hasty) as made:
                done += fault.inflict(made, times - done)
        except Missed:
            missed += 1
            if missed > MISSED_AT_MOST:
                return "it could not be inflicted: the run was always over before"
        except Broken as broken:
            return str(broken)
        except Exception as error:  # noqa: BLE001 - one that nobody thought of is a broken promise, too
            traceback.print_exc()
            return f"{type(error).__name__}: {error}"
    return ""


def tasks(faults: Sequence[Fault], counts: str, share: float, seed: int) -> list[tuple[Fault, int, int]]:
    """Return what is inflicted together: the fault, a number, how many times; mixed, as some only wait."""
    found = []
    for fault in faults:
        count = fault.small if counts == "small" else max(1, round(share * fault.full))
        for number, start in enumerate(range(0, count, fault.together)):
            found.append((fault, number, min(fault.together, count - start)))
    Random(seed).shuffle(found)
    return found


def measured(faults: Sequence[Fault], counts: str, share: float, seed: int, jobs: int) -> list[Outcome]:
    """Inflict all faults, several at once, and say what came of each."""
    outcomes = {fault.name: Outcome(fault.name, fault.checked) for fault in faults}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        asked = {
            pool.submit(inflicted, fault.name, seed, number, times, counts == "small"): (fault, number, times)
            for fault, number, times in tasks(faults, counts, share, seed)
        }
        for future in as_completed(asked):
            fault, number, times = asked[future]
            broken = future.result()
            outcomes[fault.name].add(times, broken)
            print(f"{fault.name}, {number}: {broken or f'{times} held'}", flush=True)
    return list(outcomes.values())


def circumstances(counts: str, seed: int, load: float, seconds: float) -> list[tuple[str, str]]:
    """Return when and on what it was done, and what repeats it."""
    return [
        ("date", date.today().isoformat()),
        ("machine", f"{processor()}, {os.cpu_count()} cores, {platform.system()}"),
        ("Python, SQLite", f"{platform.python_version()}, {sqlite3.sqlite_version}"),
        ("counts", counts),
        ("full disk by", kind()),
        ("seed", str(seed)),
        ("took", f"{seconds / 60:.1f} minutes, beside a load of {load:.1f} by others"),
    ]


def main() -> int:
    """Print the table; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", choices=COUNTS, default="full")
    parser.add_argument("--share", type=float, default=1.0, help="of the full counts, where time is short")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="faults whose name has these words")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1, help="faults at once")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    chosen = parser.parse_args()
    faults = [fault for fault in FAULTS if chosen.only in fault.name]
    if not faults or not 0 < chosen.share <= 1:
        parser.error("--only must be words of a fault's name, and --share > 0 and <= 1")
    go_inside(["-m", "benchmarks.faults", *sys.argv[1:]])
    print(f"seed {chosen.seed}", flush=True)
    began, load = time.time(), os.getloadavg()[0]
    found = measured(faults, chosen.counts, chosen.share, chosen.seed, chosen.jobs)
    counts = chosen.counts if chosen.share == 1 else f"{chosen.share:.0%} of the full ones"
    blocks = {
        "faults": table(found),
        "inflicted": facts(circumstances(counts, chosen.seed, load, time.time() - began)),
    }
    for name, block in blocks.items():
        print(f"\n{block}")
        if chosen.write:
            write_block(DOCUMENT, name, block)
    for each in found:
        for sentence in each.broken:
            print(f"broken: {each.name}: {sentence}", file=sys.stderr)
    return int(any(each.broken for each in found))


if __name__ == "__main__":
    sys.exit(main())
