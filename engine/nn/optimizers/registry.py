"""The registry of optimizers: what people read about one, and the decorator that registers it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.nn.optimizers.chain import Transform
from engine.nn.registry import Entry, PluginError, Registry, fill_in, meaning_of, name_of


@dataclass(frozen=True)
class OptimizerInfo:
    """An optimizer as people choose it.

    Parameters
    ----------
    name : str
        As in the configuration.
    meaning : str
        Its update in one line, for people who choose it.
    transform : class, optional
        Its transform, a dataclass whose fields are the settings that belong to it; none where the step is
        the gradient itself.
    advice : str, optional
        What learning rate or batch it wants, where that is not what others want.
    decoupled : bool
        Whether weight decay acts apart from the gradient where ``decay_kind`` is auto.
    """

    name: str
    meaning: str
    transform: type[Any] | None = None
    advice: str = ""
    decoupled: bool = False

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings that belong to it."""
        return tuple(field.name for field in fields(self.transform)) if self.transform else ()

    def transforms(self, values: Mapping[str, Any]) -> list[Transform]:
        """Return its transform with the settings of a resolved configuration; empty where it has none."""
        return [self.transform(**{name: values[name] for name in self.settings})] if self.transform else []

    def slots(self, values: Mapping[str, Any]) -> int:
        """Return the number of vectors like theta that it remembers with these settings."""
        return sum(len(each.slots) for each in self.transforms(values))


OPTIMIZERS: Registry[OptimizerInfo] = Registry("optimizer")


def optimizer(
    definition: Any = None,
    *,
    name: str | None = None,
    meaning: str | None = None,
    advice: str = "",
    decoupled: bool = False,
) -> Any:
    """Register an optimizer: a frozen dataclass that is a :class:`engine.nn.optimizers.chain.Transform`.

    Parameters
    ----------
    definition : class
        Its fields are names of settings that optimizers have, with defaults of its own; a built-in one adds
        a setting with :func:`engine.nn.registry.option`. ``slots`` names the vectors that it remembers,
        ``cells`` the scalars that ``scalars(step)`` gives for each update; both are empty where they are
        not given. ``record`` records its NumPy calls and returns the vector that they write: the step
        before the learning rate.
    name, meaning : str, optional
        By default the attribute ``name`` or the name of the class, and the first line of the docstring.
    advice : str
        What learning rate or batch it wants, where that is not what others want.
    decoupled : bool
        Whether weight decay acts apart from the gradient where ``decay_kind`` is auto.

    Returns
    -------
    The class, unchanged.

    Raises
    ------
    PluginError
        When the name is taken, a field is no such setting, or a check fails.
    """

    def register(kind: Any) -> Any:
        called = name_of(kind, name)
        OPTIMIZERS.check_name(called)
        params = getattr(kind, "__dataclass_params__", None)
        if not isinstance(kind, type) or not getattr(params, "frozen", False):
            raise PluginError(f"optimizer {called}: it must be a class under @dataclass(frozen=True)")
        fill_in(kind, slots=(), cells=())
        info = OptimizerInfo(called, meaning_of(kind, meaning), kind, advice, decoupled)
        defaults = {field.name: field.default for field in fields(kind)}
        OPTIMIZERS.register(Entry(called, info, info.meaning, defaults))
        return kind

    return register if definition is None else register(definition)


# The step is the gradient itself, which needs no transform.
OPTIMIZERS.register(
    Entry(
        "sgd",
        OptimizerInfo(
            "sgd",
            "w ← w − η g: straight down the gradient of the batch.",
            advice="Without memory it takes larger learning rates than Adam: 0.03 to 0.3 is usual.",
        ),
    )
)
