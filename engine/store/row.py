"""One run: what its row in the store says, and what follows from that."""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from engine.config import ConfigError, RunConfig
from engine.config.stored import as_stored, stored_config
from engine.config.text import missing_plugin_message
from engine.plugins.registry import revision
from engine.store.damage import DAMAGED, JSON_DEFAULTS

ENDED = ("finished", "stopped", "diverged", "failed", "imported")
FAILED = ("failed", "diverged")
SPLITS = ("train", "val", "test")
PARSED_KEPT_AT_MOST = 1024


@dataclass(frozen=True)
class RunRow:
    """One run, as it was read.

    Attributes
    ----------
    status : str
        ``queued``, ``running``, ``interrupted`` (running, but its worker is gone), ``finished``,
        ``stopped``, ``diverged``, ``failed``, ``imported`` (curves out of a file, without weights) or
        ``damaged`` (what stands in the store cannot be so; ``message`` names it).
    config_json : str
        The settings as they are stored; :attr:`config` and :attr:`settings` are read from it.
    config_version : int
        0 for an imported run whose settings are not known: those in ``config`` mean nothing.
    tags : str
        Separated by commas; :func:`tags_of` takes them apart.
    parent_run, branch_step : int or None
        The run that this one continues, and from which step.
    group_id : int or None
        The run that its group began with: seeds of one configuration, or shares of its training rows.
    score_name : str
        ``accuracy`` or ``r2``: what train_score and val_score are.
    speed : float or None
        Epochs a second; None is as fast as possible.
    """

    id: int
    name: str
    status: str
    paused: bool
    request: str
    speed: float | None
    message: str
    created_at: float
    config_json: str
    dataset_id: str
    fingerprint: str
    step: int
    total_steps: int
    epoch: float
    parameters: int
    seconds: float
    score_name: str
    train_loss: float | None
    val_loss: float | None
    train_score: float | None
    val_score: float | None
    best_val_loss: float | None
    best_step: int | None
    test_loss: float | None
    test_score: float | None
    tags: str
    note: str
    archived: bool
    config_version: int
    parent_run: int | None
    branch_step: int | None
    group_id: int | None

    @cached_property
    def config(self) -> dict[str, Any]:
        """The settings by name, plain JSON values: also of a run whose plugin is missing here.

        What a run of an older version lacks is what the program did then, else its default.
        """
        return {**JSON_DEFAULTS, **as_stored(json.loads(self.config_json))}

    @property
    def settings(self) -> RunConfig:
        """The settings as a checked configuration; ConfigError when they name what is not known here."""
        return parsed(self.config_json, revision())

    @property
    def state(self) -> str:
        """The status as people call it: a live run that waits for Resume is paused."""
        return "paused" if self.paused and self.status in ("queued", "running") else self.status

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED or self.status == DAMAGED

    @property
    def stopped_early(self) -> bool:
        """Whether patience ended it before its planned end."""
        return self.status == "finished" and self.step < self.total_steps

    @property
    def last_step(self) -> int:
        """The step that it ends with, as far as that is known: the planned one until it has ended."""
        return self.step if self.ended else self.total_steps

    @property
    def done(self) -> float:
        """The share of its training that is done, 0 to 1; nothing is left of one that has finished."""
        return 1.0 if self.status == "finished" else min(1.0, self.step / max(self.total_steps, 1))

    @property
    def has_settings(self) -> bool:
        """Whether its settings are known."""
        return self.config_version > 0

    @property
    def missing_plugin(self) -> str:
        """A sentence when its plugin is not loaded here, or its settings cannot be used; else nothing."""
        if not self.has_settings:
            return self.message if self.status == DAMAGED else ""
        if sentence := missing_plugin_message(self.config):
            return sentence
        try:
            parsed(self.config_json, revision())
        except ConfigError as error:
            return f"its settings cannot be used here: {error}"
        return ""

    @property
    def can_be_built(self) -> bool:
        """Whether its network can be built here."""
        return self.has_settings and not self.missing_plugin

    @property
    def label(self) -> str:
        """Name and number, as shown in lists and legends."""
        return f"{self.name} #{self.id}" if self.name else f"run {self.id}"


@lru_cache(maxsize=PARSED_KEPT_AT_MOST)
def parsed(config_json: str, plugins: int) -> RunConfig:
    """Return settings as a checked configuration; a page that shows a run asks for the same each second."""
    return stored_config(config_json)
