"""The data that a configuration describes, and what follows from both; prepared once."""

import streamlit as st

from engine.config import RunConfig, config_from_json
from engine.config.resolve import resolve
from engine.config.settings import SETTINGS
from engine.data.dataset import Dataset, dataset_from_bytes, dataset_to_bytes
from engine.store.datasets import dataset_for
from engine.training.plan import TrainingPlan, plan
from ui.shared.frame import page_store


def dataset_of(config: RunConfig) -> Dataset:
    """Return the data that a configuration describes; built once, kept as bytes.

    Raises
    ------
    ConfigError
        When more rows are asked for than there are.
    """
    return dataset_from_bytes(_dataset_bytes(data_json(config)))


def resolve_and_plan(config: RunConfig) -> tuple[RunConfig, TrainingPlan]:
    """Return a configuration with everything left open decided, and its steps, parameters and memory.

    Raises
    ------
    ConfigError
        When the configuration does not fit its data.
    """
    dataset = dataset_of(config)
    resolved = resolve(config, dataset.facts)
    return resolved, plan(resolved, dataset)


def data_json(config: RunConfig) -> str:
    """Return the settings of the data alone as JSON: the key of caches."""
    names = {name for name, setting in SETTINGS.items() if setting.section == "data"}
    return config.model_dump_json(include=names)


@st.cache_data(show_spinner="Preparing the data", max_entries=16)
def _dataset_bytes(data_settings: str) -> bytes:
    return dataset_to_bytes(dataset_for(page_store(), config_from_json(data_settings)))
