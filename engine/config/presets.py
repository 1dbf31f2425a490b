"""Presets: named settings that show one effect each, and what to watch."""

from dataclasses import dataclass, field
from typing import Any

from engine.config.errors import ConfigError, unknown_name


@dataclass(frozen=True)
class Preset:
    """One example.

    Attributes
    ----------
    name : str
        One word, for the command line.
    title : str
        For the screen.
    watch : str
        What to look at, with what was measured when it was trained with the seeds 0, 1 and 2.
    settings : dict
        Whatever differs from the defaults.
    """

    name: str
    title: str
    watch: str
    settings: dict[str, Any] = field(default_factory=dict)


DEEP = {"depth": 10, "width": 16, "optimizer": "sgd", "epochs": 100}
LARGE_START = {
    **DEEP,
    "activation": "relu",
    "initializer": "normal",
    "initializer_std": 0.7,
    "learning_rate": 0.1,
}
NOISY = {"samples": 200, "noise": 0.4, "hidden_sizes": [64, 64], "activation": "relu", "epochs": 300}

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "moons",
            "Two moons",
            "The boundary bends around both half circles. Both losses fall together; accuracy reaches 97 %.",
        ),
        Preset(
            "vanishing",
            "Vanishing: 10 sigmoid layers",
            "The gradient of layer 1 is a millionth of the last layer's: accuracy stays at 50 % for 100 "
            "epochs.",
            {**DEEP, "activation": "sigmoid", "initializer": "xavier_uniform", "learning_rate": 0.1},
        ),
        Preset(
            "cured",
            "Cured: ReLU",
            "The vanishing preset with ReLU in place of sigmoid and nothing else changed: the gradient "
            "reaches layer 1, and accuracy reaches 97 %.",
            {**DEEP, "activation": "relu", "initializer": "xavier_uniform", "learning_rate": 0.1},
        ),
        Preset(
            "residual",
            "Residual: 40 layers",
            "With a tenth of He's weights the signal fades within 40 layers, but residual connections "
            "pass the gradient around each: accuracy reaches 96 %, without them 50 %.",
            {
                **DEEP,
                "depth": 40,
                "activation": "relu",
                "initializer": "he_normal",
                "initializer_gain": 0.1,
                "learning_rate": 0.1,
                "residual": True,
            },
        ),
        Preset(
            "exploding",
            "Exploding: large weights",
            "Initial weights twice as large as He's: the first gradient norm is 400 to 900, and the run "
            "diverges within 10 steps.",
            LARGE_START,
        ),
        Preset(
            "clipped",
            "Clipped: norm 1",
            "The same large weights, but gradients are clipped to norm 1: accuracy reaches 97 %.",
            {**LARGE_START, "clip_norm": 1.0},
        ),
        Preset(
            "overfit",
            "Overfit: 200 noisy rows",
            "Validation loss turns up while training loss keeps falling: at the end a gap of 0.7 or more.",
            NOISY,
        ),
        Preset(
            "dropout",
            "Dropout cure",
            "The same data and network with half of the units dropped in each step: the gap stays below 0.2.",
            {**NOISY, "dropout": 0.5},
        ),
        Preset(
            "digits",
            "Digits",
            "1797 images of 8 x 8 pixels: accuracy reaches 97 %. The confusion matrix shows which are "
            "confused.",
            {"dataset": "digits", "hidden_sizes": [64], "activation": "relu", "epochs": 20},
        ),
        Preset(
            "features",
            "Features: circles, linear",
            "Without a hidden layer the boundary is a line; over squared inputs that line is an ellipse: "
            "accuracy reaches 97 %. With x1 and x2 it stays near 50 %.",
            {"dataset": "circles", "features": ["x1_squared", "x2_squared"], "hidden_sizes": []},
        ),
        Preset(
            "spiral",
            "Spiral",
            "Two arms that no straight line separates: watch single units combine until accuracy reaches "
            "97 %.",
            {"dataset": "spiral", "hidden_sizes": [32, 32], "epochs": 200},
        ),
    )
}


def preset_named(name: str) -> Preset:
    """Return a preset.

    Raises
    ------
    ConfigError
        When there is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(unknown_name("preset", name, PRESETS))
    return PRESETS[name]


def with_preset(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a preset with others on top; sizes given in another way replace its sizes.

    Raises
    ------
    ConfigError
        When there is no preset of that name.
    """
    preset = dict(preset_named(name).settings)
    sizes = {"hidden_sizes", "depth", "width"}
    if "hidden_sizes" in settings or ("hidden_sizes" in preset and sizes & set(settings)):
        preset = {key: value for key, value in preset.items() if key not in sizes}
    return {**preset, **settings}
