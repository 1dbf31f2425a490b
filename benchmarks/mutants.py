"""Changes engine/nn a little at a time and asks the tests whether they notice; writes what came out.

``python -m benchmarks.mutants [--sample 400] [--write]``: each mutant runs the tests of the mathematics in a
process of its own (by fork, so on Linux and macOS) until the first one fails. Before the sample come all
mistaken definitions.

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
from benchmarks.mutations import Mutant, mutants_of
from docs.blocks import write_block

ROOT = Path(__file__).resolve().parents[1]
ROOM = "engine/nn"
DOCUMENT = ROOT / "docs" / "correctness.md"
# One group after the other, the quickest to notice a wrong formula first: collecting tests takes time too.
TESTS = (
    (
        "tests/nn/test_torch_golden.py",
        "tests/nn/test_curves.py",
        "tests/nn/test_optimizers.py",
        "tests/nn/test_formulas.py",
        "tests/nn/test_clipping_and_penalties.py",
        "tests/nn/test_schedules.py",
        "tests/nn/test_decisions.py",
        "tests/nn/test_initializers.py",
        "tests/nn/test_parts.py",
    ),
    ("tests/training/test_reference_values.py", "tests/training/test_laboratory.py"),
    (
        "tests/nn/test_dropout.py",
        "tests/nn/test_gradient_check.py",
        "tests/nn/test_normalization.py",
        "tests/nn/test_residual.py",
        "tests/nn/test_symmetries.py",
        "tests/nn/test_worked_neuron.py",
        "tests/nn/test_gradients.py",
        "tests/nn/test_tape.py",
        "tests/nn/test_sizes.py",
    ),
    (
        "tests/training/test_own_layer.py",
        "tests/training/test_optimizer_options.py",
        "tests/training/test_resume.py",
        "tests/training/test_schedule.py",
        "tests/training/test_training.py",
        "tests/replay/test_frames.py",
        "tests/analysis/test_predictions.py",
        "tests/analysis/test_profile.py",
        "tests/training/test_sizes.py",
        "tests/training/test_presets.py",
    ),
)
PRELOADED = ("numpy", "numpy.testing", "pytest", "hypothesis", "pydantic", "scipy.special", "sqlalchemy")
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


def _tested(mutant: Mutant | None, folder: Path) -> int:
    """Start a process that exits with 0 where all tests pass; return its id, a file's name in the folder."""
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
        code = int(any(pytest.main([*options, *group], witness) for group in TESTS))
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
                running[_tested(mutant, folder)] = mutant
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
    killed, late = sum(not each.survived for each in found), sum(each.is_late for each in found)
    seconds = time.perf_counter() - started
    print(f"{killed} of {len(found)} killed, {late} of them out of time, in {seconds:.0f} s", flush=True)
    witnesses = Counter(each.witness.partition("[")[0] for each in found if not each.survived)
    for witness, count in witnesses.most_common():
        print(f"{count:5} {witness or 'no test was reached or ended'}", flush=True)
    return sorted(found, key=lambda each: (each.mutant.path, each.mutant.line))


def shown_path(mutant: Mutant) -> str:
    """Return the file of a mutant as tables name it: from engine/nn on."""
    return mutant.path.relative_to(ROOT / ROOM).as_posix()


def report(total: int, found: Sequence[Outcome]) -> str:
    """Return the figures and the survivors as markdown."""
    alive = [each.mutant for each in found if each.survived]
    killed, by_file = len(found) - len(alive), Counter(shown_path(each.mutant) for each in found)
    left, late = Counter(shown_path(each) for each in alive), sum(each.is_late for each in found)
    lines = [
        f"{killed} of {len(found)} mutants killed ({100 * killed / len(found):.1f} %, {late} of them for "
        f"lack of time), a seeded sample of the {total} that `engine/nn` has; {len(alive)} survived.",
        "",
        "| file | mutants | survived |",
        "|---|---|---|",
        *(f"| `{name}` | {count} | {left[name]} |" for name, count in sorted(by_file.items())),
        "",
        "Survivors:",
        "",
        *(f"- `{shown_path(each)}` line {each.line}: `{each.before}` as `{each.after}`" for each in alive),
    ]
    return "\n".join(line if not line.endswith("Survivors:") or alive else "" for line in lines).rstrip()


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


def main() -> int:
    """Return 1 where a mistaken definition was not noticed, or fewer than 90 % of the sample were killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=400, help="mutants to try; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", help="only this file of engine/nn")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the figures into docs/correctness.md")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    for name in PRELOADED:
        importlib.import_module(name)
    with TemporaryDirectory() as name:
        _, status = os.waitpid(_tested(None, Path(name)), 0)
    if status:
        raise SystemExit("the tests must pass before anything is changed")
    paths = sorted((ROOT / ROOM).rglob(arguments.file or "*.py"))
    every = [mutant for path in paths for mutant in mutants_of(path)]
    # What stands now stays until the end: no fork needs to look through it for garbage, which would copy it.
    gc.freeze()
    chosen = random.Random(arguments.seed).sample(every, min(arguments.sample or len(every), len(every)))
    wrong = [] if arguments.file else tried(mistaken(), arguments.jobs)
    found = tried(chosen, arguments.jobs)
    if arguments.write:
        write_block(DOCUMENT, "definitions", report_definitions(wrong))
        write_block(DOCUMENT, "mutants", report(len(every), found))
    enough = sum(each.survived for each in found) <= 0.1 * len(found)
    return int(not enough or any(not each.witness for each in wrong))


if __name__ == "__main__":
    raise SystemExit(main())
