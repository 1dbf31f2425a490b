"""The confusion matrix has the truth in rows and shares of each true class; fits lie over the truth."""

from typing import Any

import numpy as np

from engine.figures.mistakes import confusion_matrix, predicted_against_true


def traces(figure: Any) -> list[Any]:
    """Return the traces of a figure; Plotly's own types know nothing of them."""
    return list(figure.data)


def test_a_row_holds_the_shares_of_one_true_class_and_hover_tells_counts() -> None:
    counts = np.array([[3, 1], [0, 0]])
    (heatmap,) = traces(confusion_matrix(counts, ("a", "<b>")))
    np.testing.assert_allclose(heatmap.z, [[0.75, 0.25], [0, 0]])
    np.testing.assert_array_equal(heatmap.customdata, counts)
    assert heatmap.text[0][0] == "3<br>75 %" and heatmap.y[1] == "&lt;b&gt;"


def test_the_first_true_class_stands_at_the_top() -> None:
    figure: Any = confusion_matrix(np.eye(10, dtype=int), tuple("0123456789"))
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.data[0].text[0][1] == ""


def test_predictions_are_drawn_over_the_truth_with_the_diagonal() -> None:
    truth, answer = np.array([1.0, 3.0, 2.0]), np.array([1.5, 2.5, 2.0])
    line, points = traces(predicted_against_true(truth, answer))
    assert list(line.x) == list(line.y) == [1.0, 3.0]
    np.testing.assert_array_equal(points.y, answer)


def test_of_many_classes_those_with_the_most_mistakes_are_shown_and_the_axis_says_so() -> None:
    generator = np.random.default_rng(0)
    counts = np.diag(np.full(200, 20))
    mixed = generator.choice(200, 24, replace=False)
    counts[mixed[:12], mixed[12:]] = np.arange(1, 13)
    names = tuple(f"a very long name of species {number}" for number in range(200))
    figure: Any = confusion_matrix(counts, names)
    (heatmap,) = traces(figure)
    shown = np.array(heatmap.customdata)
    assert shown.shape == (30, 30) and shown.sum() - shown.trace() == counts.sum() - counts.trace()
    assert figure.layout.xaxis.title.text == "predicted (30 of 200 classes, most mistakes)"
    assert len(set(heatmap.x)) == 30 and len(figure.layout.xaxis.tickvals) == 15


def test_names_that_are_cut_to_the_same_text_stay_apart() -> None:
    figure: Any = confusion_matrix(np.eye(3, dtype=int), ("x" * 20, "x" * 30, "y"))
    assert len(set(figure.data[0].x)) == 3 and figure.data[0].x[2] == "y"
