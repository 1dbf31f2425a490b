"""The outputs of a run's network over its inputs, as a figure."""

from typing import Any

import pandas as pd

from engine.data.grid import grid_over
from engine.figures.boundary import decision_boundary, regression_fit, regression_surface
from engine.figures.curves import compare_runs
from engine.replay.scene import output_side
from engine.store.checkpoints import latest_checkpoint
from engine.store.loading import kept_dataset, loaded
from engine.store.records import Series
from engine.store.row import RunRow
from engine.store.store import Store
from engine.training.model import predict
from engine.training.telemetry import SCALARS


def scalars_frame(series: Series) -> pd.DataFrame:
    """Return the records of a run as the figures take them: a column for each scalar.

    The gap follows from both losses where it was not recorded itself, as in imported curves.
    """
    frame = pd.DataFrame(series.scalars, columns=list(SCALARS.names))
    gap = frame["generalization_gap"].fillna(frame["val_loss"] - frame["train_loss"])
    return frame.assign(generalization_gap=gap)


def output_figure(store: Store, row: RunRow, series: Series, *, x: str, height: int) -> tuple[str, Any]:
    """Return title and figure: boundary, fitted curve or surface; the score where there is no plane."""
    state = None if row.missing_plugin else latest_checkpoint(store, row.id)[0]
    if state is not None and kept_dataset(store, row.dataset_id).has_plane:
        config, dataset = loaded(store, row)
        grid = grid_over(dataset, output_side(config.hidden_sizes))
        outputs = predict(config, dataset, state.learned, grid.points)
        if dataset.task == "regression" and len(dataset.axis_names) == 2:
            return "Predicted surface", regression_surface(dataset, grid, outputs, height=height)
        if dataset.task == "regression":
            return "Fitted curve", regression_fit(dataset, grid, outputs, height=height)
        at_train, at_val = (
            predict(config, dataset, state.learned, x) for x in (dataset.x_train, dataset.x_val)
        )
        figure = decision_boundary(dataset, grid, outputs, at_rows=(at_train, at_val), height=height)
        return "Decision boundary", figure
    columns = [f"train_{row.score_name}", f"val_{row.score_name}"]
    title = "R²" if row.score_name == "r2" else "Accuracy"
    return title, compare_runs({row.id: scalars_frame(series)}, columns, x=x, height=height)
