"""Which settings may differ between runs that one tape trains as a stack."""

from collections.abc import Mapping
from typing import Any

from engine.config.optimizers import CLIPPING

# What a tape takes as numbers, one for each run.
NUMBERS = ("learning_rate", "weight_decay", *CLIPPING)
OWN = ("seed", *NUMBERS, "dropout")


def tape_shape(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be equal in two configurations so that runs with them can be stacked.

    That is every setting but those in ``OWN``, and of these whether they do anything at all: a tape without
    weight decay has no call for it. Of dropout it counts which hidden layers it acts on, of the activation
    which one each of them has.

    Parameters
    ----------
    values : mapping
        A configuration's settings by name, as JSON has them; an old one may lack some.
    """
    shape = {name: value for name, value in values.items() if name not in OWN}
    shape["decays"] = bool(values.get("weight_decay"))
    shape["clips"] = [values.get(name) is not None for name in CLIPPING]
    shape["drops"] = [rate > 0 for rate in _by_layer(values, "dropout", 0.0)]
    shape["activation"] = _by_layer(values, "activation", None)
    return shape


def _by_layer(values: Mapping[str, Any], name: str, default: Any) -> list[Any]:
    value = values.get(name, default)
    return list(value) if isinstance(value, list | tuple) else [value] * len(values.get("hidden_sizes", ()))
