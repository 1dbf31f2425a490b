"""Loads a run's settings and data, with the data of the last runs cached."""

from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.store.row import RunRow
from engine.store.runs import load_dataset, resolved_config
from engine.store.store import Store

KEPT_AT_MOST = 2
# By the store's URL and the id of their content, those used last at the end.
DATASETS: dict[tuple[str, str], Dataset] = {}


def loaded(store: Store, row: RunRow) -> tuple[RunConfig, Dataset]:
    """Return the resolved configuration and the data of a run that is to be trained, or drawn often.

    Raises
    ------
    CodecError, ConfigError
        When it cannot be built.
    """
    dataset = kept_dataset(store, row.dataset_id)
    return resolved_config(row, dataset.facts), dataset


def kept_dataset(store: Store, dataset_id: str) -> Dataset:
    """Return stored data; that of the last runs is kept, for the next one in a queue has the same as a rule.

    Nobody may write into its arrays.

    Raises
    ------
    CodecError
        When it is damaged.
    """
    key = (store.url, dataset_id)
    found = DATASETS.pop(key, None)
    if found is None:
        found = load_dataset(store, dataset_id)
    DATASETS[key] = found
    for longest_unused in list(DATASETS)[:-KEPT_AT_MOST]:
        DATASETS.pop(longest_unused, None)
    return found
