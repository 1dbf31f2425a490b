"""Text for the screen: names made harmless, numbers made readable."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

# What the browser still turns into a link or a picture once Markdown is parsed, where no backslash counts any
# more: bare addresses, addresses of mail, :material_name:, :streamlit: and emoji. A joiner, which has no
# width, behind the first part of each keeps it text.
ACTS_AS_TEXT = re.compile(r"(https?:(?=//)|www(?=\.)|@(?=[-\w])|:(?=[\w+-]+(?:/\w+)?:))", re.IGNORECASE)
JOINER = "\u2060"
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
NOTHING = "No measurements yet."


def visible(text: str, limit: int = 60) -> str:
    """Return a text on one line without control and direction characters, cut at ``limit`` characters."""
    spaced = " ".join(text[: 50 * limit].split())
    kept = "".join(c for c in spaced if unicodedata.category(c) not in INVISIBLE)
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def as_markdown(text: str, limit: int = 400) -> str:
    """Return Markdown that shows the text as it stands: no link (nor a bare address), formula or tag."""
    return PUNCTUATION.sub(r"\\\1", ACTS_AS_TEXT.sub(rf"\1{JOINER}", visible(text, limit)))


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with as many digits as people read; a dash for what is not known."""
    if value is None or value != value:
        return "–"
    return f"{value:z,.{digits}g}" if abs(value) < 1e5 else f"{value:.3e}"


def count(number_of: int, thing: str) -> str:
    """Return how many there are of a thing: ``1 input``, ``1,200 inputs``."""
    return f"{number_of:,} {thing}" if number_of == 1 else f"{number_of:,} {thing}s"


def percent(value: float | None) -> str:
    """Return a share such as an accuracy in percent; a dash for what is not known."""
    return "–" if value is None or value != value else f"{100 * value:z.1f} %"


def format_short(value: float) -> str:
    """Return a number with two digits, such as ``2.1e-6`` or ``240``."""
    rounded = f"{value:z.2g}"
    if 100 <= abs(float(rounded)) < 1e5:
        return f"{float(rounded):,.0f}"
    return re.sub(r"e([+-])0*", r"e\1", rounded).replace("e+", "e")


def format_share(value: float) -> str:
    """Return a share in whole percent, never rounded to 0 or 100 when it is not."""
    if 0 < value < 0.01:
        return "less than 1 %"
    if 0.99 < value < 1:
        return "more than 99 %"
    return f"{100 * value:.0f} %"


def format_setting(value: Any, left_open: str = "–") -> str:
    """Return the value of a setting, such as ``0.001``, ``16·16`` or ``x1, x2``.

    Parameters
    ----------
    left_open : str
        Shown for a setting without a value.
    """
    if value is None or value != value:
        return left_open
    if isinstance(value, (list, tuple)):
        is_of_names = any(isinstance(entry, str) for entry in value)
        return format_names(value) if is_of_names else format_layers(value)
    return f"{value:g}" if isinstance(value, float) else visible(str(value), 60)


def dot(colour: str) -> str:
    """Return the address of a picture: a dot of a colour such as ``#0072B2``, for a column of a table."""
    circle = f"<circle cx='8' cy='8' r='5' fill='%23{colour.lstrip('#')}'/>"
    return (
        f"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>{circle}</svg>"
    )


def duration(seconds: float) -> str:
    """Return a time span such as ``9 µs``, ``4.2 ms``, ``0.25 s``, ``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if 0 < seconds < 1e-3:
        return f"{1e6 * seconds:.0f} µs"
    if 0 < seconds < 0.1:
        return f"{1e3 * seconds:.1f} ms"
    if 0 < seconds < 1:
        return f"{seconds:.2f} s"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def megabytes(count: float) -> str:
    """Return a number of bytes in MB or GB."""
    return f"{count / 1e6:,.0f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"


def when(timestamp: float) -> str:
    """Return a moment as local date and time, to the minute; a dash for what is none."""
    if timestamp != timestamp:
        return "–"
    return datetime.fromtimestamp(timestamp, tz=UTC).astimezone().strftime("%d %b %H:%M")


def format_layers(sizes: Any) -> str:
    """Return hidden layer sizes such as ``16·16`` or, for many equal ones, ``10×32``."""
    sizes = list(sizes)
    if not sizes:
        return "linear"
    if len(sizes) > 3 and len(set(sizes)) == 1:
        return f"{len(sizes)}×{sizes[0]}"
    return "·".join(str(size) for size in sizes)


def format_names(value: str | Sequence[str], between: str = ", ") -> str:
    """Return a name, or several in their order, such as ``relu, tanh`` or ``10×relu, tanh``."""
    names = [value] if isinstance(value, str) else value
    runs = [(name, len(list(same))) for name, same in groupby(names)]
    return between.join(name if repeats == 1 else f"{repeats}×{name}" for name, repeats in runs)


def format_target(target: str | Sequence[str] | None, limit: int = 40) -> str:
    """Return the columns to predict one or several."""
    names = [target] if isinstance(target, str) else list(target or ())
    return visible(", ".join(names), limit)


def describe_settings(config: dict[str, Any]) -> str:
    """Return the main settings of a run: data, layers, activation, optimizer and rate."""
    data = config["dataset"]
    if config.get("target"):
        data = f"{data} ({format_target(config['target'], 20)})"
    layers = f"{format_layers(config['hidden_sizes'])} {format_names(config['activation'], '·')}"
    return f"{data}, {layers}, {config['optimizer']} {config['learning_rate']:g}"
