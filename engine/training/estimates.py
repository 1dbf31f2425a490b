"""About how many seconds an update and an evaluation take, from sizes alone."""

# Beyond it somebody is asked before a training begins.
LONG_SECONDS = 3600.0
# On one core of 2024, within a factor of three: calls of numpy, then arithmetic.
SECONDS_A_STEP, SECONDS_A_LAYER = 8e-6, 4e-6
SECONDS_AN_EVALUATION = 60e-6
UPDATES_A_SECOND = 1e9
# Matrix products of few columns reach a part of what those of many do: half at this number of columns.
OPERATIONS_A_SECOND, HALF_FAST_COLUMNS = 9e10, 64


def step_seconds(layers: int, parameters: int, batch: int) -> float:
    """Return about how long one update from a batch of so many rows takes."""
    calls = SECONDS_A_STEP + layers * SECONDS_A_LAYER
    return calls + parameters / UPDATES_A_SECOND + 3 * _forward_seconds(parameters, batch)


def evaluation_seconds(parameters: int, train_rows: int, val_rows: int) -> float:
    """Return about how long one evaluation on so many rows of each split takes."""
    return SECONDS_AN_EVALUATION + sum(_forward_seconds(parameters, rows) for rows in (train_rows, val_rows))


def _forward_seconds(parameters: int, rows: int) -> float:
    return 2 * parameters * (rows + HALF_FAST_COLUMNS) / OPERATIONS_A_SECOND


def rough_duration(seconds: float) -> str:
    """Return a time span roughly, such as ``45 s``, ``12 minutes``, ``3 days``, ``2,000 years``."""
    year = 365 * 86400
    for size, unit in ((year, "years"), (86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
