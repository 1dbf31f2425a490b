"""Writes the table of correctness.md: each part, what it is compared with, how far the two are apart.

``make correctness``. PyTorch's numbers are the stored ones; ``python -m benchmarks.torch_agreement`` computes
them anew where it is installed.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.reference_cases import (
    CHOICES,
    LONG,
    VALUES,
    Case,
    Numbers,
    choices,
    largest_difference,
    load,
    run_here,
)
from docs.blocks import write_block
from docs.closed_forms import AGREES, Row, closed_forms
from engine.config.settings import SETTINGS
from engine.nn.activations import ACTIVATIONS
from engine.nn.gradient_check import check_gradients
from engine.nn.initializers import xavier_normal
from engine.nn.losses import LOSSES, Loss
from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy
from engine.nn.network import Network

DOCUMENT = Path(__file__).with_name("correctness.md")
SIZES, WITH_A_WAY_AROUND, ROWS = (3, 5, 4, 2), (3, 4, 4, 2), 6
DIFFERENCES, SINGLE = 1e-5, 1e-4
NEAR_A_KINK = 1e-4
# What a loss or a network can have beside its kind, and the losses to try it with.
OPTIONS: tuple[tuple[str, tuple[str | Loss, ...]], ...] = (
    ("residual", ("cross_entropy",)),
    ("label_smoothing", (CrossEntropy(0.1), BinaryCrossEntropy(0.1))),
    ("class_weights", (CrossEntropy(0.0, (0.5, 2.0)), BinaryCrossEntropy(0.1, (0.5, 2.0)))),
)


def rows() -> list[Row]:
    """Compute the whole table, without PyTorch."""
    return [*torch_rows(), *difference_rows(), *closed_forms(), single_precision()]


def torch_rows() -> Iterator[Row]:
    """Compare every stored case, and yield the worst of those in which a part takes part."""
    numbers, stored, version = load()
    found = [(case, largest_difference(run_here(case, numbers), theirs)) for case, theirs in stored]
    parts = [(name, choice) for name in CHOICES for choice in choices(name)]
    parts += [("decay_kind", choice) for choice in choices("decay_kind")]
    parts += [(name, "") for name in (*VALUES, "class_weights", "residual") if name != "decay_kind"]
    for name, choice in parts:
        mine = [(case, value) for case, value in found if _takes_part(case, name, choice)]
        if not mine:
            continue
        long = sum(case.steps == LONG for case, _ in mine)
        trainings = f"{len(mine) - long} trainings of 20 steps" + (f", {long} of {LONG}" if long else "")
        worst = max(value for _, value in mine)
        yield Row(f"{name} {choice}".strip(), f"torch {version}, {trainings}", worst, AGREES)


def _takes_part(case: Case, name: str, choice: str) -> bool:
    if not choice:
        default = SETTINGS[name].default
        return case.settings.get(name, default) != default
    if name == "decay_kind" and not case.settings.get("weight_decay", SETTINGS["weight_decay"].default):
        return False
    value = case.settings.get(name, "constant" if name == "schedule" else None)
    needs_hidden = name in {"activation", "normalization"} and not case.settings["hidden_sizes"]
    return not needs_hidden and value == choice


def difference_rows() -> Iterator[Row]:
    """Compare backpropagation with central differences for every activation, loss and normalisation."""
    worst: dict[str, tuple[int, float]] = {}
    losses, normalizations = sorted(LOSSES), ("none", "batch", "layer")
    combinations = [
        (a, losses[i % len(losses)], n) for i, a in enumerate(ACTIVATIONS) for n in normalizations
    ]
    combinations += [("tanh", loss, n) for loss in losses for n in normalizations]
    for activation, loss, normalization in combinations:
        error = _gradient_error(activation, loss, normalization)
        for part in (f"activation {activation}", f"loss {loss}", f"normalization {normalization}"):
            count, largest = worst.get(part, (0, 0.0))
            worst[part] = count + 1, max(largest, error)
    for options, named in OPTIONS:
        for normalization in normalizations:
            for loss in named:
                error = _gradient_error("tanh", loss, normalization, residual=options == "residual")
                count, largest = worst.get(options, (0, 0.0))
                worst[options] = count + 1, max(largest, error)
    for part, (count, error) in sorted(worst.items()):
        networks = "1 network" if count == 1 else f"{count} networks"
        yield Row(f"gradient of {part}", f"central differences, relative, {networks}", error, DIFFERENCES)


def _gradient_error(activation: str, loss: str | Loss, normalization: str, residual: bool = False) -> float:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        network = _network(activation, loss, normalization, rng, residual=residual)
        recording = network.gradient_recording(ROWS)
        recording.x[...] = rng.normal(size=recording.x.shape)
        recording.target[...] = np.eye(SIZES[-1])[:, rng.integers(0, SIZES[-1], ROWS)]
        recording.tape.replay()
        bent = "z" if normalization == "none" else "n"
        kinks = getattr(ACTIVATIONS[activation], "kinks", (0.0,))
        values = np.concatenate([recording.arena.blocks[f"{bent}{i}"].values.ravel() for i in (1, 2)])
        if all(np.abs(values - kink).min() > NEAR_A_KINK for kink in kinks):
            return max(each.largest_error for each in check_gradients(network, recording))
    raise ValueError(f"{activation} has no points away from its kinks")


def _network(
    activation: str,
    loss: str | Loss,
    normalization: str,
    rng: np.random.Generator,
    dtype: str = "float64",
    residual: bool = False,
) -> Network:
    sizes = WITH_A_WAY_AROUND if residual else SIZES
    loss = LOSSES[loss] if isinstance(loss, str) else loss
    network = Network(
        sizes, ACTIVATIONS[activation], loss, normalization=normalization, residual=residual, dtype=dtype
    )
    network.initialize(xavier_normal, [rng] * network.depth)
    biases = [layer.bias for layer in network.dense if layer.bias is not None]
    for each in [*biases, *network.parameters.norms]:
        each += rng.normal(0, 0.1, each.shape)
    return network


def single_precision() -> Row:
    """Compare gradients in float32 with those in float64."""
    worst = 0.0
    for normalization in ("none", "batch", "layer"):
        gradients: list[np.ndarray] = []
        for dtype in ("float64", "float32"):
            rng = np.random.default_rng(1)
            network = _network("tanh", "cross_entropy", normalization, rng, dtype)
            recording = network.gradient_recording(ROWS)
            recording.x[...] = rng.normal(size=recording.x.shape)
            recording.target[...] = np.eye(SIZES[-1])[:, rng.integers(0, SIZES[-1], ROWS)]
            recording.tape.replay()
            gradients.append(network.parameters.grad.astype(np.float64))
        wide, narrow = gradients
        worst = max(worst, float(np.abs(wide - narrow).max() / np.abs(wide).max()))
    return Row("gradients in float32", "the same in float64, relative to the largest", worst, SINGLE)


def table(lines: list[Row]) -> str:
    """Return the rows as markdown."""
    head = ["| part | compared with | largest difference | allowed |", "|---|---|---|---|"]
    return "\n".join([*head, *map(str, lines)])


def coverage(report: Numbers | dict) -> str:
    """Return the sentence of the coverage block from coverage's JSON report."""
    totals = report["totals"]
    share = f"{totals['covered_lines']} of {totals['num_statements']} lines"
    return f"The tests run {share} of `engine/nn` and `engine/training` ({totals['percent_covered']:.1f} %)."


def main() -> int:
    """Write and print the table; return 1 where a difference is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage", type=Path, help="coverage's JSON report: write its figure instead")
    arguments = parser.parse_args()
    if arguments.coverage:
        sentence = coverage(json.loads(arguments.coverage.read_text("utf-8")))
        write_block(DOCUMENT, "coverage", sentence)
        print(sentence)
        return 0
    lines = rows()
    write_block(DOCUMENT, "table", table(lines))
    print(table(lines))
    return int(any(not line.difference <= line.allowed for line in lines))


if __name__ == "__main__":
    raise SystemExit(main())
