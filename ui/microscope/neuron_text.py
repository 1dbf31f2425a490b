"""What becomes of the worked neuron, in a sentence with its reason."""

from typing import Any

from engine.explain.neuron import FLAT, RECENT, Neuron, jumps_over, thrown_by
from ui.shared.text import count, number


def describe_outcome(neuron: Neuron, found: dict[str, Any]) -> str:
    """Return what a learning rate leads to, and why: by the curvature where it is one number."""
    steps, outcome, curvature = found["steps"], found["outcome"], found["curvature"]
    last, recent = steps[-1]["loss"], [step["loss"] for step in steps[-RECENT:]]
    verdicts = {
        "right": "The prediction is right from the start: the loss is 0, its slope is 0, and nothing moves.",
        "stuck": f"The weight cannot move: {_why_stuck(neuron, steps[0])}, so the gradient is 0 although the "
        "prediction is wrong.",
        "still": "The learning rate is 0: the gradient is known, but no step is taken.",
        "solved": "One step lands on the minimum.",
        "swings": "The weight swings to and fro for ever: each step lands as far on the other side.",
        "explodes": "The loss grows: each step lands further away than it began.",
        "converges": f"It gets there: {_when_near(steps)} the loss is below a thousandth of what it was.",
        "slow": f"It learns slowly: after {len(steps) - 1} steps the loss is still {number(last)}."
        f"{_why_slow(neuron, steps)}",
        "thrown": _describe_throw(neuron, steps),
        "bounces": f"It does not settle: steps jump over the minimum, and in the last {RECENT} of them the "
        f"loss goes between {number(min(recent))} and {number(max(recent))}. A lower rate settles.",
        "out_of_reach": f"{neuron.activation} cannot reach {number(neuron.y)}: whatever the weight, the loss "
        f"is at least {number(found['best'])}.",
    }
    return f"{verdicts[outcome]} {_why(neuron, curvature)}".strip()


def _when_near(steps: list[dict[str, float]]) -> str:
    """Return after how many steps the loss is below a thousandth of the first."""
    near = (place for place, step in enumerate(steps) if step["loss"] < 1e-3 * steps[0]["loss"])
    return f"after {count(next(near, len(steps)), 'step')}"


def _why_slow(neuron: Neuron, steps: list[dict[str, float]]) -> str:
    slope = steps[-1]["slope"]
    if neuron.activation != "identity" and abs(slope) < FLAT:
        return f" {neuron.activation} is nearly flat here: its slope, {number(slope)}, scales the gradient."
    if jumps_over(steps):
        return " Steps jump over the minimum: a lower rate gets there sooner."
    return " A higher rate takes longer steps."


def _describe_throw(neuron: Neuron, steps: list[dict[str, float]]) -> str:
    step, last = thrown_by(steps), steps[-1]
    return (
        f"Step {step} throws the weight to where {neuron.activation} is flat: with a slope of "
        f"{number(last['slope'])} the gradient is {number(last['gradient'])}, and the loss stays at "
        f"{number(last['loss'])}. A lower rate stays where it can learn."
    )


def _why_stuck(neuron: Neuron, step: dict[str, float]) -> str:
    if neuron.x == 0:
        return "the input is 0"
    if step["slope"] == 0:
        return f"{neuron.activation} has slope 0 at {number(step['z'])}"
    return "its slope is too small for the numbers of a computer"


def _why(neuron: Neuron, curvature: float | None) -> str:
    if not curvature:
        return ""
    factor = 1 - neuron.rate * curvature
    return (
        f"The slope of the loss changes by 2x² = {number(curvature)} for each unit of w, so a step "
        f"multiplies the distance to the minimum by 1 − rate · 2x² = {number(factor)}. Rate 1/(2x²) = "
        f"{number(1 / curvature)} lands on it at once, above {number(2 / curvature)} it diverges."
    )
