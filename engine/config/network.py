"""The settings of the network of a run."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from engine.config.choices import AUTO, chosen_names
from engine.config.settings import Help, NameOf, When, setting
from engine.nn.activations import ACTIVATIONS

INITIALIZER_ALIASES = {
    "xavier": "xavier_uniform",
    "glorot": "xavier_uniform",
    "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal",
    "he": "he_normal",
    "kaiming": "he_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
    "lecun": "lecun_normal",
}

Rate = Annotated[float, Field(ge=0, lt=1)]
ActivationName = Annotated[str, NameOf("activation")]
Width = Annotated[int, Field(ge=1, le=10_000_000)]
Initializer = Annotated[
    str,
    NameOf("initializer"),
    BeforeValidator(lambda name: INITIALIZER_ALIASES.get(name, name) if isinstance(name, str) else name),
]

# Settings that take one value, or a list of one for each hidden layer; and what one is.
BY_LAYER = {"activation": "name", "dropout": "number"}


def _as_tuple(values: Any) -> Any:
    return tuple(values) if isinstance(values, list) else values


class NetworkSettings(BaseModel):
    """The shape of the multilayer perceptron and how its weights start."""

    hidden_sizes: Annotated[tuple[Width, ...], BeforeValidator(_as_tuple)] = setting(
        (16, 16),
        "units of each hidden layer, input side first; an empty list is a linear model",
        Help("too few units cannot bend enough", "memorizes more easily, slower", unit="units", group="main"),
        max_length=200,
    )
    activation: ActivationName | Annotated[tuple[ActivationName, ...], BeforeValidator(_as_tuple)] = setting(
        "tanh",
        "what each hidden unit does with its weighted sum; or one for each hidden layer, such as relu, tanh",
        Help(group="main"),
    )
    normalization: Annotated[str, NameOf("normalization")] = setting(
        "none",
        "brings the weighted sums of each hidden layer to mean 0 and variance 1 before the activation: "
        "each unit over the batch, or each row over the layer",
    )
    initializer: Initializer = setting(
        "auto",
        "how weights start; auto is He for relu and its smooth variants, LeCun for selu, Xavier otherwise, "
        "each layer by its own activation and the output layer by that of the last hidden one; pytorch is "
        "the start of its nn.Linear, which draws the biases too",
    )
    initializer_gain: float | None = setting(
        None,
        "factor on the weights at the start (1 by default); 5/3 is torch's xavier gain for tanh",
        Help(
            "signals fade layer by layer",
            "signals grow layer by layer",
            depends_on=[When("initializer", has="initializer_gain")],
        ),
        gt=0,
        le=1000,
    )
    initializer_std: float | None = setting(
        None,
        "standard deviation of the weights at the start (0.01 by default)",
        Help(
            "signals fade layer by layer",
            "units saturate",
            depends_on=[When("initializer", has="initializer_std")],
        ),
        gt=0,
        le=100,
    )
    residual: bool = setting(
        False,
        "adds to the output of each hidden layer that of the hidden layer before it, where both are equally "
        "wide: a way around for signals and gradients; statistics and pictures show a layer's own part",
    )
    dropout: Rate | Annotated[tuple[Rate, ...], BeforeValidator(_as_tuple)] = setting(
        0.0,
        "chance that a hidden unit is switched off in a training step; or one for each hidden layer, such as "
        "0.2, 0.5",
        Help("no effect", "the network learns too little", unit="probability", group="main"),
    )
    dtype: Literal["float32", "float64"] = setting(
        "float32", "precision of the arithmetic; float64 is slower and for checking"
    )

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer, input side first."""
        if isinstance(self.activation, tuple):
            return self.activation
        return (self.activation,) * len(self.hidden_sizes)

    @property
    def initializers(self) -> tuple[str, ...]:
        """How the weights of each layer start, input side first, the output layer last.

        An ``auto`` is decided here: a hidden layer starts as it suits its activation, the output layer as the
        last hidden one.
        """
        layers = len(self.hidden_sizes) + 1
        if self.initializer != AUTO:
            return (self.initializer,) * layers
        starts = [ACTIVATIONS[name].start for name in self.activations or chosen_names(self.activation)]
        return (*starts, starts[-1])[-layers:]

    @property
    def dropout_rates(self) -> tuple[float, ...]:
        """The chance of each hidden layer, input side first."""
        return self.dropout if isinstance(self.dropout, tuple) else (self.dropout,) * len(self.hidden_sizes)

    def shortened(self) -> Self:
        """Return the settings with one value where all hidden layers have the same: what they mean stays."""
        lists = {name: value for name in BY_LAYER if isinstance(value := getattr(self, name), tuple)}
        alike = {name: value[0] for name, value in lists.items() if len(set(value)) == 1}
        return self.model_copy(update=alike) if alike else self

    @model_validator(mode="after")
    def _refuse_what_does_not_fit_the_layers(self) -> Self:
        sizes = self.hidden_sizes
        for name, one in BY_LAYER.items():
            value = getattr(self, name)
            if isinstance(value, tuple) and (not value or len(value) != len(sizes)):
                layers = f" or one for each of the {len(sizes)} hidden layers" if sizes else ""
                raise ValueError(f"{name} must be one {one}{layers}, got {len(value)}")
        if self.residual and not any(one == other for one, other in pairwise(sizes)):
            raise ValueError(
                f"hidden_sizes must have two equal widths side by side with residual, got {list(sizes)}"
            )
        return self
