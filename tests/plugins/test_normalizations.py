"""A layer of one's own stands before the activations, once gradients, memory and evaluation are right."""

from typing import ClassVar

import numpy as np
import pytest

from engine.analysis.gradient_check import check_config
from engine.config import parse_config
from engine.config.resolve import DataFacts, resolve
from engine.config.settings import SETTINGS
from engine.extension import PluginError, layer, normalization
from engine.nn.normalization import NORMALIZATIONS, Normalization

pytestmark = pytest.mark.usefixtures("plugin_folder")
CLASSES = DataFacts("classification", 2, 300)


class Gain(Normalization):
    """Each unit has a gain of its own."""

    parameter_starts: ClassVar = {"gain": 1.5}
    statistic_starts: ClassVar = {"steps": 0.0}
    factor = 1.0

    def record(self, tape, arena, x, mode):
        n = arena.blocks[self.output]
        gain, dgain = self.parameters[..., 0, :, np.newaxis], self.gradient[..., 0, :]
        tape.call(np.multiply, x.values, gain, n.values, label="n = g z")
        if mode == "training":
            tape.call(np.add, self.statistics, tape.constant(1), self.statistics, label="steps + 1")

        def backward():
            tape.call(np.vecdot, n.error, x.values, dgain, label="dg = dn · z")
            tape.call(np.multiply, n.error, gain, x.error, label="dz = g dn")
            tape.call(np.multiply, x.error, tape.constant(self.factor), x.error, label="dz = factor dz")

        return n, backward


def test_it_becomes_a_choice_of_normalization_and_passes_the_gradient_check():
    assert normalization(Gain) is Gain
    assert "gain" in SETTINGS["normalization"].choices and NORMALIZATIONS["gain"] is Gain
    assert resolve(parse_config({"normalization": "gain", "batch_size": 1}), CLASSES).batch_size == 1
    assert check_config(parse_config({"normalization": "gain", "hidden_sizes": [4, 3]}))[1]


class WrongGradient(Gain):
    factor = 1.1


class Forgetful(Gain):
    """Leaves the gradient of its gain unwritten."""

    def record(self, tape, arena, x, mode):
        n, gain = arena.blocks[self.output], self.parameters[..., 0, :, np.newaxis]
        tape.call(np.multiply, x.values, gain, n.values, label="n = g z")
        return n, lambda: tape.call(np.multiply, n.error, gain, x.error, label="dz = g dn")


class AlwaysCounts(Gain):
    """Counts in evaluation, too."""

    def record(self, tape, arena, x, mode):
        if mode == "evaluation":
            tape.call(np.add, self.statistics, tape.constant(1), self.statistics, label="steps + 1")
        return super().record(tape, arena, x, mode)


class CountsInChecks(Gain):
    """Counts when its gradient is looked at."""

    def record(self, tape, arena, x, mode):
        if mode == "gradient":
            tape.call(np.add, self.statistics, tape.constant(1), self.statistics, label="steps + 1")
        return super().record(tape, arena, x, mode)


class Centred(Gain):
    """Takes the batch's mean away in evaluation."""

    def record(self, tape, arena, x, mode):
        n, back = super().record(tape, arena, x, mode)
        if mode == "evaluation":
            mean = tape.array(x.width, 1)
            share = tape.constant(1 / x.values.shape[-1])
            tape.call(np.add.reduce, n.values, -1, None, mean, True, label="m = sum", output=mean)
            tape.call(np.multiply, mean, share, mean, label="m = m / batch")
            tape.call(np.subtract, n.values, mean, n.values, label="n = n - m")
        return n, back


class Hidden(Gain):
    """Keeps a memory of its own in training."""

    def record(self, tape, arena, x, mode):
        n, back = super().record(tape, arena, x, mode)
        if mode == "training":
            kept = tape.array(*x.values.shape[-2:])
            tape.call(np.add, kept, x.values, kept, label="k = k + z")
            tape.call(np.add, n.values, kept, n.values, label="n = n + k")
        return n, back


class Unlike(Gain):
    """Another thing beside other replicates."""

    def record(self, tape, arena, x, mode):
        n, back = super().record(tape, arena, x, mode)
        if tape.lead:
            tape.call(np.add, n.values, tape.constant(1), n.values, label="n = n + 1")
        return n, back


class Exploding(Gain):
    """Infinite in training."""

    def record(self, tape, arena, x, mode):
        n, back = super().record(tape, arena, x, mode)
        if mode == "training":
            tape.call(np.multiply, n.values, tape.constant(np.inf), n.values, label="n = inf n")
            tape.call(np.subtract, n.values, n.values, n.values, label="n = n - n")
        return n, back


class BadStart(Gain):
    parameter_starts: ClassVar = {"gain": float("nan")}


WRONG = {
    WrongGradient: r"must equal finite differences within 1e-05, got a relative error of 0\.0\d+ in layer",
    Forgetful: "must equal finite differences within 1e-05, got a relative error of nan in layer",
    AlwaysCounts: "its statistics must change in training alone, got a change in evaluation",
    CountsInChecks: "its statistics must change in training alone, got a change in mode 'gradient'",
    Centred: "a row in evaluation must not hang on the others",
    Hidden: "all that it remembers must be in its statistics, got other steps after a resume",
    Unlike: "replicates must be like single networks",
    Exploding: "gradients and statistics must be finite",
    BadStart: r"parameter_starts must give names and finite numbers, got \{'gain': nan\}",
    dict: "it must be a subclass of engine.nn.normalization.Normalization",
}


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
def test_a_wrong_one_is_refused_in_one_sentence_and_leaves_no_trace(kind):
    before = dict(NORMALIZATIONS)
    with pytest.raises(PluginError, match=f"normalization spoilt: .*{WRONG[kind]}"):
        normalization(kind, name="spoilt")
    assert before == NORMALIZATIONS


def test_the_name_of_a_built_in_one_is_refused():
    with pytest.raises(
        PluginError, match="normalization batch: the name must be free, got that of a built-in one"
    ):
        normalization(Gain, name="batch")


def test_layer_is_another_name_of_the_decorator_so_that_older_files_stay_valid():
    assert layer is normalization
