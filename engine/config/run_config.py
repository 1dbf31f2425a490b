"""RunConfig, the one model of a run: drives validation, form, CLI and docs."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from engine.config.data import DataSettings
from engine.config.errors import ConfigError, explain, unknown_name
from engine.config.network import NetworkSettings
from engine.config.schedules import ScheduleSettings
from engine.config.settings import SETTINGS, applies, describe_sections
from engine.config.training import TrainingSettings

CONFIG_VERSION = 1
SECTIONS: dict[str, type[BaseModel]] = {
    "data": DataSettings,
    "network": NetworkSettings,
    "training": TrainingSettings,
    "schedule": ScheduleSettings,
}
SHORTHANDS = ("depth", "width")


class RunConfig(ScheduleSettings, TrainingSettings, NetworkSettings, DataSettings):
    """Everything that decides a run's arithmetic; frozen, strict, unknown names refused.

    ``depth`` and ``width`` are accepted as a shorthand for ``hidden_sizes``. A setting whose value is
    ``None`` is filled in by :func:`engine.config.resolve.resolve`.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, defer_build=False
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_shorthands_and_known_names(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            raise ValueError(f"a configuration must be an object of settings, got {type(values).__name__}")
        known = (*cls.model_fields, *SHORTHANDS)
        for name in values:
            if name not in known:
                raise ValueError(unknown_name("setting", str(name), known))
        return _expand_shorthands(dict(values))

    @model_validator(mode="after")
    def _refuse_values_that_do_not_apply(self) -> Self:
        for name, setting in SETTINGS.items():
            explained = setting.explained
            if getattr(self, name) != setting.default and not applies(explained, self.__dict__):
                wanted = " or ".join(map(str, explained.depends_on))
                deciders = [when.setting for when in explained.depends_on]
                came = " and ".join(f"{decider} {_word(getattr(self, decider))}" for decider in deciders)
                raise ValueError(f"{name} applies only with {wanted}, got {came}")
        return self

    @model_validator(mode="after")
    def _ask_for_what_a_table_needs(self) -> Self:
        for name in ("table", "target", "split_column"):
            explained = SETTINGS[name].explained
            decider = explained.depends_on[0].setting
            if getattr(self, name) is None and applies(explained, self.__dict__):
                raise ValueError(f"{name} must be given with {decider} {getattr(self, decider)}, got none")
        held_out = self.validation_fraction + self.test_fraction
        if held_out > 0.95:
            raise ValueError(
                f"validation_fraction + test_fraction must be <= 0.95, got {held_out:.4g}: "
                "too few rows are left to learn from"
            )
        return self

    @model_validator(mode="after")
    def _refuse_a_schedule_that_cannot_be(self) -> Self:
        if self.warmup_epochs > self.epochs:
            raise ValueError(f"warmup_epochs must be <= epochs ({self.epochs}), got {self.warmup_epochs}")
        epochs = self.schedule_milestones or ()
        if any(later <= earlier for earlier, later in pairwise(epochs)):
            raise ValueError(f"schedule_milestones must ascend, got {', '.join(map(str, epochs))}")
        if (self.min_learning_rate or 0) > self.learning_rate:
            raise ValueError(
                f"min_learning_rate must be <= learning_rate ({self.learning_rate:g}), "
                f"got {self.min_learning_rate:g}"
            )
        return self

    def to_json(self) -> str:
        """Return the configuration as JSON, every setting named; read again by :func:`config_from_json`."""
        return self.model_dump_json()


describe_sections(SECTIONS, RunConfig.model_fields)


def _expand_shorthands(values: dict[str, Any]) -> dict[str, Any]:
    given = [name for name in SHORTHANDS if name in values]
    if not given:
        return values
    if "hidden_sizes" in values:
        raise ValueError(f"{given[0]} is a shorthand for hidden_sizes: give one of them, got both")
    default: tuple[int, ...] = RunConfig.model_fields["hidden_sizes"].default
    depth = values.pop("depth", len(default))
    width = values.pop("width", default[0])
    if isinstance(depth, bool) or not isinstance(depth, int) or not 0 <= depth <= 200:
        raise ValueError(f"depth must be a whole number from 0 to 200, got {depth!r}")
    return {**values, "hidden_sizes": (width,) * depth}


def _word(value: Any) -> str:
    return "none" if value is None else str(value)


def default_beside(name: str, values: Mapping[str, Any]) -> Any:
    """Return what an open setting stands for beside the other values; None where none is known."""
    explained = SETTINGS[name].explained
    if not explained.depends_on:
        return None
    return explained.defaults.get(values[explained.depends_on[0].setting])


def parse_config(values: Mapping[str, Any]) -> RunConfig:
    """Validate settings into a configuration.

    Parameters
    ----------
    values : mapping
        Settings by name; those left out take their defaults.

    Returns
    -------
    RunConfig

    Raises
    ------
    ConfigError
        One sentence that names the setting, what was required and what came.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None
