"""What can be chosen by name, setting by setting, as the registries of engine/nn have it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engine.nn.activations import ACTIVATIONS
from engine.nn.features import FEATURES
from engine.nn.initializers import INITIALIZERS, OF_THE_GAIN
from engine.nn.losses import LOSSES
from engine.nn.normalization import NORMALIZATIONS
from engine.nn.optimizers import OPTIMIZERS
from engine.nn.registry import Registry
from engine.nn.schedules import SCHEDULES

AUTO = "auto"


class Choices(Collection[str]):
    """The names of a registry as it stands when asked, behind ``auto`` where the setting has it.

    Parameters
    ----------
    registry : Registry
    auto : mapping, optional
        The settings that ``auto`` allows, because what it stands for has them.
    """

    def __init__(self, registry: Registry[Any], auto: Mapping[str, Any] | None = None) -> None:
        self.registry, self.auto = registry, auto

    def __contains__(self, choice: object) -> bool:
        return choice in self.registry or (self.auto is not None and choice == AUTO)

    def __iter__(self) -> Iterator[str]:
        return iter([*([] if self.auto is None else [AUTO]), *self.registry])

    def __len__(self) -> int:
        return len(self.registry) + (self.auto is not None)

    def options(self, choice: object) -> Mapping[str, Any]:
        """Return the settings that belong to a choice, with its own defaults; none where nobody knows it."""
        if self.auto is not None and choice == AUTO:
            return self.auto
        return self.registry.options.get(choice, {}) if isinstance(choice, str) else {}


CHOICES: dict[str, Choices] = {
    "features": Choices(FEATURES),
    "activation": Choices(ACTIVATIONS),
    "normalization": Choices(NORMALIZATIONS),
    "initializer": Choices(INITIALIZERS, auto=OF_THE_GAIN),
    "loss": Choices(LOSSES, auto=LOSSES.options["cross_entropy"]),
    "optimizer": Choices(OPTIMIZERS),
    "schedule": Choices(SCHEDULES),
}
# Settings whose choices a plugin may add to.
OPEN_CHOICES = ("activation", "optimizer", "loss", "normalization")


def chosen_names(value: object) -> tuple[str, ...]:
    """Return the names that the value of such a setting chooses, each once: one, or one for each layer."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(name for name in values if isinstance(name, str)))


def option_table(setting: str) -> dict[str, Mapping[str, Any]]:
    """Return by choice of a setting the settings that belong to the choice, with its own defaults."""
    choices = CHOICES[setting]
    return {choice: choices.options(choice) for choice in choices}
