"""What a network decides from its raw outputs: probabilities, whatever their size."""

import numpy as np
import pytest

from engine.nn.losses.classification import BinaryCrossEntropy, CrossEntropy


def test_softmax_gives_probabilities_of_any_outputs():
    outputs = np.array([[0.0, np.log(3.0)], [1e4, -1e4], [-1e4, -1e4]])
    np.testing.assert_allclose(CrossEntropy().decide(outputs), [[0.25, 0.75], [1, 0], [0.5, 0.5]], rtol=1e-12)


@pytest.mark.parametrize(
    ("output", "probability"), [(0.0, 0.5), (np.log(3.0), 0.75), (1e4, 1.0), (-1e4, 0.0)]
)
def test_a_single_output_gives_the_probability_of_class_1(output, probability):
    np.testing.assert_allclose(BinaryCrossEntropy().decide(np.array([[output]])), [[probability]], rtol=1e-12)
