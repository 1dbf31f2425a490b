"""The worked neuron: one input, one weight that learns, one target; predict, compare, trace back, adjust."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from engine.config import ConfigError
from engine.config.errors import unknown_name
from engine.nn.activations import ACTIVATIONS
from engine.nn.curves import activation_curves
from engine.nn.losses import LOSSES
from engine.nn.network import Network
from engine.nn.optimizers.chain import Optimizer

STEPS = 41
POINTS = 241
# Beyond this the weight has left everything that a curve could show.
FAR = 1e9
NOTHING = 1e-12
LARGEST = 1e6
# Of the last steps so many say whether it settles; a loss that is lower by less is no lower.
RECENT, GROWING, NO_LOWER = 20, 4, 0.98
# An activation whose slope is below this is flat: steps are short there.
FLAT = 0.05


@dataclass(frozen=True)
class Neuron:
    """What the neuron is given: ``prediction = activation(w x + b)``, ``loss = (prediction - y)²``.

    Only the weight learns. The bias is part of the sum and stays.

    Raises
    ------
    ConfigError
        For a number that is not finite, a rate below 0 or an activation that is not known.
    """

    x: float = 2.0
    w: float = 0.5
    b: float = 0.0
    y: float = 4.0
    rate: float = 0.1
    activation: str = "identity"

    def __post_init__(self) -> None:
        for each in fields(self)[:5]:
            value = getattr(self, each.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
                raise ConfigError(f"{each.name} must be a number from -1e6 to 1e6, got {value!r}")
        if self.rate < 0:
            raise ConfigError(f"rate must be >= 0, got {self.rate:g}")
        if self.activation not in ACTIVATIONS:
            raise ConfigError(unknown_name("activation", self.activation, tuple(ACTIVATIONS)))

    @classmethod
    def from_text(cls, given: Mapping[str, Any]) -> "Neuron":
        """Return the neuron of values that were typed; those that are not given take their defaults.

        Raises
        ------
        ConfigError
            For what is no number, beside what the neuron itself refuses.
        """
        values: dict[str, Any] = {}
        for name, value in given.items():
            try:
                values[name] = str(value) if name == "activation" else float(value)
            except (TypeError, ValueError):
                shown = str(value)[:40] or "nothing"
                raise ConfigError(f"{name} must be a number, got {shown}") from None
        return cls(**values)


def neuron_data(neuron: Neuron) -> dict[str, Any]:
    """Train the neuron with the engine, and return what there is to see, as plain values.

    Returns
    -------
    dict
        ``steps``: for each step ``w``, ``z`` the sum, ``prediction``, ``loss``, ``error`` (dL/dprediction),
        ``slope`` of the activation, ``gradient`` (dL/dw), ``change`` and ``w_new``. ``curve``: the loss over
        the weight, ``w`` and ``loss``. ``curvature``: 2x², how much the slope of the loss changes with the
        weight, where that is one number for all weights: without an activation; else None. ``best``: about
        the lowest loss that any weight has. ``outcome``: see :func:`outcome_of`.
    """
    steps, best = _steps(neuron), _lowest(neuron)
    return {
        "steps": steps,
        "curve": _curve(neuron, [step["w"] for step in steps] + [steps[-1]["w_new"]]),
        "curvature": 2 * neuron.x**2 if neuron.activation == "identity" else None,
        "outcome": outcome_of(steps, best),
        "best": best,
    }


def outcome_of(steps: list[dict[str, float]], best: float) -> str:
    """Return what becomes of the neuron.

    ``right``: nothing to learn from the start. ``stuck``: the gradient is 0 while the prediction is wrong.
    ``still``: the rate is 0. ``solved``: one step is enough. ``swings``: the loss stays as it is while the
    weight goes to and fro. ``explodes``: the loss grows to the end. ``converges``: the loss ends below a
    thousandth of that at the start. ``out_of_reach``: no weight has a loss much below the last one.
    ``thrown``: a step went to where the activation is flat, and the gradient is next to nothing since.
    ``bounces``: steps jump over the minimum, and the lowest loss gets no lower. ``slow``: it goes down, but
    does not get there in these steps.

    Parameters
    ----------
    steps : list of dict
        Of :func:`neuron_data`.
    best : float
        The lowest loss that any weight has.
    """
    first, last = steps[0]["loss"], steps[-1]["loss"]
    if first < NOTHING:
        return "right"
    if abs(steps[0]["gradient"]) < NOTHING:
        return "stuck"
    if steps[0]["change"] == 0:
        return "still"
    if steps[1]["loss"] < NOTHING * max(first, 1):
        return "solved"
    if abs(last - first) < 1e-9 * first and (steps[0]["change"] > 0) != (steps[1]["change"] > 0):
        return "swings"
    losses = np.array([step["loss"] for step in steps])
    if len(steps) < STEPS or (last == losses.max() and (np.diff(losses[-GROWING:]) > 0).all()):
        return "explodes"
    if last < 1e-3 * first:
        return "converges"
    if best > 0.5 * last:
        return "out_of_reach"
    if thrown_by(steps) is not None and abs(steps[-1]["slope"]) < FLAT:
        return "thrown"
    earlier, later = losses[-RECENT : -RECENT // 2], losses[-RECENT // 2 :]
    return "bounces" if jumps_over(steps) and later.min() >= NO_LOWER * earlier.min() else "slow"


def thrown_by(steps: list[dict[str, float]]) -> int | None:
    """Return the step since which the gradient is below a thousandth of its largest, None where it is not."""
    sizes = np.abs([step["gradient"] for step in steps])
    steep = np.flatnonzero(sizes >= 1e-3 * sizes.max())
    return int(steep[-1]) + 1 if len(steep) and steep[-1] + 1 < len(steps) else None


def jumps_over(steps: list[dict[str, float]]) -> bool:
    """Tell whether most of the last steps went the other way than the one before."""
    signs = np.sign([step["change"] for step in steps[-RECENT:]])
    return bool((signs[1:] * signs[:-1] < 0).mean() > 0.4)


def _steps(neuron: Neuron) -> list[dict[str, float]]:
    """Return the steps, up to :data:`STEPS` or until the weight is lost."""
    network = Network([1, 1, 1], ACTIVATIONS[neuron.activation], LOSSES["mse"], dtype=np.float64)
    recording, parameters = network.recording(1), network.parameters
    optimizer = Optimizer(parameters, [])
    first, second = parameters.weights[0], parameters.weights[1]
    first[0, :], second[0, :] = (neuron.w, neuron.b), (1.0, 0.0)  # the second layer hands on what it gets
    recording.x[...], recording.target[...] = neuron.x, neuron.y
    blocks, steps = recording.arena.blocks, []
    for number in range(1, STEPS + 1):
        with np.errstate(all="ignore"):
            recording.tape.replay()
            recording.loss_tape.replay()
        weight, gradient = float(first[0, 0]), float(parameters.gradients[0][0, 0])
        parameters.gradients[0][0, 1] = parameters.gradients[1][...] = 0  # only the weight learns
        optimizer.prepare(number, neuron.rate)
        optimizer.update.replay()
        step = {
            "w": weight,
            "z": float(blocks["z1"].values[0, 0]),
            "prediction": float(recording.output.values[0, 0]),
            "loss": float(recording.loss),
            "error": float(blocks["z2"].error[0, 0]),
            "slope": float(activation_curves(ACTIVATIONS[neuron.activation], blocks["z1"].values[0])[1][0]),
            "gradient": gradient,
            "change": float(first[0, 0]) - weight,
            "w_new": float(first[0, 0]),
        }
        if not all(np.isfinite(value) for value in step.values()) or abs(weight) > FAR:
            break
        steps.append(step)
    return steps


def _losses(neuron: Neuron, weights: np.ndarray) -> np.ndarray:
    outputs, _ = activation_curves(ACTIVATIONS[neuron.activation], weights * neuron.x + neuron.b)
    return (outputs - neuron.y) ** 2


def _lowest(neuron: Neuron) -> float:
    sizes = np.geomspace(1e-3, 1e4, 400)
    losses = _losses(neuron, np.concatenate([-sizes, [0.0], sizes]))
    return float(np.nanmin(losses))


def _curve(neuron: Neuron, visited: list[float]) -> dict[str, list[float]]:
    """Return the loss around the weights of the first steps and, where there is one, the best weight."""
    seen = [weight for weight in visited[:6] if abs(weight - neuron.w) < 50]
    if neuron.activation == "identity" and neuron.x:
        seen.append((neuron.y - neuron.b) / neuron.x)
    low, high = min(seen), max(seen)
    room = max(0.35 * (high - low), 1.0)
    weights = np.linspace(low - room, high + room, POINTS)
    return {"w": weights.tolist(), "loss": _losses(neuron, weights).tolist()}
