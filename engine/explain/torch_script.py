"""One training step as a script that needs PyTorch alone: the same numbers by torch's own modules."""

import re
from typing import Any

import numpy as np

from engine.explain.step import LOSS, ExplainedStep
from engine.explain.torch_names import (
    ACTIVATIONS,
    LOSSES,
    NORMALIZATIONS,
    named_as_in_torch,
    refuse_what_torch_has_not,
)
from engine.explain.torch_update import TORCH_OPTIMIZERS, TorchUpdate
from engine.nn.parameter_names import named_statistics

TITLES = {
    "start": "# What the step starts from: the batch, a row an example, and the weights.",
    "network": "# The network, its loss, and the optimizer as it was.",
    "forward": "# Forward pass: predict.",
    LOSS: "# Loss: compare.",
    "backward": "# Backward pass: autograd traces the error back, layer by layer.",
    "update": "# Update: adjust all weights.",
    "after": "# The same batch with the new weights.",
}
NORM = "grad_norm = torch.cat([each.grad.flatten() for each in network.parameters()]).norm()"
PRINTED = '{"loss": loss.item(), "grad_norm": grad_norm.item(), "loss_after": loss_after.item()}'


def torch_script(step: ExplainedStep, title: str) -> str:
    """Return a step as a script in which PyTorch computes it again, in float64.

    It holds weights, batch and what the optimizer remembers, and ends by printing one JSON line: ``loss`` and
    ``grad_norm`` of the batch, before clipping and penalties, and ``loss_after``, the loss of the same batch
    with the new weights, with the same units dropped.

    Parameters
    ----------
    step : ExplainedStep
        Whose calls have not run yet, in float64.
    title : str
        What the script says of itself, in one line.

    Raises
    ------
    ConfigError
        When PyTorch has not what the step needs: an optimizer, or something of a plugin.
    """
    refuse_what_torch_has_not(step.config, TORCH_OPTIMIZERS)
    writer, update = _Writer(step), TorchUpdate(step)
    weights = named_as_in_torch(step.named(step.before)) | writer.statistics()
    step.finish()
    update.check()
    given = [*writer.batch(), *_dictionary("weights", weights)]
    if remembered := update.remembered():
        given += ["# What the optimizer remembers.", *_dictionary("remembered", remembered)]
    network, loss_of = writer.network(), writer.loss()
    body = [
        TITLES["network"],
        *[*network, "", "", "network = Network()", "network.load_state_dict(weights)"],
        f"loss_of = {loss_of}",
        *update.optimizer(),
        *["", TITLES["forward"], "output = network(x)"],
        *["", TITLES[LOSS], "loss = loss_of(output, y)"],
        *["", TITLES["backward"], "optimizer.zero_grad()", "loss.backward()", NORM],
        *["", TITLES["update"], *update.update()],
        *["", TITLES["after"], "with torch.no_grad():", "    loss_after = loss_of(network(x), y)"],
        f"print(json.dumps({PRINTED}))",
    ]
    numbers, code = "\n".join([TITLES["start"], *given]), "\n".join(body)
    functional = "import torch.nn.functional as F\n" if "F." in code else ""
    special = "nan, inf = torch.nan, torch.inf\n" if re.search(r"\b(nan|inf)\b", numbers + code) else ""
    head = f'"""{title}"""\n\nimport json\n\nimport torch\n{functional}from torch import nn\n'
    settings = f"\ntorch.set_default_dtype(torch.float64)\n{special}"
    return f"{head}{settings}\n{numbers}\n\n\n{code}\n"


