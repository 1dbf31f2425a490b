"""Fixtures of tests in which runs are claimed together."""

import pytest

from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.store.groups import submit_seeds
from engine.workers import stacking as siblings


@pytest.fixture
def one_core(monkeypatch):
    """The share of a worker does not depend on the machine that runs the tests."""
    monkeypatch.setattr(siblings.os, "cpu_count", lambda: 1)


@pytest.fixture
def seeds(store):
    """Submit a configuration with several seeds and return the ids of the runs."""

    def submit(count=4, **settings):
        config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
        return submit_seeds(store, config, build_dataset(config), count)

    return submit
