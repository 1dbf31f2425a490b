"""Sentences about scores."""

from collections.abc import Iterable, Mapping

from engine.analysis.scores import SCORES, SplitScores
from ui.shared.text import percent, visible

FLATTERED = 0.1
SPLITS = {"val": "validation", "test": "test"}


def flattery_words(found: SplitScores) -> str:
    """Say so when accuracy looks better than what is known of each class; nothing otherwise."""
    accuracy = found["scores"].get("accuracy", {"value": None})["value"]
    balanced = found["scores"].get("balanced_accuracy", {"value": None})["value"]
    if accuracy is None or balanced is None or accuracy - balanced < FLATTERED:
        return ""
    most = max(found["parts"], key=lambda part: part["rows"])
    return (
        f"Accuracy flatters here: always saying {visible(most['name'], 30)!r} is right on "
        f"{percent(most['rows'] / found['rows'])} of the validation rows. Counting every class alike it is "
        f"{percent(balanced)}."
    )


def undefined_words(by_split: Mapping[str, SplitScores], *, of_classes: bool = False) -> str:
    """Say which scores are not defined and why, those with one reason together; nothing when all are."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for split, found in by_split.items():
        if of_classes and split != "val":
            continue
        for name, why in _undefined_parts(found) if of_classes else _undefined(found):
            reasons.setdefault((split, why), []).append(name)
    several = len(by_split) > 1 and not of_classes
    return " ".join(
        f"Not defined{f' for {SPLITS[split]} rows' if several else ''}: {_listed(names)}, because {why}."
        for (split, why), names in reasons.items()
    )


def _undefined(found: SplitScores) -> Iterable[tuple[str, str]]:
    for name, score in found["scores"].items():
        if score["value"] is None:
            yield SCORES[name].title, score["why"]


def _undefined_parts(found: SplitScores) -> Iterable[tuple[str, str]]:
    for part in found["parts"]:
        for name, score in part["scores"].items():
            if score["value"] is None:
                yield f"{SCORES[name].title} of {visible(part['name'], 30)!r}", score["why"]


def _listed(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
