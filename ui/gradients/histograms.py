"""Histograms of a run's layers, computed once a snapshot."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from engine.analysis.profile import Profiler, magnitude_counts
from engine.store.row import RunRow
from engine.store.runs import load_run
from engine.store.snapshots import read_snapshots
from engine.store.store import Store

COLUMNS_AT_MOST = 80


def shown_steps(steps: list[int]) -> list[int]:
    """Return every second, third ... of the steps so that few enough are left; the newest always stays."""
    every = -(-len(steps) // COLUMNS_AT_MOST)
    return sorted({*steps[::every], *steps[-1:]}) if steps else []


def parameters_by_step(store: Store, row: RunRow, steps: list[int]) -> dict[int, np.ndarray]:
    """Return the parameters ``(P,)`` at these steps."""
    if not steps:
        return {}
    kept = _parameters(store.url, row.id, row.created_at, steps[-1], lambda: read_snapshots(store, row.id))
    return {step: kept[step] for step in steps if step in kept}


@st.cache_data(show_spinner=False, max_entries=4)
def _parameters(
    url: str,
    run_id: int,
    created_at: float,
    newest: int,
    _read: Callable[[], dict[int, dict[str, np.ndarray]]],
) -> dict[int, np.ndarray]:
    return {step: arrays["theta"] for step, arrays in _read().items()}


def gradient_counts(store: Store, row: RunRow, thetas: dict[int, np.ndarray]) -> np.ndarray:
    """Return how many gradient elements of each layer lie at which magnitude.

    Returns
    -------
    numpy.ndarray
        ``(steps, layers, bins)``; see :func:`engine.analysis.profile.magnitude_counts`.
    """
    profilers: list[Profiler] = []

    def count(theta: np.ndarray) -> np.ndarray:
        if not profilers:
            profilers.append(Profiler(*load_run(store, row.id)))
        return np.stack([magnitude_counts(each) for each in profilers[0].at(theta).gradients])

    counts = [
        _counts(store.url, row.id, row.created_at, step, lambda theta=theta: count(theta))
        for step, theta in thetas.items()
    ]
    return np.stack(counts)


@st.cache_data(show_spinner=False, max_entries=2000)
def _counts(
    url: str, run_id: int, created_at: float, step: int, _count: Callable[[], np.ndarray]
) -> np.ndarray:
    return _count()
