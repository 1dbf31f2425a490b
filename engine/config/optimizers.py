"""The optimizers by name, and the settings that each one takes with their defaults; knows no formula."""

from engine.config.setting import Takes

ADAMS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

# PyTorch's defaults; the common ones first.
OPTIMIZER_SETTINGS: Takes = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8},
    "adam": {**ADAMS},
    "adamw": {**ADAMS},
}
