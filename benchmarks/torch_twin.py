"""The same network, optimizer and schedule in PyTorch, from the same settings; knows none of our mathematics.

Runs where ``docs/requirements-torch.txt`` is installed. The tables below are the only place that says which
of PyTorch's things ours is compared with.
"""

import importlib
from typing import Any

import numpy as np

from benchmarks.reference_cases import BATCH, FEATURES, Case, Numbers, flat, start
from engine.training.laboratory import Laboratory

torch: Any = importlib.import_module("torch")
nn, optim, schedulers = torch.nn, torch.optim, torch.optim.lr_scheduler
functional = nn.functional
# The scalars of torch's optimizers too, such as Nadam's product of momenta, which are of the default dtype.
torch.set_default_dtype(torch.float64)


class HardSigmoid(nn.Module):
    """``relu6(z + 3) / 6``, from torch's own parts: its Hardsigmoid takes a sixth in single precision."""

    def forward(self, z: Any) -> Any:
        """Return the activation of ``z``."""
        return functional.relu6(z + 3) / 6


class Residual(nn.Module):
    """Adds what goes into layers to what comes out of them."""

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Any) -> Any:
        """Return ``x + layers(x)``."""
        return x + self.layers(x)


ACTIVATIONS = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "celu": nn.CELU,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "sigmoid": nn.Sigmoid,
    "log_sigmoid": nn.LogSigmoid,
    "hard_sigmoid": HardSigmoid,
    "tanh": nn.Tanh,
    "hard_tanh": nn.Hardtanh,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "relu6": nn.ReLU6,
    "hard_swish": nn.Hardswish,
    "tanh_shrink": nn.Tanhshrink,
}


def _weights(config: Any) -> Any:
    return None if config.class_weights is None else torch.tensor(config.class_weights, dtype=torch.float64)


def _cross_entropy(z: Any, y: Any, config: Any) -> Any:
    return functional.cross_entropy(z, y, _weights(config), label_smoothing=config.label_smoothing)


def _binary_cross_entropy(z: Any, y: Any, config: Any) -> Any:
    """Torch's own where it has one; else the softmax of the outputs ``(0, z)``, which it stands for."""
    if config.class_weights is None and not config.label_smoothing:
        return functional.binary_cross_entropy_with_logits(z[:, 0], y.double())
    return _cross_entropy(torch.cat([torch.zeros_like(z), z], dim=1), y, config)


