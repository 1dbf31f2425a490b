"""What is known of a run beside its records, as plain JSON values."""

import math
from typing import Any

from engine.store.row import SPLITS, RunRow
from engine.store.runs import tags_of

FACTS = (
    "name",
    "note",
    "status",
    "message",
    "created_at",
    "parent_run",
    "branch_step",
    "step",
    "total_steps",
    "epoch",
    "parameters",
    "seconds",
)
LOSSES = ("train_loss", "val_loss", "test_loss", "best_val_loss")


def run_summary(row: RunRow) -> dict[str, Any]:
    """Return settings and results of a run; what is not known or not finite is None.

    Losses and scores are those over all rows at the end; the lowest validation loss is the one of the curve.
    """
    facts: dict[str, Any] = {name: getattr(row, name) for name in FACTS}
    facts["tags"] = tags_of(row.tags)
    results = {name: getattr(row, name) for name in LOSSES}
    results["best_step"] = row.best_step
    results |= {f"{split}_{row.score_name}": getattr(row, f"{split}_score") for split in SPLITS}
    config = row.config if row.has_settings else None
    return {"run": row.id, **_finite(facts), "results": _finite(results), "config": config}


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}
