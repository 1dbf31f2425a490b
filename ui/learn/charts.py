"""The charts of an experiment: its runs side by side on one scale, or several on one chart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.figures.curves import AXES, compare_runs, loss_curves
from engine.figures.figure import Figure
from engine.figures.gradients import layer_heatmap, layer_lines
from engine.figures.layers import decades, span_decades, spread
from engine.figures.theme import QUIET, TRAIN, VALIDATION
from engine.lessons.lesson import Experiment
from engine.lessons.measures import DIVERGED
from engine.training.telemetry import LAYER_INDEX
from ui.learn.results import Result, frame_of
from ui.live_chart import Chart, ChartCard
from ui.shared.layer_text import describe_flow_over_time
from ui.shared.text import count, number

HEIGHT = 270
LINES_AT_MOST, POINTS_AT_MOST = 12, 80
# A loss that spans more than this factor is drawn on a logarithmic axis.
WIDE_SPAN = 50.0
WITH_VALIDATION_AT_MOST = 3
X_AXES = {"epochs": "epoch", "samples": "samples", "steps": "step"}


@dataclass(frozen=True, eq=False)
class Drawn:
    """One chart that is not built yet: its title, its sentence and what draws it."""

    title: str
    sentence: str
    draw: Callable[[], Figure]


def cards_of(key: str, experiment: Experiment, results: Mapping[str, Result]) -> list[ChartCard]:
    """Return the framed charts of an experiment in the order of the page.

    Parameters
    ----------
    key : str
        Constant key of the block.
    """
    cards = []
    for place, drawn in enumerate(_drawn(experiment, list(results.values()))):
        alt = f"{drawn.title}: {drawn.sentence}" if drawn.sentence else drawn.title
        chart = Chart(f"{key}_chart_{place}", experiment.place, drawn.draw, experiment.place, alt)
        cards.append(ChartCard(drawn.title, [chart], drawn.sentence))
    return cards


def _drawn(experiment: Experiment, results: Sequence[Result]) -> list[Drawn]:
    frames = [frame_of(each) for each in results]
    together = experiment.kind in ("runs", "choices")
    found: list[Drawn] = []
    for show in experiment.show:
        if show == "loss":
            found += (
                _losses_together(experiment, frames) if together else _losses(experiment, frames, results)
            )
        elif show == "score":
            scores = _scores_together if together else _scores
            found += scores(experiment, frames, results[0]["score"])
        elif show == "gradients":
            found += _gradients(experiment, frames, results)
    return found


def _titled(experiment: Experiment, place: int, title: str) -> str:
    name = experiment.names[place] if len(experiment.names) > 1 else ""
    return f"{name}: {title}" if name else title


def _ending(result: Result) -> str:
    """Say with which losses a run ended."""
    values = result["values"]
    if values["status"] == DIVERGED:
        return f"Diverged after {count(int(values['steps']), 'step')}: the loss is no longer a number."
    return f"At the end: training {number(values['loss'], 3)}, validation {number(values['val_loss'], 3)}."


def _losses(experiment: Experiment, frames: Sequence[pd.DataFrame], results: Sequence[Result]) -> list[Drawn]:
    columns = ["train_loss", "val_loss"]
    # One that diverged ends before it was evaluated again: what its batches say is all that there is.
    has_batches = any(each["values"]["status"] == DIVERGED for each in results)
    columns += ["batch_loss"] if has_batches else []
    is_log = _spans_wide(frames, columns)
    ends, last = _ends(frames, columns, is_log), _last(frames)

    def draw(frame: pd.DataFrame) -> Figure:
        figure = loss_curves(frame, log_y=is_log, height=HEIGHT)
        if has_batches:
            line = {"color": QUIET, "width": 1.5}
            figure.add_scatter(x=frame["epoch"], y=frame["batch_loss"], mode="lines", name="batch", line=line)
        figure.update_yaxes(range=ends)
        figure.update_xaxes(range=[0, last])
        return figure

    return [
        Drawn(_titled(experiment, place, "loss"), _ending(result), lambda frame=frame: draw(frame))
        for place, (frame, result) in enumerate(zip(frames, results, strict=True))
    ]


def _losses_together(experiment: Experiment, frames: Sequence[pd.DataFrame]) -> list[Drawn]:
    columns = ["train_loss", "val_loss"] if len(frames) <= WITH_VALIDATION_AT_MOST else ["train_loss"]
    title = "training loss, validation dashed" if len(columns) > 1 else "training loss"
    return [
        Drawn(title, "", lambda: _overlaid(experiment, frames, columns, "loss", _spans_wide(frames, columns)))
    ]


def _scores(experiment: Experiment, frames: Sequence[pd.DataFrame], score: str) -> list[Drawn]:
    columns = [f"train_{score}", f"val_{score}"]
    ends, last = _ends(frames, columns, is_log=False), _last(frames)

    def draw(frame: pd.DataFrame) -> Figure:
        figure = compare_runs({1: frame}, columns, x="epoch", names={1: ""}, height=HEIGHT)
        lines = [trace for trace in figure.data if trace.mode == "lines"]
        marks = [trace for trace in figure.data if trace.mode == "markers"]
        looks = (("training", TRAIN), ("validation", VALIDATION))
        for line, mark, (name, colour) in zip(lines, marks, looks, strict=False):
            line.name, line.line.color, mark.marker.color = name, colour, colour
        figure.update_yaxes(range=ends, title={"text": _score_word(score)})
        figure.update_xaxes(range=[0, last])
        return figure

    return [
        Drawn(_titled(experiment, place, _score_word(score)), "", lambda frame=frame: draw(frame))
        for place, frame in enumerate(frames)
    ]


def _scores_together(experiment: Experiment, frames: Sequence[pd.DataFrame], score: str) -> list[Drawn]:
    columns = [f"val_{score}"]
    title = f"{_score_word(score)} on validation rows"
    return [
        Drawn(title, "", lambda: _overlaid(experiment, frames, columns, _score_word(score), is_log=False))
    ]


def _overlaid(
    experiment: Experiment, frames: Sequence[pd.DataFrame], columns: list[str], title: str, is_log: bool
) -> Figure:
    numbered = dict(enumerate(frames, start=1))
    names = dict(enumerate(experiment.names, start=1))
    x = X_AXES[experiment.equal]
    figure = compare_runs(numbered, columns, x=x, log_y=is_log, names=names, height=HEIGHT + 40)
    figure.update_yaxes(title={"text": title})
    for trace in figure.data:  # a legend entry for each run; what is dashed stands in the title
        if trace.mode == "lines" and trace.line.dash == "dash" and len(columns) > 1:
            trace.showlegend = False
        elif trace.name:
            trace.name = trace.name.removesuffix(f" {columns[0]}")
    return figure


def _gradients(
    experiment: Experiment, frames: Sequence[pd.DataFrame], results: Sequence[Result]
) -> list[Drawn]:
    norms = [each["layers"][:, :, LAYER_INDEX["grad_norm"]] for each in results]
    ends = decades(*(_averaged(values, values)[1] for values in norms))
    x = X_AXES[experiment.equal]

    def draw(frame: pd.DataFrame, values: np.ndarray) -> Figure:
        along, size = frame[x].to_numpy(), {"x_title": AXES[x], "height": HEIGHT}
        if values.shape[1] > LINES_AT_MOST:
            return layer_heatmap(along, values, **size)
        every = _together(len(values))
        along, averaged = _averaged(along[:, np.newaxis], values)
        title = "gradient norm" if every == 1 else f"gradient norm, mean of {every}"
        figure = layer_lines(along[:, 0], averaged, title=title, **size)
        span_decades(figure, *ends)
        return figure

    return [
        Drawn(
            _titled(experiment, place, "gradient norm of each layer"),
            describe_flow_over_time(np.arange(1, values.shape[1] + 1), values),
            lambda frame=frame, values=values: draw(frame, values),
        )
        for place, (frame, values) in enumerate(zip(frames, norms, strict=True))
    ]


def _together(records: int) -> int:
    """Return how many records one point of a line stands for: noise of single steps would hide the layers."""
    return max(1, -(-(records - 1) // POINTS_AT_MOST))


def _averaged(along: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of as many records after each other, of the updates alone: record 0 is before them."""
    every = _together(len(values))
    starts = np.arange(1, len(values), every)
    counts = np.diff(np.append(starts, len(values)))[:, np.newaxis]
    with np.errstate(all="ignore"):
        first, second = (np.add.reduceat(each, starts, axis=0) / counts for each in (along, values))
    return first, second


def _known(frames: Sequence[pd.DataFrame], columns: list[str]) -> np.ndarray:
    values = np.concatenate([frame[columns].to_numpy(np.float64).ravel() for frame in frames])
    return values[np.isfinite(values)]


def _spans_wide(frames: Sequence[pd.DataFrame], columns: list[str]) -> bool:
    known = _known(frames, columns)
    known = known[known > 0]
    return bool(len(known)) and known.max() > WIDE_SPAN * known.min()


def _ends(frames: Sequence[pd.DataFrame], columns: list[str], is_log: bool) -> list[float]:
    known = _known(frames, columns)
    return list(spread(np.log10(known[known > 0]) if is_log else known))


def _last(frames: Sequence[pd.DataFrame]) -> float:
    """Return where the epochs of all runs end, with room for a mark there."""
    return 1.02 * max(float(frame["epoch"].iloc[-1]) for frame in frames)


def _score_word(score: str) -> str:
    return "R²" if score == "r2" else "accuracy"
