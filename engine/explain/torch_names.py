"""What activations, losses, normalisations and parameters are called in PyTorch, and what it has not."""

from collections.abc import Mapping
from typing import Any

from engine.config import ConfigError, RunConfig
from engine.nn.normalization import EPS, KEPT

# Of the weighted sums that stand for the braces. Torch's own hardsigmoid takes its sixth in single precision.
ACTIVATIONS = {
    "identity": "{}",
    "relu": "F.relu({})",
    "leaky_relu": "F.leaky_relu({}, 0.01)",
    "elu": "F.elu({})",
    "selu": "F.selu({})",
    "celu": "F.celu({})",
    "gelu": "F.gelu({})",
    "gelu_tanh": 'F.gelu({}, approximate="tanh")',
    "silu": "F.silu({})",
    "mish": "F.mish({})",
    "sigmoid": "torch.sigmoid({})",
    "log_sigmoid": "F.logsigmoid({})",
    "hard_sigmoid": "F.relu6({} + 3) / 6",
    "tanh": "torch.tanh({})",
    "hard_tanh": "F.hardtanh({})",
    "softplus": "F.softplus({})",
    "softsign": "F.softsign({})",
    "relu6": "F.relu6({})",
    "hard_swish": "F.hardswish({})",
    "tanh_shrink": "F.tanhshrink({})",
}
# With the options that the loss has here, filled in by name.
LOSSES = {
    "mse": "nn.MSELoss()",
    "mae": "nn.L1Loss()",
    "huber": "nn.HuberLoss(delta={delta!r})",
    "smooth_l1": "nn.SmoothL1Loss(beta={delta!r})",
    "binary_cross_entropy": "nn.BCEWithLogitsLoss()",
    "cross_entropy": "nn.CrossEntropyLoss({})",
}
# Of so many units.
NORMALIZATIONS = {
    "none": "",
    "batch": f"nn.BatchNorm1d({{}}, eps={EPS!r}, momentum={round(1 - KEPT, 12)!r})",
    "layer": f"nn.LayerNorm({{}}, eps={EPS!r})",
}
PARAMETERS = {"gamma": "weight", "beta": "bias", "running_variance": "running_var"}
HAS_NONE = {("optimizer", "lion"): "torch.optim has none"}


def named_as_in_torch(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept by our names, such as ``norm1.gamma``, by those of torch: ``norm1.weight``."""
    split = (name.split(".") for name in named)
    names = [f"{layer}.{PARAMETERS.get(kind, kind)}" for layer, kind in split]
    return dict(zip(names, named.values(), strict=True))


def refuse_what_torch_has_not(config: RunConfig, optimizers: Mapping[str, Any]) -> None:
    """Refuse the first choice of a configuration that has no counterpart in PyTorch.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    optimizers : mapping
        What torch.optim has, by our names.

    Raises
    ------
    ConfigError
        One sentence that names the setting, the choice and the reason.
    """
    chosen = [("activation", name, ACTIVATIONS) for name in config.activations]
    chosen += [
        ("normalization", config.normalization, NORMALIZATIONS),
        ("loss", config.loss, LOSSES),
        ("optimizer", config.optimizer, optimizers),
    ]
    for setting, name, known in chosen:
        if name not in known:
            refuse(f"{setting} {name}", HAS_NONE.get((setting, name), "it comes from a plugin"))


def refuse(what: str, reason: str) -> None:
    """Refuse to write a script.

    Raises
    ------
    ConfigError
        Always: what cannot be written, and why.
    """
    raise ConfigError(f"{what} cannot be written in PyTorch: {reason}")
