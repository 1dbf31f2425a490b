"""What a gradient costs: one backward pass against finite differences, counted and measured."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from engine.explain.step import ExplainedStep
from engine.nn.adapters import draw_uniform
from engine.nn.tape import Instruction

# The same network with so many units in each hidden layer, for the growth.
WIDTHS = (2, 4, 8, 16, 32, 64, 128)
REPEATS = 5
DIFFERENCES_TRIED = 60


@dataclass(frozen=True)
class Cost:
    """Of one gradient of all weights.

    Attributes
    ----------
    passes : int
        How often the network is run.
    products : int
        Multiplications of two numbers within its matrix products.
    """

    passes: int
    products: int


def counted(sizes: Sequence[int], rows: int, weights: int | None = None) -> tuple[Cost, Cost]:
    """Return what the gradient of a dense network costs, by one backward pass and by finite differences.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each layer, outputs.
    rows : int
        Of the batch.
    weights : int, optional
        How many numbers are learned; by default weights and biases of the layers.
    """
    pairs = list(pairwise(sizes))
    forward = rows * sum(left * right for left, right in pairs)
    back = rows * sum(left * right for left, right in pairs[1:])
    weights = weights or sum((left + 1) * right for left, right in pairs)
    # Back: one product for the gradient of each weight, and one for the error below, but for the inputs.
    return Cost(1, 2 * forward + back), Cost(2 * weights, 2 * weights * forward)


def cost_data(step: ExplainedStep) -> dict[str, Any]:
    """Count and measure, on a step that has run, what its gradient costs either way.

    The seconds of finite differences are those of some weights, taken for all of them.

    Returns
    -------
    dict
        ``backward`` and ``differences``: ``passes``, ``products``, ``seconds``; ``weights``; ``growth``: for
        networks of the same depth with other widths ``width``, ``weights`` and the products of both.
    """
    sizes, rows = step.network.sizes, len(step.rows)
    tape = [each for each in step.recording.tape.instructions if each.function is not draw_uniform]
    forward = [each for each in tape if each.phase == "forward"] + step.recording.loss_tape.instructions
    backward, differences = counted(sizes, rows, int(step.before.size))
    theta = step.network.parameters.theta
    after, theta[...] = theta.copy(), step.before
    whole, once = _seconds(tape, REPEATS), _seconds(forward, DIFFERENCES_TRIED)
    theta[...] = after
    return {
        "weights": int(step.before.size),
        "backward": {**asdict(backward), "seconds": whole},
        "differences": {**asdict(differences), "seconds": differences.passes * once},
        "growth": [_at_width(sizes, width, rows) for width in WIDTHS] if len(sizes) > 2 else [],
    }


def _at_width(sizes: Sequence[int], width: int, rows: int) -> dict[str, int]:
    wide = [sizes[0], *[width] * (len(sizes) - 2), sizes[-1]]
    backward, differences = counted(wide, rows)
    return {
        "width": width,
        "weights": differences.passes // 2,
        "backward": backward.products,
        "differences": differences.products,
    }


def _seconds(calls: list[Instruction], repeats: int) -> float:
    """Return the shortest time that the calls took together."""
    shortest = np.inf
    with np.errstate(all="ignore"):
        for _ in range(repeats):
            began = perf_counter()
            for each in calls:
                each.function(*each.arguments)
            shortest = min(shortest, perf_counter() - began)
    return float(shortest)
