"""Builds the network and the optimizer of a configuration, and uses trained weights; knows no loop."""

import numpy as np

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import INITIALIZERS, Initializer, normal
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers import Adam, ClipByNorm, ClipByValue, CoupledDecay, Momentum, Optimizer, Transform
from engine.nn.parameters import Parameters
from engine.training.plan import network_sizes
from engine.training.state import DROPOUT, INITIALIZATION, SHUFFLING, State, stream


def build_network(config: RunConfig, dataset: Dataset, dropout: np.random.Generator | None = None) -> Network:
    """Return the network of a resolved configuration, weights 0; without a generator nothing is dropped."""
    return Network(
        network_sizes(config, dataset),
        ACTIVATIONS[config.activation],
        LOSSES[config.loss],
        dropout=config.dropout if dropout is not None else 0.0,
        generators=[dropout] if dropout is not None else [],
        dtype=config.dtype,
    )


def build_optimizer(config: RunConfig, parameters: Parameters) -> Optimizer:
    """Return the optimizer of a resolved configuration: clip by value, by norm, decay, then the rule."""
    transforms: list[Transform] = []
    if config.clip_value is not None:
        transforms.append(ClipByValue(config.clip_value))
    if config.clip_norm is not None:
        transforms.append(ClipByNorm(config.clip_norm))
    if config.weight_decay > 0:
        transforms.append(CoupledDecay(config.weight_decay))
    if config.optimizer == "momentum" and config.momentum is not None:
        transforms.append(Momentum(config.momentum))
    if config.optimizer == "adam":
        assert config.beta1 is not None and config.beta2 is not None and config.eps is not None
        transforms.append(Adam(config.beta1, config.beta2, config.eps))
    return Optimizer(parameters, transforms)


def _initializer(config: RunConfig) -> Initializer:
    if config.initializer == "normal":
        assert config.initializer_std is not None
        return normal(config.initializer_std)
    return INITIALIZERS[config.initializer]


def initial_state(config: RunConfig, dataset: Dataset) -> State:
    """Return the state before the first update.

    Each hidden layer draws its weights from a stream of its own and the output layer from stream 0, so that
    a twin with one more layer keeps the others' draws.

    Parameters
    ----------
    config : RunConfig
        Resolved.
    """
    network = build_network(config, dataset)
    numbers = [*range(1, network.depth), 0]
    network.initialize(_initializer(config), [stream(config.seed, INITIALIZATION, i) for i in numbers])
    optimizer = build_optimizer(config, network.parameters)
    return State(
        network.parameters.theta,
        optimizer.slots,
        np.arange(len(dataset.x_train)),
        stream(config.seed, SHUFFLING),
        stream(config.seed, DROPOUT),
    )


def target_columns(config: RunConfig, dataset: Dataset, y: np.ndarray) -> np.ndarray:
    """Return targets as the loss takes them: ``(outputs, n)`` values, 0/1, or one-hot columns."""
    if dataset.task == "regression":
        return np.ascontiguousarray(dataset.learned_targets(y).T, dtype=config.dtype)
    if config.loss == "binary_cross_entropy":
        return y[np.newaxis, :].astype(config.dtype)
    return np.eye(dataset.classes, dtype=config.dtype)[:, y]


def weights_by_layer(config: RunConfig, dataset: Dataset, state: State) -> dict[str, np.ndarray]:
    """Return copies of the parameters by name: ``dense1.weight`` (out, in), ``dense1.bias`` (out,), ..."""
    network = build_network(config, dataset)
    network.parameters.theta[...] = state.theta
    named = {}
    for number, weight in enumerate(network.parameters.weights, start=1):
        named[f"dense{number}.weight"] = weight[:, :-1].copy()
        named[f"dense{number}.bias"] = weight[:, -1].copy()
    return named


def predict(config: RunConfig, dataset: Dataset, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return what the network says of standardised rows ``(n, features)``.

    Returns
    -------
    numpy.ndarray
        ``(n, outputs)``: values in the units of the data for regression, otherwise probabilities (of class 1
        alone for binary cross-entropy; scores when classes are learned with mse).
    """
    network = build_network(config, dataset)
    network.parameters.theta[...] = theta
    with np.errstate(all="ignore"):  # weights of a diverged run overflow
        outputs = network.loss.decide(network.outputs(x))
        if dataset.task == "regression":
            return outputs.astype(np.float64) * dataset.y_scale + dataset.y_mean
        return outputs
