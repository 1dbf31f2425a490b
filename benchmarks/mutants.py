"""Changes engine/nn a little at a time and asks the tests whether they notice; writes what came out.

``python -m benchmarks.mutants [--sample 400] [--write]``: each mutant runs the tests of the mathematics in a
process of its own (by fork, so on Linux and macOS) until the first one fails.
"""

import argparse
import ast
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
from pathlib import Path
from types import ModuleType

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
        "tests/training/test_pacing.py",
        "tests/training/test_training.py",
        "tests/training/test_frames.py",
        "tests/training/test_predictions.py",
        "tests/training/test_profile.py",
        "tests/training/test_sizes.py",
        "tests/training/test_presets.py",
    ),
)
PRELOADED = ("numpy", "numpy.testing", "pytest", "hypothesis", "pydantic", "scipy.special", "sqlalchemy")
SECONDS, BYTES = 120, 6 * 2**30


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.path, self.tree = mutant.path, mutant.tree
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


def _tested(mutant: Mutant | None) -> int:
    """Start a process that exits with 0 where all tests pass; return its id."""
    child = os.fork()
    if child:
        return child
    signal.alarm(SECONDS)
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
    try:
        code = int(any(pytest.main([*options, *group]) for group in TESTS))
    except BaseException:  # noqa: BLE001  (whatever a mutant does counts as noticed)
        code = 1
    sys.stdout.flush()
    os._exit(code)


def survivors(mutants: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Yield each mutant and whether it survived, as they end."""
    waiting, running = list(reversed(mutants)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[_tested(mutant)] = mutant
        child, status = os.wait()
        yield running.pop(child), status == 0


def report(total: int, tried: Sequence[Mutant], alive: Sequence[Mutant]) -> str:
    """Return the figures and the survivors as markdown."""
    killed, by_file = len(tried) - len(alive), Counter(each.path.name for each in tried)
    left = Counter(each.path.name for each in alive)
    lines = [
        f"{killed} of {len(tried)} mutants killed ({100 * killed / len(tried):.1f} %), "
        f"a seeded sample of the {total} that `engine/nn` has; {len(alive)} survived.",
        "",
        "| file | mutants | survived |",
        "|---|---|---|",
        *(f"| `{name}` | {count} | {left[name]} |" for name, count in sorted(by_file.items())),
        "",
        "Survivors:",
        "",
        *(f"- `{each.path.name}` line {each.line}: `{each.before}` as `{each.after}`" for each in alive),
    ]
    return "\n".join(line if not line.endswith("Survivors:") or alive else "" for line in lines).rstrip()


def main() -> int:
    """Try the sample; return 1 where fewer than 90 % were killed."""
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
    if os.waitstatus_to_exitcode(os.waitpid(_tested(None), 0)[1]):
        raise SystemExit("the tests must pass before anything is changed")
    paths = sorted((ROOT / ROOM).rglob(arguments.file or "*.py"))
    every = [mutant for path in paths for mutant in mutants_of(path)]
    chosen = random.Random(arguments.seed).sample(every, min(arguments.sample or len(every), len(every)))
    started, alive = time.perf_counter(), []
    for number, (mutant, survived) in enumerate(survivors(chosen, arguments.jobs), start=1):
        if survived:
            alive.append(mutant)
            print(f"{number}/{len(chosen)} survived: {mutant}", flush=True)
    print(f"{len(chosen) - len(alive)} of {len(chosen)} killed in {time.perf_counter() - started:.0f} s")
    if arguments.write:
        alive.sort(key=lambda each: (each.path, each.line))
        write_block(DOCUMENT, "mutants", report(len(every), chosen, alive))
    return int(len(alive) > 0.1 * len(chosen))


if __name__ == "__main__":
    raise SystemExit(main())
