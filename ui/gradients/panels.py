"""The figures of the Gradients page, each with its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.analysis.profile import GRADIENT_POWERS
from engine.config.optimizers import CLIPPING
from engine.figures.curves import AXES
from engine.figures.gradients import layer_heatmap, layer_lines
from engine.figures.histograms import gradient_histogram, weight_histogram
from engine.figures.layers import (
    activation_bands,
    clipping,
    decades,
    flow_profile,
    ratio_lines,
    share_lines,
    span_decades,
    spread,
)
from engine.store.records import Series
from engine.store.row import RunRow
from engine.training.telemetry import LAYER_INDEX
from ui.gradients.text import (
    describe_activations,
    describe_clipping,
    describe_flow,
    describe_gradient_elements,
    describe_limits,
    describe_units,
    describe_update_ratios,
    describe_weights,
)
from ui.shared.layer_text import describe_flow_over_time, describe_norm_spread

HEIGHT = 300


@dataclass(frozen=True, eq=False)
class LayerView:
    """A run and those of its layers that are shown, ``numbers`` counting from 1 on the input side."""

    row: RunRow
    series: Series
    numbers: np.ndarray

    def all_layers(self, name: str) -> np.ndarray:
        """Return a statistic of every layer, ``(records, layers)``."""
        values = self.series.layers[:, :, LAYER_INDEX[name]]
        return values if values.shape[1] else np.zeros((0, len(self.row.config["hidden_sizes"]) + 1))

    def shown(self, name: str) -> np.ndarray:
        """Return a statistic of the layers shown, ``(records, shown)``."""
        return self.all_layers(name)[:, self.numbers - 1]

    def at(self, name: str, step: int) -> tuple[np.ndarray, int]:
        """Return a statistic of the layers shown where it was last measured up to a step, and that step."""
        values = self.shown(name)
        known = np.flatnonzero(np.isfinite(values).any(axis=1))
        if len(known) == 0:
            return np.full(len(self.numbers), np.nan), 0
        before = known[self.series["step"][known] <= step]
        place = before[-1] if len(before) else known[0]
        return values[place], int(self.series["step"][place])


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture: its title, its figure, and one sentence made from its data."""

    title: str
    figure: Any
    sentence: str


def over_time(views: Sequence[LayerView], x: str) -> list[list[Panel]]:
    """Return for each run its lines, heatmap, update ratios, and dead or saturated units, on one scale."""
    norms = decades(*(view.shown("grad_norm") for view in views))
    ratios = decades(*(view.shown("update_ratio") for view in views))
    return [_over_time(view, x, norms, ratios) for view in views]


def _over_time(
    view: LayerView, x: str, norms: tuple[float, float], ratios: tuple[float, float]
) -> list[Panel]:
    along, numbers = view.series[x], view.numbers
    size = {"x_title": AXES[x], "height": HEIGHT}
    gradient = view.all_layers("grad_norm")
    lines = layer_lines(along, gradient, numbers=numbers, **size)
    span_decades(lines, *norms)
    heat = layer_heatmap(along, gradient, numbers=numbers, **size)
    ratio = ratio_lines(along, view.all_layers("update_ratio"), numbers=numbers, powers=ratios, **size)
    return [
        Panel("Gradient norm", lines, describe_norm_spread(numbers, view.shown("grad_norm"))),
        Panel("Gradient norm heatmap", heat, describe_flow_over_time(numbers, view.shown("grad_norm"))),
        Panel("Update ratio", ratio, describe_update_ratios(numbers, view.shown("update_ratio"))),
        _units(view, along, size),
    ]


def _units(view: LayerView, along: np.ndarray, size: dict[str, Any]) -> Panel:
    """Show the dead units of the layers whose activation can die, and the saturated ones of the others."""
    dead, saturated = view.all_layers("dead_fraction"), view.all_layers("saturated_fraction")
    can_die = np.asarray(np.isfinite(dead).any(axis=0))
    shares = np.where(can_die, dead, saturated)
    others_saturate = np.isfinite(shares[:, ~can_die]).any() or not can_die.any()
    kinds = [kind for kind, is_met in (("dead", can_die.any()), ("saturated", others_saturate)) if is_met]
    title = f"{' or '.join(kinds)} units"
    hidden = view.numbers[view.numbers < shares.shape[1]]
    figure = share_lines(along, shares, numbers=hidden, title=title, **size)
    return Panel(title.capitalize(), figure, _describe_units(view, hidden, kinds, can_die))


