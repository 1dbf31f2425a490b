"""Where an epoch of shuffled rows is cut into batches, and what becomes of rows that are left over."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.config import RunConfig

Updates = TypeVar("Updates", int, np.ndarray)


@dataclass(frozen=True)
class Batches:
    """The batches of an epoch, by the number of its training rows alone.

    Attributes
    ----------
    rows : int
        Training rows.
    size : int
        Rows of a full batch.
    last_batch : str
        What becomes of the rows that fill no batch: ``keep`` them as a smaller one, ``drop`` them until the
        next epoch is shuffled, or ``spread``: as many batches as with ``keep``, whose sizes differ by one row
        at most.
    """

    rows: int
    size: int
    last_batch: str = "keep"

    @classmethod
    def of(cls, config: RunConfig, rows: int) -> "Batches":
        """Return the batches of a resolved configuration on so many training rows."""
        size = rows if config.batch_size == "full" else config.batch_size
        return cls(rows, size, config.last_batch)

    @property
    def per_epoch(self) -> int:
        """Batches, which are updates, of an epoch."""
        return self.rows // self.size if self.last_batch == "drop" else -(-self.rows // self.size)

    def place(self, number: int) -> slice:
        """Return where a batch of an epoch stands among its shuffled rows, counted from 0."""
        if self.last_batch == "spread":
            count = self.per_epoch
            return slice(number * self.rows // count, (number + 1) * self.rows // count)
        return slice(number * self.size, min((number + 1) * self.size, self.rows))

    def seen(self, updates: Updates) -> Updates:
        """Return how many rows so many updates take, for one number of updates or an array of them."""
        epochs, number, count = updates // self.per_epoch, updates % self.per_epoch, self.per_epoch
        if self.last_batch == "spread":
            return epochs * self.rows + number * self.rows // count
        # All batches before the last one are full.
        return epochs * min(count * self.size, self.rows) + number * self.size
