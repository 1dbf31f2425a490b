"""A step of ours against a step of every peer and against its own matrix products: ``make bench``.

One process, one thread, float32, the same data, batches and start for all; weights are compared before
anything is timed. The tables and the picture of ``docs/performance.md`` are written by this command.
"""

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from benchmarks.candidates import Candidate, Floor, Loop, Ours
from benchmarks.machine import processor
from benchmarks.other_peers import HAS_JAX, JaxPeer, SklearnPeer, sklearn_can, what_sklearn_leaves_out
from benchmarks.rounds import STATISTICS_EVERY, Times, block_of, interleaved
from benchmarks.speed_picture import draw
from benchmarks.speed_report import (
    EAGER,
    FLOOR,
    FUSED,
    HOOKS,
    JAX,
    PASSES,
    PLAIN,
    SKLEARN,
    comparisons,
    markdown,
    misses,
    ratio,
    ratio_table,
    statistics_table,
    summary_table,
    times_table,
    with_statistics,
    without_reason,
)
from benchmarks.torch_peer import TorchPeer, largest_difference, prepare_torch
from benchmarks.workloads import LONG, WORKLOADS, Workload
from docs.blocks import write_block
from engine.nn.parameter_names import named_views

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
PICTURE = DOCUMENT.with_name("performance.svg")
COMPARED_STEPS = 10
AGREES = 1e-9
# scikit-learn's Adam adds eps before it corrects the bias of v, which shows where gradients are small.
SKLEARN_AGREES = {"sgd": 1e-9, "momentum": 1e-9, "adam": 1e-2}
LOOPS = {"W2": 300, "W4": 100}
TAPES = {PLAIN: False, PASSES: True}


def check_environment() -> list[tuple[str, str]]:
    """Return what the figures hang on.

    Raises
    ------
    SystemExit
        When the shell names a kernel for BLAS, or a library would take more than one thread.
    """
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        if name in os.environ:
            raise SystemExit(f"{name} must not be set here, got {os.environ[name]!r}: use `make bench`")
    torch_version = prepare_torch()
    importlib.import_module("sklearn.neural_network")
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    for each in libraries:
        if each["num_threads"] != 1:
            raise SystemExit(
                f"{each['filepath']} must use 1 thread, got {each['num_threads']}: use `make bench`"
            )
    ours = next(each for each in libraries if "numpy" in each["filepath"])
    return [
        ("date", date.today().isoformat()),
        ("processor", f"{processor()}, {os.cpu_count()} cores, {platform.system()}"),
        ("Python", platform.python_version()),
        (
            "numpy",
            f"{np.__version__}, {ours['internal_api']} {ours['version']}, kernel {ours['architecture']}",
        ),
        ("torch", torch_version),
        ("scikit-learn", version("scikit-learn")),
        ("jax", version("jax") if HAS_JAX else "does not install here: left out"),
    ]


def check_agreement(workload: Workload) -> dict[str, float]:
    """Return how far each peer's weights are from ours after ten updates in float64, nothing dropped.

    Raises
    ------
    SystemExit
        Where one is too far: then the steps are not the same work.
    """
    wide = workload.with_settings(dtype="float64", dropout=0.0)
    plain = Ours(wide, passes=False)
    start = plain.read()
    peers: dict[str, Any] = {PASSES: Ours(wide, passes=True)}
    peers |= {EAGER: TorchPeer(wide, start), FUSED: TorchPeer(wide, start, fused=True)}
    peers[HOOKS] = TorchPeer(wide, start, measured=True)
    if sklearn_can(workload) and not what_sklearn_leaves_out(workload):
        peers[SKLEARN] = SklearnPeer(wide, start)
    plain.run(COMPARED_STEPS)
    ours, apart = plain.read(), {}
    for name, peer in peers.items():
        peer.run(COMPARED_STEPS)
        apart[name] = largest_difference(ours, peer.read())
    if HAS_JAX:
        config = importlib.import_module("jax").config
        config.update("jax_enable_x64", True)
        peer = JaxPeer(wide, start)
        peer.run(COMPARED_STEPS)
        apart[JAX] = largest_difference(ours, peer.read())
        config.update("jax_enable_x64", False)
    for name, value in apart.items():
        allowed = SKLEARN_AGREES[workload.config.optimizer] if name == SKLEARN else AGREES
        if not value <= allowed:
            raise SystemExit(
                f"{workload.name}: weights of {name} must agree with the plain tape's within {allowed:g} "
                f"after {COMPARED_STEPS} updates, got {value:.1e}"
            )
    return apart


def candidates(workload: Workload) -> Iterator[tuple[str, Candidate]]:
    """Yield everything that is timed on a workload, by name."""
    for tape, passes in TAPES.items():
        for every in (0, STATISTICS_EVERY, 1):
            yield with_statistics(tape, every), Ours(workload, passes, every)
    start = Ours(workload.with_settings(dtype="float64"), passes=False).read()
    yield EAGER, TorchPeer(workload, start)
    yield FUSED, TorchPeer(workload, start, fused=True)
    yield HOOKS, TorchPeer(workload, start, measured=True)
    if sklearn_can(workload):
        yield SKLEARN, SklearnPeer(workload, start)
    if HAS_JAX:
        yield JAX, JaxPeer(workload, start)
    yield FLOOR, Floor(workload)


def measure(workload: Workload, rounds: int) -> Times:
    """Return the seconds of a step of every candidate, round by round."""
    return interleaved({name: block_of(each) for name, each in candidates(workload)}, rounds)


