"""The settings of the training of a run; must not know how an optimizer works."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.schedules import with_schedule
from engine.config.setting import GIVEN, Help, setting

WITH_MOMENTUM = ("momentum", "nesterov")
WITH_MOMENTS = ("adam", "adamw")

WITH_CLASSES = ("loss", ("auto", "cross_entropy", "binary_cross_entropy"))
ClassWeights = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1e6)], ...],
    BeforeValidator(lambda weights: tuple(weights) if isinstance(weights, list) else weights),
]
Milestones = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...],
    Field(min_length=1, max_length=100),
    BeforeValidator(lambda epochs: tuple(epochs) if isinstance(epochs, list) else epochs),
]


class TrainingSettings(BaseModel):
    """What is minimised, by which rule, for how long."""

    loss: Literal["auto", "mse", "cross_entropy", "binary_cross_entropy", "mae", "huber", "smooth_l1"] = (
        setting(
            "auto",
            "what is minimised; auto is mse for regression and cross-entropy for classes (the binary one for "
            "two); mae, huber and smooth_l1 are for regression",
        )
    )
    loss_delta: float | None = setting(
        None,
        "error at which huber and smooth_l1 turn from a square into a line (1 by default)",
        Help("like mae", "like mse", applies_when=("loss", ("huber", "smooth_l1"))),
        gt=0,
        le=1e6,
    )
    label_smoothing: float = setting(
        0.0,
        "share of each label spread over all classes; counts in batch, training and validation loss alike",
        Help("", "nothing is sure any more", unit="fraction", applies_when=WITH_CLASSES),
        ge=0,
        lt=1,
    )
    class_weights: ClassWeights | Literal["balanced"] | None = setting(
        None,
        "weight of each class in the loss, such as 1, 2.5; balanced gives rare classes as much as common "
        "ones; the mean is over the weights, in batch, training and validation loss alike",
        Help(applies_when=WITH_CLASSES),
    )
    optimizer: Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"] = setting(
        "adam", "the rule that turns gradients into steps", Help(group="main")
    )
    learning_rate: float = setting(
        0.01,
        "length of a step along the optimizer's direction",
        Help("the loss hardly moves", "the loss jumps or becomes infinite", group="main"),
        gt=0,
        le=1e6,
    )
    schedule: Literal[
        "constant",
        "cosine",
        "one_cycle",
        "plateau",
        "step",
        "multi_step",
        "exponential",
        "polynomial",
        "warm_restarts",
        "cyclic_triangular",
        "cyclic_triangular2",
        "cyclic_exp_range",
    ] = setting(
        "constant",
        "how the learning rate goes on; learning_rate is where it starts, and the highest of one_cycle and of "
        "the cyclic ones (they cycle no momentum)",
    )
    schedule_gamma: float | None = setting(
        None,
        "factor of the learning rate at each step down (0.1 by default), or an epoch with exponential and "
        "cyclic_exp_range (0.95)",
        Help("learning stops early", "no effect", applies_when=with_schedule("schedule_gamma")),
        gt=0,
        le=1,
    )
    schedule_every: int | None = setting(
        None,
        "epochs between two steps down (30 by default)",
        Help(
            "learning stops early", "no effect", unit="epochs", applies_when=with_schedule("schedule_every")
        ),
        ge=1,
        le=1_000_000,
    )
    schedule_milestones: Milestones | None = setting(
        None,
        "epochs, counted from the end of the warm-up, after which the learning rate steps down (50, 75 by "
        "default)",
        Help(
            "learning stops early",
            "no effect",
            unit="epochs",
            applies_when=with_schedule("schedule_milestones"),
        ),
    )
    schedule_power: float | None = setting(
        None,
        "power of the fall to zero: 1, the default, is a straight line",
        Help(
            "high rates nearly to the end",
            "low rates from early on",
            applies_when=with_schedule("schedule_power"),
        ),
        gt=0,
        le=100,
    )
    min_learning_rate: float | None = setting(
        None,
        "lowest learning rate that a schedule goes down to (0 by default)",
        Help("", "stays restless to the end", applies_when=with_schedule("min_learning_rate")),
        ge=0,
        le=1e6,
    )
    cycle_epochs: int | None = setting(
        None,
        "epochs of a cycle, up and down, or of the first descent of warm_restarts (10 by default)",
        Help(
            "restless", "hardly a second cycle", unit="epochs", applies_when=with_schedule("cycle_epochs")
        ),
        ge=1,
        le=1_000_000,
    )
    cycle_multiple: int | None = setting(
        None,
        "how many times as long as the one before it each descent of warm_restarts is (2 by default)",
        Help("equally long descents", "few restarts", applies_when=with_schedule("cycle_multiple")),
        ge=1,
        le=1000,
    )
    pct_start: float | None = setting(
        None,
        "share of the updates over which one_cycle rises (0.3 by default)",
        Help("no warm-up", "little time to settle", unit="fraction", applies_when=with_schedule("pct_start")),
        gt=0,
        lt=1,
    )
    div_factor: float | None = setting(
        None,
        "learning_rate divided by it is where one_cycle starts (25 by default) and the lowest of the cyclic "
        "ones (10)",
        Help("hardly a rise", "hardly learns at low rates", applies_when=with_schedule("div_factor")),
        ge=1,
        le=1e12,
    )
    final_div_factor: float | None = setting(
        None,
        "one_cycle ends at its first learning rate divided by this (10000 by default)",
        Help(
            "stays restless to the end",
            "the last epochs learn nothing",
            applies_when=with_schedule("final_div_factor"),
        ),
        ge=1,
        le=1e12,
    )
    plateau_patience: int | None = setting(
        None,
        "epochs without a lower validation loss that plateau bears before it steps down (10 by default)",
        Help(
            "steps down at the first bump",
            "waits for nothing",
            unit="epochs",
            applies_when=with_schedule("plateau_patience"),
        ),
        ge=0,
        le=1_000_000,
    )
    plateau_threshold: float | None = setting(
        None,
        "share by which validation loss must fall to count as lower (0.0001 by default)",
        Help(
            "noise counts as progress",
            "slow progress counts as none",
            unit="fraction",
            applies_when=with_schedule("plateau_threshold"),
        ),
        ge=0,
        lt=1,
    )
    plateau_cooldown: int | None = setting(
        None,
        "epochs after a step down before plateau begins to wait again (0 by default)",
        Help("", "steps down late", unit="epochs", applies_when=with_schedule("plateau_cooldown")),
        ge=0,
        le=1_000_000,
    )
    warmup_epochs: int = setting(
        0,
        "epochs over which the learning rate first rises from nearly zero in a line; the schedule follows",
        Help("no effect", "a slow beginning", unit="epochs"),
        ge=0,
        le=1_000_000,
    )
    momentum: float | None = setting(
        None,
        "share of the previous step that is kept (0.9 by default)",
        Help("plain gradient descent", "overshoots and swings", applies_when=("optimizer", WITH_MOMENTUM)),
        ge=0,
        lt=1,
    )
    alpha: float | None = setting(
        None,
        "memory of RMSprop's mean squared gradient (0.99 by default)",
        Help("step sizes jump", "slow to notice larger gradients", applies_when=("optimizer", ("rmsprop",))),
        ge=0,
        lt=1,
    )
    beta1: float | None = setting(
        None,
        "memory of Adam's mean gradient (0.9 by default)",
        Help("noisy steps", "slow to turn", applies_when=("optimizer", WITH_MOMENTS)),
        ge=0,
        lt=1,
    )
    beta2: float | None = setting(
        None,
        "memory of Adam's mean squared gradient (0.999 by default)",
        Help("step sizes jump", "slow to notice larger gradients", applies_when=("optimizer", WITH_MOMENTS)),
        ge=0,
        lt=1,
    )
    eps: float | None = setting(
        None,
        "added to the denominator of Adam and RMSprop (1e-8 by default)",
        Help("", "steps no longer fit each weight", applies_when=("optimizer", ("rmsprop", *WITH_MOMENTS))),
        gt=0,
        le=1,
    )
    weight_decay: float = setting(
        0.0,
        "L2 penalty: weight_decay times the parameters is added to the gradient, after clipping; "
        "with adamw it is decoupled: they shrink by learning_rate times weight_decay",
        Help("no effect", "weights shrink to nothing: underfitting"),
        ge=0,
        le=1000,
    )
    clip_norm: float | None = setting(
        None,
        "largest allowed norm of the whole gradient; acts after clip_value",
        Help("every step is cut to the same length", "no effect"),
        gt=0,
        le=1e12,
    )
    clip_value: float | None = setting(
        None,
        "largest allowed magnitude of each gradient element; acts before clip_norm",
        Help("only the signs of the gradient count", "no effect"),
        gt=0,
        le=1e12,
    )
    batch_size: Annotated[int, Field(ge=1, le=10_000_000)] | Literal["full"] = setting(
        32,
        "rows in a step: 1 is stochastic descent, full is batch descent",
        Help("noisy steps, slow epochs", "few steps in an epoch", unit="rows"),
    )
    epochs: int = setting(
        100,
        "full passes over the training rows",
        Help("stops before it has learned", "overfits, takes long"),
        ge=1,
        le=1_000_000,
    )
    early_stopping: int | None = setting(
        None,
        "patience: the run ends at the first evaluation so many epochs after the lowest validation loss",
        Help("stops at the first bump", "trains on for nothing", unit="epochs"),
        ge=1,
        le=1_000_000,
    )
    early_stopping_min_delta: float = setting(
        0.0,
        "by how much validation loss must fall to count as lower for early_stopping",
        Help(
            "noise counts as progress",
            "slow progress counts as none",
            applies_when=("early_stopping", GIVEN),
        ),
        ge=0,
        le=1e6,
    )
    restore_best: bool = setting(
        False,
        "end the run with the weights of its lowest validation loss instead of the last ones; with or without "
        "early_stopping",
    )
    seed: int = setting(0, "seed of initial weights, shuffling and dropout", ge=0, le=2**32 - 1)
    record_every: int | None = setting(
        None,
        "steps between two records; by default so that a run has at most 2000",
        Help("larger files", "coarser curves", unit="steps"),
        ge=1,
        le=1_000_000_000,
    )
