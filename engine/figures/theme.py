"""What all figures share: colours of runs, safe text, an empty figure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from engine.figures.figure import Figure

# Any two look 25 or more apart (CIEDE2000), and 14 or more to eyes that lack one kind of cone; all stand out
# from light and dark pages alike (contrast 3 or more), so that no page has to move one of them
# (tests/figures/test_palette.py). Pairs, of which the second one is for a dark page.
PALETTE = tuple(
    (colour, colour)
    for colour in (
        *("#1895F8", "#D27C73", "#6C8C00", "#4943F9"),
        *("#CA0471", "#007373", "#7A5D37", "#8B81A6"),
    )
)
# From blue over violet, red and orange to olive in equal steps, ever lighter: layers from the input side on.
LAYERS = (
    *("#0068B3", "#4A53FF", "#B325DE", "#E20095", "#F90057"),
    *("#FF2614", "#D86800", "#B78400", "#949900"),
)
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "star", "triangle-down", "cross")
TRAIN, VALIDATION = PALETTE[0][0], PALETTE[1][0]
LOW, MIDDLE, HIGH = "#0072B2", "#B8BCC2", "#E69F00"
WRONG = "#D81B60"
MAGNITUDES = "Cividis"
QUIET = "#808080"
GRID = "rgba(128,128,128,0.22)"
LABEL_LENGTH = 40

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}


def label(text: str, limit: int = LABEL_LENGTH) -> str:
    """Return a text that a figure shows as it stands: no markup, no formula, no template.

    Plotly reads ``<a href>``, ``<b>``, ``$...$`` and ``%{...}`` in every string it is given. Control and
    direction characters are taken out, white space becomes a space, and what is longer than ``limit``
    characters is cut.
    """
    spaced = " ".join(text[: 50 * limit].split())
    visible = "".join(c for c in spaced if unicodedata.category(c) not in _INVISIBLE)
    cut = visible if len(visible) <= limit else f"{visible[: limit - 1]}…"
    return "".join(_MARKUP.get(c, c) for c in cut).replace("%{", "&#37;{")


def run_label(run: int, name: str = "") -> str:
    """Return what a legend calls a run: its number, and its name where it has one."""
    shown = label(name)
    return f"{run} · {shown}" if shown else f"run {run}"


def run_colour(run: int) -> str:
    """Return the colour of a run alone, the same in every figure, for light and dark pages alike."""
    return run_colours(run)[0]


def colours_apart(runs: Iterable[int]) -> dict[int, str]:
    """Return the colours of runs that are shown together: each its own, or the next that fewest have."""
    found: dict[int, str] = {}
    for run in runs:
        held = Counter(found.values())
        free = [light for light, _ in PALETTE if held[light] == min(held[each] for each, _ in PALETTE)]
        own = run_colour(run)
        found[run] = own if own in free else free[0]
    return found


def symbols_apart(colours: Mapping[int, str]) -> dict[int, str]:
    """Return the markers of runs that are shown together: those that share a colour differ in it."""
    before: Counter[str] = Counter()
    found: dict[int, str] = {}
    for run, colour in colours.items():
        found[run] = SYMBOLS[before[colour] % len(SYMBOLS)]
        before[colour] += 1
    return found


def run_colours(run: int) -> tuple[str, str]:
    """Return the colour of a run on a light and on a dark page."""
    return PALETTE[(run - 1) % len(PALETTE)]


def faint(colour: str, opacity: float) -> str:
    """Return a colour such as ``#0072B2`` as one that lets through what lies behind it."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def run_symbol(run: int) -> str:
    """Return the marker of a run: runs that share a colour differ in it."""
    return SYMBOLS[(run - 1) // len(PALETTE) % len(SYMBOLS)]


def class_colour(index: int) -> str:
    """Return the colour of a class in a figure with many classes."""
    return PALETTE[index % len(PALETTE)][0]


def empty_figure(x: str, y: str, *, height: int = 320, log_y: bool = False) -> Figure:
    """Return a figure without traces: transparent, axes named, legend above, zoom kept across updates.

    Parameters
    ----------
    x, y : str
        Titles of the axes.
    height : int
        In pixels; fixed, so that nothing jumps.
    """
    figure = Figure()
    figure.update_layout(
        height=height,
        font={"color": QUIET, "size": 12},
        margin={"l": 64, "r": 16, "t": 36, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        uirevision="kept",
    )
    axis = {"gridcolor": GRID, "zeroline": False, "showline": False}
    figure.update_xaxes(title={"text": x}, **axis)
    figure.update_yaxes(title={"text": y}, type="log" if log_y else "linear", exponentformat="power", **axis)
    return figure
