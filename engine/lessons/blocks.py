"""Reads the blocks of a lesson: what stands in them in YAML becomes experiments, steps, questions, code."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.config import RunConfig
from engine.config.errors import shown, unknown_name
from engine.config.run_config import SHORTHANDS
from engine.config.settings import SETTINGS
from engine.explain.frameworks import FRAMEWORKS
from engine.lessons.block import Block
from engine.lessons.lesson import EQUALS, SHOWS, Code, Experiment, Part, Step
from engine.lessons.measures import MEASURES

RUNS_AT_LEAST, RUNS_AT_MOST = 2, 5
SIZES = {"hidden_sizes", *SHORTHANDS}
NEURON = {"x": 1.0, "w": 1.0, "b": 0.0, "y": 0.0, "rate": 0.1, "activation": "identity"}
_TRAINED = ("preset", "settings", "title", "show", "look", "expect", "target")


def changed(settings: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with others on top; sizes given in another way replace those there."""
    kept = {name: value for name, value in settings.items() if not (SIZES & set(change) and name in SIZES)}
    if SIZES & set(change) and "hidden_sizes" not in change:  # the depth alone is changed: the width stays
        kept |= {name: settings[name] for name in SHORTHANDS if name in settings}
    return {**kept, **change}


def read_run(block: Block) -> Experiment:
    """Read a ``run`` block."""
    block.check_keys(_TRAINED)
    return Experiment(
        "run",
        block.place,
        (block.config(block.settings(), "settings"),),
        names=(block.text("title"),),
        **common(block, [""]),
    )


def read_pair(block: Block) -> Experiment:
    """Read a ``pair`` block: two runs that differ in one setting."""
    block.check_keys((*_TRAINED, "change", "names", "measure", "cure"), ("change", "measure"))
    configs, setting, names = two_configs(block)
    measure = block.text("measure")
    if measure not in MEASURES or measure == "status":
        raise block.wrong(unknown_name("measure", measure, MEASURES), "measure")
    cure = block.text("cure")
    if cure and not MEASURES[measure].better:
        raise block.wrong(f"must be a measure of which one direction is better, got {measure}", "measure")
    return Experiment(
        "pair",
        block.place,
        configs,
        ("a", "b"),
        names,
        setting,
        measures=(measure,),
        cure=cure,
        **common(block, ["a", "b"]),
    )


def two_configs(block: Block) -> tuple[tuple[RunConfig, RunConfig], str, tuple[str, ...]]:
    """Return both configurations of a pair, what they differ in, and their names."""
    change = block.mapping("change")
    if len(change) != 1:
        raise block.wrong(f"must change exactly one setting, got {len(change)}", "change")
    settings = block.settings()
    first = block.config(settings, "settings")
    second = block.config(changed(settings, change), "change")
    setting = differing(block, (first, second), next(iter(change)), "change")
    return (first, second), setting, block.names(2, names_of(setting, (first, second)))


def read_runs(block: Block) -> Experiment:
    """Read a ``runs`` block: two to five runs that differ in one setting."""
    block.check_keys((*_TRAINED, "vary", "names", "table", "equal"), ("vary",))
    vary = block.mapping("vary")
    if len(vary) != 1:
        raise block.wrong(f"must vary exactly one setting, got {len(vary)}", "vary")
    ((name, values),) = vary.items()
    if not isinstance(values, list) or not RUNS_AT_LEAST <= len(values) <= RUNS_AT_MOST:
        raise block.wrong(
            f"{name} must be {RUNS_AT_LEAST} to {RUNS_AT_MOST} values, got {shown(values)}", "vary", name
        )
    settings = block.settings()
    configs = tuple(block.config(changed(settings, {name: value}), "vary", name) for value in values)
    setting = differing(block, configs, name, "vary")
    labels = tuple(str(number) for number in range(1, len(configs) + 1))
    return Experiment(
        "runs",
        block.place,
        configs,
        labels,
        block.names(len(configs), names_of(setting, configs)),
        setting,
        block.word("equal", EQUALS),
        measures=block.words("table", tuple(MEASURES)),
        **common(block, labels),
    )


def differing(block: Block, configs: Sequence[RunConfig], name: str, key: str) -> str:
    """Return the one setting in which configurations differ, each from every other."""
    setting = "hidden_sizes" if name in SHORTHANDS else name
    values = [getattr(each, setting) for each in configs]
    if any(value in values[:place] for place, value in enumerate(values)):
        raise block.wrong(
            f"{name} must differ from run to run, got {value_word(values[-1])} twice", key, name
        )
    return setting


def names_of(setting: str, configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """Return what tells runs apart, as their names: ``learning_rate 0.1``."""
    return tuple(f"{setting.replace('_', ' ')} {value_word(getattr(each, setting))}" for each in configs)


def value_word(value: Any) -> str:
    """Return the value of a setting as names have it: ``0.1``, ``16·16``, ``on``, ``none``."""
    if isinstance(value, tuple | list):
        return "·".join(map(value_word, value)) or "none"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def common(block: Block, labels: Sequence[str]) -> dict[str, Any]:
    """Return what all blocks with runs have, but for the runs."""
    target = block.number("target")
    return {
        "title": block.text("title"),
        "show": block.words("show", SHOWS, ("loss",)),
        "look": block.text("look"),
        "expect": block.expectations(labels),
        "target": None if target is None else float(target),
    }


def read_step(block: Block) -> Step:
    """Read a ``step`` block."""
    block.check_keys(("neuron", "preset", "settings", "step", "row", "title", "look"))
    has_network = bool({"preset", "settings"} & block.values.keys())
    if ("neuron" in block.values) == has_network:
        raise block.error("a step block must have neuron, or preset and settings, and not both")
    title, look = block.text("title"), block.text("look")
    if has_network:
        step, row = (block.number(key, whole=True, default=0) for key in ("step", "row"))
        for key, value in (("step", step), ("row", row)):
            if value < 0:
                raise block.wrong(f"must be >= 0, got {value}", key)
        return Step(block.place, {}, block.config(block.settings(), "settings"), step, row, title, look)
    neuron = block.mapping("neuron")
    for name, value in neuron.items():
        if name not in NEURON:
            raise block.wrong(unknown_name("value of a neuron", name, NEURON), "neuron", name)
        if name == "activation":
            if value not in SETTINGS["activation"].choices:
                known = SETTINGS["activation"].choices
                raise block.wrong(unknown_name("activation", str(value), known), "neuron", name)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise block.wrong(f"{name} must be a number, got {shown(value)}", "neuron", name)
    return Step(block.place, {**NEURON, **neuron}, title=title, look=look)


def read_code(block: Block) -> Code:
    """Read a ``code`` block."""
    block.check_keys(("preset", "settings", "framework", "title"))
    config = block.config(block.settings(), "settings")
    return Code(block.place, config, block.word("framework", tuple(FRAMEWORKS)), block.text("title"))


Reader = Callable[[Block], Part]
