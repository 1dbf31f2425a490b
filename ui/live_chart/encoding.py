"""Takes a figure apart into text that stays the same and numbers that change."""

import hashlib
import json
import math
import zlib
from collections import Counter
from typing import Any

import numpy as np

from engine.figures.figure import Figure

EXACT_IN_FLOAT32 = 2**24
SMALLEST_IN_FLOAT32, LARGEST_IN_FLOAT32 = 1e-37, 3e38
# Whole numbers that a picture travels as: how many levels there are, and what stands for no measurement.
LEVELS = {"u1": 254, "u2": 65534}
INLINE_AT_MOST = 4

# Plain values, so that all viewers can share one: ``text`` (JSON of the figure, with {"array": n} in place of
# the n-th of the arrays), ``key`` of the text, ``lines`` ((uid, trace, x, y)), ``arrays``.
EncodedFigure = dict[str, Any]


def encode_figure(figure: Figure, *, moves: bool = False) -> EncodedFigure:
    """Return a figure as what is sent of it.

    Points of a line whose ``y`` is not finite are left out: what was not measured is passed over.

    Parameters
    ----------
    moves : bool
        Whether the next one follows within seconds: its pictures then travel in 254 levels instead of 65 534,
        and what is read off them with three digits instead of seven.
    """
    lines, arrays, traces = [], [], []
    seen: Counter[str] = Counter()
    for number, trace in enumerate(figure.data):
        is_line = trace.type == "scatter" and trace.mode == "lines"
        kind = f"{trace.legendgroup or ''}/{(trace.name or '') if is_line else trace.mode or ''}"
        uid = f"t{zlib.crc32(kind.encode()):x}-{seen[kind]}"
        seen[kind] += 1
        described = {**trace, "uid": uid}
        if is_line:
            x, y = (np.asarray(described.pop(axis), dtype=np.float64) for axis in "xy")
            finite = np.isfinite(y)
            if not finite.all():
                x, y = x[finite], y[finite]
            lines.append((uid, number, np.ascontiguousarray(x), np.ascontiguousarray(y)))
        traces.append(_apart(described, arrays, moves))
    plain = {"data": traces, "layout": _apart(figure.layout, arrays, moves)}
    text = _json(plain)
    return {"text": text, "key": _key(text.encode()), "lines": lines, "arrays": arrays}


def fingerprint(found: EncodedFigure) -> str:
    """Return what is the same for figures that look the same."""
    numbers = [array.get("key") or array["values"] for array in found["arrays"]]
    lines = b"".join(values.tobytes() for _, _, x, y in found["lines"] for values in (x, y))
    return _key(lines, [found["key"], numbers])


def whole_figure(found: EncodedFigure) -> dict[str, Any]:
    """Return a figure with all its numbers in their places, as ``st.plotly_chart`` takes it."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"array"}:
                return _decoded(found["arrays"][value["array"]])
            return {name: filled(each) for name, each in value.items()}
        return [filled(each) for each in value] if isinstance(value, list) else value

    figure = filled(json.loads(found["text"]))
    for _, number, x, y in found["lines"]:
        figure["data"][number] |= {"x": x, "y": y}
    return figure


def _apart(value: Any, arrays: list[dict[str, Any]], moves: bool, name: str = "") -> Any:
    """Return a property as it is written in JSON; its arrays of numbers are put with the others."""
    if isinstance(value, dict):
        return {each: _apart(inner, arrays, moves, each) for each, inner in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        arrays.append(_encoded(value, name if value.ndim == 2 else "", moves))
    elif isinstance(value, (np.ndarray, list, tuple)) and len(value) > INLINE_AT_MOST:
        blob = _json(_plain(value)).encode()
        arrays.append({"kind": "json", "shape": [len(blob)], "blob": blob, "key": _key(blob)})
    else:
        return _plain(value)
    return {"array": len(arrays) - 1}


def _encoded(values: np.ndarray, picture: str, moves: bool) -> dict[str, Any]:
    """Return an array as it travels: few numbers as they are, pictures in levels, all others as floats.

    Parameters
    ----------
    picture : str
        ``z`` for the heights of a picture, ``customdata`` for the magnitudes that are read off it.
    """
    if values.ndim == 1 and len(values) <= INLINE_AT_MOST:
        return {"values": [float(each) if np.isfinite(each) else None for each in values]}
    found: dict[str, Any] = {"shape": list(values.shape)}
    if picture == "z" and values.size:
        blob, levels = _in_levels(values, "u1" if moves else "u2")
        found |= levels
    elif picture == "customdata" and moves and values.size and not (values < 0).any():
        blob, levels = _in_powers(values)
        found |= levels
    else:
        kind = "f8" if _needs_float64(values) else "f4"
        blob = np.ascontiguousarray(values, f"<{kind}").tobytes()
        found["kind"] = kind
    return {**found, "blob": blob, "key": _key(blob, found)}


def _in_levels(values: np.ndarray, kind: str) -> tuple[bytes, dict[str, Any]]:
    """Return a picture as whole steps from its lowest value; few whole numbers stay exactly what they are."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    count = LEVELS[kind]
    step = (high - low) / count or 1.0
    if high - low <= count and (known == np.rint(known)).all():
        step = 1.0
    levels = np.where(np.isfinite(values), np.rint((values - low) / step), count + 1)
    return levels.astype(f"<{kind}").tobytes(), {"kind": kind, "low": low, "step": step}


def _in_powers(values: np.ndarray) -> tuple[bytes, dict[str, Any]]:
    """Return magnitudes as whole steps of their logarithm from level 1 on; level 0 is exactly zero."""
    powers = np.log10(np.where((values > 0) & np.isfinite(values), values, np.nan))
    known = powers[np.isfinite(powers)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    count = LEVELS["u2"]
    step = (high - low) / (count - 1) or 1.0
    levels = np.where(np.isfinite(powers), 1 + np.rint((powers - low) / step), count + 1)
    levels[values == 0] = 0
    return levels.astype("<u2").tobytes(), {"kind": "u2", "low": low, "step": step, "power": True}


def _needs_float64(values: np.ndarray) -> bool:
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    if not size.size:
        return False
    low, high = size.min(), size.max()
    is_counted = high >= EXACT_IN_FLOAT32 and values.ndim == 1
    return bool(is_counted or low < SMALLEST_IN_FLOAT32 or high > LARGEST_IN_FLOAT32)


def _decoded(array: dict[str, Any]) -> Any:
    if "values" in array:
        return np.array(array["values"], np.float64)
    if array["kind"] == "json":
        return json.loads(array["blob"])
    values = np.frombuffer(array["blob"], f"<{array['kind']}").reshape(array["shape"]).astype(np.float64)
    if "step" not in array:
        return values
    steps = np.where(values == LEVELS[array["kind"]] + 1, np.nan, values)
    if "power" not in array:
        return array["low"] + array["step"] * steps
    return np.where(steps == 0, 0.0, 10 ** (array["low"] + array["step"] * (steps - 1)))


def _key(content: bytes, facts: object = "") -> str:
    return hashlib.blake2b(content + str(facts).encode(), digest_size=6).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Return values of numpy as those of Python; what is no number is null in JSON."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
