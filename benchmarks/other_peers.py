"""A workload of the speed benchmark in scikit-learn and in jax; not ours, and not PyTorch's."""

import copy
import importlib
import importlib.util
from typing import Any

import numpy as np

from benchmarks.candidates import Named
from benchmarks.workloads import Workload

HAS_JAX = importlib.util.find_spec("jax") is not None


class SklearnPeer:
    """``partial_fit`` of a multilayer perceptron of scikit-learn, one batch a call.

    It knows neither dropout, clipping nor batch norm, and has one output for two classes: see
    :func:`what_sklearn_leaves_out`.
    """

    def __init__(self, workload: Workload, start: Named) -> None:
        config, dataset = workload.config, workload.dataset
        networks = importlib.import_module("sklearn.neural_network")
        is_adam = config.optimizer == "adam"
        is_regression = dataset.task == "regression"
        kind = networks.MLPRegressor if is_regression else networks.MLPClassifier
        model = kind(
            hidden_layer_sizes=config.hidden_sizes,
            activation=config.activation,
            solver="adam" if is_adam else "sgd",
            alpha=0.0,
            batch_size=workload.batch,
            # Its loss of a regression is half of ours, and so are its gradients.
            learning_rate_init=config.learning_rate * (2 if is_regression else 1),
            shuffle=False,
            momentum=config.momentum or 0.0,
            nesterovs_momentum=False,
            **({"beta_1": config.beta1, "beta_2": config.beta2, "epsilon": config.eps} if is_adam else {}),
        )
        x, y = dataset.x_train.astype(config.dtype), dataset.learned_targets(dataset.y_train)
        y = y.astype(config.dtype).ravel() if is_regression else y
        self.batches = [(x[rows], y[rows]) for rows in workload.batches]
        classes = {} if is_regression else {"classes": np.unique(y)}
        model.partial_fit(*self.batches[0], **classes)  # makes its arrays
        for layer, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_), start=1):
            if weight.T.shape == start[f"dense{layer}.weight"].shape:
                weight[...] = start[f"dense{layer}.weight"].T
                bias[...] = start[f"dense{layer}.bias"]
        del model._optimizer  # the next call makes one that remembers nothing
        self.fresh, self.model, self.steps = model, model, 0
        self.restart()

    def restart(self) -> None:
        """Go back to the start."""
        self.model, self.steps = copy.deepcopy(self.fresh), 0

    def run(self, steps: int) -> None:
        """Make updates."""
        fit, batches, count = self.model.partial_fit, self.batches, len(self.batches)
        for step in range(self.steps, self.steps + steps):
            fit(*batches[step % count])
        self.steps += steps

    def read(self) -> Named:
        """Return its weights under our names."""
        layers = enumerate(zip(self.model.coefs_, self.model.intercepts_), start=1)
        named = [(f"dense{i}.weight", w.T, f"dense{i}.bias", b) for i, (w, b) in layers]
        return {name: array for w, weight, b, bias in named for name, array in ((w, weight), (b, bias))}


def sklearn_can(workload: Workload) -> bool:
    """Tell whether scikit-learn is asked for a workload: not for the variants that it has no word for."""
    config = workload.config
    is_variant = config.clip_norm is None and any(config.dropout_rates)
    return config.normalization == "none" and not is_variant


def what_sklearn_leaves_out(workload: Workload) -> str:
    """Return how its network is less than the workload's, or nothing where they are the same."""
    config, parts = workload.config, []
    if config.clip_norm is not None:
        parts.append("clipping")
    if any(config.dropout_rates):
        parts.append("dropout")
    if config.loss == "cross_entropy" and workload.sizes[-1] == 2:
        parts.append("the second of two outputs")
    return " and ".join(parts)


