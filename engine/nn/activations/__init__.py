"""Activations: what a layer asks of one, the built-in ones by family, and the registry of them all.

A file put here is found by itself, and its activation is a choice of form and command line.
"""

from engine.nn.activations.registry import ACTIVATIONS, Activation, activation
from engine.nn.registry import import_modules

__all__ = ["ACTIVATIONS", "Activation", "activation"]

import_modules(__name__, __path__)
# Forms and help list the common ones first; one that is not named here follows.
ACTIVATIONS.arrange(
    (
        *("relu", "tanh", "sigmoid", "leaky_relu", "gelu", "elu", "silu", "selu", "softplus", "mish"),
        *("identity", "celu", "gelu_tanh", "relu6", "hard_swish", "hard_tanh", "hard_sigmoid"),
        *("log_sigmoid", "softsign", "tanh_shrink"),
    )
)
