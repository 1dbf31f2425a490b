"""What a call of a step does, in one plain sentence."""

import re

from engine.explain.step import LOSS

# By phase, and by what the call writes, without the number of its layer; "" is for whatever else there is.
SENTENCES = {
    "forward": {
        "z": "Each unit adds up what comes in, each input times its weight, and its bias.",
        "a": "The activation bends the sum of each unit.",
        "m": "Dropout draws which units stay silent in this step; the others are made stronger.",
        "k": "Dropout keeps the units whose draw is below the share that is kept.",
        "d": "Units that dropout silences give 0.",
        "h": "A residual connection adds what came into the layer.",
        "n": "The normalized sum, stretched and moved by what the unit has learned.",
        "μ": "The mean of the sums, taken out below.",
        "v": "How far the sums spread around their mean.",
        "r": "One over the spread, so that the sums get spread 1.",
        "ẑ": "The sums, moved and scaled to mean 0 and spread 1.",
        "running_mean": "Remembers mean and spread for later, when there is no batch to take them from.",
        "u": "Remembers mean and spread for later, when there is no batch to take them from.",
        "": "One part of what the layer computes.",
    },
    LOSS: {
        "L": "The loss: how far the prediction is from the target, as one number.",
        "dz": "How the loss changes with each output: the error that is now traced back.",
        "": "One part of the loss.",
    },
    "backward": {
        "dW": "The gradient of each weight: the error at its unit, times what came in through it.",
        "da": "The error of each unit in the layer below: it flows back through the same weights.",
        "dh": "The error of each unit in the layer below: it flows back through the same weights.",
        "dd": "The error of each unit in the layer below: it flows back through the same weights.",
        "s": "The slope of the activation: how much each unit still moves when its sum does.",
        "dz": "The error at each sum: the error at the unit, times the slope of its activation.",
        "dn": "The error at each normalized sum: the error at the unit, times the slope of its activation.",
        "dγ": "The gradient of what stretches the normalized sums.",
        "dβ": "The gradient of what moves the normalized sums.",
        "": "One part of the way back through the layer.",
    },
    "update": {
        "m": "The optimizer's running mean of the gradient.",
        "v": "The optimizer's running mean of the squared gradient.",
        "b": "Momentum: the direction of the steps before, and the gradient added to it.",
        "g": "The gradient, no larger than the clipping allows.",
        "Δθ": "The step of each weight: the learning rate times the direction.",
        "θ": "Every weight takes the step that the rule has worked out for it.",
        "": "One part of the rule of the optimizer.",
    },
}


WITHOUT_BIAS = (
    "Each unit adds up what comes in, each input times its weight. The normalization needs no bias."
)


def meaning_of(phase: str, target: str, is_part: bool, *, has_bias: bool = True) -> str:
    """Return what a call does.

    Parameters
    ----------
    phase : str
        ``forward``, ``loss``, ``backward``, ``update``.
    target : str
        What it writes, as its label names it: ``dW1``.
    is_part : bool
        Whether a later call of the layer writes it again, so that this is not yet what the sentence says.
    has_bias : bool
        Whether a weighted sum ends with a bias.
    """
    sentences = SENTENCES[phase]
    if phase == "forward" and not has_bias and re.fullmatch(r"z\d+", target):
        return WITHOUT_BIAS
    sentence = sentences.get(re.sub(r"[\d']+$", "", target), sentences[""])
    return f"On the way to {target}. {sentence}" if is_part and sentence != sentences[""] else sentence
