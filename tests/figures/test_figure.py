"""A plain figure is what Plotly would have made of it; all that our figures set is known to Plotly."""

import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.data.grid import grid_over
from engine.figures.bands import Seeds, compare_seeds
from engine.figures.boundary import decision_boundary, regression_fit, regression_surface
from engine.figures.curves import compare_runs, loss_curves, mark_changes, mark_early_stop
from engine.figures.figure import Figure
from engine.figures.gradients import layer_heatmap, layer_lines
from engine.figures.mistakes import confusion_matrix, predicted_against_true
from engine.figures.overfitting import gap_curve
from engine.training.model import initial_state, predict
from engine.training.telemetry import SCALARS
from ui.live_chart.assets import PLOTLY
from ui.live_chart.encoding import encode_figure, whole_figure

STEPS = np.arange(60.0)


def frame_of(run: int) -> pd.DataFrame:
    """Return sixty records of a run; every third is evaluated, its columns fall like 1 / step."""
    values = np.tile(run / (1 + STEPS)[:, None], (1, len(SCALARS)))
    frame = pd.DataFrame(values, columns=[column.name for column in SCALARS])
    frame.loc[STEPS % 3 != 0, ["train_loss", "val_loss"]] = np.nan
    return frame.assign(name="a name", step=STEPS, epoch=STEPS / 4, seconds=STEPS / 100)


def marked_losses() -> Figure:
    frame = frame_of(1)
    figure = mark_changes(loss_curves(frame, x="step", log_y=True), [3.0, 9.0], ["lr 0.1", "<b>lr</b> 1"])
    return mark_early_stop(figure, frame, "step")


def boundary(**settings: object) -> Figure:
    config = parse_config({"samples": 60, "hidden_sizes": [4], **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    grid = grid_over(dataset, 12)
    learned = initial_state(config, dataset).learned
    outputs = predict(config, dataset, learned, grid.points)
    if dataset.task == "regression":
        draw = regression_surface if len(dataset.axis_names) == 2 else regression_fit
        return draw(dataset, grid, outputs)
    at_train, at_val = (predict(config, dataset, learned, x) for x in (dataset.x_train, dataset.x_val))
    return decision_boundary(dataset, grid, outputs, at_rows=(at_train, at_val))


NORMS = np.exp(-np.outer(STEPS, np.arange(1, 4)) / 9) * (STEPS[:, None] != 7)
BOTH = {run: frame_of(run) for run in (1, 2, 3)}
LOSSES = ["train_loss", "val_loss"]
FIGURES = {
    "losses": marked_losses,
    "runs": lambda: compare_runs(BOTH, LOSSES, log_x=True, smoothing=0.6, names={2: "a name"}),
    "difference": lambda: compare_runs(BOTH, ["val_loss"], baseline=2),
    "seeds": lambda: compare_seeds(BOTH, [Seeds({0: 1, 1: 2})], LOSSES, log_y=True),
    "lines": lambda: layer_lines(STEPS, NORMS),
    "heat": lambda: layer_heatmap(STEPS, NORMS),
    "gap": lambda: gap_curve(frame_of(1), 4.0),
    "two classes": lambda: boundary(dataset="moons"),
    "fit": lambda: boundary(dataset="sine"),
    "confusion": lambda: confusion_matrix(np.array([[5, 1], [0, 7]]), ("no", "yes")),
    "against truth": lambda: predicted_against_true(STEPS, STEPS + 1),
}


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize("name", FIGURES)
def test_plotly_accepts_every_property_that_a_figure_sets(name: str, moves: bool) -> None:
    """It refuses what it does not know; so it does with what the fallback hands to ``st.plotly_chart``."""
    figure = FIGURES[name]()
    assert len(figure.data) > 0
    go.Figure({"data": figure.data, "layout": figure.layout})
    go.Figure(whole_figure(encode_figure(figure, moves=moves)))


@pytest.mark.parametrize("name", FIGURES)
def test_the_browsers_bundle_can_draw_every_kind_of_trace(name: str) -> None:
    known = set(re.findall(r'moduleType:"trace",name:"(\w+)"', PLOTLY.read_text("utf-8")))
    assert {"scatter", "heatmap"} <= known and "scatter3d" not in known
    assert {trace["type"] for trace in FIGURES[name]().data} <= known


def test_an_unknown_property_would_be_refused() -> None:
    figure = Figure(height=300)
    figure.add_scatter(x=[1], y=[2], colour="red")
    with pytest.raises(ValueError, match="colour"):
        go.Figure({"data": figure.data, "layout": figure.layout})


def test_lines_bands_and_words_stand_where_plotly_puts_them() -> None:
    ours, theirs = Figure(), go.Figure()
    for figure in (ours, theirs):
        figure.add_vline(x=3.0, line={"width": 1}, annotation={"text": "here", "textangle": -90})
        figure.add_hline(y=2.0, line={"color": "#000000"})
    ours.add_vrect(x0=1.0, x1=2.0, fillcolor="red", layer="below")
    theirs.add_vrect(x0=1.0, x1=2.0, fillcolor="red", layer="below", line_width=0)
    ours.add_hrect(y0=1.0, y1=2.0, fillcolor="red", layer="below")
    theirs.add_hrect(y0=1.0, y1=2.0, fillcolor="red", layer="below", line_width=0)
    shown = theirs.to_plotly_json()["layout"]
    assert [dict(shape) for shape in ours.layout.shapes] == list(shown["shapes"])
    assert dict(ours.layout.annotations[0]) == dict(shown["annotations"][0])


def test_what_was_not_set_is_none_and_can_be_set_as_an_attribute() -> None:
    figure = Figure()
    figure.add_scatter(x=[1], y=[2], marker={"size": 7, "color": None})
    (trace,) = figure.data
    assert (trace.marker.size, trace.marker.color, trace.name) == (7, None, None)
    trace.showlegend = False
    assert trace["showlegend"] is False
    figure.for_each_trace(lambda each: each.update(name="all"))
    assert trace.name == "all"
