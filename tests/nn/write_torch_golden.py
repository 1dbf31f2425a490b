"""Writes torch_golden.json, what PyTorch computes, for test_torch_golden.py; run by hand, where torch is.

``python tests/nn/write_torch_golden.py`` in an environment of its own with ``torch==2.13.0``: neither the
program nor its tests need it.
"""

import importlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

torch: Any = importlib.import_module("torch")
nn, optim, schedulers = torch.nn, torch.optim, torch.optim.lr_scheduler
OUTPUT = Path(__file__).with_name("torch_golden.json")
STEPS = 20
# Ours by name with its options, and torch's class with the same.
OPTIMIZERS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("sgd", {}, optim.SGD, {}),
    ("momentum", {}, optim.SGD, {"momentum": 0.9}),
    ("momentum", {"dampening": 0.3}, optim.SGD, {"momentum": 0.9, "dampening": 0.3}),
    ("momentum", {"momentum": 0.0, "dampening": 0.3}, optim.SGD, {"momentum": 0.0, "dampening": 0.3}),
    ("nesterov", {}, optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ("rmsprop", {}, optim.RMSprop, {}),
    ("rmsprop", {"centered": True}, optim.RMSprop, {"centered": True}),
    ("rmsprop", {"momentum": 0.8}, optim.RMSprop, {"momentum": 0.8}),
    ("adam", {}, optim.Adam, {}),
    ("adam", {"amsgrad": True, "beta2": 0.5}, optim.Adam, {"amsgrad": True, "betas": (0.9, 0.5)}),
    ("adamw", {}, optim.AdamW, {}),
    ("adagrad", {}, optim.Adagrad, {}),
    (
        "adagrad",
        {"lr_decay": 0.1, "initial_accumulator_value": 0.2},
        optim.Adagrad,
        {"lr_decay": 0.1, "initial_accumulator_value": 0.2},
    ),
    ("adadelta", {}, optim.Adadelta, {}),
    ("adamax", {}, optim.Adamax, {}),
    ("nadam", {}, optim.NAdam, {}),
    ("nadam", {"momentum_decay": 0.5}, optim.NAdam, {"momentum_decay": 0.5}),
    ("radam", {}, optim.RAdam, {}),
    ("rprop", {}, optim.Rprop, {}),
    (
        "rprop",
        {"eta_minus": 0.4, "eta_plus": 1.5, "step_size_min": 0.03, "step_size_max": 0.15},
        optim.Rprop,
        {"etas": (0.4, 1.5), "step_sizes": (0.03, 0.15)},
    ),
]
ACTIVATIONS = {
    "identity": nn.Identity(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "elu": nn.ELU(),
    "gelu": nn.GELU(),
    "softplus": nn.Softplus(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "selu": nn.SELU(),
    "celu": nn.CELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "log_sigmoid": nn.LogSigmoid(),
    "hard_sigmoid": nn.Hardsigmoid(),
    "hard_tanh": nn.Hardtanh(),
    "softsign": nn.Softsign(),
    "relu6": nn.ReLU6(),
    "hard_swish": nn.Hardswish(),
    "tanh_shrink": nn.Tanhshrink(),
}


def optimizers() -> dict[str, Any]:
    """Return gradients of 20 steps, a start, and where each optimizer ends, with and without decay."""
    gradients, start = torch.randn(STEPS, 6), torch.randn(6)
    ends = []
    for name, ours, kind, theirs in OPTIMIZERS:
        for decay in (0.0, 0.3):
            if decay and kind is optim.Rprop:
                continue
            theta = start.clone().requires_grad_()
            shown = {} if kind is optim.Rprop else {"weight_decay": decay}
            optimizer = kind([theta], 0.1, **theirs, **shown)
            for gradient in gradients:
                theta.grad = gradient.clone()
                optimizer.step()
            ends.append({"name": name, "options": ours, "decay": decay, "theta": theta.tolist()})
    return {"gradients": gradients.tolist(), "start": start.tolist(), "ends": ends}


def activations() -> dict[str, Any]:
    """Return values and slopes of each activation at points that include its kinks and both far ends."""
    points = torch.tensor(
        [
            *(-1e4, -700.0, -30.0, -9.0, -3.0, -2.5, -1.0, -0.3, -1e-9, 0.0),
            *(1e-9, 0.3, 1.0, 2.5, 3.0, 5.9, 6.0, 9.0, 19.9, 20.1, 700.0, 1e4),
        ]
    )
    table = {}
    for name, function in ACTIVATIONS.items():
        z = points.clone().requires_grad_()
        a = function(z)
        a.sum().backward()
        table[name] = {"a": a.tolist(), "slope": z.grad.tolist()}
    return {"z": points.tolist(), "table": table}


def losses() -> dict[str, Any]:
    """Return values and slopes of each loss, with what it is built from."""
    z, labels, values = torch.randn(9, 4) * 3, torch.randint(0, 4, (9,)), torch.randn(9, 4) * 3
    values[0, 0], weights = z[0, 0], torch.tensor([0.5, 2.0, 1.0, 3.0])
    binary, few = (labels > 1).long(), weights[:2]
    cases: dict[str, tuple[Any, dict[str, Any]]] = {
        "mse": (lambda z: nn.functional.mse_loss(z, values), {}),
        "mae": (lambda z: nn.functional.l1_loss(z, values), {}),
        "huber 1": (lambda z: nn.functional.huber_loss(z, values), {"delta": 1.0}),
        "huber 0.4": (lambda z: nn.functional.huber_loss(z, values, delta=0.4), {"delta": 0.4}),
        "smooth_l1 1": (lambda z: nn.functional.smooth_l1_loss(z, values), {"delta": 1.0}),
        "smooth_l1 2.5": (lambda z: nn.functional.smooth_l1_loss(z, values, beta=2.5), {"delta": 2.5}),
    }
    for share in (0.0, 0.2):
        for each in (None, weights):
            options: dict[str, Any] = {"label_smoothing": share}
            options["class_weights"] = None if each is None else each.tolist()
            cases[f"cross_entropy {share:g} {each is not None}"] = (
                lambda z, w=each, s=share: nn.functional.cross_entropy(z, labels, w, label_smoothing=s),
                options,
            )
            two = {**options, "class_weights": None if each is None else few.tolist()}
            cases[f"binary_cross_entropy {share:g} {each is not None}"] = (
                lambda z, w=each, s=share: nn.functional.cross_entropy(
                    torch.stack([torch.zeros(9), z[:, 0]], 1),
                    binary,
                    None if w is None else few,
                    label_smoothing=s,
                ),
                two,
            )
    table = {}
    for name, (function, options) in cases.items():
        point = z.clone().requires_grad_()
        value = function(point)
        value.backward()
        table[name] = {"value": value.item(), "slope": point.grad.tolist(), "options": options}
    shown = {"z": z.tolist(), "labels": labels.tolist(), "binary": binary.tolist(), "values": values.tolist()}
    return {**shown, "table": table}


def schedule_tables() -> dict[str, list[float]]:
    """Return the learning rates of 12 updates, starting from 1."""

    def rates(build: Any) -> list[float]:
        optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
        scheduler, seen = build(optimizer), []
        for _ in range(12):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return seen

    def warmed(optimizer: Any) -> Any:
        line = schedulers.LinearLR(optimizer, 1 / 4, 1.0, total_iters=3)
        return schedulers.SequentialLR(optimizer, [line, schedulers.StepLR(optimizer, 3, 0.1)], [4])

    return {
        "step": rates(lambda optimizer: schedulers.StepLR(optimizer, 5, 0.1)),
        "cosine": rates(lambda optimizer: schedulers.CosineAnnealingLR(optimizer, 12)),
        "warm-up and step": rates(warmed),
    }


def networks() -> dict[str, Any]:
    """Return networks with a normalisation, and what comes of each in training."""
    found = {}
    for name in ("batch", "layer"):
        layers = []
        for fan_in, out in ((3, 5), (5, 4)):
            norm = nn.BatchNorm1d(out) if name == "batch" else nn.LayerNorm(out)
            layers += [nn.Linear(fan_in, out, bias=name == "layer"), norm, nn.GELU()]
        found[name] = trained(nn.Sequential(*layers, nn.Linear(4, 2)))
    return found


def network_by_layer() -> dict[str, Any]:
    """Return a network in which each hidden layer has another activation, and what comes of training it."""
    names, sizes, layers = ["relu", "tanh", "silu"], [3, 5, 4, 4], []
    for name, (fan_in, out) in zip(names, pairwise(sizes), strict=True):
        layers += [nn.Linear(fan_in, out), ACTIVATIONS[name]]
    return {"activations": names, **trained(nn.Sequential(*layers, nn.Linear(4, 2)))}


def trained(network: Any) -> dict[str, Any]:
    """Return weights, batches, and what 20 steps of AdamW make of them."""
    first = flat(network)
    x, labels = torch.randn(STEPS, 7, 3) * 2 + 1, torch.randint(0, 2, (STEPS, 7))
    optimizer = optim.AdamW(network.parameters(), 0.05, weight_decay=0.1)
    losses = []
    for inputs, classes in zip(x, labels, strict=True):
        loss = nn.functional.cross_entropy(network(inputs), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    buffers = [b.tolist() for key, b in network.named_buffers() if "running" in key]
    return {
        "first": first,
        "x": x.tolist(),
        "labels": labels.tolist(),
        "losses": losses,
        "last": flat(network),
        "running": buffers,
        "outputs": network.eval()(x[0]).tolist(),
    }


def flat(network: Any) -> list[float]:
    """Return the parameters in the order of theta: each row of weights with its bias, then scale, shift."""
    values = []
    for layer in network:
        if isinstance(layer, nn.Linear):
            bias = [] if layer.bias is None else [layer.bias[:, None]]
            values.append(torch.cat([layer.weight, *bias], dim=1).flatten())
        elif isinstance(layer, nn.BatchNorm1d | nn.LayerNorm):
            values += [layer.weight, layer.bias]
    return torch.cat(values).tolist()


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    golden = {
        "torch": torch.__version__.partition("+")[0],
        "optimizers": optimizers(),
        "activations": activations(),
        "losses": losses(),
        "schedules": schedule_tables(),
        "networks": networks(),
        "network_by_layer": network_by_layer(),
    }
    OUTPUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n", "utf-8")