class JaxPeer:
    """One jitted function a step: loss, gradient, update; parameters go in and come out."""

    def __init__(self, workload: Workload, start: Named) -> None:
        self.jax: Any = importlib.import_module("jax")
        jnp = self.jax.numpy
        config, dataset = workload.config, workload.dataset
        parameters = {name: each for name, each in start.items() if "running" not in name}
        learned = {name: jnp.asarray(each, config.dtype) for name, each in parameters.items()}
        running = {name: jnp.asarray(each, config.dtype) for name, each in start.items() if "running" in name}
        zeros = {name: jnp.zeros_like(each) for name, each in learned.items()}
        key = self.jax.random.key(0)
        self.start = learned, running, zeros, zeros, jnp.zeros((), config.dtype), key
        x = dataset.x_train.astype(config.dtype)
        y = dataset.learned_targets(dataset.y_train)
        y = y if dataset.task == "regression" else np.eye(dataset.classes)[y]
        self.batches = [
            (jnp.asarray(x[rows]), jnp.asarray(y[rows], config.dtype)) for rows in workload.batches
        ]
        self.step = self.jax.jit(_jax_step(self.jax, workload))
        self.state, self.steps = self.start, 0

    def restart(self) -> None:
        """Go back to the start."""
        self.state, self.steps = self.start, 0

    def run(self, steps: int) -> None:
        """Make updates, and wait for the last one."""
        state, step, batches, count = self.state, self.step, self.batches, len(self.batches)
        for number in range(self.steps, self.steps + steps):
            state = step(state, *batches[number % count])
        self.state = self.jax.block_until_ready(state)
        self.steps += steps

    def read(self) -> Named:
        """Return its weights and running statistics under our names."""
        return {name: np.asarray(each) for part in self.state[:2] for name, each in part.items()}


def _jax_step(jax: Any, workload: Workload) -> Any:
    """Return the function from state and batch to the next state."""
    config, jnp, tree = workload.config, jax.numpy, jax.tree
    numbers: Any = config.beta1, config.beta2, config.eps
    last = len(workload.sizes) - 1
    known = {"relu": jax.nn.relu, "tanh": jnp.tanh}
    activations = [known[name] for name in config.activations]

    def forward(learned: Any, running: Any, key: Any, x: Any) -> tuple[Any, Any]:
        remembered = dict(running)
        for i in range(1, last + 1):
            x = x @ learned[f"dense{i}.weight"].T
            x = x + learned[f"dense{i}.bias"] if f"dense{i}.bias" in learned else x
            if i == last:
                break
            if config.normalization == "batch":
                mean, variance = x.mean(axis=0), x.var(axis=0)
                x = learned[f"norm{i}.gamma"] * (x - mean) / jnp.sqrt(variance + 1e-5)
                x = x + learned[f"norm{i}.beta"]
                unbiased = variance * workload.batch / (workload.batch - 1)
                for name, now in (("running_mean", mean), ("running_variance", unbiased)):
                    remembered[f"norm{i}.{name}"] = 0.9 * running[f"norm{i}.{name}"] + 0.1 * now
            x = activations[i - 1](x)
            if rate := config.dropout_rates[i - 1]:
                key, drawn = jax.random.split(key)
                kept = jax.random.bernoulli(drawn, np.float32(1 - rate), x.shape)
                x = jnp.where(kept, x / (1 - rate), 0)
        return x, remembered

    def loss(learned: Any, running: Any, key: Any, x: Any, y: Any) -> tuple[Any, Any]:
        z, remembered = forward(learned, running, key, x)
        if config.loss == "mse":
            return ((z - y) ** 2).mean(), remembered
        return -(y * jax.nn.log_softmax(z)).sum(axis=1).mean(), remembered

    def step(state: Any, x: Any, y: Any) -> Any:
        learned, running, m, v, t, key = state
        drawn, key = jax.random.split(key) if any(config.dropout_rates) else (key, key)
        g, running = jax.grad(loss, has_aux=True)(learned, running, drawn, x, y)
        t, rate = t + 1, config.learning_rate
        if config.clip_norm is not None:
            norm = jnp.sqrt(sum((each**2).sum() for each in tree.leaves(g)))
            factor = jnp.minimum(1.0, config.clip_norm / (norm + 1e-6))
            g = tree.map(lambda each: each * factor, g)
        if config.optimizer == "adam":
            b1, b2, eps = numbers
            m = tree.map(lambda old, new: b1 * old + (1 - b1) * new, m, g)
            v = tree.map(lambda old, new: b2 * old + (1 - b2) * new**2, v, g)
            root, scale = jnp.sqrt(1 - b2**t), rate / (1 - b1**t)
            u = tree.map(lambda a, b: scale * a / (jnp.sqrt(b) / root + eps), m, v)
        else:
            m = tree.map(lambda old, new: (config.momentum or 0.0) * old + new, m, g)
            u = tree.map(lambda each: rate * each, m)
        learned = tree.map(lambda each, part: each - part, learned, u)
        return learned, running, m, v, t, key

    return step
