"""The settings of the data of a run."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from engine.config.choices import CHOICES
from engine.config.settings import Help, NameOf, When, setting

TABLE = "table"
REGRESSION_DATASETS = ("sine", "plane", "diabetes", "linnerud")
PLANE_DATASETS = ("moons", "circles", "xor", "blobs", "spiral", "spiral3", "plane")
SYNTHETIC_DATASETS = ("moons", "circles", "xor", "blobs", "spiral", "spiral3", "sine", "plane")
BUNDLED_ROWS = {
    "digits": 1797,
    "wine": 178,
    "iris": 150,
    "breast_cancer": 569,
    "diabetes": 442,
    "linnerud": 20,
}
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

TARGETS_AT_MOST = 100

ColumnName = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
ColumnNames = tuple[ColumnName, ...]
OF_A_TABLE = [When("dataset", (TABLE,))]
OF_A_PLANE = [When("dataset", PLANE_DATASETS)]
OF_VALUES = [When("dataset", (*REGRESSION_DATASETS, TABLE))]

Feature = Annotated[str, NameOf("features")]
COORDINATES = ("x1", "x2")


def _as_tuple(names: object) -> object:
    return tuple(names) if isinstance(names, list) else names


def _one_or_several(names: object) -> object:
    """Return a list of one name as that name, so that it means the same."""
    names = _as_tuple(names)
    return names[0] if isinstance(names, tuple) and len(names) == 1 else names


def _each_once(names: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
    if isinstance(names, tuple) and len(set(names)) < len(names):
        raise ValueError(f"must name each column once, got {', '.join(names)}")
    return names


def _in_order(features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    """Return features in their own order, so that the same ones are the same data."""
    if len(set(features)) < len(features):
        raise ValueError(f"must name each feature once, got {', '.join(features)}")
    return tuple(name for name in CHOICES["features"] if name in features)


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
        "linnerud",
        "table",
    ] = setting(
        "moons",
        "the data to learn: toy datasets in the plane (moons to spiral3, plane), a curve (sine), real "
        "tables, or a table of your own",
        Help(group="main"),
    )
    features: Annotated[tuple[Feature, ...], BeforeValidator(_as_tuple), AfterValidator(_in_order)] = setting(
        COORDINATES,
        "what the network reads of a toy dataset in the plane: its coordinates, their squares, their "
        "product, and waves sin(2 pi x); each is made from the coordinates, then standardised",
        Help(
            "what the classes depend on must be put together by hidden units",
            "more weights, and sharper bends where there are no rows",
            group="main",
            depends_on=OF_A_PLANE,
        ),
        min_length=1,
    )
    table: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = setting(
        None,
        "the CSV file of your own, named by the sha256 of its content",
        Help(depends_on=OF_A_TABLE),
    )
    target: Annotated[
        ColumnName | Annotated[ColumnNames, Field(min_length=1, max_length=TARGETS_AT_MOST)] | None,
        BeforeValidator(_one_or_several),
        AfterValidator(_each_once),
    ] = setting(
        None,
        "the column to predict: text or at most 10 distinct whole numbers are classes, other numbers "
        "values; or several columns of numbers, predicted together",
        Help(depends_on=OF_A_TABLE),
    )
    columns: Annotated[ColumnNames, BeforeValidator(_as_tuple)] | None = setting(
        None,
        "the columns to learn from; by default all that are neither constant, nor numbers of rows, nor text "
        "with more than 50 values",
        Help(depends_on=OF_A_TABLE),
        max_length=2000,
    )
    missing: Literal["impute", "drop"] = setting(
        "impute",
        "empty cells: impute takes the training median, and a category of its own for text; drop leaves "
        "such rows out",
        Help(depends_on=OF_A_TABLE),
    )
    split: Literal["random", "group", "time"] = setting(
        "random",
        "which rows are held out: random ones, whole groups (no group on both sides), or the latest",
        Help(depends_on=OF_A_TABLE),
    )
    split_column: ColumnName | None = setting(
        None,
        "the column that holds the groups, or the time",
        Help(depends_on=[When("split", ("group", "time"))]),
    )
    samples: int | None = setting(
        None,
        "rows in all, training and validation together; by default 400 for toys, every row for tables",
        Help("too few rows: the network memorizes them", "slower epochs", unit="rows"),
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
        Help("", "the network can only memorize them: watch the gap", unit="fraction"),
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
        Help("memorized, or too few rows for a batch", "all rows", unit="fraction"),
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
    standardize_inputs: Literal["on", "off"] = setting(
        "on",
        "brings each input to mean 0 and standard deviation 1, measured on the training rows; off feeds the "
        "numbers as they come: large ones saturate units, and one learning rate cannot fit all weights",
    )
    standardize_target: Literal["auto", "on", "off"] = setting(
        "auto",
        "the same for the values to predict; predictions come in their own units in any case; auto is on for "
        "tables, off for sine and plane, which are small already",
        Help(depends_on=OF_VALUES),
    )
    data_seed: int = setting(0, "seed of data generation and split", ge=0, le=2**32 - 1)
