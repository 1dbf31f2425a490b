"""The learning curve over training rows: the smaller runs, and what more data gained."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config import RunConfig
from engine.config.run_config import default_beside
from engine.config.settings import SETTINGS
from engine.data.split import used_rows
from engine.training.batches import Batches

FRACTIONS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
EPOCHS_AT_MOST = 1_000_000
WORTHWHILE_GAIN = 0.05
IN_EPOCHS = tuple(name for name, each in SETTINGS.items() if each.unit == "epochs" and name != "epochs")
AN_EPOCH = ("exponential", "cyclic_exp_range")
MADE_FOR_SIZE = ("train_fraction", "batch_size", "epochs", "schedule_gamma", *IN_EPOCHS)


def shrunken(config: RunConfig, train_rows: int, fraction: float) -> RunConfig:
    """Return a configuration that learns from a share of the rows in as many updates as the given one.

    Fewer rows make shorter epochs: with as many epochs a small run would also train less, and the curve
    would mix both. Schedule and patience keep their lengths in updates too, as well as whole epochs allow. A
    batch is never larger than the rows that are left.

    Parameters
    ----------
    config : RunConfig
        With whole training data: ``train_fraction`` 1.
    train_rows : int
        Rows that it trains on.
    fraction : float
        In (0, 1].
    """
    if fraction == 1:
        return config
    rows = used_rows(train_rows, fraction)
    given = train_rows if config.batch_size == "full" else config.batch_size
    batch = min(given, rows)
    updates = config.epochs * Batches(train_rows, given, config.last_batch).per_epoch
    per_epoch = Batches(rows, batch, config.last_batch).per_epoch
    epochs = min(max(1, round(updates / per_epoch)), EPOCHS_AT_MOST)
    size = "full" if config.batch_size == "full" else batch
    changed = {"train_fraction": fraction, "batch_size": size, "epochs": epochs}
    return config.model_copy(update={**changed, **_paced(config, epochs / config.epochs)})


def _paced(config: RunConfig, times: float) -> dict[str, Any]:
    """Return the settings in epochs, or an epoch, for epochs of which there are so many times as many."""
    if times == 1:
        return {}
    values = {name: getattr(config, name) for name in (*IN_EPOCHS, "schedule_gamma")}
    values = {
        name: default_beside(name, config.__dict__) if value is None else value
        for name, value in values.items()
    }
    gamma = values.pop("schedule_gamma")
    paced = {name: _times(value, times) for name, value in values.items() if value is not None}
    return paced | ({"schedule_gamma": gamma ** (1 / times)} if config.schedule in AN_EPOCH else {})


def _times(epochs: Any, times: float) -> Any:
    if isinstance(epochs, tuple):
        return tuple(sorted({_times(each, times) for each in epochs}))
    return min(round(epochs * times), EPOCHS_AT_MOST)


@dataclass(frozen=True)
class DataGain:
    """What more training rows gained.

    Attributes
    ----------
    kind : str
        ``helps`` (the best loss still falls), ``delays`` (only the last loss falls: overfitting comes later)
        or ``little``.
    rows : tuple of int
        Fewest, last but one and most training rows.
    last, best : tuple of float
        Last validation loss, and lowest one on the way, with the fewest and with the most rows.
    gain : float
        By what share the step to the most rows lowered the best loss; negative where it raised it.
    """

    kind: str
    rows: tuple[int, int, int]
    last: tuple[float, float]
    best: tuple[float, float]
    gain: float


def data_gain(rows: np.ndarray, val_loss: np.ndarray, best: np.ndarray) -> DataGain | None:
    """Tell whether more rows still help, judged by the lowest validation loss of each size.

    Parameters
    ----------
    rows, val_loss, best : numpy.ndarray
        ``(n,)`` training rows ascending, the last validation loss and the lowest one on the way; not finite
        where a run diverged.

    Returns
    -------
    DataGain or None
        None for fewer than two sizes with finite losses.
    """
    known = np.isfinite(val_loss) & np.isfinite(best)
    rows, val_loss, best = rows[known], val_loss[known], best[known]
    if len(rows) < 2:
        return None
    gain, last_gain = _gain(best), _gain(val_loss)
    kind = "helps" if gain > WORTHWHILE_GAIN else "delays" if last_gain > WORTHWHILE_GAIN else "little"
    return DataGain(
        kind,
        (int(rows[0]), int(rows[-2]), int(rows[-1])),
        (float(val_loss[0]), float(val_loss[-1])),
        (float(best[0]), float(best[-1])),
        gain,
    )


def _gain(losses: np.ndarray) -> float:
    return float(1 - losses[-1] / losses[-2]) if losses[-2] > 0 else 0.0
