"""The settings of the data of a run; must not know how the data is made."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.setting import Help, setting

TABLE = "table"
REGRESSION_DATASETS = ("sine", "plane", "diabetes")
SYNTHETIC_DATASETS = ("moons", "circles", "xor", "blobs", "spiral", "spiral3", "sine", "plane")
BUNDLED_ROWS = {"digits": 1797, "wine": 178, "iris": 150, "breast_cancer": 569, "diabetes": 442}
DEFAULT_NOISE = {
    "moons": 0.2,
    "circles": 0.1,
    "xor": 0.1,
    "blobs": 0.3,
    "spiral": 0.05,
    "spiral3": 0.05,
    "sine": 0.1,
    "plane": 0.1,
    **dict.fromkeys(BUNDLED_ROWS, 0.0),
    TABLE: 0.0,
}
DEFAULT_SYNTHETIC_ROWS = 400
NAME_LENGTH = 200

ColumnName = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
OF_A_TABLE = ("dataset", (TABLE,))


class DataSettings(BaseModel):
    """Which rows a run learns from, and how they are split."""

    dataset: Literal[
        "moons",
        "circles",
        "xor",
        "blobs",
        "spiral",
        "spiral3",
        "sine",
        "plane",
        "digits",
        "wine",
        "iris",
        "breast_cancer",
        "diabetes",
        "table",
    ] = setting(
        "moons",
        "the data to learn: two-dimensional toys (moons to spiral3, plane), a curve (sine), real tables, "
        "or a table of your own",
        Help(group="main"),
    )
    table: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = setting(
        None,
        "the CSV file of your own, named by the sha256 of its content",
        Help(applies_when=OF_A_TABLE),
    )
    target: ColumnName | None = setting(
        None,
        "the column to predict: text or at most 10 different whole numbers are classes, other numbers values",
        Help(applies_when=OF_A_TABLE),
    )
    columns: (
        Annotated[
            tuple[ColumnName, ...],
            BeforeValidator(lambda names: tuple(names) if isinstance(names, list) else names),
        ]
        | None
    ) = setting(
        None,
        "the columns to learn from; by default all that are neither constant, nor numbers of rows, nor text "
        "with more than 50 values",
        Help(applies_when=OF_A_TABLE),
        max_length=2000,
    )
    missing: Literal["impute", "drop"] = setting(
        "impute",
        "empty cells: impute takes the training median, and a category of its own for text; drop leaves "
        "such rows out",
        Help(applies_when=OF_A_TABLE),
    )
    split: Literal["random", "group", "time"] = setting(
        "random",
        "which rows are held out: random ones, whole groups (no group on both sides), or the latest",
        Help(applies_when=OF_A_TABLE),
    )
    split_column: ColumnName | None = setting(
        None,
        "the column that holds the groups, or the time",
        Help(applies_when=("split", ("group", "time"))),
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
        "standard deviation of the Gaussian noise on the features (on the target for sine and plane)",
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
    test_fraction: float = setting(
        0.0,
        "share of the rows held out for one test at the end, beside the validation rows",
        Help(
            "no verdict but the validation score, which choices lean on",
            "too little to learn from",
            unit="fraction",
        ),
        ge=0,
        le=0.5,
    )
    data_seed: int = setting(0, "seed of data generation and split", ge=0, le=2**32 - 1)
