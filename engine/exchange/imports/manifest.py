"""What the manifest of a bundle must hold: each field with its kind and its limits."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from engine.config import CONFIG_VERSION
from engine.exchange.imports.errors import Strict
from engine.store.damage import LARGEST_COUNT, LATEST_MOMENT
from engine.store.runs import plain_text

Whole = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Amount = Annotated[float, Field(ge=0, le=LARGEST_COUNT)]
# Seconds since 1970, as far as there are dates.
Moment = Annotated[float, Field(ge=0, le=LATEST_MOMENT)]
Accuracy = Annotated[float, Field(ge=0, le=1)]
R2 = Annotated[float, Field(le=1)]
Status = Literal["queued", "running", "interrupted", "finished", "stopped", "diverged", "failed", "imported"]
Text = Annotated[str, Field(max_length=100_000)]
Name = Annotated[str, Field(max_length=2000)]


def _cut(length: int) -> AfterValidator:
    return AfterValidator(partial(plain_text, length=length))


class Manifest(Strict):
    """What kind of file it is, columns of the arrays, and the runs: each is a :class:`BundledRun`."""

    format: Literal["backprop-lab bundle"]
    version: Literal[1]
    created_at: Moment = 0.0
    scalars: list[Name]
    layer_statistics: list[Name]
    runs: Annotated[list[Any], Field(min_length=1, max_length=1000)]


class Event(Strict):
    """Something that happened while a run trained."""

    created_at: Moment
    step: Whole
    field: Annotated[str, Field(max_length=400), _cut(80)]
    old: Text
    new: Text


class Row(Strict):
    """What goes into the row of a run as it is here."""

    name: Annotated[Name, _cut(200)]
    note: Annotated[Text, _cut(10_000)]
    message: Annotated[Name, _cut(1000)]
    fingerprint: Annotated[str, Field(max_length=10_000), _cut(10_000)]
    created_at: Moment
    config: Annotated[str, Field(max_length=200_000)]
    config_version: Annotated[int, Field(ge=0, le=CONFIG_VERSION)]
    branch_step: Whole | None = None
    step: Whole
    total_steps: Whole
    epoch: Amount
    seconds: Amount
    score_name: Literal["accuracy", "r2"]


class Results(Strict):
    """Losses and scores at the end, as far as they are known."""

    best_step: Whole | None = None
    best_val_loss: float | None = None
    train_loss: float | None = None
    val_loss: float | None = None
    test_loss: float | None = None
    train_accuracy: Accuracy | None = None
    val_accuracy: Accuracy | None = None
    test_accuracy: Accuracy | None = None
    train_r2: R2 | None = None
    val_r2: R2 | None = None
    test_r2: R2 | None = None


class BundledRun(Row):
    """One run; its arrays are members of the zip file."""

    run: Whole
    parent_run: Whole | None = None
    status: Status
    tags: list[Name]
    results: Results
    dataset: Annotated[str, Field(max_length=64)]
    has_state: bool
    parts: Annotated[int, Field(ge=0, le=100_000)]
    snapshots: list[Whole]
    predictions: Whole | None = None
    events: list[Event]
