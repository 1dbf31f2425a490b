"""Trains every case here and in PyTorch and prints how far they end apart; ``--write`` keeps its numbers.

``python -m benchmarks.torch_agreement``, in an environment with ``docs/requirements-torch.txt`` beside ours.
"""

import argparse
from collections import defaultdict

from benchmarks.reference_cases import (
    CHOICES,
    LONG,
    Case,
    Numbers,
    choices,
    draw_cases,
    draw_numbers,
    hangs_on_rounding,
    largest_difference,
    long_cases,
    run_here,
    store,
    uncovered,
)
from benchmarks.torch_twin import MAPPED, run_torch, torch

COMBINATIONS = 260
TOLERANCE = 1e-9


def left_out() -> list[str]:
    """Return what the engine knows and torch is not asked for: choices without mapping, undrawn settings."""
    missing = [
        f"{name} {choice}" for name in CHOICES for choice in choices(name) if choice not in MAPPED[name]
    ]
    return missing + uncovered()


def all_cases(numbers: Numbers) -> list[Case]:
    """Return the drawn combinations, then each optimizer with each normalisation over 200 steps.

    Left out of the drawn ones are those whose end is a matter of rounding.
    """
    drawn = [case for case in draw_cases(COMBINATIONS, MAPPED) if not hangs_on_rounding(case, numbers)]
    return [*drawn, *long_cases(MAPPED)]


def main() -> int:
    """Print the table; return 1 where a difference is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="store torch's numbers for the tests")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    numbers, results = draw_numbers(), []
    differences: dict[tuple[str, str, int], float] = defaultdict(float)
    for case in all_cases(numbers):
        theirs = run_torch(case, numbers)
        results.append((case, theirs))
        key = (case.settings["optimizer"], case.settings["normalization"], case.steps)
        differences[key] = max(differences[key], largest_difference(run_here(case, numbers), theirs))
    print(f"{'optimizer':<12} {'normalization':<14} {'steps':>5}  largest difference")
    for (optimizer, normalization, steps), value in sorted(differences.items(), key=lambda item: item[0]):
        print(f"{optimizer:<12} {normalization:<14} {steps:>5}  {value:.1e}")
    worst = max(differences.values())
    print(
        f"{len(results)} cases ({sum(case.steps == LONG for case, _ in results)} of {LONG} steps), "
        f"torch {torch.__version__}: {worst:.1e} at most"
    )
    for each in left_out():
        print(
            f"NOT COMPARED: {each} has no entry in benchmarks/torch_twin.py or benchmarks/reference_cases.py"
        )
    if arguments.write:
        store(numbers, results, torch.__version__.partition("+")[0])
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
