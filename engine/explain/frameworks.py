"""What a step can be written in: NumPy line by line, or PyTorch."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.explain.script import numpy_script
from engine.explain.step import ExplainedStep
from engine.explain.torch_script import torch_script


@dataclass(frozen=True)
class Framework:
    """What the script of a step needs, and what writes it.

    Attributes
    ----------
    title : str
        As it is spelled.
    script : callable
        Takes a step whose calls have not run yet, in float64, and one line that the script says of itself.
        Raises ConfigError where the step cannot be written.
    """

    title: str
    script: Callable[[ExplainedStep, str], str]

    def write(self, step: ExplainedStep, of: str = "") -> str:
        """Return the script; ``of`` says of what the step is, such as `` of run 3``."""
        moves = "predict, compare, trace back, adjust"
        return self.script(step, f"Step {step.step}{of}: {moves}, with {self.title} alone.")


FRAMEWORKS = {"numpy": Framework("NumPy", numpy_script), "pytorch": Framework("PyTorch", torch_script)}
