"""A workload of the speed benchmark in PyTorch: eager, fused, and with statistics by hooks; not ours.

Runs in the environment of ``make bench``.
"""

import importlib
from typing import Any

import numpy as np

from benchmarks.candidates import Named
from benchmarks.workloads import Workload

torch: Any = importlib.import_module("torch")
nn = torch.nn
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
LOSSES = {"mse": nn.functional.mse_loss, "cross_entropy": nn.functional.cross_entropy}


class TorchPeer:
    """The step that tutorials of PyTorch show, on tensors that stand ready.

    Parameters
    ----------
    workload : Workload
    start : dict of str to numpy.ndarray
        Weights under our names.
    fused : bool
        The optimizer's fused kernel.
    measured : bool
        At every step what :class:`benchmarks.candidates.Ours` measures, by hooks.
    """

    def __init__(
        self, workload: Workload, start: Named, *, fused: bool = False, measured: bool = False
    ) -> None:
        config, dataset = workload.config, workload.dataset
        self.clip_norm, self.steps = config.clip_norm, 0
        self.dtype = getattr(torch, config.dtype)
        self.tensors: dict[str, Any] = {}
        self.network = self._network(workload)
        self.start = {name: torch.tensor(start[name], dtype=self.dtype) for name in self.tensors}
        self.parameters = list(self.network.parameters())
        self.loss_of = LOSSES[config.loss]
        rate = config.learning_rate
        self.optimizer = (
            torch.optim.Adam(self.parameters, rate, (config.beta1, config.beta2), config.eps, fused=fused)
            if config.optimizer == "adam"
            else torch.optim.SGD(self.parameters, rate, momentum=config.momentum or 0.0, fused=fused)
        )
        x = torch.tensor(dataset.x_train, dtype=self.dtype)
        y = torch.tensor(dataset.learned_targets(dataset.y_train))
        y = y.to(self.dtype) if dataset.task == "regression" else y
        self.batches = [(x[rows].contiguous(), y[rows].contiguous()) for rows in workload.batches]
        self.loss: Any = None
        if measured:
            Measures(self.parameters, self.optimizer)
        self.restart()

    def _network(self, workload: Workload) -> Any:
        config, layers, last = workload.config, [], len(workload.sizes) - 1
        for number in range(1, last + 1):
            has_norm = config.normalization == "batch" and number < last
            fan_in, out = workload.sizes[number - 1 : number + 1]
            dense = nn.Linear(fan_in, out, bias=not has_norm, dtype=self.dtype)
            layers.append(dense)
            self._name(f"dense{number}", weight=dense.weight, bias=dense.bias)
            if has_norm:
                norm = nn.BatchNorm1d(out, dtype=self.dtype)
                layers.append(norm)
                self._name(f"norm{number}", gamma=norm.weight, beta=norm.bias)
                self._name(f"norm{number}", running_mean=norm.running_mean, running_variance=norm.running_var)
            if number < last:
                layers.append(ACTIVATIONS[config.activations[number - 1]]())
                rate = config.dropout_rates[number - 1]
                layers += [nn.Dropout(rate)] if rate else []
        return nn.Sequential(*layers)

    def _name(self, layer: str, **tensors: Any) -> None:
        self.tensors |= {f"{layer}.{name}": each for name, each in tensors.items() if each is not None}

    def restart(self) -> None:
        """Go back to the start."""
        self.steps = 0
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                tensor.copy_(self.start[name])
        for state in self.optimizer.state.values():
            for value in state.values():
                if value is not None:
                    value.zero_()

    def run(self, steps: int) -> None:
        """Make updates."""
        network, optimizer, loss_of, batches = self.network, self.optimizer, self.loss_of, self.batches
        count, parameters, clip_norm = len(batches), self.parameters, self.clip_norm
        for step in range(self.steps, self.steps + steps):
            x, y = batches[step % count]
            optimizer.zero_grad()
            loss = loss_of(network(x), y)
            loss.backward()
            if clip_norm is not None:
                nn.utils.clip_grad_norm_(parameters, clip_norm)
            optimizer.step()
            self.loss = loss
        self.steps += steps

    def read(self) -> Named:
        """Return copies of weights and running statistics under our names."""
        return {name: tensor.detach().numpy().copy() for name, tensor in self.tensors.items()}

    def take_over(self, learned: Named, slots: dict[str, Named], steps: int) -> None:
        """Go on from weights, ``m`` and ``v`` of Adam that another candidate came to; without batch norm."""
        self.run(1)
        self.steps = steps
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                tensor.copy_(torch.tensor(learned[name]))
                state = self.optimizer.state[tensor]
                for ours, theirs in (("m", "exp_avg"), ("v", "exp_avg_sq")):
                    state[theirs].copy_(torch.tensor(slots[ours][name]))
                state["step"].fill_(steps)


class Measures:
    """Norms of each parameter's gradient, weights and update: a hook on each, and two on the optimizer.

    Foreach kernels measure all parameters in one call where a hook sees them together.
    """

    def __init__(self, parameters: list[Any], optimizer: Any) -> None:
        self.parameters = parameters
        self.before = [torch.empty_like(each) for each in parameters]
        self.gradients: dict[Any, tuple[Any, Any]] = {}
        self.clipped: Any = ()
        self.weights: Any = ()
        self.updates: Any = ()
        for each in parameters:
            each.register_post_accumulate_grad_hook(self._measure_gradient)
        optimizer.register_step_pre_hook(self._look_before)
        optimizer.register_step_post_hook(self._look_behind)

    def _measure_gradient(self, parameter: Any) -> None:
        gradient = parameter.grad
        self.gradients[parameter] = gradient.norm(), gradient.abs().mean()

    def _look_before(self, *_: Any) -> None:
        with torch.no_grad():
            self.clipped = torch._foreach_norm([each.grad for each in self.parameters])
            self.weights = torch._foreach_norm(self.parameters)
            torch._foreach_copy_(self.before, self.parameters)

    def _look_behind(self, *_: Any) -> None:
        with torch.no_grad():
            torch._foreach_sub_(self.before, self.parameters)
            self.updates = torch._foreach_norm(self.before)


def prepare_torch() -> str:
    """Limit torch to one thread and return its version.

    Raises
    ------
    RuntimeError
        For another version than the one that every comparison here is made with.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    version = torch.__version__
    if version.partition("+")[0] != "2.13.0":
        raise RuntimeError(f"torch must be 2.13.0, got {version}")
    return version


def largest_difference(ours: Named, theirs: Named) -> float:
    """Return the largest ``|a - b| / max(1, |b|)`` over all arrays, by name."""
    assert ours.keys() == theirs.keys()
    apart = [np.abs(ours[name] - each) / np.maximum(1, np.abs(each)) for name, each in theirs.items()]
    return float(max(each.max() for each in apart))
