"""Which settings each schedule takes, and what an open one stands for; must not know what they do."""

from typing import Any

SCHEDULE_SETTINGS: dict[str, dict[str, Any]] = {
    "constant": {},
    "cosine": {"min_learning_rate": 0.0},
    "one_cycle": {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4},
    "plateau": {
        "schedule_gamma": 0.1,
        "plateau_patience": 10,
        "plateau_threshold": 1e-4,
        "plateau_cooldown": 0,
        "min_learning_rate": 0.0,
    },
    "step": {"schedule_gamma": 0.1, "schedule_every": 30},
    "multi_step": {"schedule_gamma": 0.1, "schedule_milestones": (50, 75)},
    "exponential": {"schedule_gamma": 0.95},
    "polynomial": {"schedule_power": 1.0},
    "warm_restarts": {"cycle_epochs": 10, "cycle_multiple": 2, "min_learning_rate": 0.0},
    "cyclic_triangular": {"cycle_epochs": 10, "div_factor": 10.0},
    "cyclic_triangular2": {"cycle_epochs": 10, "div_factor": 10.0},
    "cyclic_exp_range": {"cycle_epochs": 10, "div_factor": 10.0, "schedule_gamma": 0.95},
}


def with_schedule(name: str) -> tuple[str, tuple[str, ...]]:
    """Return when a setting applies: with the schedules that take it."""
    return "schedule", tuple(schedule for schedule, taken in SCHEDULE_SETTINGS.items() if name in taken)
