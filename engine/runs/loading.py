"""Gives whoever trains a run its settings and its data, which stay for the next one; must not train."""

from functools import lru_cache

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.runs.catalog import load_dataset, resolved_config
from engine.runs.row import RunRow
from engine.runs.store import Store


def loaded(store: Store, row: RunRow) -> tuple[RunConfig, Dataset]:
    """Return the resolved configuration and the data of a run that this process is to train.

    Raises
    ------
    CodecError, ConfigError
        When it cannot be trained.
    """
    dataset = _dataset(store, row.dataset_id)
    return resolved_config(row, dataset), dataset


@lru_cache(maxsize=1)
def _dataset(store: Store, dataset_id: str) -> Dataset:
    """Return the data of a run; the next one in a queue has the same as a rule."""
    return load_dataset(store, dataset_id)
