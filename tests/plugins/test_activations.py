"""An activation of one's own is offered once its derivative is right, otherwise refused with numbers."""

from typing import Any

import numpy as np
import pytest

from engine.analysis.gradient_check import check_config
from engine.config import parse_config
from engine.config.settings import SETTINGS
from engine.extension import PluginError, activation
from engine.nn.activations import ACTIVATIONS
from engine.nn.tape import minimum

pytestmark = pytest.mark.usefixtures("plugin_folder")


def snake(z):
    """A line that waves."""
    return z + np.sin(z) ** 2


def slope(z):
    return 1 + np.sin(2 * z)


def test_a_function_with_its_derivative_becomes_a_choice_and_passes_the_gradient_check():
    assert activation(snake, derivative=slope) is snake
    found = ACTIVATIONS["snake"]
    assert (found.meaning, found.formula, found.kinks) == ("A line that waves.", "snake(z)", ())
    assert "snake" in SETTINGS["activation"].choices
    checks, passed = check_config(parse_config({"activation": "snake", "hidden_sizes": [4, 3]}))
    assert passed and len(checks) == 3


def test_what_is_told_of_a_function_reaches_those_who_ask():
    shown = {"meaning": "Waves.", "formula": "z + sin²(z)", "saturated": (-1.0, 1.0), "dies": True}
    activation(snake, derivative=slope, name="wave", start="he_normal", **shown)
    found = ACTIVATIONS["wave"]
    assert {name: getattr(found, name) for name in shown} == shown
    assert found.start == "he_normal"


def test_a_class_records_its_own_calls_and_what_it_leaves_out_is_filled_in():
    @activation(kinks=(2,))
    class Capped:
        """A line up to 2."""

        def forward(self, tape, z, a):
            tape.call(minimum, z.values, tape.constant(2), a.values, label="a = min(z, 2)")

        def backward(self, tape, z, a):
            inside = tape.array(*a.values.shape[-2:])
            tape.call(np.subtract, tape.constant(2), a.values, inside, label="s = 2 - a")
            tape.call(np.sign, inside, inside, label="s = sign(s)")
            tape.call(np.multiply, a.error, inside, z.error, label="dz = da s")

    found = ACTIVATIONS["capped"]
    assert isinstance(found, Capped)
    assert (found.name, found.meaning, found.kinks) == ("capped", "A line up to 2.", (2,))
    assert (found.saturated, found.dies, found.derivative) == (None, False, "capped'(z)")


WRONG: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a wrong slope": (
        lambda z: 1 + np.cos(2 * z),
        {},
        r"activation snake: its derivative at z = \S+ must be \S+ as finite differences say, got \S+$",
    ),
    "a slope that is nearly right": (lambda z: 1.00001 * slope(z), {}, "as finite differences say"),
    "a slope that is no number": (
        lambda z: np.where(np.abs(z) < 3, slope(z), np.nan),
        {},
        "activation snake: its derivative at z = -6 must be finite, got nan",
    ),
    "no derivative": (None, {}, "activation snake: its derivative must be given, got none"),
    "an unknown start": (slope, {"start": "auto"}, "start must be the name of an initializer, got 'auto'"),
    "a bad name": (slope, {"name": "My Snake"}, "activation 'My Snake': a name must be small letters"),
    "a taken name": (
        slope,
        {"name": "relu"},
        "activation relu: the name must be free, got that of a built-in",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_function_is_refused_in_one_sentence_and_leaves_no_trace(case):
    derivative, shown, sentence = WRONG[case]
    before = dict(ACTIVATIONS)
    with pytest.raises(PluginError, match=sentence):
        activation(snake, derivative=derivative, **shown)
    assert before == ACTIVATIONS


def test_the_numbers_of_the_sentence_are_those_of_the_function():
    with pytest.raises(PluginError) as refused:
        activation(snake, derivative=lambda z: 1 + np.cos(2 * z))
    words = str(refused.value).split()
    at, expected, got = (float(words[place].rstrip(",")) for place in (7, 10, -1))
    assert expected == pytest.approx(slope(at), abs=1e-5)
    assert got == pytest.approx(1 + np.cos(2 * at), abs=1e-5)


def test_a_jump_of_the_derivative_must_be_named():
    def ramp(z):
        return np.where(z > 1, z - 1, 0)

    with pytest.raises(PluginError, match="must be named in kinks, got one at z = 1, from 0 to 1"):
        activation(ramp, derivative=lambda z: np.where(z > 1, 1, 0))
    activation(ramp, derivative=lambda z: np.where(z > 1, 1, 0), kinks=(1,))
    assert ACTIVATIONS["ramp"].kinks == (1,)


def test_one_that_overflows_far_away_is_refused():
    with pytest.raises(PluginError, match=r"its value at z = 10000 in float32 must be finite, got inf"):
        activation(np.exp, derivative=np.exp, name="exponential")


def test_one_that_looks_at_other_units_is_refused():
    def centred(z):
        return z - z.mean() + 0 * z

    with pytest.raises(PluginError, match="activation centred: its derivative at z"):
        activation(centred, derivative=lambda z: 1 - 1 / z.size)

    def shifted_by_the_largest(z):
        return z + np.round(np.max(z))

    with pytest.raises(PluginError, match="each element must go by its own z"):
        activation(shifted_by_the_largest, derivative=lambda z: 1)


class Doubled:
    """Twice z."""

    def forward(self, tape, z, a):
        tape.call(np.add, z.values, z.values, a.values, label="a = 2 z")

    def backward(self, tape, z, a):
        tape.call(np.add, a.error, a.error, z.error, label="dz = 2 da")


def test_a_backward_that_forgets_the_error_or_changes_the_value_is_refused():
    class Forgets(Doubled):
        def backward(self, tape, z, a):
            tape.call(np.positive, np.full_like(z.error, 2), z.error, label="dz = 2")

    class Changes(Doubled):
        def backward(self, tape, z, a):
            tape.call(np.add, a.error, a.error, a.values, label="a = 2 da")
            tape.call(np.positive, a.values, z.error, label="dz = a")

    activation(Doubled)
    with pytest.raises(PluginError, match="activation forgets: its derivative at z = "):
        activation(Forgets)
    with pytest.raises(PluginError, match="must leave z and a as they are"):
        activation(Changes)


def test_replicates_must_be_like_single_networks():
    class Tripled(Doubled):
        def forward(self, tape, z, a):
            factor = tape.constant(3 if tape.lead else 2)
            tape.call(np.multiply, z.values, factor, a.values, label="a = 2 z or 3 z")

    with pytest.raises(PluginError, match="activation tripled: replicates must be like single networks"):
        activation(Tripled)
