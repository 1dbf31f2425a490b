"""Changes the engine a little at a time and asks the tests whether they notice; writes what came out.

``python -m benchmarks.mutants [--sample 400] [--write]``: each mutant runs the tests of its room, as
:mod:`benchmarks.rooms` has them, in a process of its own (by fork, so on Linux and macOS) until the first one
fails. First come all mistaken definitions, then a sample of ``engine/nn``, then one of the rooms around it;
``--only`` takes one of the three.

Why not mutmut 3.8: it changes nothing in decorated classes, and optimizers, losses and layers are dataclasses
(of ``optimizers/adam.py`` it made 0 mutants), it spends most of its 4869 on labels that people read, draws no
sample, and the modules import it, which the test with numpy alone forbids. Cosmic Ray starts the tests anew,
imports included, for each mutant.
"""

import argparse
import ast
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from benchmarks.definitions import mistaken
from benchmarks.mutations import Mutant, mutant_at, places_of
from benchmarks.rooms import AROUND, ENGINE, MATHEMATICS, ROOMS, ROOT, Room, room_of
from docs.blocks import write_block

DOCUMENT = ROOT / "docs" / "correctness.md"
PRELOADED = ("numpy", "numpy.testing", "pytest", "hypothesis", "pydantic", "scipy.special", "sqlalchemy")
FOR_ROOMS_AROUND = ("pandas", "scipy.stats", "sklearn.metrics", "sklearn.linear_model", "sklearn.ensemble")
# Of the processor, not of the clock: on a busy machine nothing must count as noticed that was merely slow.
SECONDS, BYTES = 60, 6 * 2**30


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.path, self.tree = mutant.path, mutant.tree()
        parts = mutant.path.relative_to(ROOT).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the changed module alone."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed tree."""
        code = compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")
        exec(code, module.__dict__)  # noqa: S102  (our own source with one small change)


class _Witness:
    """Leaves the name of the test that failed in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write the name."""
        if report.failed:
            self.path.write_text(report.nodeid, "utf-8")


@dataclass(frozen=True)
class Outcome:
    """What came of a mutant: nothing failed, it ran out of time, or the test ``witness`` failed.

    The witness is empty where the changed module cannot even be imported.
    """

    mutant: Mutant
    survived: bool
    is_late: bool
    witness: str