def workloads_table(workloads: list[Workload]) -> str:
    """Return what is trained, and where scikit-learn's network is less."""
    rows = [[each.name, each.words, _asked_of_sklearn(each)] for each in workloads]
    return markdown(["", "network", "scikit-learn"], rows)


def _asked_of_sklearn(workload: Workload) -> str:
    if not sklearn_can(workload):
        return "cannot"
    less = what_sklearn_leaves_out(workload)
    return f"without {less}" if less else "the same"


def calls_table(workloads: list[Workload]) -> str:
    """Return how many numpy calls a step makes, which no noise can change."""
    rows = []
    for workload in workloads:
        plain, passes = (Ours(workload, each) for each in (False, True))
        products = len(Floor(workload).products)
        rows.append([workload.name, plain.calls, passes.calls, passes.measuring_calls, products])
    return markdown(["", "plain tape", "with passes", "more with statistics", "matrix products"], rows)


def long_table(rounds: int, steps: int) -> str:
    """Return how much slower a step is after a long training, and how it then stands beside PyTorch's."""
    rows = []
    for workload in LONG:
        check_agreement(workload)
        start = Ours(workload.with_settings(dtype="float64"), passes=False).read()
        fresh: dict[str, Any] = {tape: Ours(workload, passes) for tape, passes in TAPES.items()}
        aged: dict[str, Any] = {tape: Ours(workload, passes) for tape, passes in TAPES.items()}
        fresh[EAGER], aged[EAGER] = TorchPeer(workload, start), TorchPeer(workload, start)
        for tape in TAPES:
            aged[tape].run(steps)
        plain = aged[PLAIN]
        slots = {name: named_views(plain.network, flat) for name, flat in plain.optimizer.slots.items()}
        aged[EAGER].take_over(plain.read(), slots, steps)
        share = {tape: f"{100 * aged[tape].subnormal_share():.1f} %" for tape in TAPES}
        blocks = {name: block_of(each) for name, each in fresh.items()}
        blocks |= {f"old {name}": block_of(each, restart=False) for name, each in aged.items()}
        times = interleaved(blocks, rounds)
        for name in (PLAIN, PASSES, EAGER):
            slower = ratio(times[f"old {name}"], times[name])
            beside = ratio(times[f"old {name}"], times[f"old {EAGER}"]) if name != EAGER else ""
            rows.append([workload.words, name, slower, beside, share.get(name, "as plain")])
    head = ["", "", "after / at the start", "against torch eager, both after", "subnormal numbers"]
    return markdown(head, rows)


def loop_table(rounds: int) -> str:
    """Return what a whole run costs beside its tape alone."""
    rows = []
    for name, epochs in LOOPS.items():
        loop, tape = Loop(WORKLOADS[name], epochs), Ours(WORKLOADS[name], passes=True)
        times = interleaved({"loop": loop.seconds_per_step, "tape": block_of(tape)}, rounds)
        rows.append([name, loop.steps, loop.records, ratio(times["loop"], times["tape"])])
    return markdown(["", "steps", "records", "the loop / its tape without statistics"], rows)


def main() -> int:
    """Print all tables, and write them unless only some workloads were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=9, help="7 or more for figures that are shown to others"
    )
    parser.add_argument("--long", type=int, default=20_000, help="steps before the second timing; 0: none")
    parser.add_argument("--only", help="workloads, such as W1,W4b; nothing is written then")
    chosen = parser.parse_args()
    names = chosen.only.split(",") if chosen.only else list(WORKLOADS)
    if unknown := set(names) - WORKLOADS.keys():
        parser.error(
            f"--only must name workloads of {', '.join(WORKLOADS)}, got {', '.join(sorted(unknown))}"
        )
    machine = markdown(["", ""], check_environment())
    print(machine, flush=True)
    apart = {name: check_agreement(WORKLOADS[name]) for name in names}
    columns = [PASSES, EAGER, FUSED, HOOKS, SKLEARN, JAX]
    agreement = markdown(
        ["", *columns],
        [
            [name, *(f"{row[each]:.0e}" if each in row else "" for each in columns)]
            for name, row in apart.items()
        ],
    )
    print(f"\n{agreement}", flush=True)
    all_times: dict[str, Times] = {}
    for name in names:
        all_times[name] = measure(WORKLOADS[name], chosen.rounds)
        print(f"\n{ratio_table(list(comparisons(name, all_times[name])))}", flush=True)
    found = [each for name, times in all_times.items() for each in comparisons(name, times)]
    blocks = {
        "machine": machine,
        "summary": summary_table(found),
        "misses": misses(found),
        "ratios": ratio_table(found),
        "statistics": statistics_table(all_times),
        "calls": calls_table([WORKLOADS[name] for name in names]),
        "times": times_table(all_times),
        "agreement": agreement,
        "workloads": workloads_table([WORKLOADS[name] for name in names]),
    }
    if not chosen.only:
        blocks["loop"] = loop_table(chosen.rounds)
        blocks["long"] = long_table(chosen.rounds, chosen.long) if chosen.long else ""
    for name, block in blocks.items():
        print(f"\n{name}\n{block}")
    if chosen.only or not chosen.long:
        return 0
    for name, block in blocks.items():
        write_block(DOCUMENT, name, block)
    draw(all_times, PICTURE)
    for each in without_reason(found, DOCUMENT.read_text("utf-8")):
        print(f"{DOCUMENT.name} gives no reason for {each}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
