"""What is recorded of a run: the columns, their meaning, and one record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import overload

import numpy as np


@dataclass(frozen=True)
class Column:
    """One recorded quantity: its name everywhere (frame, CSV, docs), what it means, its unit."""

    name: str
    description: str
    unit: str = ""


class Columns(Sequence[Column]):
    """Recorded quantities, each at its place along the last axis of an array.

    Code that depends on the columns asks this list when it is called and keeps nothing derived from it.

    Attributes
    ----------
    names : tuple of str
        In the order of the places.
    places : dict of str to int
        Place by name.
    """

    def __init__(self, *columns: Column) -> None:
        self.places: dict[str, int] = {}
        self.replace(columns)

    def replace(self, columns: Iterable[Column]) -> None:
        """Hold these columns from now on, for everybody who holds this list."""
        self._columns = tuple(columns)
        self.names = tuple(column.name for column in self._columns)
        self.places.clear()
        self.places.update({name: place for place, name in enumerate(self.names)})

    def __len__(self) -> int:
        return len(self._columns)

    @overload
    def __getitem__(self, place: int) -> Column: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Column, ...]: ...

    def __getitem__(self, place: int | slice) -> Column | tuple[Column, ...]:
        return self._columns[place]

    def arrange(self, values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return values that were recorded under other columns with the columns of this list.

        Parameters
        ----------
        values : numpy.ndarray
            ``(..., len(names))``, float or bool.
        names : tuple of str
            What the values are, each name once.

        Returns
        -------
        numpy.ndarray
            ``(..., len(self))``. A column that is not among ``names`` is blank: NaN, or False. One that this
            list does not have is left out. The same array where the columns are the same.
        """
        if names == self.names:
            return values
        taken, placed = _common_places(names, self.names)
        blank = False if values.dtype == np.bool_ else np.nan
        arranged = np.full((*values.shape[:-1], len(self)), blank, values.dtype)
        arranged[..., placed] = values[..., taken]
        return arranged


@lru_cache(maxsize=64)
def _common_places(names: tuple[str, ...], known: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Return the places of the names that both have, in the one and in the other."""
    common = [name for name in names if name in known]
    return [names.index(name) for name in common], [known.index(name) for name in common]


SCALARS = Columns(
    Column("step", "completed updates; 0 is before the first", "steps"),
    Column("epoch", "full passes over the training rows", "epochs"),
    Column("seconds", "time spent training, pauses left out", "s"),
    Column("learning_rate", "of the update that led to this step"),
    Column("batch_loss", "data loss of the batch in training mode, dropout included, before its update"),
    Column("train_loss", "data loss on a fixed part of the training rows (2048 at most), evaluation mode"),
    Column("val_loss", "data loss on a fixed part of the validation rows (2048 at most), evaluation mode"),
    Column("generalization_gap", "val_loss - train_loss"),
    Column("train_accuracy", "share of the same training rows that is classified rightly", "fraction"),
    Column("val_accuracy", "share of the same validation rows that is classified rightly", "fraction"),
    Column("train_r2", "share of the variance explained on the same training rows"),
    Column("val_r2", "share of the variance explained on the same validation rows"),
    Column("grad_norm", "norm of the whole gradient of the data loss, before clipping"),
    Column("grad_norm_clipped", "the same after clipping"),
    Column("update_ratio", "norm of the applied update / norm of the weights before it"),
    Column(
        "penalty",
        "l1 times the sum of magnitudes plus weight_decay / 2 times the squared norm of the parameters that "
        "decay; not part of the losses",
    ),
)
LAYER_STATISTICS = Columns(
    Column("grad_norm", "norm of the layer's gradient of the data loss, before clipping"),
    Column("grad_mean_abs", "mean magnitude of the layer's gradient elements"),
    Column("weight_norm", "norm of the layer's parameters at this step"),
    Column("update_ratio", "norm of the layer's applied update / norm of its weights before it"),
    Column("activation_mean", "mean output of the layer's units on the evaluated training rows"),
    Column("activation_std", "standard deviation of the same outputs"),
    Column("saturated_fraction", "share of the same outputs beyond the activation's flat ends", "fraction"),
    Column(
        "dead_fraction",
        "share of the layer's units above 0 on less than 1 % of the same rows, where its activation can die, "
        "as relu can",
        "fraction",
    ),
)
SCALAR_INDEX = SCALARS.places
LAYER_INDEX = LAYER_STATISTICS.places


@dataclass(eq=False)
class Record:
    """Step k: the losses at theta_k; gradient norms, clipping and update ratio of update k.

    Attributes
    ----------
    step : int
    scalars : numpy.ndarray
        ``(len(SCALARS),)`` float64; NaN where a quantity was not measured at this step.
    measured : numpy.ndarray
        ``(len(SCALARS),)`` bool: tells what was not measured from what was measured as NaN.
    layers : numpy.ndarray
        ``(layers, len(LAYER_STATISTICS))`` float64, layer 1 on the input side first; NaN likewise.
    diverged : bool or numpy.ndarray
        A measured loss or gradient norm was not finite: the run ends with this record. In a record of
        stacked runs ``(R,)``.
    """

    step: int
    scalars: np.ndarray
    measured: np.ndarray
    layers: np.ndarray
    diverged: bool | np.ndarray = False

    @classmethod
    def blank(cls, step: int, layers: int, lead: tuple[int, ...] = ()) -> "Record":
        """Return a record in which nothing but the step is measured yet.

        With a lead ``(R,)`` it is the record of R stacked runs, with that axis in front of its arrays;
        :meth:`row` gives that of one of them.
        """
        scalars, measured, statistics = _nothing_measured(lead, len(SCALAR_INDEX), layers, len(LAYER_INDEX))
        record = cls(step, scalars.copy(), measured.copy(), statistics.copy())
        record["step"] = step
        return record

    def row(self, number: int) -> "Record":
        """Return the record of one of several stacked runs, as views; of a single run it is this one."""
        if self.scalars.ndim == 1:
            return self
        diverged = bool(np.atleast_1d(self.diverged)[number]) if np.any(self.diverged) else False
        return Record(self.step, self.scalars[number], self.measured[number], self.layers[number], diverged)

    def __getitem__(self, name: str) -> float:
        """Return a scalar by its name."""
        return float(self.scalars[SCALAR_INDEX[name]])

    def __setitem__(self, name: str, value: float | np.ndarray) -> None:
        """Set a scalar that was measured: one number, or one for each run."""
        self.scalars[..., SCALAR_INDEX[name]] = value
        self.measured[..., SCALAR_INDEX[name]] = True


@cache
def _nothing_measured(
    lead: tuple[int, ...], scalars: int, layers: int, statistics: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    blank = np.full((*lead, scalars), np.nan)
    return blank, np.zeros(blank.shape, np.bool_), np.full((*lead, layers, statistics), np.nan)
