"""Sentences about scores."""

from collections.abc import Iterable, Mapping

from engine.analysis.imbalance import flattering_accuracy
from engine.analysis.scores import SCORES, SplitScores
from ui.shared.text import number, percent, visible

SPLITS = {"val": "validation", "test": "test"}
LISTED_AT_MOST = 6


def describe_flattery(found: SplitScores) -> str:
    """Say so when accuracy looks better than what is known of each class; nothing otherwise."""
    finding = flattering_accuracy(found)
    if finding is None:
        return ""
    return (
        f"Always predicting {visible(finding.majority, 30)!r} already scores "
        f"{percent(finding.majority_share)} on the validation rows: compare accuracy with that. Balanced "
        f"accuracy is {percent(finding.balanced_accuracy)}."
    )


def describe_undefined(by_split: Mapping[str, SplitScores], *, of_classes: bool = False) -> str:
    """Say which scores are not defined and why, those with one reason together; nothing when all are."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for split, found in by_split.items():
        if of_classes and split != "val":
            continue
        for name, why in _undefined_parts(found) if of_classes else _undefined(found):
            reasons.setdefault((split, why), []).append(name)
    several = len(by_split) > 1 and not of_classes
    return " ".join(
        f"Not defined{f' on {SPLITS[split]} rows' if several else ''}: {_list_names(names)} ({why})."
        for (split, why), names in reasons.items()
    )


def describe_baselines(scores: Mapping[str, Mapping[str, float]], score_name: str, split: str = "val") -> str:
    """Return the scores of the baselines on one split in a line."""
    form = score_format(score_name)
    return ", ".join(f"{name} {form(by_split[split])}" for name, by_split in scores.items())


def score_format(score_name: str):
    """Return how a score is printed: accuracies in percent, R² as a number."""
    return number if score_name == "r2" else percent


def _undefined(found: SplitScores) -> Iterable[tuple[str, str]]:
    for name, score in found["scores"].items():
        if score["value"] is None:
            yield SCORES[name].title, score["why"]


def _undefined_parts(found: SplitScores) -> Iterable[tuple[str, str]]:
    for part in found["parts"]:
        for name, score in part["scores"].items():
            if score["value"] is None:
                yield f"{SCORES[name].title} of {visible(part['name'], 30)!r}", score["why"]


def _list_names(names: list[str]) -> str:
    more = len(names) - LISTED_AT_MOST
    return ", ".join(names[:LISTED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
