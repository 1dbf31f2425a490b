"""The settings of the optimizer of a run: rule, penalties, clipping; must not know how an optimizer works."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, model_validator

from engine.config.setting import Above, Help, OneOf, Takers, Takes, setting

ADAMS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

# The optimizers by name, and the settings that each one takes with their defaults, which are PyTorch's; the
# common ones first.
OPTIMIZER_SETTINGS: Takes = {
    "sgd": {},
    "momentum": {"momentum": 0.9, "dampening": 0.0},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8, "centered": False, "momentum": 0.0},
    "adam": {**ADAMS, "amsgrad": False},
    "adamw": {**ADAMS, "amsgrad": False},
    "adagrad": {"lr_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10},
    "adadelta": {"rho": 0.9, "eps": 1e-6},
    "adamax": {**ADAMS},
    "nadam": {**ADAMS, "momentum_decay": 0.004},
    "radam": {**ADAMS},
    "rprop": {"eta_minus": 0.5, "eta_plus": 1.2, "step_size_min": 1e-6, "step_size_max": 50.0},
    "lion": {"beta1": 0.9, "beta2": 0.99},
}
# Where weight decay acts when decay_kind is auto; coupled for those that are not named.
DECAY_KINDS = {"adamw": "decoupled", "lion": "decoupled"}
# What limits the gradient, in the order in which they act.
CLIPPING = ("clip_value", "clip_layer_norm", "clip_norm")
DECAYS, PENALISED = ("weight_decay", Above(0)), ("l1", Above(0))


def _of_the_optimizer(name: str) -> tuple[str, Takers]:
    return "optimizer", Takers(OPTIMIZER_SETTINGS, name)


class OptimizerSettings(BaseModel):
    """How gradients become steps, what holds the weights small, and what limits a gradient."""

    optimizer: Annotated[str, OneOf(OPTIMIZER_SETTINGS)] = setting(
        "adam", "the rule that turns gradients into steps", Help(group="main")
    )
    learning_rate: float = setting(
        0.01,
        "length of a step along the optimizer's direction; usual are 1 with adadelta, 0.03 to 0.3 with sgd, "
        "and with lion a third to a tenth of adam's",
        Help("the loss hardly moves", "the loss jumps or becomes infinite", group="main"),
        gt=0,
        le=1e6,
    )
    momentum: float | None = setting(
        None,
        "share of the previous step that is kept (0.9 by default, 0 with rmsprop)",
        Help("plain gradient descent", "overshoots and swings", applies_when=_of_the_optimizer("momentum")),
        ge=0,
        lt=1,
    )
    dampening: float | None = setting(
        None,
        "share of each gradient that momentum leaves out, behind the first step (0 by default)",
        Help("no effect", "steps become tiny", applies_when=_of_the_optimizer("dampening")),
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
    rho: float | None = setting(
        None,
        "memory of Adadelta's mean squared gradient and mean squared step (0.9 by default)",
        Help("step sizes jump", "slow to notice larger gradients", applies_when=_of_the_optimizer("rho")),
        ge=0,
        lt=1,
    )
    beta1: float | None = setting(
        None,
        "memory of the mean gradient of Adam, its kin and Lion (0.9 by default)",
        Help("noisy steps", "slow to turn", applies_when=_of_the_optimizer("beta1")),
        ge=0,
        lt=1,
    )
    beta2: float | None = setting(
        None,
        "memory of the mean squared gradient of Adam and its kin (0.999 by default), of Lion's mean gradient "
        "(0.99)",
        Help("step sizes jump", "slow to notice larger gradients", applies_when=_of_the_optimizer("beta2")),
        ge=0,
        lt=1,
    )
    eps: float | None = setting(
        None,
        "added to the denominator of the adaptive rules (1e-8 by default, 1e-10 with adagrad, 1e-6 with "
        "adadelta, inside both of its roots)",
        Help("", "steps no longer fit each weight", applies_when=_of_the_optimizer("eps")),
        gt=0,
        le=1,
    )
    amsgrad: bool | None = setting(
        None,
        "divide by the largest mean squared gradient so far: steps of Adam never grow again by forgetting",
        Help(applies_when=_of_the_optimizer("amsgrad")),
    )
    centered: bool | None = setting(
        None,
        "divide by the deviation of the gradient from its mean, in place of its mean size",
        Help(applies_when=_of_the_optimizer("centered")),
    )
    lr_decay: float | None = setting(
        None,
        "the learning rate of Adagrad is divided by 1 + lr_decay times the updates done (0 by default)",
        Help("no effect", "learning stops early", applies_when=_of_the_optimizer("lr_decay")),
        ge=0,
        le=1000,
    )
    initial_accumulator_value: float | None = setting(
        None,
        "what Adagrad's sum of squares begins with (0 by default)",
        Help(
            "the first step is as long as the learning rate",
            "a slow beginning",
            applies_when=_of_the_optimizer("initial_accumulator_value"),
        ),
        ge=0,
        le=1e6,
    )
    momentum_decay: float | None = setting(
        None,
        "how fast Nadam's look ahead grows from half of beta1 to all of it (0.004 by default)",
        Help("half of the momentum for long", "no warm-up", applies_when=_of_the_optimizer("momentum_decay")),
        ge=0,
        le=1000,
    )
    eta_minus: float | None = setting(
        None,
        "factor of Rprop's step size where the gradient has changed its sign (0.5 by default)",
        Help("steps die out", "swings across a valley for long", applies_when=_of_the_optimizer("eta_minus")),
        gt=0,
        lt=1,
    )
    eta_plus: float | None = setting(
        None,
        "factor of Rprop's step size where the gradient keeps its sign (1.2 by default)",
        Help("slow to gather speed", "overshoots", applies_when=_of_the_optimizer("eta_plus")),
        gt=1,
        le=100,
    )
    step_size_min: float | None = setting(
        None,
        "smallest step size of Rprop (1e-6 by default)",
        Help("", "never comes to rest", applies_when=_of_the_optimizer("step_size_min")),
        gt=0,
        le=1e6,
    )
    step_size_max: float | None = setting(
        None,
        "largest step size of Rprop (50 by default)",
        Help("slow where the way is long", "overshoots", applies_when=_of_the_optimizer("step_size_max")),
        gt=0,
        le=1e6,
    )
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
        Help(applies_when=DECAYS),
    )
    decay_biases: bool = setting(
        True,
        "whether weight_decay and l1 act on biases too",
        Help(applies_when=DECAYS, or_when=PENALISED),
    )
    decay_normalization: bool = setting(
        True,
        "whether weight_decay and l1 act on scale and shift of a normalisation too",
        Help(applies_when=DECAYS, or_when=PENALISED),
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
        names, defaults = ("step_size_min", "step_size_max"), OPTIMIZER_SETTINGS[self.optimizer]
        if not defaults.keys() >= set(names):
            return self
        low, high = (defaults[name] if getattr(self, name) is None else getattr(self, name) for name in names)
        if low > high:
            raise ValueError(f"step_size_min must be <= step_size_max ({high:g}), got {low:g}")
        return self
