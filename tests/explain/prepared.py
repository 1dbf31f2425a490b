"""Settings whose steps are taken apart, and runs at a step of them; holds no test."""

from typing import Any

from engine.config import RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.training.model import initial_state
from engine.training.reaching import reach
from engine.training.state import State

BATCHES = {"samples": 90, "batch_size": 16, "epochs": 5, "hidden_sizes": [6, 5]}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "a whole batch": {"batch_size": "full"},
    "dropout": {"dropout": 0.3},
    "dropout by layer": {"dropout": [0.1, 0.4]},
    "batch norm": {"normalization": "batch"},
    "layer norm, residual": {"normalization": "layer", "residual": True, "hidden_sizes": [6, 6]},
    "momentum, clipped, decayed": {
        "optimizer": "momentum",
        "clip_norm": 0.1,
        "weight_decay": 0.01,
        "l1": 0.001,
    },
    "double": {"dtype": "float64", "optimizer": "rmsprop"},
    "schedule": {"schedule": "cosine", "warmup_epochs": 1},
    "many classes": {"dataset": "digits", "activation": "relu"},
    "regression": {"dataset": "sine", "loss": "huber"},
}


def prepared(**settings: Any) -> tuple[RunConfig, Dataset]:
    given = parse_config({**BATCHES, **settings})
    dataset = build_dataset(given)
    return resolve(given, dataset.facts), dataset


def state_at(config: RunConfig, dataset: Dataset, step: int) -> State:
    state = initial_state(config, dataset)
    reach(config, dataset, state, step)
    return state
