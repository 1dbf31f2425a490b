"""The settings of the training of a run."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.optimizers import OptimizerSettings
from engine.config.settings import Help, NameOf, When, setting

ClassWeights = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1e6)], ...],
    Field(min_length=1),
    BeforeValidator(lambda weights: tuple(weights) if isinstance(weights, list) else weights),
]


class Objective(BaseModel):
    """What is minimised."""

    loss: Annotated[str, NameOf("loss")] = setting(
        "auto",
        "what is minimised; auto is mse for regression and cross-entropy for classes (the binary one for "
        "two); mae, huber and smooth_l1 are for regression",
    )
    loss_delta: float | None = setting(
        None,
        "error at which huber and smooth_l1 turn from a square into a line (1 by default)",
        Help("like mae", "like mse", depends_on=[When("loss", has="loss_delta")]),
        gt=0,
        le=1e6,
    )
    label_smoothing: float = setting(
        0.0,
        "share of each label spread over all classes; counts in batch, training and validation loss alike",
        Help(
            "", "nothing is sure any more", unit="fraction", depends_on=[When("loss", has="label_smoothing")]
        ),
        ge=0,
        lt=1,
    )
    class_weights: ClassWeights | Literal["balanced"] | None = setting(
        None,
        "weight of each class in the loss, such as 1, 2.5; balanced gives rare classes as much as common "
        "ones; the mean is over the weights, in batch, training and validation loss alike",
        Help(depends_on=[When("loss", has="class_weights")]),
    )


class TrainingSettings(OptimizerSettings, Objective):
    """What is minimised, by which rule, for how long."""

    batch_size: Annotated[int, Field(ge=1, le=10_000_000)] | Literal["full"] = setting(
        32,
        "rows in a step: 1 is stochastic descent, full is batch descent",
        Help("noisy steps, slow epochs", "few steps in an epoch", unit="rows"),
    )
    last_batch: Literal["auto", "keep", "drop", "spread"] = setting(
        "auto",
        "what becomes of the rows of an epoch that fill no batch: keep them as a smaller one; drop them for "
        "this epoch, as drop_last of PyTorch does; spread them, so that the batches differ by one row at "
        "most; auto is spread with batch norm, whose statistics of a few rows can ruin a run, else keep",
    )
    epochs: int = setting(
        100,
        "full passes over the training rows",
        Help("stops before it has learned", "overfits, takes long"),
        ge=1,
        le=1_000_000,
    )
    seed: int = setting(0, "seed of initial weights, shuffling and dropout", ge=0, le=2**32 - 1)
    record_every: int | None = setting(
        None,
        "steps between two records; by default so that a run has at most 2000, and one for each evaluation",
        Help("larger files", "coarser curves", unit="steps"),
        ge=1,
        le=1_000_000_000,
    )
    evaluation: Literal["auto", "epoch", "spread"] = setting(
        "auto",
        "when losses and scores are measured, on at most 2048 rows of a split: spread is 10 to 400 times in "
        "the planned run; epoch is at the end of each epoch (of every 2nd beyond 10,000, of every 4th beyond "
        "20,000 and so on), and up to 10 times within an epoch of many steps, whatever the planned length; "
        "auto is epoch with early_stopping or schedule plateau, else spread",
    )
    blas_threads: int = setting(
        1,
        "threads of a matrix product; more than one pays for layers of some 500 units while cores are idle",
        Help("wide layers wait", "small networks, and runs beside each other, take several times as long"),
        ge=1,
        le=64,
    )
