"""Trains the network of compare-with-pytorch.md on both sides and prints every difference; needs torch.

``python -m docs.compare_with_pytorch``. The code that runs is the document's own.
"""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np

DOCUMENT = Path(__file__).with_name("compare-with-pytorch.md")
TOLERANCE = 1e-9
PARTS = {
    "dense1.weight": "0.weight",
    "norm1.gamma": "1.weight",
    "norm1.beta": "1.bias",
    "norm1.running_mean": "1.running_mean",
    "norm1.running_variance": "1.running_var",
    "dense2.weight": "3.weight",
    "norm2.gamma": "4.weight",
    "norm2.beta": "4.bias",
    "norm2.running_mean": "4.running_mean",
    "norm2.running_variance": "4.running_var",
    "dense3.weight": "6.weight",
    "dense3.bias": "6.bias",
}
SLOTS = {"m": "exp_avg", "v": "exp_avg_sq"}


def code(language: str) -> str:
    """Return the document's code in a language: ``python`` runs without torch, ``py`` with it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return "\n".join(blocks)


def differences(names: dict[str, Any]) -> dict[str, float]:
    """Return the largest difference of each array; ``names`` is what both halves of the document left."""
    ours, theirs = names["laboratory"], names["network"].state_dict()
    found = {each: names["learned"][each] - theirs[other].numpy() for each, other in PARTS.items()}
    parameters = dict(names["network"].named_parameters())
    for slot, other in SLOTS.items():
        for each, array in ours.slots()[slot].items():
            found[f"slot {slot} of {each}"] = (
                array - names["optimizer"].state[parameters[PARTS[each]]][other].numpy()
            )
    found["loss of each update"] = np.array(names["losses"]) - names["their_losses"]
    order = {other: place for place, other in enumerate(parameters)}
    for each, gradient in names["gradients"].items():
        theirs_first = names["their_gradients"][0][order[PARTS[each]]].numpy()
        found[f"first gradient of {each}"] = gradient - theirs_first
    outputs = names["network"].eval()(names["torch"].tensor(names["x"]))
    found["outputs in evaluation"] = ours.outputs(names["x"]) - outputs.detach().numpy()
    return {name: float(np.abs(array).max()) for name, array in found.items()}


def main() -> int:
    """Run the document and print the table; return 1 where a difference is too large."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for language in ("python", "py"):
            exec(compile(code(language), str(DOCUMENT), "exec"), names)  # noqa: S102  (this folder's own text)
    found = differences(names)
    for name, value in found.items():
        print(f"{name:<34} {value:.1e}")
    worst = max(found.values())
    print(f"{'largest':<34} {worst:.1e} after 20 updates, torch {names['torch'].__version__}")
    return int(not worst < TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
