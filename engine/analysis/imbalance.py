"""Accuracy that looks better than it is because one class has most of the rows."""

from dataclasses import dataclass

from engine.analysis.scores import SplitScores

FLATTERING_DIFFERENCE = 0.1


@dataclass(frozen=True)
class FlatteringAccuracy:
    """An accuracy beside what it hides.

    Attributes
    ----------
    accuracy, balanced_accuracy : float
    majority : str
        Name of the class with the most rows.
    majority_share : float
        Of all rows: the accuracy of always predicting that class.
    """

    accuracy: float
    balanced_accuracy: float
    majority: str
    majority_share: float


def flattering_accuracy(found: SplitScores) -> FlatteringAccuracy | None:
    """Return the finding where accuracy is far above balanced accuracy, None otherwise."""
    accuracy = found["scores"].get("accuracy", {"value": None})["value"]
    balanced = found["scores"].get("balanced_accuracy", {"value": None})["value"]
    if accuracy is None or balanced is None or accuracy - balanced < FLATTERING_DIFFERENCE:
        return None
    largest = max(found["parts"], key=lambda part: part["rows"])
    return FlatteringAccuracy(accuracy, balanced, largest["name"], largest["rows"] / found["rows"])
