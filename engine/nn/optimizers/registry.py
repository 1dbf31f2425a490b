"""The optimizers that can be chosen: their rule, and what people read about them; knows no formula."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.nn.optimizers.adam import Adam, Adamax, Nadam, Radam
from engine.nn.optimizers.adaptive import Adadelta, Adagrad, RmsProp
from engine.nn.optimizers.chain import Transform
from engine.nn.optimizers.momentum import Momentum, Nesterov
from engine.nn.optimizers.sign import Lion, Rprop


@dataclass(frozen=True)
class Rule:
    """An optimizer as people choose it.

    Parameters
    ----------
    name : str
        As in the configuration.
    meaning : str
        Its update in one line, for people who choose it.
    transform : class, optional
        Its transform, a dataclass whose fields are the settings that belong to it; none where the step is
        the gradient itself.
    advice : str, optional
        What learning rate or batch it wants, where that is not what others want.
    """

    name: str
    meaning: str
    transform: type[Any] | None = None
    advice: str = ""

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings that belong to it."""
        return tuple(field.name for field in fields(self.transform)) if self.transform else ()

    def transforms(self, values: Mapping[str, Any]) -> list[Transform]:
        """Return its transform with the settings of a resolved configuration; empty where it has none."""
        return [self.transform(**{name: values[name] for name in self.settings})] if self.transform else []

    def slots(self, values: Mapping[str, Any]) -> int:
        """Return the number of vectors like theta that it remembers with these settings."""
        return sum(len(each.slots) for each in self.transforms(values))


OPTIMIZERS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "sgd",
            "$w \\leftarrow w - \\eta\\,g$: straight down the gradient of the batch.",
            advice="Without memory it takes larger learning rates than Adam: 0.03 to 0.3 is usual.",
        ),
        Rule(
            "momentum",
            "$v \\leftarrow \\mu v + g,\\; w \\leftarrow w - \\eta\\,v$: a heavy ball.",
            Momentum,
        ),
        Rule(
            "nesterov",
            "$v \\leftarrow \\mu v + g,\\; w \\leftarrow w - \\eta\\,(g + \\mu v)$: the ball looks ahead.",
            Nesterov,
        ),
        Rule(
            "rmsprop",
            "$w \\leftarrow w - \\eta\\,g / (\\sqrt v + \\epsilon)$: the gradient by its usual size.",
            RmsProp,
        ),
        Rule(
            "adam",
            "$w \\leftarrow w - \\eta\\,\\hat m / (\\sqrt{\\hat v} + \\epsilon)$: a step for each weight.",
            Adam,
        ),
        Rule(
            "adamw",
            "$w \\leftarrow (1 - \\eta\\lambda)\\,w$, then Adam: decay $\\lambda$ apart from $g$.",
            Adam,
        ),
        Rule(
            "adagrad",
            "$s \\leftarrow s + g^2,\\; w \\leftarrow w - \\eta\\,g / (\\sqrt s + \\epsilon)$: "
            "steps only get shorter.",
            Adagrad,
        ),
        Rule(
            "adadelta",
            "$w \\leftarrow w - \\eta\\,g\\,\\sqrt{d + \\epsilon} / \\sqrt{v + \\epsilon}$: "
            "as long as steps usually were ($d$).",
            Adadelta,
            advice="Its steps have the size of the weights already: the usual learning rate is 1.",
        ),
        Rule(
            "adamax",
            "$u \\leftarrow \\max(\\beta_2 u, |g|),\\; w \\leftarrow w - \\eta\\,\\hat m / u$: "
            "Adam by the largest gradient.",
            Adamax,
        ),
        Rule(
            "nadam",
            "$w \\leftarrow w - \\eta\\,(\\mu\\hat m + (1 - \\mu)\\hat g) / (\\sqrt{\\hat v} + \\epsilon)$: "
            "Adam that looks ahead.",
            Nadam,
        ),
        Rule(
            "radam",
            "$w \\leftarrow w - \\eta\\,r\\,\\hat m / \\sqrt{\\hat v}$, at first $w - \\eta\\,\\hat m$: "
            "Adam with a warm-up built in.",
            Radam,
        ),
        Rule(
            "rprop",
            "$w \\leftarrow w - \\Delta\\,\\mathrm{sign}(g)$: $\\Delta$ grows while the sign stays. "
            "For full batches.",
            Rprop,
            advice="The learning rate is the first step size alone; schedules change nothing after it. "
            "Signs of small batches are noise: choose full as batch size.",
        ),
        Rule(
            "lion",
            "$w \\leftarrow (1 - \\eta\\lambda)\\,w - \\eta\\,\\mathrm{sign}(\\beta_1 m + (1-\\beta_1) g)$: "
            "equal steps for all.",
            Lion,
            advice="Every weight moves by the whole learning rate: take a third to a tenth of Adam's.",
        ),
    )
}
