"""Baselines of datasets in the store: computed once, when a reader first asks for them."""

import json

import sqlalchemy as sa

from engine.data.baselines import compute_baselines
from engine.data.dataset import Dataset, dataset_to_bytes
from engine.store.runs import keep_dataset, load_dataset
from engine.store.schema import baselines
from engine.store.store import Store

Scores = dict[str, dict[str, float]]


def read_baselines(store: Store, dataset_id: str) -> Scores | None:
    """Return by method the scores ``val`` and perhaps ``test``; None before they were computed."""
    query = sa.select(baselines.c.content).where(baselines.c.dataset_id == dataset_id)
    with store.reading() as connection:
        content = connection.scalar(query)
    return None if content is None else json.loads(content)


def baselines_of(store: Store, dataset_id: str) -> Scores:
    """Return the baselines of a stored dataset, computed and kept unless they are there already."""
    return read_baselines(store, dataset_id) or _keep(store, dataset_id, load_dataset(store, dataset_id))


def baselines_for(store: Store, dataset: Dataset) -> tuple[str, Scores]:
    """Return id and baselines of a dataset that may not be stored yet; both are kept."""
    with store.writing() as connection:
        dataset_id = keep_dataset(connection, dataset_to_bytes(dataset), dataset.name)
    return dataset_id, read_baselines(store, dataset_id) or _keep(store, dataset_id, dataset)


def _keep(store: Store, dataset_id: str, dataset: Dataset) -> Scores:
    scores = compute_baselines(dataset)
    with store.writing() as connection:
        connection.execute(baselines.delete().where(baselines.c.dataset_id == dataset_id))
        connection.execute(baselines.insert().values(dataset_id=dataset_id, content=json.dumps(scores)))
    return scores
