"""The settings of the optimizer of a run: rule, penalties, clipping."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from engine.config.choices import CHOICES
from engine.config.settings import Help, NameOf, When, setting, with_declared_options
from engine.nn.optimizers import OPTIMIZERS

# What limits the gradient, in the order in which they act.
CLIPPING = ("clip_value", "clip_layer_norm", "clip_norm")
DECAYS, PENALISED = When("weight_decay", above=0), When("l1", above=0)


class _Rule(BaseModel):
    """The rule and its settings; what is missing here is declared at the one rule that has it."""

    model_config = ConfigDict(defer_build=True)  # only RunConfig validates

    optimizer: Annotated[str, NameOf("optimizer")] = setting(
        "adam", "the rule that turns gradients into steps", Help(group="main")
    )
    learning_rate: float = setting(
        0.01,
        "length of a step along the optimizer's direction; typical values are 1 with adadelta, 0.03 to 0.3 "
        "with sgd, and with lion a third to a tenth of adam's",
        Help("the loss hardly moves", "the loss jumps or becomes infinite", group="main"),
        gt=0,
        le=1e6,
    )
    momentum: float | None = setting(
        None,
        "share of the previous step that is kept (0.9 by default, 0 with rmsprop)",
        Help(
            "plain gradient descent", "overshoots and swings", depends_on=[When("optimizer", has="momentum")]
        ),
        ge=0,
        lt=1,
    )
    dampening: float | None = setting(
        None,
        "share of each gradient that momentum leaves out, behind the first step (0 by default)",
        Help("no effect", "steps become tiny", depends_on=[When("optimizer", has="dampening")]),
        ge=0,
        lt=1,
    )
    alpha: float | None = setting(
        None,
        "memory of RMSprop's mean squared gradient (0.99 by default)",
        Help(
            "step sizes jump", "slow to notice larger gradients", depends_on=[When("optimizer", has="alpha")]
        ),
        ge=0,
        lt=1,
    )
    rho: float | None = setting(
        None,
        "memory of Adadelta's mean squared gradient and mean squared step (0.9 by default)",
        Help("step sizes jump", "slow to notice larger gradients", depends_on=[When("optimizer", has="rho")]),
        ge=0,
        lt=1,
    )
    beta1: float | None = setting(
        None,
        "memory of the mean gradient of Adam, its variants and Lion (0.9 by default)",
        Help("noisy steps", "slow to turn", depends_on=[When("optimizer", has="beta1")]),
        ge=0,
        lt=1,
    )
    beta2: float | None = setting(
        None,
        "memory of the mean squared gradient of Adam and its variants (0.999 by default), of Lion's mean "
        "gradient (0.99)",
        Help(
            "step sizes jump", "slow to notice larger gradients", depends_on=[When("optimizer", has="beta2")]
        ),
        ge=0,
        lt=1,
    )
    eps: float | None = setting(
        None,
        "added to the denominator of the adaptive rules (1e-8 by default, 1e-10 with adagrad, 1e-6 with "
        "adadelta, inside both of its roots)",
        Help("", "steps no longer fit each weight", depends_on=[When("optimizer", has="eps")]),
        gt=0,
        le=1,
    )
    amsgrad: bool | None = setting(
        None,
        "divide by the largest mean squared gradient so far: steps of Adam never grow again by forgetting",
        Help(depends_on=[When("optimizer", has="amsgrad")]),
    )
    centered: bool | None = setting(
        None,
        "divide by the deviation of the gradient from its mean, in place of its mean size",
        Help(depends_on=[When("optimizer", has="centered")]),
    )


TRANSFORMS = [info.transform for info in OPTIMIZERS.values() if info.transform]


class OptimizerSettings(with_declared_options(_Rule, "optimizer", TRANSFORMS)):
    """How gradients become steps, what holds the weights small, and what limits a gradient."""

    weight_decay: float = setting(
        0.0,
        "L2 penalty: weight_decay times the parameters is added to the gradient, after clipping; decoupled, "
        "as by default with adamw and lion, they shrink by learning_rate times weight_decay",
        Help("no effect", "weights shrink to nothing: underfitting"),
        ge=0,
        le=1000,
    )
    l1: float = setting(
        0.0,
        "L1 penalty: l1 times the sign of each parameter is added to the gradient, after clipping; drives "
        "needless weights to about 0",
        Help("no effect", "weights shrink to nothing: underfitting"),
        ge=0,
        le=1000,
    )
    decay_kind: Literal["auto", "coupled", "decoupled"] = setting(
        "auto",
        "where weight_decay acts: coupled in the gradient, decoupled on the weights beside the step; auto is "
        "decoupled for adamw and lion, coupled otherwise (l1 is always in the gradient)",
        Help(depends_on=[DECAYS]),
    )
    decay_biases: bool = setting(
        True,
        "whether weight_decay and l1 act on biases too",
        Help(depends_on=[DECAYS, PENALISED]),
    )
    decay_normalization: bool = setting(
        True,
        "whether weight_decay and l1 act on scale and shift of a normalisation too",
        Help(depends_on=[DECAYS, PENALISED]),
    )
    clip_value: float | None = setting(
        None,
        "largest allowed magnitude of each gradient element; acts before clip_layer_norm and clip_norm",
        Help("only the signs of the gradient count", "no effect"),
        gt=0,
        le=1e12,
    )
    clip_layer_norm: float | None = setting(
        None,
        "largest allowed norm of each layer's gradient; acts after clip_value and before clip_norm",
        Help("every layer's step is cut to the same length", "no effect"),
        gt=0,
        le=1e12,
    )
    clip_norm: float | None = setting(
        None,
        "largest allowed norm of the whole gradient; acts last, after clip_value and clip_layer_norm",
        Help("every step is cut to the same length", "no effect"),
        gt=0,
        le=1e12,
    )

    @model_validator(mode="after")
    def _refuse_step_sizes_out_of_order(self) -> Self:
        names, defaults = ("step_size_min", "step_size_max"), CHOICES["optimizer"].options(self.optimizer)
        if not defaults.keys() >= set(names):
            return self
        low, high = (defaults[name] if getattr(self, name) is None else getattr(self, name) for name in names)
        if low > high:
            raise ValueError(f"step_size_min must be <= step_size_max ({high:g}), got {low:g}")
        return self
