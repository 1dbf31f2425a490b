"""The notation: names and symbols, how expressions read, and that a wrong one is noticed."""

import numpy as np
import pytest

from engine.nn import notation
from engine.nn.optimizers.adam import Adam
from engine.nn.optimizers.chain import Optimizer
from engine.nn.optimizers.clipping import ClipByLayerNorm, ClipByValue
from engine.nn.optimizers.measures import BLOCK
from engine.nn.optimizers.penalties import L1
from engine.nn.parameters import Parameters
from engine.nn.tape import Tape
from tests.nn.labels import BATCH, build, check, filled, memory


def test_a_part_named_by_its_index_is_that_part():
    update = Optimizer(Parameters([(3, BLOCK), (1, 7)], np.float64), []).measured_update
    small = Optimizer(Parameters([(2, 3), (1, 3)], np.float64), []).measured_update
    found = []
    for arrays in (update.names.arrays, small.names.arrays):
        for name in (each for each in arrays if each.endswith("]")):
            whole, _, index = name[:-1].partition("[")
            ends = [[int(end or 0) for end in each.split(":")] for each in index.split(",")]
            part = (..., *(slice(*each) if len(each) > 1 else each[0] for each in ends))
            view = arrays[whole][part] if whole != "rows" else arrays[whole][part[1:]]
            assert memory(view) == memory(arrays[name]), name
            found.append(name)
    assert {"g[0:32768]", "θ[98304:98311]", "block[:7]", "parts[3,3]", "rows[1]", "rows[:4]"} <= set(found)


def test_adam_reads_as_in_the_paper():
    update = Optimizer(Parameters([(2, 3)], np.float64), [Adam()]).update
    assert [call.label for call in update.instructions] == [
        "m = β1 m",
        "t = (1 - β1) g",
        "m = m + t",
        "v = β2 v",
        "t = g²",
        "t = (1 - β2) t",
        "v = v + t",
        "t = sqrt(v)",
        "t = root_correction t",
        "t = t + ε",
        "u = m / t",
        "u = mean_correction u",
        "Δθ = η u",
        "θ = θ - Δθ",
    ]


def check_every_symbol():
    """Check calls in which every symbol of the notation occurs."""
    network = build("mish", "cross_entropy, weighted", dropout=0.3, normalization="batch")
    layers = network.parameters.starts, network.parameters.sizes
    clipping = [ClipByValue(0.7), ClipByLayerNorm(1.1, *layers)]
    optimizer = Optimizer(network.parameters, [*clipping, L1(0.1), Adam(amsgrad=True)])
    network.parameters.grad[...] = 0.8
    optimizer.prepare(1, 0.1)
    check(optimizer.measured_update.instructions)
    replicates = Tape(np.float64, (2,))
    a, b, c = (replicates.named(np.full((2, 2, 2), len(name)) / 1, name) for name in ("a", "aa", "aaa"))
    replicates.matmul(a, b, c)
    replicates.positive(a, c)
    check(replicates.instructions)
    others = [build(name, normalization="layer") for name in ("elu", "sigmoid", "relu6")]
    for each in (network, *others):
        recording = filled(each.recording(BATCH))
        check(recording.tape.instructions)
        check(recording.loss_tape.instructions)


WRONG = {"{} + {}": "{} - {}", "{}": "-{}", "-{}": "{}", "{} {}": "{} ⊙ {}", "{} ⊙ {}": "{} + {}"}


@pytest.mark.parametrize("function", notation.SYMBOLS, ids=lambda each: each.__name__)
def test_a_wrong_symbol_is_noticed(function, monkeypatch):
    check_every_symbol()
    symbol = notation.SYMBOLS[function]
    wrong = WRONG.get(symbol, ("uniform(0, 2)", "2 - {}", "{} + {}")[min(symbol.count("{}"), 2)])
    monkeypatch.setitem(notation.SYMBOLS, function, wrong)
    with pytest.raises((AssertionError, ValueError, KeyError)):
        check_every_symbol()