class _Writer:
    """Writes batch, network and loss of a step; what is dropped is known once its calls have run."""

    def __init__(self, step: ExplainedStep) -> None:
        self.step, self.config = step, step.config
        self._statistics = {name: each.copy() for name, each in named_statistics(step.network).items()}
        self._options = vars(step.network.loss)
        is_binary = self.config.loss == "binary_cross_entropy"
        self.is_pair = is_binary and bool(self._loss_options())

    def statistics(self) -> dict[str, Any]:
        """Return what batch norm remembers, under the names of its state in torch."""
        found = named_as_in_torch(self._statistics)
        layers = {name.split(".")[0] for name in found}
        return found | {f"{layer}.num_batches_tracked": np.array(self.step.step) for layer in sorted(layers)}

    def batch(self) -> list[str]:
        """Return the lines that give rows, targets and what was dropped."""
        target = self.step.recording.target
        y = target.T
        if self.config.loss == "cross_entropy":
            y = target.argmax(axis=0)
        elif self.is_pair:
            y = target[0].astype(int)
        kept = self.step.recording.tape.names.arrays
        lines = [f"x = {_tensor(self.step.recording.x.T)}", f"y = {_tensor(y)}"]
        dropped = [each.number for each in self.step.network.layers if each.kind == "dropout"]
        if dropped:
            lines.append("# The units that dropout left on.")
        return lines + [f"kept{each} = {_tensor(kept[f'k{each}'].T.astype(int))}" for each in dropped]

    def loss(self) -> str:
        """Return the loss of torch's that it is."""
        if self.config.loss != "cross_entropy" and not self.is_pair:
            return LOSSES[self.config.loss].format(**self._options)
        return LOSSES["cross_entropy"].format(", ".join(self._loss_options()))

    def _loss_options(self) -> list[str]:
        """Return class weights and label smoothing as options of torch's cross-entropy."""
        weights, smoothing = (self._options.get(name) for name in ("class_weights", "label_smoothing"))
        given = [] if weights is None else [f"weight={_tensor(np.array(weights, float))}"]
        return [*given, f"label_smoothing={smoothing!r}"] if smoothing else given

    def network(self) -> list[str]:
        """Return the class of the network: its layers, and what happens to a batch line by line."""
        made, done = [], []
        name, around = "a0", ""
        for layer in self.step.network.layers:
            if layer.kind == "fork":
                around = name
                continue
            made += self._made(layer)
            value = self._done(layer, name, around)
            name = layer.output
            done.append(f"{name} = {value}")
        last = done.pop().partition(" = ")[2]
        if self.is_pair:
            done += [f"{name} = {last}", "# One output z says what two outputs (0, z) of a softmax say."]
            last = f"torch.cat([torch.zeros_like({name}), {name}], dim=1)"
        done.append(f"return {last}")
        return [
            "class Network(nn.Module):",
            *["    def __init__(self):", "        super().__init__()"],
            *[f"        {line}" for line in made],
            *["", "    def forward(self, a0):"],
            *[f"        {line}" for line in done],
        ]

    def _made(self, layer: Any) -> list[str]:
        """Return the line that makes a layer of torch's, if it has anything to keep."""
        before, units = self.step.network.sizes[layer.number - 1 : layer.number + 1]
        if layer.kind == "dense":
            bias = "" if layer.has_bias else ", bias=False"
            return [f"self.dense{layer.number} = nn.Linear({before}, {units}{bias})"]
        if layer.kind == "norm":
            return [f"self.norm{layer.number} = {NORMALIZATIONS[self.config.normalization].format(units)}"]
        return []

    def _done(self, layer: Any, name: str, around: str) -> str:
        """Return what a layer makes of the output with this name."""
        number = layer.number
        return {
            "dense": lambda: f"self.dense{number}({name})",
            "norm": lambda: f"self.norm{number}({name})",
            "activation": lambda: ACTIVATIONS[self.config.activations[number - 1]].format(name),
            "dropout": lambda: f"{name} * kept{number} / (1 - {float(layer.rate)!r})",
            "residual": lambda: f"{name} + {around}",
        }[layer.kind]()


def _tensor(value: Any) -> str:
    return f"torch.tensor({np.asarray(value).tolist()})"


def _dictionary(name: str, entries: dict[str, Any]) -> list[str]:
    """Return the lines of a dictionary of tensors, or of dictionaries of them."""

    def shown(value: Any) -> str:
        if not isinstance(value, dict):
            return _tensor(value)
        return "{" + ", ".join(f'"{key}": {_tensor(each)}' for key, each in value.items()) + "}"

    return [f"{name} = {{", *[f'    "{key}": {shown(value)},' for key, value in entries.items()], "}"]
