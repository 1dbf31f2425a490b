"""The settings of the network of a run; must not know how a network computes."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.setting import Help, setting

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

# Nearly 0 on the left: about half of the signal is lost, and He initialisation makes up for it.
RECTIFIERS = (
    *("relu", "leaky_relu", "gelu", "elu", "silu", "softplus", "mish"),
    *("celu", "gelu_tanh", "relu6", "hard_swish"),
)

# The common ones first, as in ACTIVATIONS of engine/nn, which has a class for each of them.
Activation = Literal[
    "relu",
    "tanh",
    "sigmoid",
    "leaky_relu",
    "gelu",
    "elu",
    "silu",
    "selu",
    "softplus",
    "mish",
    "identity",
    "celu",
    "gelu_tanh",
    "relu6",
    "hard_swish",
    "hard_tanh",
    "hard_sigmoid",
    "log_sigmoid",
    "softsign",
    "tanh_shrink",
]
Width = Annotated[int, Field(ge=1, le=10_000_000)]
Initializer = Annotated[
    Literal[
        "auto",
        "xavier_uniform",
        "xavier_normal",
        "he_uniform",
        "he_normal",
        "lecun_uniform",
        "lecun_normal",
        "orthogonal",
        "pytorch",
        "normal",
        "zeros",
    ],
    BeforeValidator(lambda name: INITIALIZER_ALIASES.get(name, name) if isinstance(name, str) else name),
]


WITH_GAIN = (
    "initializer",
    (
        "auto",
        *("xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal"),
        "orthogonal",
    ),
)


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
    activation: Activation = setting(
        "tanh", "what each hidden unit does with its weighted sum", Help(group="main")
    )
    normalization: Literal["none", "batch", "layer"] = setting(
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
        Help("signals fade layer by layer", "signals grow layer by layer", applies_when=WITH_GAIN),
        gt=0,
        le=1000,
    )
    initializer_std: float | None = setting(
        None,
        "standard deviation of the weights at the start (0.01 by default)",
        Help("signals fade layer by layer", "units saturate", applies_when=("initializer", ("normal",))),
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
