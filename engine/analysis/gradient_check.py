"""Finite differences on a user's own configuration."""

import numpy as np

from engine.config import RunConfig
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.nn.gradient_check import LayerCheck, check_gradients
from engine.training.model import build_network, initial_state, target_columns

ROWS = 16
TOLERANCE = 1e-5
# A try passes all layers twice and each layer has its tries: deep networks get fewer, 200 layers 3 in each.
TRIES_AT_MOST, TRIES_AT_LEAST, TRIES_TIMES_LAYERS_SQUARED = 50, 3, 100_000


def check_config(config: RunConfig) -> tuple[list[LayerCheck], bool]:
    """Check the gradients of a configuration on the data that it describes, as :func:`check_run` does.

    Raises
    ------
    ConfigError
        When the configuration does not fit its data.
    """
    dataset = build_dataset(config)
    return check_run(resolve(config, dataset.facts), dataset)


def check_run(config: RunConfig, dataset: Dataset) -> tuple[list[LayerCheck], bool]:
    """Check the gradients of a resolved configuration at its initial weights, in float64, on 16 of its rows.

    Dropout is left out: its masks would differ between the two points of a difference; batch norm takes the
    statistics of the rows. Weights start as the configuration says, biases, scales and shifts a little off,
    so that no relu sits at its kink.

    Returns
    -------
    list of LayerCheck, bool
        One for each layer, and whether all errors are below 1e-5.
    """
    config = config.model_copy(update={"dtype": "float64"})
    network = build_network(config, dataset)
    network.parameters.theta[...] = initial_state(config, dataset).theta
    generator = np.random.default_rng(config.seed)
    biases = [layer.bias for layer in network.dense if layer.bias is not None]
    for each in [*biases, *network.parameters.norms]:
        each += generator.normal(0, 0.1, each.shape)
    rows = min(ROWS, len(dataset.x_train))
    recording = network.gradient_recording(rows)
    recording.x[...] = dataset.x_train[:rows].T
    recording.target[...] = target_columns(config, dataset, dataset.y_train[:rows])
    checks = check_gradients(network, recording, tries=tries(network.depth))
    return checks, all(check.largest_error < TOLERANCE for check in checks)


def tries(layers: int) -> int:
    """Return how many parameters of each layer are nudged, so that a deep network is checked in seconds."""
    return max(TRIES_AT_LEAST, min(TRIES_AT_MOST, TRIES_TIMES_LAYERS_SQUARED // layers**2))
