"""The columns of the table of runs: their titles, and what a run or a group of seeds shows in each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.analysis.statistics import mean_interval
from engine.analysis.verdicts import Measure
from engine.config.settings import SETTINGS
from engine.store.columns import known_column
from engine.store.groups import SeedGroup
from engine.store.row import RunRow
from engine.store.runs import tags_of
from ui.shared.text import duration, format_setting, number, visible

CURVE = "curve"
# Title and help of what is no setting; a setting has its name and its description.
OWN = {
    "run": ("run", "Number of the run, or how many seeds a group has."),
    "name": ("name", "Name of the run."),
    "status": ("state", "Status of the run."),
    CURVE: ("curve", "Validation loss from the first to the last evaluation; each row has its own scale."),
    "val_loss": ("validation loss", "Latest validation loss."),
    "best_val_loss": ("lowest validation loss", "Lowest validation loss of the curve."),
    "val_score": ("score", "Validation accuracy (a fraction), or R² for regression."),
    "train_loss": ("training loss", "Latest training loss."),
    "train_score": ("training score", "Training accuracy (a fraction), or R² for regression."),
    "test_loss": ("test loss", "Loss on the test rows, once the run has ended."),
    "test_score": ("test score", "Test accuracy (a fraction), or R² for regression."),
    "best_step": ("step of lowest validation loss", "Step with the lowest validation loss."),
    "step": ("steps", "Completed optimizer steps."),
    "total_steps": ("planned steps", "Optimizer steps that were planned."),
    "epoch": ("epoch", "Completed epochs."),
    "done": ("done", "Share of the planned training that is done."),
    "seconds": ("training", "Time spent training."),
    "parameters": ("parameters", "Weights and biases of the network."),
    "started": ("started", "When the run was created."),
    "tag": ("tags", "Tags of the run."),
    "parent": ("parent", "The run that this one continues."),
    "note": ("note", "Note on the run."),
    "message": ("message", "What ended the run."),
}
SHORT = {"dataset": "data", "hidden_sizes": "layers"}
ALWAYS = "run"
USUAL = (
    *("name", "status", CURVE, "val_loss", "best_val_loss", "val_score", "dataset", "hidden_sizes"),
    *(
        "activation",
        "optimizer",
        "learning_rate",
        "seed",
        "seconds",
        "started",
        "tag",
        "done",
        "parent",
        "note",
    ),
)
METRICS = {
    **dict.fromkeys(("val_loss", "best_val_loss", "train_loss", "test_loss"), False),
    **dict.fromkeys(("val_score", "train_score", "test_score"), True),
}
NUMERIC = ("integer", "number", "integer or full", "number or list")
LONGEST = {"note": 200, "message": 200}
CURVES_AT_MOST = 5

Cell = str | dict[str, Any] | None


def choices() -> list[str]:
    """Return the names of all columns that can be shown beside the run's number."""
    return [name for name in (*OWN, *SETTINGS) if name != ALWAYS]


def title(name: str) -> str:
    """Return what stands above a column."""
    return OWN[name][0] if name in OWN else SHORT.get(name, name.replace("_", " "))


def heading(name: str) -> dict[str, Any]:
    """Return what the browser is told of a column."""
    explained = OWN[name][1] if name in OWN else SETTINGS[name].help_text
    is_sortable = name != CURVE
    if is_sortable:
        explained += f" Filter by {name}."
    is_number = is_sortable and name not in (ALWAYS, "done") and known_column(name).kind in NUMERIC
    return {
        "name": name,
        "title": title(name),
        "help": explained,
        "sorts": is_sortable,
        "descends": is_sortable and known_column(name).descends,
        "number": is_number,
    }


def run_cell(name: str, row: RunRow, curves: Mapping[int, Sequence[float]]) -> Cell:
    """Return what a run shows in a column: text, None for nothing, or what is drawn, by its kind."""
    if name == CURVE:
        return _drawn([curves.get(row.id, ())])
    if name == "status":
        return {"state": row.state, "more": " (archived)" if row.archived else ""}
    if name == "tag":
        return {"tags": [visible(tag) for tag in tags_of(row.tags)]}
    if name == "done":
        return {"done": row.done}
    return _written(name, known_column(name).value(row))


def group_cell(name: str, group: SeedGroup, curves: Mapping[int, Sequence[float]]) -> Cell:
    """Return what a group of seeds shows: the mean with its 95 % interval, a range, or what all share."""
    rows = group.rows
    if name == ALWAYS:
        return (
            f"{len(rows)} seeds"
            if len({row.config["seed"] for row in rows}) == len(rows)
            else f"{len(rows)} runs"
        )
    if name in METRICS:
        values = list(group.values(name).values())
        if len(values) < 2:
            return _written(name, values[0]) if values else None
        return Measure(name, "", "", METRICS[name]).format(mean_interval(values))
    if name == CURVE:
        return _drawn([curves[row.id] for row in rows[:CURVES_AT_MOST] if row.id in curves])
    if name == "status":
        return ", ".join(f"{count} {state}" for state, count in Counter(row.state for row in rows).items())
    if name == "tag":
        return {"tags": list(dict.fromkeys(visible(tag) for row in rows for tag in tags_of(row.tags)))}
    if name == "done":
        return {"done": sum(row.done for row in rows) / len(rows)}
    return _shared(name, [known_column(name).value(row) for row in rows])


def _shared(name: str, values: Sequence[Any]) -> Cell:
    if all(value == values[0] for value in values):
        return _written(name, values[0])
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values):
        return f"{_written(name, min(numbers))} to {_written(name, max(numbers))}"
    texts = [text for text in (_written(name, value) for value in values) if isinstance(text, str)]
    return f"{texts[0]}, …" if texts else None


def _written(name: str, value: Any) -> Cell:
    if value is None or value == "":
        return None
    if name == "seconds":
        return duration(value)
    if name == "parent":
        return f"run {value}"
    if name in SETTINGS:
        return format_setting(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if name == ALWAYS else f"{value:,}"
    if isinstance(value, float):
        return number(value)
    return visible(str(value), LONGEST.get(name, 60))


def _drawn(curves: Sequence[Sequence[float]]) -> Cell:
    """Return curves on one scale of 0 to 99, so that each point is two digits."""
    known = [curve for curve in curves if len(curve) > 1]
    if not known:
        return None
    lowest, highest = min(map(min, known)), max(map(max, known))
    span = highest - lowest or 1.0
    return {"curves": [[round(99 * (value - lowest) / span) for value in curve] for curve in known]}
