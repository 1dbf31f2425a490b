"""A network's predictions for the held-out rows, stored when its run ends."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import sqlalchemy as sa

from engine.codec import CodecError, pack, unpack
from engine.config import RunConfig
from engine.data.dataset import Dataset
from engine.store.checkpoints import latest_checkpoint
from engine.store.runs import get_run, load_run
from engine.store.schema import predictions
from engine.store.store import Store
from engine.training.model import predict
from engine.training.plan import network_sizes
from engine.training.state import State

LARGEST = 64_000_000


@dataclass(frozen=True, eq=False)
class Predictions:
    """Outputs for every row held out, in the order of the dataset.

    Attributes
    ----------
    step : int
        The step whose weights were used.
    origin : {"stored", "computed"}
        Stored when the run ended, or computed just now from the newest checkpoint.
    val : numpy.ndarray
        ``(n, outputs)`` as :func:`engine.training.model.predict` gives them, of the validation rows.
    test : numpy.ndarray or None
        Of the test rows, where there are some and the run has reached its end.
    """

    step: int
    origin: Literal["stored", "computed"]
    val: np.ndarray
    test: np.ndarray | None


def packed_predictions(
    config: RunConfig, dataset: Dataset, state: State, *, with_test: bool = True
) -> bytes | None:
    """Return what is stored of a run at its end; None where it would take more than 64 MB.

    Parameters
    ----------
    with_test : bool
        Test rows are looked at once, at the end: not when a run stops that may be resumed.
    """
    rows = len(dataset.x_val) + (len(dataset.x_test) if with_test else 0)
    if rows * network_sizes(config, dataset)[-1] * np.dtype(np.float64).itemsize > LARGEST:
        return None
    return pack(_outputs(config, dataset, state, with_test), {"step": state.step})


def _outputs(config: RunConfig, dataset: Dataset, state: State, with_test: bool) -> dict[str, np.ndarray]:
    arrays = {"val": predict(config, dataset, state.learned, dataset.x_val)}
    if with_test and len(dataset.x_test):
        arrays["test"] = predict(config, dataset, state.learned, dataset.x_test)
    return arrays


def write_predictions(connection: sa.Connection, run_id: int, step: int, blob: bytes) -> None:
    """Store what :func:`packed_predictions` gave; a run has one set at most."""
    drop_predictions(connection, run_id)
    connection.execute(predictions.insert().values(run_id=run_id, step=step, outputs=blob))


def drop_predictions(connection: sa.Connection, *run_ids: int) -> None:
    """Drop the predictions of runs that train on: they will be others."""
    connection.execute(predictions.delete().where(predictions.c.run_id.in_(run_ids)))


def stored_predictions(store: Store, run_id: int) -> tuple[int, bytes] | None:
    """Return step and bytes of the stored predictions of a run, if it has some."""
    query = sa.select(predictions.c.step, predictions.c.outputs).where(predictions.c.run_id == run_id)
    with store.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else (row.step, row.outputs)


def predictions_of(store: Store, run_id: int) -> Predictions | None:
    """Return a run's predictions for its held-out rows, and whether they were stored.

    A run that is still going, that was stopped while nobody trained it, or that ended before predictions were
    stored has none: then they are computed from its newest checkpoint, and so they are when the stored ones
    are damaged. None when there is no checkpoint either: nothing was trained, or only curves were imported.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    CodecError
        When the stored data is damaged.
    """
    row, found = get_run(store, run_id), stored_predictions(store, run_id)
    if found is not None and found[0] == row.step:
        try:
            arrays = unpack(found[1])[0]
            return Predictions(row.step, "stored", arrays["val"], arrays.get("test"))
        except CodecError:
            pass
    state = latest_checkpoint(store, run_id)[0]
    if state is None:
        return None
    config, dataset = load_run(store, run_id)
    arrays = _outputs(config, dataset, state, with_test=row.status in ("finished", "diverged"))
    return Predictions(state.step, "computed", arrays["val"], arrays.get("test"))
