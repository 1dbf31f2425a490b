"""Short runs that tests train in an instant, and what is compared of their records; holds no test."""

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state
from engine.training.telemetry import SCALAR_INDEX
from engine.training.trainer import train

SHORT = {"samples": 60, "epochs": 3, "hidden_sizes": [5], "batch_size": 16}


def start(**settings):
    config = parse_config({**SHORT, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return config, dataset, initial_state(config, dataset)


def records_of(config, dataset, state):
    return [record for record in train(config, dataset, state) if record is not None]


def without_seconds(record):
    scalars = record.scalars.copy()
    scalars[SCALAR_INDEX["seconds"]] = 0
    return scalars.tobytes() + record.layers.tobytes()
