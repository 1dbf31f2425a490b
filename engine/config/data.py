"""The settings of the data of a run; must not know how the data is made."""

from typing import Literal

from pydantic import BaseModel

from engine.config.setting import Help, setting

REGRESSION_DATASETS = ("sine",)
SYNTHETIC_DATASETS = ("moons", "circles", "spiral", "sine")
BUNDLED_ROWS = {"digits": 1797, "wine": 178}
DEFAULT_NOISE = {"moons": 0.2, "circles": 0.1, "spiral": 0.05, "sine": 0.1, "digits": 0.0, "wine": 0.0}
DEFAULT_SYNTHETIC_ROWS = 400


class DataSettings(BaseModel):
    """Which rows a run learns from, and how they are split."""

    dataset: Literal["moons", "circles", "spiral", "sine", "digits", "wine"] = setting(
        "moons",
        "the data to learn: two-dimensional toys (moons, circles, spiral), a curve (sine), or real tables",
        Help(group="main"),
    )
    samples: int | None = setting(
        None,
        "rows in all, training and validation together; by default 400 for toys, every row for tables",
        Help("too few rows: the network learns them by heart", "slower epochs", unit="rows"),
        ge=10,
        le=1_000_000,
    )
    noise: float | None = setting(
        None,
        "standard deviation of the Gaussian noise on the features (on the target for sine)",
        Help("a task without noise hides overfitting", "classes mix; no network can separate them"),
        ge=0,
        le=10,
    )
    label_noise: float = setting(
        0.0,
        "share of the training targets replaced by wrong ones; validation stays clean",
        Help("", "the network can only learn them by heart: watch the gap", unit="fraction"),
        ge=0,
        lt=1,
    )
    validation_fraction: float = setting(
        0.25,
        "share of the rows held out for validation, the same share of each class",
        Help("a noisy validation curve", "too little to learn from", unit="fraction"),
        ge=0.05,
        le=0.9,
    )
    train_fraction: float = setting(
        1.0,
        "share of the training rows that is learned from; validation keeps the same rows",
        Help("learned by heart, or too few rows for a batch", "all rows", unit="fraction"),
        gt=0,
        le=1,
    )
    data_seed: int = setting(0, "seed of data generation and split", ge=0, le=2**32 - 1)