def _tested(room: Room, mutant: Mutant | None, folder: Path) -> int:
    """Start a process that exits with 0 where all tests of a room pass; return its id, its file's name."""
    child = os.fork()
    if child:
        return child
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    quiet = os.open(os.devnull, os.O_WRONLY)
    if mutant is not None:
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        sys.meta_path.insert(0, _Changed(mutant))
    import hypothesis
    import pytest

    hypothesis.settings.register_profile(
        "mutants", phases=[hypothesis.Phase.generate], derandomize=True, database=None, deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    options = [
        "-x",
        "-q",
        "--no-header",
        "--tb=short",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    witness = [_Witness(folder / str(os.getpid()))]
    try:
        code = int(any(pytest.main([*options, *group], witness) for group in room.tests))
    except BaseException:  # noqa: BLE001  (whatever a mutant does counts as noticed)
        code = 1
    sys.stdout.flush()
    os._exit(code)


def outcomes(mutants: Sequence[Mutant], jobs: int) -> Iterator[Outcome]:
    """Try mutants side by side and yield what came of each, as they end."""
    waiting, running = list(reversed(mutants)), {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        while waiting or running:
            while waiting and len(running) < jobs:
                mutant = waiting.pop()
                running[_tested(room_of(mutant.path), mutant, folder)] = mutant
            child, status = os.wait()
            is_late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF
            printed = folder / str(child)
            witness = printed.read_text("utf-8") if printed.exists() else ""
            yield Outcome(running.pop(child), status == 0, is_late, witness)


def tried(mutants: Sequence[Mutant], jobs: int) -> list[Outcome]:
    """Try mutants and say what happens; return what came of each in the order of files and lines."""
    started, found = time.perf_counter(), []
    for each in outcomes(mutants, jobs):
        found.append(each)
        if each.survived or each.is_late:
            words = "survived" if each.survived else "ran out of time"
            print(f"{len(found)}/{len(mutants)} {words}: {each.mutant}", flush=True)
        elif len(found) % 20 == 0:
            print(f"{len(found)}/{len(mutants)}", flush=True)
    killed, late = sum(not each.survived for each in found), sum(each.is_late for each in found)
    seconds = time.perf_counter() - started
    print(f"{killed} of {len(found)} killed, {late} of them out of time, in {seconds:.0f} s", flush=True)
    witnesses = Counter(each.witness.partition("[")[0] for each in found if not each.survived)
    for witness, count in witnesses.most_common():
        print(f"{count:5} {witness or 'no test was reached or ended'}", flush=True)
    return sorted(found, key=lambda each: (each.mutant.path, each.mutant.line))


def shown_path(mutant: Mutant, folder: Path = ENGINE) -> str:
    """Return the file of a mutant as tables name it: from a folder on."""
    return mutant.path.relative_to(folder).as_posix()


def report(total: int, found: Sequence[Outcome], rooms: Sequence[Room]) -> str:
    """Return the figures and the survivors as markdown."""
    folder = ENGINE / rooms[0].name if len(rooms) == 1 else ENGINE
    names, where = [shown_path(each.mutant, folder) for each in found], _listed(rooms)
    alive = [each.mutant for each in found if each.survived]
    killed, left = len(found) - len(alive), Counter(shown_path(each, folder) for each in alive)
    late = sum(each.is_late for each in found)
    lines = [
        f"{killed} of {len(found)} mutants killed ({100 * killed / len(found):.1f} %, {late} of them for "
        f"lack of time), a seeded sample of the {total} in {where}; {len(alive)} survived.",
        "",
        "| file | mutants | survived |",
        "|---|---|---|",
        *(f"| `{name}` | {count} | {left[name]} |" for name, count in sorted(Counter(names).items())),
    ]
    if alive:
        lines += ["", "Survivors:", ""]
    for each in alive:
        lines.append(f"- `{shown_path(each, folder)}` line {each.line}: `{each.before}` as `{each.after}`")
    return "\n".join(lines)


def _listed(rooms: Sequence[Room]) -> str:
    """Return the files that a sample of rooms is drawn from."""
    parts = []
    for room in rooms:
        whole = "*.py" in room.sampled or "**/*.py" in room.sampled
        named = ", ".join(f"`{pattern}`" for pattern in room.sampled)
        parts.append(f"`engine/{room.name}`" + ("" if whole else f" ({named})"))
    return ", ".join(parts)


def report_definitions(found: Sequence[Outcome]) -> str:
    """Return the mistaken definitions, each with the test that noticed it, as markdown."""
    noticed = sum(not each.survived for each in found)
    lines = [
        f"{noticed} of {len(found)} noticed.",
        "",
        "| file | what is wrong | noticed by |",
        "|---|---|---|",
    ]
    for each in found:
        what = each.mutant.before.replace("|", "\\|")
        test = each.witness.rpartition("::")[2].partition("[")[0]
        lines.append(f"| `{shown_path(each.mutant)}` | {what} | {f'`{test}`' if test else 'nothing'} |")
    return "\n".join(lines)


def tried_definitions(arguments: argparse.Namespace) -> bool:
    """Try all mistaken definitions; return whether each was noticed by a test."""
    wrong = mistaken()
    _check({room_of(each.path).name for each in wrong})
    found = tried(wrong, arguments.jobs)
    if arguments.write:
        write_block(DOCUMENT, "definitions", report_definitions(found))
    return all(each.witness for each in found)


def tried_sample(arguments: argparse.Namespace, rooms: Sequence[Room], block: str, size: int) -> bool:
    """Try a sample of all mutants of rooms; return whether 95 % of it were killed."""
    paths = [path for room in rooms for path in room.paths if arguments.file in ("", path.name)]
    every = [place for path in paths for place in places_of(path)]
    places = random.Random(arguments.seed).sample(every, min(size or len(every), len(every)))
    chosen = [mutant_at(*place) for place in places]
    if not chosen:
        return True
    _check({room_of(each.path).name for each in chosen})
    found = tried(chosen, arguments.jobs)
    if arguments.write:
        write_block(DOCUMENT, block, report(len(every), found, rooms))
    return sum(each.survived for each in found) <= 0.05 * len(found)


def _check(rooms: set[str]) -> None:
    """Run the tests of rooms on what stands: they must pass before anything is changed."""
    for name in sorted(rooms):
        with TemporaryDirectory() as folder:
            _, status = os.waitpid(_tested(ROOMS[name], None, Path(folder)), 0)
        if status:
            raise SystemExit(f"the tests of engine/{name} must pass before anything is changed")
    # What stands now stays until the end: no fork needs to look through it for garbage, which would copy it.
    gc.freeze()


def main() -> int:
    """Return 1 where a mistaken definition was not noticed, or fewer than 95 % of a sample were killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("definitions", "nn", "around"), help="one of the three parts")
    parser.add_argument("--sample", type=int, default=400, help="mutants of engine/nn to try; 0 for all")
    parser.add_argument("--around", type=int, default=200, help="mutants of the rooms around it; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", default="", help="only files of this name")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/correctness.md")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # as the tests have it
    for name in PRELOADED:
        importlib.import_module(name)
    parts = [arguments.only] if arguments.only else ["definitions", "nn", "around"]
    are_fine = []
    if "definitions" in parts and not arguments.file:
        are_fine.append(tried_definitions(arguments))
    if "nn" in parts:
        are_fine.append(tried_sample(arguments, [MATHEMATICS], "mutants", arguments.sample))
    if "around" in parts:
        for name in FOR_ROOMS_AROUND:  # engine/nn must do without them
            importlib.import_module(name)
        rooms = [room for room in AROUND if room.sampled]
        are_fine.append(tried_sample(arguments, rooms, "mutants around", arguments.around))
    return int(not all(are_fine))


if __name__ == "__main__":
    raise SystemExit(main())
