"""An optimizer of one's own has known settings, its own defaults, and all of its memory in its slots."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from engine.config import ConfigError, parse_config
from engine.config.resolve import DataFacts, resolve
from engine.extension import PluginError, optimizer
from engine.nn.optimizers.registry import OPTIMIZERS

pytestmark = pytest.mark.usefixtures("plugin_folder")
CLASSES = DataFacts("classification", 2, 300)


@dataclass(frozen=True)
class Heavy:
    """A heavier ball."""

    momentum: float = 0.95
    slots = ("b",)

    def record(self, tape, g, theta, slots, cells):
        b = slots["b"]
        tape.call(np.multiply, b, tape.constant(self.momentum), b, label="b = mu b")
        tape.call(np.add, b, g, b, label="b = b + g")
        return b


def test_its_fields_are_settings_with_defaults_of_its_own_and_others_do_not_apply():
    assert optimizer(Heavy) is Heavy
    assert OPTIMIZERS["heavy"].meaning == "A heavier ball."
    assert resolve(parse_config({"optimizer": "heavy"}), CLASSES).momentum == 0.95
    assert parse_config({"optimizer": "heavy", "momentum": 0.5}).momentum == 0.5
    with pytest.raises(ConfigError, match="beta1 applies only with optimizer"):
        parse_config({"optimizer": "heavy", "beta1": 0.5})


def test_decoupled_decay_and_advice_are_taken_over():
    optimizer(Heavy, name="heavy_apart", decoupled=True, advice="Small rates.")
    assert OPTIMIZERS["heavy_apart"].advice == "Small rates."
    decided = resolve(parse_config({"optimizer": "heavy_apart", "weight_decay": 0.1}), CLASSES)
    assert decided.decay_kind == "decoupled"


def frozen(**attributes: Any) -> Any:
    """Return a frozen dataclass like Heavy, named ``spoilt``, with these attributes."""
    annotations = {name: float for name, value in attributes.items() if isinstance(value, float)}
    return dataclass(frozen=True)(
        type(
            "Spoilt",
            (),
            {"slots": ("b",), "record": Heavy.record, "__annotations__": annotations, **attributes},
        )
    )


def plain_step(tape, g):
    u = tape.array(g.shape[-1])
    tape.call(np.positive, g, u, label="u = g")
    return u


def remembers_in_a_buffer(self, tape, g, theta, slots, cells):
    b = tape.array(g.shape[-1])
    tape.call(np.add, b, g, b, label="b = b + g")
    return b


def moves_theta(self, tape, g, theta, slots, cells):
    tape.call(np.multiply, theta, tape.constant(0.9), theta, label="theta = 0.9 theta")
    return plain_step(tape, g)


def divides_by_zero(self, tape, g, theta, slots, cells):
    u = tape.array(g.shape[-1])
    tape.call(np.divide, g, tape.constant(0), u, label="u = g / 0")
    return u


def adds_replicates(self, tape, g, theta, slots, cells):
    u = tape.array(g.shape[-1])
    tape.call(np.add, g, g[:1] if tape.lead else g, u, label="u = g + g of the first")
    tape.call(np.multiply, u, tape.constant(2 if tape.lead else 1), u, label="u = 2 u")
    return u


def stands_still(self, tape, g, theta, slots, cells):
    return tape.array(g.shape[-1])


COUNTED: list[int] = []


def counts_outside(self, step):
    COUNTED.append(step)
    return {"scale": 1 + len(COUNTED)}


def scaled(self, tape, g, theta, slots, cells):
    u = plain_step(tape, g)
    tape.call(np.multiply, u, cells["scale"], u, label="u = scale u")
    return u


WRONG = {
    "an unknown field": (
        {"momentum": 0.9, "warmth": 0.5},
        "a field must be one of the settings .*momentum.*, got warmth",
    ),
    "a default out of range": ({"momentum": 1.5}, "optimizer spoilt: momentum must be < 1, got 1.5"),
    "memory in a buffer": (
        {"record": remembers_in_a_buffer, "slots": ()},
        "all that it remembers must be in its slots, got other steps after a resume",
    ),
    "memory outside": (
        {"record": scaled, "slots": (), "cells": ("scale",), "scalars": counts_outside},
        "all that it remembers must be in its slots",
    ),
    "theta changed": ({"record": moves_theta}, "it must leave theta alone, got theta changed"),
    "infinite steps": ({"record": divides_by_zero}, "its steps must be finite, got (nan|-?inf)"),
    "replicates mixed": ({"record": adds_replicates}, "replicates must be like single networks"),
    "no step": ({"record": stands_still}, "it must change the parameters, got none changed"),
    "nothing returned": (
        {"record": lambda *_: None},
        r"record must return the vector that its calls write, got NoneType of shape \(\)",
    ),
    "a cell without its number": (
        {"momentum": 0.9, "cells": ("scale",)},
        r"scalars must give exactly the cells \['scale'\], got \[\]",
    ),
    "a cell of the chain": ({"momentum": 0.9, "cells": ("rate",)}, "different names other than 'rate'"),
    "slots that are a text": ({"momentum": 0.9, "slots": "b"}, "slots must be a tuple of names, got 'b'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_one_is_refused_in_one_sentence_and_leaves_no_trace(case):
    attributes, sentence = WRONG[case]
    before = dict(OPTIMIZERS), dict(OPTIMIZERS.options)
    with pytest.raises(PluginError, match=sentence):
        optimizer(frozen(**attributes), name="spoilt")
    assert before == (OPTIMIZERS, OPTIMIZERS.options)


def test_it_must_be_a_frozen_dataclass_and_each_field_has_a_default():
    with pytest.raises(
        PluginError, match=r"optimizer heavy: it must be a class under @dataclass\(frozen=True\)"
    ):
        optimizer(type("Heavy", (), {}))
    with pytest.raises(PluginError, match=r"it must be a class under @dataclass\(frozen=True\)"):
        optimizer(dataclass(type("Loose", (), {"record": Heavy.record})))

    @dataclass(frozen=True)
    class Bare:
        momentum: float = field()

    with pytest.raises(PluginError, match="the field momentum must have a default, got none"):
        optimizer(Bare)


def test_the_name_of_a_built_in_one_is_refused():
    with pytest.raises(
        PluginError, match="optimizer adam: the name must be free, got that of a built-in one"
    ):
        optimizer(Heavy, name="adam")