def _describe_units(view: LayerView, hidden: np.ndarray, kinds: list[str], can_die: np.ndarray) -> str:
    if len(hidden) == 0:
        return "The output layer has no dead or saturated units: it has no activation."
    newest = {
        kind: np.where(
            can_die[hidden - 1] == (kind == "dead"),
            view.at(f"{kind}_fraction", view.row.total_steps)[0][: len(hidden)],
            np.nan,
        )
        for kind in kinds
    }
    known = [kind for kind in kinds if np.isfinite(newest[kind]).any()]
    if len(view.series) and not known:
        which = "this activation" if isinstance(view.row.config["activation"], str) else "these activations"
        return f"Units with {which} are neither dead nor saturated."
    return " ".join(describe_units(hidden, newest[kind], kind) for kind in known or kinds[:1])


def at_one_step(views: Sequence[LayerView], step: int) -> list[list[Panel]]:
    """Return for each run the gradient norms and the outputs of the layers at a step."""
    powers = decades(*(view.at("grad_norm", step)[0] for view in views))
    bounds = [view.at("activation_mean", step)[0] for view in views]
    widths = [view.at("activation_std", step)[0] for view in views]
    ends = spread(*(b + side * w for b, w in zip(bounds, widths, strict=True) for side in (-1, 1)))
    panels = []
    for view, mean, std in zip(views, bounds, widths, strict=True):
        norms, at = view.at("grad_norm", step)
        evaluated = view.at("activation_mean", step)[1]
        panels.append(
            [
                Panel(
                    f"Gradient norm by layer, step {at:,}",
                    flow_profile(view.numbers, norms, powers=powers, height=HEIGHT),
                    describe_flow(view.numbers, norms),
                ),
                Panel(
                    f"Outputs by layer, step {evaluated:,}",
                    activation_bands(view.numbers, mean, std, ends=ends, height=HEIGHT),
                    describe_activations(view.numbers, std),
                ),
            ]
        )
    return panels


def clipped(views: Sequence[LayerView], x: str) -> list[list[Panel]]:
    """Return for each run what clipping does to the norm of the whole gradient."""
    both = [(view.series["grad_norm"], view.series["grad_norm_clipped"]) for view in views]
    powers = decades(*(values for pair in both for values in pair))
    return [
        [
            Panel(
                "Norm before and after clipping" if is_clipped(view.row) else "Norm of the whole gradient",
                clipping(
                    view.series[x],
                    before,
                    after if is_clipped(view.row) else None,
                    x_title=AXES[x],
                    powers=powers,
                    height=HEIGHT,
                ),
                describe_clipping(before, after, is_clipped(view.row)) + describe_limits(view.row.config),
            )
        ]
        for view, (before, after) in zip(views, both, strict=True)
    ]


def is_clipped(row: RunRow) -> bool:
    """Tell whether a run clips its gradient."""
    return any(row.config.get(name) is not None for name in CLIPPING)


@dataclass(frozen=True, eq=False)
class Clouds:
    """What is counted of one layer of a run over its snapshots.

    Attributes
    ----------
    steps : numpy.ndarray
        ``(n,)``.
    gradients : numpy.ndarray
        ``(n, bins)`` counts by magnitude.
    edges, weights : numpy.ndarray
        Bins of the weights, and ``(n, bins)`` counts.
    first, last : numpy.ndarray
        The layer's weights at the first and at the newest snapshot.
    """

    row: RunRow
    series: Series
    layer: int
    steps: np.ndarray
    gradients: np.ndarray
    edges: np.ndarray
    weights: np.ndarray
    first: np.ndarray
    last: np.ndarray


def inside_a_layer(clouds: Sequence[Clouds], x: str) -> list[list[Panel]]:
    """Return for each run the histograms of one layer's gradient and weights over time."""
    widest = max(float(cloud.edges[-1]) for cloud in clouds)
    panels = []
    for cloud in clouds:
        recorded = cloud.series["step"]
        along = np.interp(cloud.steps, recorded, cloud.series[x]) if len(recorded) else cloud.steps
        size = {"x_title": AXES[x], "height": HEIGHT}
        panels.append(
            [
                Panel(
                    f"Gradient elements, layer {cloud.layer}",
                    gradient_histogram(along, cloud.gradients, GRADIENT_POWERS, **size),
                    describe_gradient_elements(cloud.layer, cloud.gradients[-1], GRADIENT_POWERS),
                ),
                Panel(
                    f"Weights, layer {cloud.layer}",
                    weight_histogram(along, cloud.weights, cloud.edges, widest=widest, **size),
                    describe_weights(cloud.layer, cloud.first, cloud.last),
                ),
            ]
        )
    return panels