LOSSES = {
    "mse": lambda z, y, c: functional.mse_loss(z, y),
    "mae": lambda z, y, c: functional.l1_loss(z, y),
    "huber": lambda z, y, c: functional.huber_loss(z, y, delta=c.loss_delta),
    "smooth_l1": lambda z, y, c: functional.smooth_l1_loss(z, y, beta=c.loss_delta),
    "binary_cross_entropy": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
}
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
HAVE_DECOUPLED = ("adam", "adamw", "nadam", "radam")
HAVE_NO_COUPLED = ("rprop",)
SCHEDULES = {
    "constant": lambda o, c, total: schedulers.ConstantLR(o, 1.0),
    "step": lambda o, c, total: schedulers.StepLR(o, c.schedule_every, c.schedule_gamma),
    "cosine": lambda o, c, total: schedulers.CosineAnnealingLR(o, total),
}
NORMALIZATIONS = {"none": None, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
MAPPED = {
    "activation": ACTIVATIONS,
    "loss": LOSSES,
    "normalization": NORMALIZATIONS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}
ADAMS = {"m": "exp_avg", "v": "exp_avg_sq"}
# Which of these a rule has depends on its options.
SLOTS = {
    "momentum": {"b": "momentum_buffer"},
    "nesterov": {"b": "momentum_buffer"},
    "rmsprop": {"v": "square_avg", "a": "grad_avg", "b": "momentum_buffer"},
    "adam": {**ADAMS, "v_max": "max_exp_avg_sq"},
    "adamw": {**ADAMS, "v_max": "max_exp_avg_sq"},
    "adagrad": {"s": "sum"},
    "adadelta": {"v": "square_avg", "d": "acc_delta"},
    "adamax": {"m": "exp_avg", "u": "exp_inf"},
    "nadam": ADAMS,
    "radam": ADAMS,
    "rprop": {"previous": "prev", "size": "step_size"},
}
NO_SLOTS = {"step", "mu_product"}
BATCH_NORMS_MEMORY = {"running_mean": "running_mean", "running_variance": "running_var"}


class TorchTwin:
    """A network of PyTorch with the settings of a laboratory, under the same names.

    Parameters
    ----------
    config : RunConfig
        Resolved, as ``Laboratory.config`` is: torch is given every number, none is left to its defaults.
    features, outputs : int
    """

    def __init__(self, config: Any, features: int, outputs: int) -> None:
        self.config = config
        self.tensors: dict[str, Any] = {}
        self.buffers: dict[str, Any] = {}
        layers, width = [], features
        for number, units in enumerate((*config.hidden_sizes, outputs), start=1):
            is_hidden = number <= len(config.hidden_sizes)
            norm = NORMALIZATIONS[config.normalization] if is_hidden else None
            around = config.residual and is_hidden and number > 1 and width == units
            dense = nn.Linear(width, units, bias=norm is not nn.BatchNorm1d, dtype=torch.float64)
            parts = [dense]
            self._name(f"dense{number}", weight=dense.weight, bias=dense.bias)
            if norm:
                layer = norm(units, dtype=torch.float64)
                parts.append(layer)
                self._name(f"norm{number}", gamma=layer.weight, beta=layer.bias)
                for ours, theirs in BATCH_NORMS_MEMORY.items():
                    if hasattr(layer, theirs):
                        self.buffers[f"norm{number}.{ours}"] = getattr(layer, theirs)
            if is_hidden:
                parts.append(ACTIVATIONS[config.activation]())
            layers += [Residual(*parts)] if around else parts
            width = units
        self.network = nn.Sequential(*layers)
        self.decaying = {name for name in self.tensors if self._decays(name)}
        self.optimizer = OPTIMIZERS[config.optimizer](self._groups(), config)
        self.scheduler = self._schedule()

    def _name(self, layer: str, **tensors: Any) -> None:
        self.tensors |= {f"{layer}.{name}": each for name, each in tensors.items() if each is not None}

    def _decays(self, name: str) -> bool:
        layer, kind = name.split(".")
        return (
            self.config.decay_normalization
            if layer.startswith("norm")
            else (self.config.decay_biases or kind != "bias")
        )

    def _groups(self) -> list[dict[str, Any]]:
        config = self.config
        is_written_out = (
            config.optimizer not in HAVE_DECOUPLED
            if config.decay_kind == "decoupled"
            else config.optimizer in HAVE_NO_COUPLED
        )
        self.written_out = config.weight_decay if is_written_out else 0.0
        decay = 0.0 if is_written_out else config.weight_decay
        groups = [
            {
                "params": [each for name, each in self.tensors.items() if (name in self.decaying) == decays],
                "weight_decay": decay if decays else 0.0,
            }
            for decays in (True, False)
        ]
        return [group for group in groups if group["params"]]

    def _schedule(self) -> Any:
        config, optimizer = self.config, self.optimizer
        warm = config.warmup_epochs
        then = SCHEDULES[config.schedule](optimizer, config, config.epochs - warm)
        if not warm:
            return then
        line = schedulers.LinearLR(optimizer, 1 / warm, 1.0, total_iters=warm - 1)
        return schedulers.SequentialLR(optimizer, [line, then], [warm])

    def set(self, values: Numbers) -> None:
        """Set parameters and statistics by name."""
        with torch.no_grad():
            for name, array in values.items():
                (self.tensors | self.buffers)[name].copy_(torch.tensor(array))

    def read(self) -> Numbers:
        """Return all parameters and statistics by name."""
        return {name: each.detach().numpy().copy() for name, each in (self.tensors | self.buffers).items()}

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

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Return raw outputs in evaluation mode."""
        self.network.eval()
        with torch.no_grad():
            outputs = self.network(torch.tensor(x)).numpy()
        self.network.train()
        return outputs

    def backward(self, x: np.ndarray, y: np.ndarray) -> tuple[float, Numbers]:
        """Return loss and gradients of a batch, in training mode."""
        self.optimizer.zero_grad()
        loss = LOSSES[self.config.loss](self.network(torch.tensor(x)), torch.tensor(y), self.config)
        loss.backward()
        return loss.item(), {name: each.grad.numpy().copy() for name, each in self.tensors.items()}

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        """Make one update; return the loss before it."""
        loss, _ = self.backward(x, y)
        if self.config.clip_value is not None:
            nn.utils.clip_grad_value_(self.tensors.values(), self.config.clip_value)
        if self.config.clip_layer_norm is not None:
            for layer in self._layers():
                nn.utils.clip_grad_norm_(layer, self.config.clip_layer_norm)
        if self.config.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.tensors.values(), self.config.clip_norm)
        self._penalise()
        self.optimizer.step()
        self.scheduler.step()
        return loss

    def _layers(self) -> list[list[Any]]:
        depth = len(self.config.hidden_sizes) + 1
        return [
            [each for name, each in self.tensors.items() if name.split(".")[0] in (f"dense{i}", f"norm{i}")]
            for i in range(1, depth + 1)
        ]

    @torch.no_grad()
    def _penalise(self) -> None:
        """Write out what torch has no option for: L1, and weight decay where a rule lacks its kind."""
        for name in self.decaying:
            tensor = self.tensors[name]
            tensor.grad += self.config.l1 * torch.sign(tensor)
            if self.config.decay_kind == "decoupled":
                tensor *= 1 - self.learning_rate * self.written_out
            else:
                tensor.grad += self.written_out * tensor

    @property
    def learning_rate(self) -> float:
        """The rate of the next update."""
        return float(self.optimizer.param_groups[0]["lr"])


def run_torch(case: Case, numbers: Numbers) -> Numbers:
    """Return what PyTorch makes of a case, as :func:`benchmarks.reference_cases.run_here` does."""
    config = Laboratory(case.settings, FEATURES, case.outputs).config
    twin = TorchTwin(config, FEATURES, case.outputs)
    twin.set(start({name: tuple(each.shape) for name, each in twin.tensors.items()}, numbers["pool"]))
    x, y = numbers["x"], case.targets(numbers)
    losses, rates, gradient = [], [], {}
    for number, rows in enumerate(numbers["order"][: case.steps]):
        if number == 0:
            memory = {name: buffer.clone() for name, buffer in twin.buffers.items()}
            _, gradient = twin.backward(x[rows], y[rows])
            twin.set({name: buffer.numpy() for name, buffer in memory.items()})
        rates.append(twin.learning_rate)
        losses.append(twin.step(x[rows], y[rows]))
    return {
        "losses": np.array(losses),
        "rates": np.array(rates),
        "gradient": flat(gradient),
        "learned": flat(twin.read()),
        "outputs": twin.outputs(x[:BATCH]),
        **{f"slot.{name}": flat(named) for name, named in twin.slots().items()},
    }
