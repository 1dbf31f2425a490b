"""Settings in which stacked runs differ, as arrays along the axis of runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.config import RunConfig
from engine.config.optimizers import CLIPPING
from engine.nn.tape import Value


@dataclass(frozen=True, eq=False)
class PerRunValues:
    """What network and optimizer take as numbers: of one run, or of stacked runs.

    Attributes
    ----------
    weight_decay : float or numpy.ndarray
        A number where all have the same, ``(R, 1)`` where they differ.
    limits : dict of str to (float or numpy.ndarray or None)
        Of each kind of clipping, likewise; None where the gradient is not clipped so.
    dropout_rates : tuple of (float or numpy.ndarray)
        Of each hidden layer, input side first: a number, or ``(R, 1, 1)``.
    """

    weight_decay: Value
    limits: dict[str, Value | None]
    dropout_rates: tuple[Value, ...]

    @classmethod
    def of(cls, configs: Sequence[RunConfig]) -> "PerRunValues":
        """Return the values of resolved configurations that one tape can train."""
        return cls(
            _shared_or_own(configs, lambda config: config.weight_decay, (-1, 1)),
            {name: _limit(configs, name) for name in CLIPPING},
            tuple(
                _shared_or_own(configs, lambda config, layer=layer: config.dropout_rates[layer], (-1, 1, 1))
                for layer in range(len(configs[0].hidden_sizes))
            ),
        )


def _limit(configs: Sequence[RunConfig], name: str) -> Value | None:
    if getattr(configs[0], name) is None:
        return None
    return _shared_or_own(configs, lambda config: getattr(config, name), (-1, 1))


def _shared_or_own(
    configs: Sequence[RunConfig], value_of: Callable[[RunConfig], float], shape: tuple[int, ...]
) -> Value:
    values = [value_of(config) for config in configs]
    return values[0] if len(set(values)) == 1 else np.array(values).reshape(shape)
