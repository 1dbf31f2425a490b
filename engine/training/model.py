"""Builds the network and the optimizer of a configuration, and uses trained weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.config import ConfigError, RunConfig
from engine.data.dataset import Dataset
from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import BIASES, INITIALIZERS, Initializer, normal, scaled
from engine.nn.losses import Loss, configured
from engine.nn.network import Network
from engine.nn.optimizers.chain import Optimizer, Transform
from engine.nn.optimizers.clipping import ClipByLayerNorm, ClipByNorm, ClipByValue
from engine.nn.optimizers.penalties import L1, Decay
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.parameter_names import decay_mask, named_statistics, named_views
from engine.nn.tape import Lead
from engine.training.per_run_values import PerRunValues
from engine.training.plan import network_sizes, rows_at_once
from engine.training.state import DROPOUT, INITIALIZATION, SHUFFLING, State, stream

OUTPUT_ROWS = 1024


def build_network(
    config: RunConfig,
    dataset: Dataset,
    *dropout: np.random.Generator,
    lead: Lead = (),
    within: tuple[Network, int] | None = None,
    own: PerRunValues | None = None,
    passes: bool = True,
) -> Network:
    """Return the network of a resolved configuration, weights 0; without a generator nothing is dropped.

    With a lead it takes a generator for each replicate, and from ``own`` the rates in which these differ;
    ``within`` and ``passes`` are as in :class:`Network`.
    """
    own = own or PerRunValues.of([config])
    return Network(
        network_sizes(config, dataset),
        [ACTIVATIONS[name] for name in config.activations],
        build_loss(config, dataset),
        dropout=own.dropout_rates if dropout else 0.0,
        generators=dropout,
        normalization=config.normalization,
        residual=config.residual,
        dtype=config.dtype,
        lead=lead,
        within=within,
        passes=passes,
    )


def build_loss(config: RunConfig, dataset: Dataset) -> Loss:
    """Return the loss of a resolved configuration, with its delta, its smoothing and its weights."""
    return configured(config.loss, {**vars(config), "class_weights": _class_weights(config, dataset)})


def _class_weights(config: RunConfig, dataset: Dataset) -> tuple[float, ...] | None:
    """Return the weights; balanced ones are ``rows / (classes * rows of the class)`` of the training rows."""
    if config.class_weights != "balanced":
        return config.class_weights
    counts = np.bincount(dataset.y_train, minlength=dataset.classes)
    weights = len(dataset.y_train) / (dataset.classes * np.maximum(counts, 1))
    return tuple(weights.tolist())


def trained_network(config: RunConfig, dataset: Dataset, learned: Mapping[str, np.ndarray]) -> Network:
    """Return the network with copies of what was learned: ``theta``, and ``statistics`` of batch norm.

    A :class:`State` has them as ``learned``, a snapshot in the store is such a mapping.
    """
    network = build_network(config, dataset)
    take_over(network, learned)
    return network


def take_over(network: Network, learned: Mapping[str, np.ndarray], place: Any = ...) -> None:
    """Give a network, or one run of a stack, copies of what was learned, as in :func:`trained_network`.

    Raises
    ------
    ConfigError
        When it does not fit: a plugin builds another network now.
    """
    for name, own in (("theta", network.parameters.theta[place]), ("statistics", network.statistics[place])):
        kept = learned.get(name, np.zeros(0))  # an old state without batch norm has no statistics
        if kept.shape != own.shape:
            raise ConfigError(
                f"{name} must have {own.size:,} numbers in this network, got {kept.size:,}: its plugin has "
                "changed since they were learned"
            )
        own[...] = kept


def check_state(config: RunConfig, dataset: Dataset, state: State) -> None:
    """Refuse a state from which a run with this configuration cannot go on, because of another plugin.

    Raises
    ------
    ConfigError
        When weights, statistics or slots do not fit.
    """
    network = trained_network(config, dataset, state.learned)
    slots = build_optimizer(config, network).slots
    if state.slots.keys() != slots.keys():
        needed, kept = (", ".join(each) or "nothing" for each in (slots, state.slots))
        raise ConfigError(
            f"the slots of {config.optimizer} must be {needed}, got {kept}: its plugin has changed "
            "since the run was started"
        )


def build_optimizer(
    config: RunConfig, network: Network, own: PerRunValues | None = None, *, has_own_rates: bool = True
) -> Optimizer:
    """Return the optimizer of a resolved configuration: clipping, penalties, the rule, decoupled decay.

    For a network with a lead ``own`` has the values in which its replicates differ; ``has_own_rates`` is as
    in :class:`Optimizer`.
    """
    own, parameters = own or PerRunValues.of([config]), network.parameters
    transforms: list[Transform] = []
    value, layer_norm, norm = (own.limits[name] for name in ("clip_value", "clip_layer_norm", "clip_norm"))
    if value is not None:
        transforms.append(ClipByValue(value))
    if layer_norm is not None:
        transforms.append(ClipByLayerNorm(layer_norm, parameters.starts, parameters.sizes))
    if norm is not None:
        transforms.append(ClipByNorm(norm))
    mask = build_decay_mask(config, network)
    if config.l1 > 0:
        transforms.append(L1(config.l1, mask))
    decay = [Decay(own.weight_decay, mask)] if config.weight_decay > 0 else []
    rule = OPTIMIZERS[config.optimizer].transforms(vars(config))
    order = [*rule, *decay] if config.decay_kind == "decoupled" else [*decay, *rule]
    return Optimizer(parameters, [*transforms, *order], has_own_rates=has_own_rates)


def build_decay_mask(config: RunConfig, network: Network) -> np.ndarray | None:
    """Return which parameters a configuration lets decay, as its optimizer and its penalty need it."""
    return decay_mask(network, biases=config.decay_biases, normalization=config.decay_normalization)


def _initializer(config: RunConfig, name: str) -> Initializer:
    initializer = INITIALIZERS[name]
    if name == "normal":
        return initializer if config.initializer_std is None else normal(config.initializer_std)
    return (
        initializer if config.initializer_gain in (None, 1) else scaled(initializer, config.initializer_gain)
    )


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
    streams = [stream(config.seed, INITIALIZATION, number) for number in numbers]
    starts = config.initializers
    initializers = [_initializer(config, name) for name in starts]
    network.initialize(initializers, streams, [BIASES.get(name) for name in starts])
    optimizer = build_optimizer(config, network)
    state = State(
        network.parameters.theta,
        optimizer.slots,
        np.arange(len(dataset.x_train)),
        stream(config.seed, SHUFFLING),
        stream(config.seed, DROPOUT),
        network.statistics,
    )
    if config.restore_best:
        state.best = {name: array.copy() for name, array in state.learned.items()}
    return state


def target_columns(config: RunConfig, dataset: Dataset, y: np.ndarray) -> np.ndarray:
    """Return targets as the loss takes them: ``(outputs, n)`` values, 0/1, or one-hot columns."""
    if dataset.task == "regression":
        return np.ascontiguousarray(dataset.learned_targets(y).T, dtype=config.dtype)
    if config.loss == "binary_cross_entropy":
        return y[np.newaxis, :].astype(config.dtype)
    return np.eye(dataset.classes, dtype=config.dtype)[:, y]


def weights_by_layer(config: RunConfig, dataset: Dataset, state: State) -> dict[str, np.ndarray]:
    """Return what was learned by name: ``dense1.weight`` (out, in), ``dense1.bias`` (out,), ...

    Behind batch norm stand ``norm1.gamma``, ``norm1.beta``, ``norm1.running_mean`` and
    ``norm1.running_variance``, each (units,), and no ``dense1.bias``; behind layer norm the first two.
    """
    network = trained_network(config, dataset, state.learned)
    named = named_views(network, network.parameters.theta) | named_statistics(network)
    return {name: array.copy() for name, array in named.items()}


def outputs_of(network: Network, x: np.ndarray) -> np.ndarray:
    """Return the raw outputs for rows ``(n, features)``, fewer of them at once where the network is wide."""
    with np.errstate(all="ignore"):  # weights of a diverged run overflow
        return network.outputs(x, min(OUTPUT_ROWS, rows_at_once(network.sizes)))


def predict(
    config: RunConfig, dataset: Dataset, learned: Mapping[str, np.ndarray], x: np.ndarray
) -> np.ndarray:
    """Return the predictions for standardised rows ``(n, features)``; ``learned`` as a state has it.

    Returns
    -------
    numpy.ndarray
        ``(n, outputs)``: values in the units of the data for regression, otherwise probabilities (of class 1
        alone for binary cross-entropy; scores when classes are learned with mse or a loss of one's own).
    """
    network = trained_network(config, dataset, learned)
    return in_data_units(network, dataset, outputs_of(network, x))


def in_data_units(network: Network, dataset: Dataset, outputs: np.ndarray) -> np.ndarray:
    """Return raw outputs ``(n, outputs)`` in the units of the data, see :func:`predict`."""
    with np.errstate(all="ignore"):
        decided = network.loss.decide(outputs)
        if dataset.task == "regression":
            return decided.astype(np.float64) * dataset.y_scale + dataset.y_mean
        return decided
