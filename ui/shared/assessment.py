"""What is said first about a run of the store: what its losses show, beside a constant answer."""

from dataclasses import astuple

import pandas as pd

from engine.analysis.constant_answer import ConstantAnswer, constant_answer
from engine.codec import CodecError
from engine.config import ConfigError
from engine.figures.curves import divergence
from engine.store.loading import loaded
from engine.store.row import RunRow
from engine.store.store import Store
from ui.shared.cache import built_once
from ui.shared.loss_text import Assessment, assess


def assess_run(store: Store, row: RunRow, frame: pd.DataFrame) -> Assessment:
    """Return what is to be said first about a run; ``frame`` holds its records."""
    diverged_at = row.step if row.status == "diverged" else divergence(frame)
    return assess(frame, moves=not row.ended, constant=constant_of(store, row), diverged_at=diverged_at)


def constant_of(store: Store, row: RunRow) -> ConstantAnswer | None:
    """Return what always the same answer reaches on a run's data; None where that cannot be computed."""
    if not row.can_be_built:
        return None

    def build() -> tuple[float, float, int, bool] | None:
        try:
            found = constant_answer(*loaded(store, row))
        except (CodecError, ConfigError):
            return None
        return None if found is None else astuple(found)

    found = built_once("constant", store, (row.dataset_id, row.config_json), build)
    return None if found is None else ConstantAnswer(*found)
