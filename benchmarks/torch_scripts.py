"""One training step as a script for PyTorch and as one for NumPy, both run: ``make bench-scripts``.

For each configuration ``engine.explain`` writes the step twice, both scripts are run, and the JSON lines that
they print are compared.
"""

import argparse
import contextlib
import io
import json
import runpy
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.speed_report import markdown
from docs.blocks import write_block
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.explain.script import numpy_script
from engine.explain.step import ExplainedStep
from engine.explain.torch_names import ACTIVATIONS
from engine.explain.torch_script import torch_script
from engine.explain.torch_update import TORCH_OPTIMIZERS
from engine.training.model import initial_state
from engine.training.reaching import reach

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "compare-with-pytorch.md"
PRINTED = ("loss", "grad_norm", "loss_after")
STEP, TOLERANCE = 7, 1e-9
Settings = Mapping[str, Any]
BASE: Settings = {"samples": 90, "batch_size": 16, "epochs": 5, "hidden_sizes": [6, 5]}
DECAY = {"weight_decay": 0.03, "l1": 0.01}
EXEMPT = {"decay_biases": False, "decay_normalization": False}
CLIPS = {"clip_value": 0.05, "clip_layer_norm": 0.04, "clip_norm": 0.05}
# Options that no optimizer has unless they are given.
OPTIONS: dict[str, Settings] = {
    "momentum": {"dampening": 0.4},
    "rmsprop": {"momentum": 0.7, "centered": True},
    "adam": {"amsgrad": True},
    "adagrad": {"lr_decay": 0.2, "initial_accumulator_value": 0.05},
    "nadam": {"momentum_decay": 0.5},
}
VALUES = {"dataset": "linnerud", "batch_size": 8, "epochs": 20, "samples": None}


def _each(name: str, choices: Sequence[str], **others: Any) -> list[Settings]:
    return [{name: choice, **others} for choice in choices]


OPTIMIZERS: list[Settings] = [{"optimizer": name, **OPTIONS.get(name, {})} for name in TORCH_OPTIMIZERS]
CONFIGURATIONS: dict[str, list[Settings]] = {
    "tanh, Adam": [{}],
    "each activation": _each("activation", list(ACTIVATIONS)),
    "another activation in each layer": [{"activation": ["relu", "mish"]}],
    "no hidden layer": [{"hidden_sizes": [], "optimizer": "sgd"}],
    "batch norm": _each("normalization", ["batch"]),
    "layer norm": _each("normalization", ["layer"]),
    "residual connections": [
        {"residual": True, "hidden_sizes": [6, 6, 6], "normalization": each} for each in ("none", "batch")
    ],
    "dropout": [{"dropout": [0.1, 0.4]}, {"dropout": 0.3, "residual": True, "hidden_sizes": [6, 6]}],
    "clipping by value, by layer and as a whole": [
        CLIPS,
        {**CLIPS, "normalization": "batch"},
        *[{name: value} for name, value in CLIPS.items()],
    ],
    "momentum": [{"optimizer": "momentum", "momentum": 0.7}],
    "each optimizer with its options": OPTIMIZERS,
    "each optimizer at its first step": OPTIMIZERS,
    "each optimizer, L1 and coupled decay": [
        {**each, **DECAY, "decay_kind": "coupled"} for each in OPTIMIZERS
    ],
    "each optimizer, L1 and decoupled decay": [
        {**each, **DECAY, "decay_kind": "decoupled"} for each in OPTIMIZERS
    ],
    "decay of weights alone": [
        {**DECAY, **EXEMPT, "normalization": norm, "optimizer": optimizer}
        for norm in ("batch", "layer")
        for optimizer in ("adamw", "momentum", "rprop")
    ],
    "many classes, label smoothing, class weights": [
        {"dataset": "digits", "samples": 200, "activation": "relu", **each}
        for each in ({}, {"label_smoothing": 0.1, "class_weights": "balanced"})
    ],
    "two classes, label smoothing, class weights": [
        {"loss": loss, **each}
        for loss in ("binary_cross_entropy", "cross_entropy")
        for each in (
            {"label_smoothing": 0.1},
            {"class_weights": [1.0, 2.5]},
            {"label_smoothing": 0.1, "class_weights": [1.0, 2.5]},
        )
    ],
    "regression, each loss": [
        *_each("loss", ["mse", "mae"], **VALUES),
        *_each("loss", ["huber", "smooth_l1"], loss_delta=0.5, **VALUES),
    ],
    "cosine schedule with warm-up, in float64": [
        {"schedule": "cosine", "warmup_epochs": 2, "dtype": "float64"}
    ],
}
FIRST = "each optimizer at its first step"


def explained(settings: Settings, step: int) -> Callable[[], ExplainedStep]:
    """Return what makes a step of a run with these settings ready to be written, anew at each call."""
    given = parse_config({name: each for name, each in {**BASE, **settings}.items() if each is not None})
    dataset = build_dataset(given)
    config = resolve(given, dataset.facts)
    state = initial_state(config, dataset)
    reach(config, dataset, state, step)
    return lambda: ExplainedStep(config, dataset, state)


def printed(script: str) -> dict[str, float]:
    """Run a script with names of its own; return the line that it prints."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
        path = Path(folder) / "step.py"
        path.write_text(script, "utf-8")
        runpy.run_path(str(path))
    return json.loads(said.getvalue())


def difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Return the largest ``|a - b| / max(1, |b|)`` of the three numbers; infinite where one is not finite."""
    found = [abs(ours[name] - theirs[name]) / max(1.0, abs(theirs[name])) for name in PRINTED]
    return max(each if each < float("inf") else float("inf") for each in found)


def compared(settings: Settings, step: int) -> float:
    """Return how far the scripts of one step are apart."""
    ready = explained(settings, step)
    ours, theirs = printed(numpy_script(ready(), "A step.")), printed(torch_script(ready(), "A step."))
    return difference(ours, theirs)


def table(found: Mapping[str, Sequence[float]]) -> str:
    """Return the largest difference of each configuration."""
    rows = [[name, len(each), f"{max(each):.1e}"] for name, each in found.items()]
    return markdown(["configuration", "steps", "largest difference"], rows)


def main() -> int:
    """Print the table, and write it unless only some lines were asked for; return 1 where it is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="lines whose name begins so; not written")
    chosen = parser.parse_args()
    if not any(name.startswith(chosen.only) for name in CONFIGURATIONS):
        parser.error(f"--only must be how a line begins, got {chosen.only!r}")
    found: dict[str, list[float]] = {}
    for name, several in CONFIGURATIONS.items():
        if name.startswith(chosen.only):
            found[name] = [compared(each, 0 if name == FIRST else STEP) for each in several]
            print(f"{name}: {max(found[name]):.1e}", flush=True)
    worst = max(max(each) for each in found.values())
    count = sum(map(len, found.values()))
    line = f"{count} steps, torch {version('torch').partition('+')[0]}: {worst:.1e} at most"
    print(f"\n{table(found)}\n\n{line}")
    if not chosen.only:
        write_block(DOCUMENT, "scripts", f"{table(found)}\n\n{line}.")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
