"""The settings of the training of a run; must not know how an optimizer works."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.losses import LOSS_SETTINGS
from engine.config.optimizers import OPTIMIZER_SETTINGS
from engine.config.setting import Help, OneOf, Takers, setting

WITH_CLASSES = ("loss", ("auto", "cross_entropy", "binary_cross_entropy"))
ClassWeights = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1e6)], ...],
    BeforeValidator(lambda weights: tuple(weights) if isinstance(weights, list) else weights),
]


def _of_the_optimizer(name: str) -> tuple[str, Takers]:
    return "optimizer", Takers(OPTIMIZER_SETTINGS, name)


class TrainingSettings(BaseModel):
    """What is minimised, by which rule, for how long."""

    loss: Annotated[str, OneOf(LOSS_SETTINGS)] = setting(
        "auto",
        "what is minimised; auto is mse for regression and cross-entropy for classes (the binary one for "
        "two); mae, huber and smooth_l1 are for regression",
    )
    loss_delta: float | None = setting(
        None,
        "error at which huber and smooth_l1 turn from a square into a line (1 by default)",
        Help("like mae", "like mse", applies_when=("loss", Takers(LOSS_SETTINGS, "loss_delta"))),
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
    optimizer: Annotated[str, OneOf(OPTIMIZER_SETTINGS)] = setting(
        "adam", "the rule that turns gradients into steps", Help(group="main")
    )
    learning_rate: float = setting(
        0.01,
        "length of a step along the optimizer's direction",
        Help("the loss hardly moves", "the loss jumps or becomes infinite", group="main"),
        gt=0,
        le=1e6,
    )
    momentum: float | None = setting(
        None,
        "share of the previous step that is kept (0.9 by default)",
        Help("plain gradient descent", "overshoots and swings", applies_when=_of_the_optimizer("momentum")),
        ge=0,
        lt=1,
    )
    alpha: float | None = setting(
        None,
        "memory of RMSprop's mean squared gradient (0.99 by default)",
        Help("step sizes jump", "slow to notice larger gradients", applies_when=_of_the_optimizer("alpha")),
        ge=0,
        lt=1,
    )
    beta1: float | None = setting(
        None,
        "memory of Adam's mean gradient (0.9 by default)",
        Help("noisy steps", "slow to turn", applies_when=_of_the_optimizer("beta1")),
        ge=0,
        lt=1,
    )
    beta2: float | None = setting(
        None,
        "memory of Adam's mean squared gradient (0.999 by default)",
        Help("step sizes jump", "slow to notice larger gradients", applies_when=_of_the_optimizer("beta2")),
        ge=0,
        lt=1,
    )
    eps: float | None = setting(
        None,
        "added to the denominator of Adam and RMSprop (1e-8 by default)",
        Help("", "steps no longer fit each weight", applies_when=_of_the_optimizer("eps")),
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
    seed: int = setting(0, "seed of initial weights, shuffling and dropout", ge=0, le=2**32 - 1)
    record_every: int | None = setting(
        None,
        "steps between two records; by default so that a run has at most 2000",
        Help("larger files", "coarser curves", unit="steps"),
        ge=1,
        le=1_000_000_000,
    )