@pytest.mark.parametrize("pattern", range(len(notation.BIAS_CARRIED)))
def test_a_wrong_part_for_the_bias_is_noticed(pattern, monkeypatch):
    rules = list(notation.BIAS_CARRIED)
    wrong = (r"\1 \3 - \2", r"\1 = \3 \4ᵀ, \2 = \3", r"\1 = \2 \3")[pattern]
    rules[pattern] = rules[pattern][0], wrong
    monkeypatch.setattr(notation, "BIAS_CARRIED", tuple(rules))
    with pytest.raises((AssertionError, ValueError)):
        check(filled(build(sizes=(3, 4, 5, 2)).recording(BATCH)).tape.instructions)


def test_wrong_names_are_noticed():
    recording = filled(build().recording(BATCH))
    names = recording.tape.names
    names.give(recording.arena.blocks["z1"].values, "z9")
    names.arrays["z9"] = recording.arena.blocks["z2"].values
    with pytest.raises(AssertionError, match="z9 was not written"):
        check(recording.tape.instructions)


def test_a_name_that_means_another_buffer_when_it_is_read_is_noticed():
    tape = Tape(np.float64)
    a, b = tape.array(3, name="a"), tape.array(3, name="b")
    tape.add(a, 1, b)
    tape.add(b, 1, a)
    check(tape.instructions)
    first, second = Tape(np.float64), Tape(np.float64)
    first.add(first.array(3, name="a"), 1, first.array(3, name="b"))
    second.add(second.array(3, name="b"), 1, second.array(3, name="a"))
    with pytest.raises(AssertionError, match="b is another buffer"):
        check([*first.instructions, *second.instructions])


def test_a_second_buffer_of_a_name_gets_a_prime_and_a_layers_buffer_its_number():
    tape = Tape(np.float32)
    first, second = tape.array(2), tape.array(2)
    with tape.section("backward", 3):
        third = tape.like(first, "s")
    assert [tape.names.of(each) for each in (first, second, third)] == ["t", "t'", "s3"]
    assert tape.named(first, "t") is first and tape.names.of(first) == "t"


def test_numbers_read_as_numbers_and_constants_as_their_symbol_until_it_means_another_one():
    tape = Tape(np.float32)
    assert tape.names.of(tape.constant(0.1)) == "0.1" and tape.names.of(tape.constant(1.2 - 1)) == "0.2"
    assert tape.names.of(tape.constant(0.9, "β1")) == tape.names.of(tape.constant(0.9, "β1")) == "β1"
    assert tape.names.of(tape.constant(0.8, "β1")) == "0.8"
    assert tape.names.of(tape.constant(np.zeros((2, 3)))) == "0"
    assert tape.names.of(tape.constant(np.arange(3))) == "c" and tape.names.of(np.float64(40)) == "40"


def test_parts_of_an_expression_stand_in_parentheses_where_they_are_expressions():
    tape = Tape(np.float64)
    x, out = tape.array(3, name="x"), tape.array(3, name="y")
    tape.add(x, tape.constant(0.5, "1 - β"), out)
    tape.multiply(x, tape.constant(0.5, "1/2"), out)
    tape.multiply(x, -0.5, out)
    tape.subtract(x, tape.constant(-0.5), out)
    tape.maximum(x, tape.constant(0.5, "1 - β"), out)
    tape.multiply(x, tape.constant(2.5, "sqrt(2/π)"), out)
    assert [call.label for call in tape.instructions] == [
        "y = x + (1 - β)",
        "y = (1/2) x",
        "y = -0.5 x",
        "y = x - (-0.5)",
        "y = max(x, 1 - β)",
        "y = sqrt(2/π) x",
    ]


def test_a_plugins_call_reads_by_its_functions_name_or_as_the_plugin_says():
    tape = Tape(np.float64)
    z, a = tape.named(np.full(3, 0.5), "z"), tape.array(3, name="a")
    tape.call(np.sin, z, a)
    tape.call(np.sin, a, a, label="a = sine of a")
    tape.call(np.add, np.ones(3), np.ones(3), a)
    assert [call.label for call in tape.instructions] == ["a = sin(z)", "a = sine of a", "a = x + x'"]
    check(tape.instructions[:1])


def test_recording_derives_no_label():
    tape = build(dropout=0.3, normalization="batch").recording(BATCH).tape
    assert not tape.names._found
