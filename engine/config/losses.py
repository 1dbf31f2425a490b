"""The losses by name: what each one takes and which targets it fits; knows no formula."""

from engine.config.setting import Takes

LOSS_SETTINGS: Takes = {
    "auto": {},
    "mse": {},
    "cross_entropy": {},
    "binary_cross_entropy": {},
    "mae": {},
    "huber": {"loss_delta": 1.0},
    "smooth_l1": {"loss_delta": 1.0},
}

# The losses that fit a target, the one that auto takes first.
FITTING: dict[str, list[str]] = {
    "regression": ["mse", "mae", "huber", "smooth_l1"],
    "two classes": ["binary_cross_entropy", "cross_entropy", "mse"],
    "classes": ["cross_entropy", "mse"],
}

# The losses of which a network says probabilities; with others, what it says of classes are scores.
PROBABILITY_LOSSES = ("cross_entropy", "binary_cross_entropy")
