"""Draws how fast a step is beside PyTorch's, one group of bars for each workload; needs matplotlib."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rounds import STATISTICS_EVERY, Times
from benchmarks.speed_report import EAGER, FUSED, JAX, PASSES, PLAIN, SKLEARN, figure, with_statistics

# Colours of Okabe and Ito (2008), which people with any colour vision tell apart.
BARS = {
    with_statistics(PASSES, STATISTICS_EVERY): ("ours, with passes", "#0072B2"),
    with_statistics(PLAIN, STATISTICS_EVERY): ("ours, plain tape", "#56B4E9"),
    JAX: ("jax", "#009E73"),
    FUSED: ("PyTorch, fused optimizer", "#E69F00"),
    SKLEARN: ("scikit-learn", "#CC79A7"),
}
WIDTH = 0.16


def draw(all_times: Mapping[str, Times], path: Path) -> None:
    """Write the picture, an SVG on a ground of its own: readable on light and dark pages alike."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "the same picture from the same numbers"
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    drawing, axes = pyplot.subplots(figsize=(10, 4.6), facecolor="white", layout="constrained")
    places = range(len(all_times))
    for index, (name, (label, color)) in enumerate(BARS.items()):
        shown = [
            (place + (index - 2) * WIDTH, median(times[EAGER]) / median(times[name]))
            for place, times in zip(places, all_times.values())
            if name in times
        ]
        if not shown:
            continue
        at, speeds = zip(*shown)
        heights = [speed - 1 for speed in speeds]
        axes.bar(at, heights, WIDTH, bottom=1, color=color, label=label)
        if index == 0:
            for x, speed in shown:
                axes.annotate(
                    figure(speed),
                    (x, max(speed, 1)),
                    xytext=(0, 2),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
    axes.set_yscale("log")
    axes.set_yticks([0.5, 1, 2, 5, 10, 20, 30], ["0.5", "1", "2", "5", "10", "20", "30"])
    axes.minorticks_off()
    axes.axhline(1, color="black", linewidth=1)
    axes.set_xticks(list(places), list(all_times))
    axes.set_ylabel("steps per second, PyTorch eager = 1 (log scale)")
    axes.grid(axis="y", color="#d0d0d0", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(ncols=len(BARS), loc="upper center", bbox_to_anchor=(0.5, 1.12), frameon=False, fontsize=9)
    drawing.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(drawing)
