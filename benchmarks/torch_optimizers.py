"""An update in PyTorch with our settings: clipping, penalties, optimizer.

The tables below are the only place that says which of PyTorch's optimizers ours are compared with.
"""

import importlib
from typing import Any

from benchmarks.reference_cases import Numbers
from engine.explain.torch_update import TORCH_OPTIMIZERS

torch: Any = importlib.import_module("torch")
nn, optim = torch.nn, torch.optim
# The scalars of torch's optimizers too, such as Nadam's product of momenta, which are of the default dtype.
torch.set_default_dtype(torch.float64)

# Given parameter groups that name their own weight decay. Lion is not among torch's optimizers.
OPTIMIZERS = {
    "sgd": lambda p, c: optim.SGD(p, c.learning_rate),
    "momentum": lambda p, c: optim.SGD(p, c.learning_rate, momentum=c.momentum, dampening=c.dampening),
    "nesterov": lambda p, c: optim.SGD(p, c.learning_rate, momentum=c.momentum, nesterov=True),
    "rmsprop": lambda p, c: optim.RMSprop(
        p, c.learning_rate, alpha=c.alpha, eps=c.eps, momentum=c.momentum, centered=c.centered
    ),
    "adam": lambda p, c: optim.Adam(
        p,
        c.learning_rate,
        (c.beta1, c.beta2),
        c.eps,
        amsgrad=c.amsgrad,
        decoupled_weight_decay=c.decay_kind == "decoupled",
    ),
    "adamw": lambda p, c: (optim.Adam if c.decay_kind == "coupled" else optim.AdamW)(
        p, c.learning_rate, (c.beta1, c.beta2), c.eps, amsgrad=c.amsgrad
    ),
    "adagrad": lambda p, c: optim.Adagrad(
        p,
        c.learning_rate,
        c.lr_decay,
        initial_accumulator_value=c.initial_accumulator_value,
        eps=c.eps,
    ),
    "adadelta": lambda p, c: optim.Adadelta(p, c.learning_rate, c.rho, c.eps),
    "adamax": lambda p, c: optim.Adamax(p, c.learning_rate, (c.beta1, c.beta2), c.eps),
    "nadam": lambda p, c: optim.NAdam(
        p,
        c.learning_rate,
        (c.beta1, c.beta2),
        c.eps,
        momentum_decay=c.momentum_decay,
        decoupled_weight_decay=c.decay_kind == "decoupled",
    ),
    "radam": lambda p, c: optim.RAdam(
        p, c.learning_rate, (c.beta1, c.beta2), c.eps, decoupled_weight_decay=c.decay_kind == "decoupled"
    ),
    "rprop": lambda p, c: optim.Rprop(
        p, c.learning_rate, (c.eta_minus, c.eta_plus), (c.step_size_min, c.step_size_max)
    ),
}
# Where torch has no weight decay of this kind it is written out, on torch's tensors.
HAVE_DECOUPLED = {name for name, each in TORCH_OPTIMIZERS.items() if each.decoupled}
HAVE_NO_COUPLED = {name for name, each in TORCH_OPTIMIZERS.items() if not each.coupled}
# Which of these a rule has depends on its options.
SLOTS = {name: each.slots for name, each in TORCH_OPTIMIZERS.items()}
NO_SLOTS = {"step", "mu_product"}


class TorchUpdate:
    """Clipping, penalties and optimizer on named tensors that carry gradients.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    tensors : dict of str to torch.Tensor
        ``dense1.weight``, ``dense1.bias``, ``norm1.gamma`` and so on.
    """

    def __init__(self, config: Any, tensors: dict[str, Any]) -> None:
        self.config, self.tensors = config, tensors
        decoupled = config.decay_kind == "decoupled"
        have = config.optimizer in HAVE_DECOUPLED if decoupled else config.optimizer not in HAVE_NO_COUPLED
        self.written_out = 0.0 if have else config.weight_decay
        self.decaying = {name: each for name, each in tensors.items() if self._decays(name)}
        rest = [each for name, each in tensors.items() if name not in self.decaying]
        groups = [
            {"params": list(self.decaying.values()), "weight_decay": config.weight_decay if have else 0.0},
            {"params": rest, "weight_decay": 0.0},
        ]
        self.optimizer = OPTIMIZERS[config.optimizer]([each for each in groups if each["params"]], config)

    def _decays(self, name: str) -> bool:
        layer, kind = name.split(".")
        if layer.startswith("norm"):
            return self.config.decay_normalization
        return self.config.decay_biases or kind != "bias"

    @property
    def learning_rate(self) -> float:
        """The rate of the next update."""
        return float(self.optimizer.param_groups[0]["lr"])

    def step(self) -> None:
        """Clip by value, by layer and as a whole, add what torch has no option for, update."""
        config, tensors = self.config, self.tensors
        if config.clip_value is not None:
            nn.utils.clip_grad_value_(tensors.values(), config.clip_value)
        if config.clip_layer_norm is not None:
            for layer in self._layers():
                nn.utils.clip_grad_norm_(layer, config.clip_layer_norm)
        if config.clip_norm is not None:
            nn.utils.clip_grad_norm_(tensors.values(), config.clip_norm)
        with torch.no_grad():
            self._penalise()
        self.optimizer.step()

    def _layers(self) -> list[list[Any]]:
        return [
            [each for name, each in self.tensors.items() if name.split(".")[0] in (f"dense{i}", f"norm{i}")]
            for i in range(1, len(self.config.hidden_sizes) + 2)
        ]

    def _penalise(self) -> None:
        for tensor in self.decaying.values():
            tensor.grad += self.config.l1 * torch.sign(tensor)
            if self.config.decay_kind == "decoupled":
                tensor *= 1 - self.learning_rate * self.written_out
            else:
                tensor.grad += self.written_out * tensor

    def slots(self) -> dict[str, Numbers]:
        """Return torch's slots under our names, each by parameter.

        Raises
        ------
        KeyError
            For a slot of torch's that has no name here.
        """
        state = self.optimizer.state
        ours = {theirs: name for name, theirs in SLOTS.get(self.config.optimizer, {}).items()}
        kept = {theirs for each in state.values() for theirs, value in each.items() if value is not None}
        return {
            ours[theirs]: {name: state[each][theirs].numpy().copy() for name, each in self.tensors.items()}
            for theirs in sorted(kept - NO_SLOTS)
        }
