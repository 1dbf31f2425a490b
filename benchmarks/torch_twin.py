"""The same network, optimizer and schedule in PyTorch, from the same settings.

Runs where ``docs/requirements-torch.txt`` is installed. The tables below are the only place that says which
of PyTorch's things ours is compared with.
"""

import importlib
from typing import Any

import numpy as np

from benchmarks.reference_cases import BATCH, FEATURES, Case, Numbers, flat, start
from benchmarks.torch_optimizers import OPTIMIZERS, TorchUpdate
from engine.training.laboratory import Laboratory

torch: Any = importlib.import_module("torch")
nn, schedulers = torch.nn, torch.optim.lr_scheduler
functional = nn.functional


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


def _cyclic(optimizer: Any, config: Any, mode: str) -> Any:
    half, lowest = config.cycle_epochs / 2, config.learning_rate / config.div_factor
    gamma = config.schedule_gamma or 1.0
    return schedulers.CyclicLR(
        optimizer, lowest, config.learning_rate, half, mode=mode, gamma=gamma, cycle_momentum=False
    )


SCHEDULES = {
    "constant": lambda o, c, total: schedulers.ConstantLR(o, 1.0),
    "cosine": lambda o, c, total: schedulers.CosineAnnealingLR(o, total, c.min_learning_rate),
    "one_cycle": lambda o, c, total: schedulers.OneCycleLR(
        o,
        c.learning_rate,
        total,
        pct_start=c.pct_start,
        cycle_momentum=False,
        div_factor=c.div_factor,
        final_div_factor=c.final_div_factor,
    ),
    "plateau": lambda o, c, total: schedulers.ReduceLROnPlateau(
        o,
        factor=c.schedule_gamma,
        patience=c.plateau_patience,
        threshold=c.plateau_threshold,
        cooldown=c.plateau_cooldown,
        min_lr=c.min_learning_rate,
    ),
    "step": lambda o, c, total: schedulers.StepLR(o, c.schedule_every, c.schedule_gamma),
    "multi_step": lambda o, c, total: schedulers.MultiStepLR(o, c.schedule_milestones, c.schedule_gamma),
    "exponential": lambda o, c, total: schedulers.ExponentialLR(o, c.schedule_gamma),
    "polynomial": lambda o, c, total: schedulers.PolynomialLR(o, total, c.schedule_power),
    "warm_restarts": lambda o, c, total: schedulers.CosineAnnealingWarmRestarts(
        o, c.cycle_epochs, c.cycle_multiple, c.min_learning_rate
    ),
    "cyclic_triangular": lambda o, c, total: _cyclic(o, c, "triangular"),
    "cyclic_triangular2": lambda o, c, total: _cyclic(o, c, "triangular2"),
    "cyclic_exp_range": lambda o, c, total: _cyclic(o, c, "exp_range"),
}


class Paced:
    """Torch's LinearLR over the warm-up, then a schedule of torch's that is begun afresh.

    SequentialLR begins all of its schedules at once, and those that set the rate of the optimizer themselves
    (OneCycleLR, CyclicLR) or want a loss (ReduceLROnPlateau) spoil the line, or are refused.
    """

    def __init__(self, optimizer: Any, config: Any) -> None:
        self.optimizer, self.config, self.done = optimizer, config, 0
        warm = config.warmup_epochs
        self.scheduler = (
            schedulers.LinearLR(optimizer, 1 / warm, 1.0, total_iters=max(warm - 1, 1))
            if warm
            else self._then()
        )

    def _then(self) -> Any:
        config = self.config
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate
            group.pop("initial_lr", None)
        return SCHEDULES[config.schedule](self.optimizer, config, config.epochs - config.warmup_epochs)

    def step(self, loss: float) -> None:
        """Go on after an update, whose loss counts as the validation loss that plateau looks at."""
        self.done += 1
        if self.done == self.config.warmup_epochs:
            self.scheduler = self._then()
        elif isinstance(self.scheduler, schedulers.ReduceLROnPlateau):
            self.scheduler.step(loss)
        elif self.done < self.config.epochs:
            self.scheduler.step()


NORMALIZATIONS = {"none": None, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
MAPPED = {
    "activation": ACTIVATIONS,
    "loss": LOSSES,
    "normalization": NORMALIZATIONS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}
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
                parts.append(ACTIVATIONS[config.activations[number - 1]]())
            layers += [Residual(*parts)] if around else parts
            width = units
        self.network = nn.Sequential(*layers)
        self.update = TorchUpdate(config, self.tensors)
        self.scheduler = Paced(self.update.optimizer, config)

    def _name(self, layer: str, **tensors: Any) -> None:
        self.tensors |= {f"{layer}.{name}": each for name, each in tensors.items() if each is not None}

    def set(self, values: Numbers) -> None:
        """Set parameters and statistics by name."""
        with torch.no_grad():
            for name, array in values.items():
                (self.tensors | self.buffers)[name].copy_(torch.tensor(array))

    def read(self) -> Numbers:
        """Return all parameters and statistics by name."""
        return {name: each.detach().numpy().copy() for name, each in (self.tensors | self.buffers).items()}

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Return raw outputs in evaluation mode."""
        self.network.eval()
        with torch.no_grad():
            outputs = self.network(torch.tensor(x)).numpy()
        self.network.train()
        return outputs

    def backward(self, x: np.ndarray, y: np.ndarray) -> tuple[float, Numbers]:
        """Return loss and gradients of a batch, in training mode."""
        self.update.optimizer.zero_grad()
        loss = LOSSES[self.config.loss](self.network(torch.tensor(x)), torch.tensor(y), self.config)
        loss.backward()
        return loss.item(), {name: each.grad.numpy().copy() for name, each in self.tensors.items()}

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        """Make one update; return the loss before it."""
        loss, _ = self.backward(x, y)
        self.update.step()
        self.scheduler.step(loss)
        return loss

    @property
    def learning_rate(self) -> float:
        """The rate of the next update."""
        return self.update.learning_rate


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
        **{f"slot.{name}": flat(named) for name, named in twin.update.slots().items()},
    }
