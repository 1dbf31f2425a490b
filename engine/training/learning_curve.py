"""The same run on fewer training rows: what a learning curve is made of; must not start a run."""

from engine.config import RunConfig
from engine.data.split import used_rows

FRACTIONS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
EPOCHS_AT_MOST = 1_000_000


def shrunken(config: RunConfig, train_rows: int, fraction: float) -> RunConfig:
    """Return a configuration that learns from a share of the rows in as many updates as the given one.

    Fewer rows make shorter epochs: with as many epochs a small run would also train less, and the curve
    would mix both. A batch is never larger than the rows that are left.

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
    wished = train_rows if config.batch_size == "full" else config.batch_size
    batch = min(wished, rows)
    updates = config.epochs * -(-train_rows // wished)
    epochs = min(max(1, round(updates / -(-rows // batch))), EPOCHS_AT_MOST)
    size = "full" if config.batch_size == "full" else batch
    return config.model_copy(update={"train_fraction": fraction, "batch_size": size, "epochs": epochs})
