"""Short names for runs: what makes each of them differ from those beside it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.config.settings import SETTINGS, applies
from engine.store.differences import Apart
from ui.shared.text import count, format_setting, visible

# What people say for a setting, where its name is long.
WORDS = {
    "learning_rate": "lr",
    "min_learning_rate": "lowest lr",
    "hidden_sizes": "layers",
    "dataset": "data",
    "initializer": "init",
    "initializer_gain": "init gain",
    "initializer_std": "init std",
    "validation_fraction": "validation share",
    "train_fraction": "training share",
    "test_fraction": "test share",
    "standardize_inputs": "standardized inputs",
    "standardize_target": "standardized target",
    "warmup_epochs": "warm-up",
    "decay_kind": "decay",
}
NAMED_AT_MOST, CELLS_AT_MOST = 3, 6
OFF, ON = ("none", "off"), ("on",)


def setting_word(name: str) -> str:
    """Return what people call a setting: ``lr`` for ``learning_rate``."""
    return WORDS.get(name, name.replace("_", " "))


def short_setting(name: str, value: Any) -> str:
    """Return a setting with its value in few words: ``lr 0.1``, ``no normalization``, ``residual``."""
    word = setting_word(name)
    if value is None or value is False or value in OFF:
        return f"no {word}"
    if value is True or value in ON:
        return word
    return f"{word} {visible(format_setting(value), 30)}"


def difference_names(apart: Apart, groups: Sequence[Sequence[int]]) -> list[str]:
    """Return for each group of runs what makes it differ from the others; empty where nothing does.

    Where more settings differ than a name can hold, what most of the groups have in common is passed over,
    and the setting with the most values comes first.

    Parameters
    ----------
    apart : Apart
    groups : sequence of sequence of int
        Runs that are shown as one; what differs inside of a group is no name for it.
    """
    names = _telling(apart, groups)
    first = [apart.settings.get(group[0]) for group in groups]
    known = [settings for settings in first if settings is not None]
    usual: dict[str, Any] = {}
    if len(names) > NAMED_AT_MOST:
        values = {name: Counter(repr(settings.get(name)) for settings in known) for name in names}
        names.sort(key=lambda name: -len(values[name]))
        common = {name: each.most_common(1)[0] for name, each in values.items()}
        usual = {name: value for name, (value, times) in common.items() if 2 * times > len(known)}
    return ["" if settings is None else _name(settings, names, usual) for settings in first]


def difference_cells(apart: Apart, groups: Sequence[Sequence[int]]) -> list[dict[str, str]]:
    """Return for each group of runs the settings that tell it from the others, by what people call them."""
    names = _telling(apart, groups)[:CELLS_AT_MOST]
    first = [apart.settings.get(group[0]) for group in groups]
    return [
        {} if settings is None else {setting_word(name): format_setting(settings.get(name)) for name in names}
        for settings in first
    ]


def _telling(apart: Apart, groups: Sequence[Sequence[int]]) -> list[str]:
    """Return the settings that were chosen differently, but for those that differ inside of a group."""
    if len(groups) < 2:
        return []
    return [
        name for name in apart.differing.chosen if not any(_differs(apart, group, name) for group in groups)
    ]


def _differs(apart: Apart, group: Sequence[int], name: str) -> bool:
    values = [apart.settings[run].get(name) for run in group if run in apart.settings]
    return any(value != values[0] for value in values)


def _name(settings: Mapping[str, Any], names: Sequence[str], usual: Mapping[str, str]) -> str:
    """Return the settings that differ; one that has no meaning beside the others is passed over."""
    fitting = [name for name in names if name in settings and _applies(name, settings)]
    own = [name for name in fitting if usual.get(name) != repr(settings[name])]
    fitting = own or fitting
    parts = [short_setting(name, settings[name]) for name in fitting[:NAMED_AT_MOST]]
    more = len(fitting) - NAMED_AT_MOST
    return ", ".join([*parts, *([f"{more} more"] if more > 0 else [])])


def _applies(name: str, settings: Mapping[str, Any]) -> bool:
    if name not in SETTINGS:
        return True
    try:
        return applies(SETTINGS[name].explained, settings)
    except KeyError:  # settings of a run whose plugin is missing, or of an older program
        return True


def describe_differences(apart: Apart) -> str:
    """Return how many settings differ by choice: ``2 settings differ``."""
    number = len(apart.differing.chosen)
    return (
        f"{count(number, 'setting')} {'differs' if number == 1 else 'differ'}"
        if number
        else "No settings differ"
    )


def describe_following(apart: Apart) -> str:
    """Say which settings differ only because they follow from those that were chosen, or nothing."""
    names = [setting_word(name) for name in apart.differing.following]
    if not names:
        return ""
    chosen = apart.differing.chosen
    cause = setting_word(chosen[0]) if len(chosen) == 1 else "the others"
    return f"{', '.join(names)} {'follows' if len(names) == 1 else 'follow'} from {cause}."
