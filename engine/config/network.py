"""The settings of the network of a run; must not know how a network computes."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.setting import Help, OneOf, Takers, Takes, setting

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

# The activations by name, the common ones first, and how weights start with each where auto is to choose. He
# makes up for relu and its kin, which are nearly 0 on the left and lose about half of the signal there.
ACTIVATION_STARTS = {
    "relu": "he_normal",
    "tanh": "xavier_uniform",
    "sigmoid": "xavier_uniform",
    "leaky_relu": "he_normal",
    "gelu": "he_normal",
    "elu": "he_normal",
    "silu": "he_normal",
    "selu": "lecun_normal",
    "softplus": "he_normal",
    "mish": "he_normal",
    "identity": "xavier_uniform",
    "celu": "he_normal",
    "gelu_tanh": "he_normal",
    "relu6": "he_normal",
    "hard_swish": "he_normal",
    "hard_tanh": "xavier_uniform",
    "hard_sigmoid": "xavier_uniform",
    "log_sigmoid": "xavier_uniform",
    "softsign": "xavier_uniform",
    "tanh_shrink": "xavier_uniform",
}
# What may stand between the weighted sums of a hidden layer and its activation, as engine/nn names it, and
# whether it needs training batches of two rows or more.
NORMALIZATION_NEEDS_TWO_ROWS = {"none": False, "batch": True, "layer": False}
Width = Annotated[int, Field(ge=1, le=10_000_000)]
OF_THE_GAIN = {"initializer_gain": 1.0}
INITIALIZER_SETTINGS: Takes = {
    "auto": OF_THE_GAIN,
    "xavier_uniform": OF_THE_GAIN,
    "xavier_normal": OF_THE_GAIN,
    "he_uniform": OF_THE_GAIN,
    "he_normal": OF_THE_GAIN,
    "lecun_uniform": OF_THE_GAIN,
    "lecun_normal": OF_THE_GAIN,
    "orthogonal": OF_THE_GAIN,
    "pytorch": {},
    "normal": {"initializer_std": 0.01},
    "zeros": {},
}
Initializer = Annotated[
    str,
    OneOf(INITIALIZER_SETTINGS),
    BeforeValidator(lambda name: INITIALIZER_ALIASES.get(name, name) if isinstance(name, str) else name),
]


def _of_the_initializer(name: str) -> tuple[str, Takers]:
    return "initializer", Takers(INITIALIZER_SETTINGS, name)


class NetworkSettings(BaseModel):
    """The shape of the multilayer perceptron and how its weights start."""

    hidden_sizes: Annotated[
        tuple[Width, ...], BeforeValidator(lambda sizes: tuple(sizes) if isinstance(sizes, list) else sizes)
    ] = setting(
        (16, 16),
        "units of each hidden layer, input side first; an empty list is a linear model",
        Help(
            "too few units cannot bend enough", "more to learn by heart, slower", unit="units", group="main"
        ),
        max_length=200,
    )
    activation: Annotated[str, OneOf(ACTIVATION_STARTS)] = setting(
        "tanh", "what each hidden unit does with its weighted sum", Help(group="main")
    )
    normalization: Annotated[str, OneOf(NORMALIZATION_NEEDS_TWO_ROWS)] = setting(
        "none",
        "brings the weighted sums of each hidden layer to mean 0 and variance 1 before the activation: "
        "each unit over the batch, or each row over the layer",
    )
    initializer: Initializer = setting(
        "auto",
        "how weights start; auto is He for relu and its smooth kin, LeCun for selu, Xavier otherwise; "
        "pytorch is the start of its nn.Linear, which draws the biases too",
    )
    initializer_gain: float | None = setting(
        None,
        "factor on the weights at the start (1 by default); 5/3 is torch's xavier gain for tanh",
        Help(
            "signals fade layer by layer",
            "signals grow layer by layer",
            applies_when=_of_the_initializer("initializer_gain"),
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
            applies_when=_of_the_initializer("initializer_std"),
        ),
        gt=0,
        le=100,
    )
    dropout: float = setting(
        0.0,
        "chance that a hidden unit is switched off in a training step",
        Help("no effect", "the network learns too little", unit="probability", group="main"),
        ge=0,
        lt=1,
    )
    dtype: Literal["float32", "float64"] = setting(
        "float32", "precision of the arithmetic; float64 is slower and for checking"
    )
