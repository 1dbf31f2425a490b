"""Verdicts on configurations in plain sentences: better, worse or not distinguishable."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.analysis.statistics import Comparison, Interval

DASH = "–"


@dataclass(frozen=True)
class Measure:
    """What candidates are judged by.

    Attributes
    ----------
    field : str
        Of a run's row, such as ``val_score``.
    name : str
        For people, such as ``validation accuracy``.
    of : str
        What a difference is counted in, such as ``points of accuracy``.
    factor : float
        100 for shares, which are shown in percent; 1 otherwise.
    """

    field: str
    name: str
    of: str
    higher_is_better: bool
    factor: float = 1.0

    def format(self, interval: Interval) -> str:
        """Return a mean with its interval, such as ``94.2 ± 0.8 %``; a dash for what is not known."""
        return _with_half(interval, self.factor) + (" %" if self.factor == 100 and interval.n else "")

    def format_difference(self, interval: Interval) -> str:
        """Return a difference with its sign and interval, such as ``+1.3 ± 0.6``."""
        return _with_half(interval, self.factor, sign="+")


def measures(score_name: str) -> dict[str, Measure]:
    """Return what runs can be judged by, by name; the score first.

    Parameters
    ----------
    score_name : {"accuracy", "r2"}
    """
    of, factor = ("points of accuracy", 100.0) if score_name == "accuracy" else ("of R²", 1.0)
    word = "accuracy" if score_name == "accuracy" else "R²"
    listed = (
        Measure("val_score", f"validation {word}", of, True, factor),
        Measure("val_loss", "validation loss", "of validation loss", False),
        Measure("best_val_loss", "lowest validation loss", "of the lowest validation loss", False),
        Measure("train_loss", "training loss", "of training loss", False),
        Measure("test_score", f"test {word}", f"{of} on the test rows", True, factor),
        Measure("test_loss", "test loss", "of test loss", False),
    )
    return {measure.name: measure for measure in listed}


def verdict(comparison: Comparison, names: Sequence[str], measure: Measure) -> str:
    """Return one sentence on a candidate against its reference.

    Parameters
    ----------
    names : sequence of str
        Of all candidates, as people gave them: escape the sentence where it is shown.
    """
    one, other = names[comparison.candidate], names[comparison.reference]
    difference = comparison.difference
    pairs = difference.interval.n
    rest = f" {_unpaired(difference.unpaired)}" if difference.unpaired else ""
    if pairs == 0:
        return f"{one} and {other} cannot be paired: they share no seed."
    if pairs == 1:
        return f"{one} and {other} are not distinguishable (n = 1 pair, at least 2 needed).{rest}"
    facts = f"n = {pairs} pairs, {format_p(comparison.p)}"
    if not comparison.is_distinguishable:
        gap = measure.format_difference(difference.interval)
        return f"{one} and {other} are not distinguishable ({facts}; difference {gap} {measure.of}).{rest}"
    verb = "are" if one.startswith("runs ") else "is"
    is_better = (difference.interval.mean > 0) == measure.higher_is_better
    size = _with_half(
        Interval(abs(difference.interval.mean), difference.interval.half, pairs), measure.factor
    )
    better = "better" if is_better else "worse"
    return f"{one} {verb} {better} than {other} by {size} {measure.of} ({facts}).{rest}"


def format_p(p: float) -> str:
    """Return a p value as people write it: ``p = .004``, ``p < .001``."""
    if p != p:
        return f"p {DASH}"
    if p < 0.001:
        return "p < .001"
    return f"p = {p:.3f}".replace("0.", ".", 1) if p < 0.1 else f"p = {p:.2f}".replace("0.", ".", 1)


def _unpaired(seeds: Sequence[int]) -> str:
    named = ", ".join(str(seed) for seed in seeds[:6]) + (", ..." if len(seeds) > 6 else "")
    return f"Unpaired {'seed' if len(seeds) == 1 else 'seeds'}: {named}."


def _with_half(interval: Interval, factor: float, sign: str = "") -> str:
    """Return mean ± half width with as many decimals as the width tells: one for percent, else two digits.

    A width that is not 0 does not look like it, nor does an exact mean; what rounds to 0 has no sign.
    """
    if interval.n == 0 or interval.mean != interval.mean:
        return DASH
    mean, half = factor * interval.mean, factor * interval.half
    if factor == 100:
        told = half if half > 0 else abs(mean)
        decimals = 1 if not 0 < told < 0.05 else _decimals(told, digits=1)
    elif half > 0:
        decimals = _decimals(half, digits=2)
    else:
        return f"{mean:{sign if mean else ''}z.4g}" + (" ± 0" if half == 0 else "")
    shown = f"{mean:z.{decimals}f}"
    if sign and float(shown) > 0:
        shown = f"+{shown}"
    return shown + (f" ± {half:.{decimals}f}" if half == half else "")


def _decimals(size: float, digits: int) -> int:
    """Return how many decimals show a size with so many digits, ten at most."""
    return min(max(digits - 1 - math.floor(math.log10(size)), 0), 10)
