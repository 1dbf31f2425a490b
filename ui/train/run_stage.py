"""What the stage shows of a run: its frames, what was recorded at each, its loss and its layers over time."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine.config import RunConfig
from engine.config.settings import SETTINGS
from engine.figures.curves import AXES, loss_curves, mark_changes, mark_early_stop
from engine.figures.figure import Figure
from engine.figures.gradients import layer_heatmap, share_heatmap
from engine.figures.scale import span_bold
from engine.figures.theme import QUIET
from engine.store.records import Series
from engine.training.interventions import Change
from engine.training.telemetry import LAYER_INDEX
from ui.live_chart import Chart, ChartCard
from ui.live_chart.encoding import encode_figure
from ui.shared.layer_text import describe_flow_over_time, describe_units, describe_update_ratios
from ui.shared.output_figure import scalars_frame
from ui.stage import Choices
from ui.train.interventions import describe_change

RECORDED = ("seconds", "learning_rate", "grad_norm", "update_ratio")
SHOWN_AXES = ("epoch", "step", "seconds")
STRIPS = {
    "grad_norm": "gradient norm",
    "update_ratio": "update ratio",
    "dead_fraction": "dead units",
    "saturated_fraction": "saturated units",
}
# Ends of the logarithmic scales, as powers of ten.
SCALES = {"grad_norm": (-8.0, 1.0), "update_ratio": (-6.0, 0.0)}
MARGIN = {"l": 52, "r": 10, "t": 26, "b": 36}
NAMES = {"axis": "train_x", "log_y": "train_log", "strip": "train_strip"}


def choices_of(series: Series | None, *, has_diverged: bool = False) -> Choices:
    """Return what is chosen on the stage; what the layers can show is what was measured of them.

    The loss of a run that diverged is shown on a logarithmic axis unless somebody chose otherwise.
    """
    strips = {name: title for name, title in STRIPS.items() if _is_measured(series, name)}
    strips = strips or {"grad_norm": STRIPS["grad_norm"]}
    strip = st.session_state.get("train_strip", "grad_norm")
    return Choices(
        st.session_state.get("train_x", SHOWN_AXES[0]),
        SHOWN_AXES,
        bool(st.session_state.get("train_log", has_diverged)),
        strip if strip in strips else next(iter(strips)),
        strips,
    )


def choose(name: str, value: Any) -> None:
    """Note a choice that was made on the stage."""
    known = {"axis": SHOWN_AXES, "log_y": (False, True), "strip": tuple(STRIPS)}
    if value in known.get(name, ()):
        st.session_state[NAMES[name]] = value


def _is_measured(series: Series | None, name: str) -> bool:
    return series is not None and bool(np.isfinite(series.layers[:, :, LAYER_INDEX[name]]).any())


def records_at(series: Series, steps: Sequence[int]) -> list[list[float | None]]:
    """Return for each step what was recorded there, by :data:`RECORDED`, or at the last record before it."""
    if len(series) == 0:
        return [[None] * len(RECORDED) for _ in steps]
    places = np.searchsorted(series["step"], steps, side="right") - 1
    table = np.stack([series[name] for name in RECORDED], axis=1)
    return [
        [float(f"{value:.5g}") if np.isfinite(value) else None for value in table[max(place, 0)]]
        for place in places
    ]


def loss_figure(series: Series, choices: Choices, changes: Sequence[Change], stopped_early: bool) -> Figure:
    """Return the losses with their gap, the noisy loss of the batches faint behind them."""
    frame = scalars_frame(series)
    figure = loss_curves(frame, x=choices.axis, log_y=choices.log_y)
    faint = {"mode": "lines", "name": "batch", "opacity": 0.3, "line": {"color": QUIET, "width": 1}}
    figure.add_scatter(x=series[choices.axis], y=series["batch_loss"], hoverinfo="skip", **faint)
    span_bold(figure)
    if stopped_early:
        mark_early_stop(figure, frame, choices.axis)
    if len(series):
        steps = [change.step for change in changes]
        places = np.interp(steps, series["step"], series[choices.axis]).tolist()
        mark_changes(figure, places, [describe_change(change) for change in changes])
    figure.update_layout(margin=MARGIN)
    return figure


def strip_figure(series: Series, choices: Choices, layers: int) -> Figure:
    """Return one statistic of all layers over time."""
    name, title = choices.strip, STRIPS[choices.strip]
    values = series.layers[:, :, LAYER_INDEX[name]]
    if values.shape[1] == 0:
        values = np.zeros((0, layers))
    along, x_title = series[choices.axis], AXES[choices.axis]
    if name in SCALES:
        lowest, highest = SCALES[name]
        figure = layer_heatmap(along, values, title=title, x_title=x_title, lowest=lowest, highest=highest)
    else:
        figure = share_heatmap(along, values[:, :-1], title=title, x_title=x_title)
    figure.update_layout(margin=MARGIN)
    figure.update_yaxes(title={"text": "layer"})
    return figure


def built_cards(
    series: Series,
    choices: Choices,
    layers: int,
    name: str,
    *,
    sentence: str,
    changes: Sequence[Change] = (),
    moves: bool = False,
    stopped_early: bool = False,
) -> dict[str, Any]:
    """Return the encoded charts and the sentences of the stage, as plain values that windows can share.

    Parameters
    ----------
    layers : int
        Of the network, its output layer among them.
    name : str
        What is shown, for screen readers.
    sentence : str
        What the losses show.
    moves : bool
        Whether more follows within seconds.
    """
    loss = loss_figure(series, choices, changes, stopped_early)
    strip = strip_figure(series, choices, layers)
    return {
        "loss": encode_figure(loss, moves=moves),
        "strip": encode_figure(strip, moves=moves),
        "loss_alt": f"training and validation loss of {name} by {choices.axis}",
        "strip_alt": f"{STRIPS[choices.strip]} by layer and {choices.axis} of {name}",
        "loss_sentence": sentence,
        "strip_sentence": _describe_strip(series, choices.strip),
    }


def _describe_strip(series: Series, name: str) -> str:
    values = series.layers[:, :, LAYER_INDEX[name]]
    numbers = np.arange(1, values.shape[1] + 1)
    if name == "grad_norm":
        return describe_flow_over_time(numbers, values)
    if name == "update_ratio":
        return describe_update_ratios(numbers, values)
    measured = np.flatnonzero(np.isfinite(values).any(axis=1))
    newest = values[measured[-1]] if len(measured) else np.full(len(numbers), np.nan)
    return describe_units(numbers[:-1], newest[:-1], name.removesuffix("_fraction"))


def cards_from(built: dict[str, Any], state: Hashable, identity: str, choices: Choices) -> list[ChartCard]:
    """Return the two cards of the stage from what :func:`built_cards` returned for a state."""
    shown = {"loss": ("Loss and its gap", choices.log_y), "strip": ("Layers over time", choices.strip)}
    cards = []
    for name, (title, choice) in shown.items():
        about = f"{identity} {choices.axis} {choice}"
        chart = Chart(f"train_{name}", state, lambda name=name: built[name], about, built[f"{name}_alt"])
        cards.append(ChartCard(title, [chart], built[f"{name}_sentence"]))
    return cards


def editable_layers(config: RunConfig) -> list[dict[str, Any]]:
    """Return units and activation of each hidden layer of a configuration."""
    pairs = zip(config.hidden_sizes, config.activations, strict=True)
    return [{"units": units, "activation": name} for units, name in pairs]


def activation_names() -> list[str]:
    """Return what a layer can be given."""
    return list(SETTINGS["activation"].choices)
