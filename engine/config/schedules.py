"""The settings of the learning rate over time and of the end."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from engine.config.settings import Help, NameOf, When, setting

Milestones = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...],
    Field(min_length=1, max_length=100),
    BeforeValidator(lambda epochs: tuple(epochs) if isinstance(epochs, list) else epochs),
]


class ScheduleSettings(BaseModel):
    """How the learning rate goes on, and when a run ends before its last epoch."""

    schedule: Annotated[str, NameOf("schedule")] = setting(
        "constant",
        "how the learning rate goes on; learning_rate is where it starts, and the highest that one_cycle and "
        "the cyclic ones reach (none of them cycles a momentum)",
    )
    schedule_gamma: float | None = setting(
        None,
        "factor of the learning rate at each step down (0.1 by default), or an epoch with exponential and "
        "cyclic_exp_range (0.95)",
        Help("learning stops early", "no effect", depends_on=[When("schedule", has="schedule_gamma")]),
        gt=0,
        le=1,
    )
    schedule_every: int | None = setting(
        None,
        "epochs between two steps down (30 by default)",
        Help(
            "learning stops early",
            "no effect",
            unit="epochs",
            depends_on=[When("schedule", has="schedule_every")],
        ),
        ge=1,
        le=1_000_000,
    )
    schedule_milestones: Milestones | None = setting(
        None,
        "epochs, counted from the end of the warm-up, after which the learning rate steps down (50, 75 by "
        "default)",
        Help(
            "learning stops early",
            "no effect",
            unit="epochs",
            depends_on=[When("schedule", has="schedule_milestones")],
        ),
    )
    schedule_power: float | None = setting(
        None,
        "power of the fall to zero: 1, the default, is a straight line",
        Help(
            "high rates nearly to the end",
            "low rates from early on",
            depends_on=[When("schedule", has="schedule_power")],
        ),
        gt=0,
        le=100,
    )
    min_learning_rate: float | None = setting(
        None,
        "lowest learning rate that a schedule goes down to (0 by default)",
        Help("", "stays restless to the end", depends_on=[When("schedule", has="min_learning_rate")]),
        ge=0,
        le=1e6,
    )
    cycle_epochs: int | None = setting(
        None,
        "epochs of a cycle, up and down, or of the first descent of warm_restarts (10 by default)",
        Help(
            "restless",
            "hardly a second cycle",
            unit="epochs",
            depends_on=[When("schedule", has="cycle_epochs")],
        ),
        ge=1,
        le=1_000_000,
    )
    cycle_multiple: int | None = setting(
        None,
        "how many times as long as the one before it each descent of warm_restarts is (2 by default)",
        Help("equally long descents", "few restarts", depends_on=[When("schedule", has="cycle_multiple")]),
        ge=1,
        le=1000,
    )
    pct_start: float | None = setting(
        None,
        "share of the updates over which one_cycle rises (0.3 by default)",
        Help(
            "no warm-up",
            "little time to settle",
            unit="fraction",
            depends_on=[When("schedule", has="pct_start")],
        ),
        gt=0,
        lt=1,
    )
    div_factor: float | None = setting(
        None,
        "learning_rate divided by it is where one_cycle starts (25 by default) and the lowest of the cyclic "
        "ones (10)",
        Help("hardly a rise", "hardly learns at low rates", depends_on=[When("schedule", has="div_factor")]),
        ge=1,
        le=1e12,
    )
    final_div_factor: float | None = setting(
        None,
        "one_cycle ends at its first learning rate divided by this (10000 by default)",
        Help(
            "stays restless to the end",
            "the last epochs learn nothing",
            depends_on=[When("schedule", has="final_div_factor")],
        ),
        ge=1,
        le=1e12,
    )
    plateau_patience: int | None = setting(
        None,
        "epochs without a lower validation loss before plateau steps down (10 by default); evaluation says "
        "when that is measured, and on how many rows",
        Help(
            "steps down at the first bump",
            "waits too long",
            unit="epochs",
            depends_on=[When("schedule", has="plateau_patience")],
        ),
        ge=0,
        le=1_000_000,
    )
    plateau_threshold: float | None = setting(
        None,
        "share by which validation loss must fall to count as lower (0.0001 by default)",
        Help(
            "noise counts as progress",
            "slow progress counts as none",
            unit="fraction",
            depends_on=[When("schedule", has="plateau_threshold")],
        ),
        ge=0,
        lt=1,
    )
    plateau_cooldown: int | None = setting(
        None,
        "epochs after a step down before plateau begins to wait again (0 by default)",
        Help("", "steps down late", unit="epochs", depends_on=[When("schedule", has="plateau_cooldown")]),
        ge=0,
        le=1_000_000,
    )
    warmup_epochs: int = setting(
        0,
        "epochs over which the learning rate first rises from nearly zero in a line; the schedule follows",
        Help("no effect", "a slow beginning", unit="epochs"),
        ge=0,
        le=1_000_000,
    )
    early_stopping: int | None = setting(
        None,
        "patience: the run ends at the first evaluation so many epochs after the lowest validation loss; "
        "evaluation says when that is measured, and on how many rows",
        Help("stops at the first bump", "wastes epochs", unit="epochs"),
        ge=1,
        le=1_000_000,
    )
    early_stopping_min_delta: float = setting(
        0.0,
        "by how much validation loss must fall to count as lower for early_stopping",
        Help(
            "noise counts as progress",
            "slow progress counts as none",
            depends_on=[When("early_stopping", given=True)],
        ),
        ge=0,
        le=1e6,
    )
    restore_best: bool = setting(
        False,
        "end the run with the weights of its lowest validation loss instead of the last ones, with "
        "early_stopping or without",
    )
