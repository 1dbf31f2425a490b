"""Files of plugins are loaded whole or not at all, followed while they change; a bad one is a sentence."""

import os
import sys
from pathlib import Path

import pytest

from engine.config.settings import SETTINGS
from engine.extension import PluginError
from engine.nn.activations import ACTIVATIONS
from engine.plugins import loading
from engine.plugins.loading import FOLDER_VARIABLE, load_file, refresh_plugins
from engine.plugins.registry import SOURCES, plugins_used
from engine.store.runs import load_run

GOOD = '''
import numpy as np
from engine.extension import activation

@activation(derivative=lambda z: 1 + np.sin(2 * z))
def {name}(z):
    """{meaning}"""
    return z + np.sin(z) ** 2
'''
WRONG = GOOD.replace("np.sin(2 * z)", "np.cos(2 * z)")


def written(path: Path, text: str, at: int = 0) -> Path:
    """Write a file whose time of change is told apart by ``at``."""
    path.write_text(text, "utf-8")
    os.utime(path, ns=(10**18 + at, 10**18 + at))
    return path


def good(name: str = "snake", meaning: str = "A line that waves.") -> str:
    return GOOD.format(name=name, meaning=meaning)


def choices() -> set[str]:
    return set(SETTINGS["activation"].choices)


def test_a_file_that_is_dropped_in_appears_changes_and_goes(plugin_folder):
    assert refresh_plugins() == [] and "snake" not in choices()
    path = written(plugin_folder / "mine.py", good())
    assert refresh_plugins() == [] and "snake" in choices()
    first = ACTIVATIONS["snake"]
    assert refresh_plugins() == [] and ACTIVATIONS["snake"] is first, "nothing has changed, nothing is loaded"
    written(path, good(meaning="Another."), at=1)
    assert refresh_plugins() == [] and ACTIVATIONS["snake"].meaning == "Another."
    written(path, good("adder"), at=2)
    assert refresh_plugins() == [] and "snake" not in choices() and "adder" in choices()
    path.unlink()
    assert refresh_plugins() == [] and "adder" not in choices() and "adder" not in ACTIVATIONS


def test_settings_of_a_run_are_resolved_anew_when_the_plugin_behind_them_changes(
    plugin_folder, store, submitted
):
    text = good().replace("sin(2 * z))", "sin(2 * z), start='{start}')")
    path = written(plugin_folder / "mine.py", text.format(start="he_normal"))
    refresh_plugins()
    run_id = submitted(activation="snake")
    assert load_run(store, run_id)[0].initializer == "he_normal"
    written(path, text.format(start="xavier_normal"), at=1)
    refresh_plugins()
    assert load_run(store, run_id)[0].initializer == "xavier_normal"


def test_a_file_that_was_only_touched_is_not_run_again(plugin_folder):
    path = written(plugin_folder / "mine.py", good())
    refresh_plugins()
    first = ACTIVATIONS["snake"]
    os.utime(path, ns=(2 * 10**18, 2 * 10**18))
    assert refresh_plugins() == [] and ACTIVATIONS["snake"] is first


def test_a_refused_file_is_named_until_it_is_right_and_everything_else_goes_on(plugin_folder):
    bad = written(plugin_folder / "bad.py", WRONG.format(name="viper", meaning=""))
    written(plugin_folder / "mine.py", good())
    (sentence,) = refresh_plugins()
    assert sentence.startswith("bad.py: activation viper: its derivative at z = ")
    assert refresh_plugins() == [sentence]
    assert "snake" in choices() and "viper" not in choices()
    written(bad, good("viper"), at=1)
    assert refresh_plugins() == [] and {"snake", "viper"} <= choices()


def test_nothing_of_a_refused_file_is_kept_nor_what_it_defined_before(plugin_folder):
    path = written(plugin_folder / "mine.py", good() + WRONG.format(name="viper", meaning=""))
    assert len(refresh_plugins()) == 1 and not {"snake", "viper"} & choices()
    written(path, good(), at=1)
    refresh_plugins()
    written(path, good() + "\nx = 1 / 0\n", at=2)
    assert "line 10: ZeroDivisionError: division by zero" in refresh_plugins()[0] and "snake" not in choices()


def test_a_name_is_given_to_the_file_that_had_it_first_and_free_again_when_it_goes(plugin_folder):
    first = written(plugin_folder / "a.py", good())
    written(plugin_folder / "b.py", good(meaning="Of b."))
    (sentence,) = refresh_plugins()
    assert sentence == f"b.py: activation snake: the name must be free, got one that {first.resolve()} gives"
    first.unlink()
    assert refresh_plugins() == [] and ACTIVATIONS["snake"].meaning == "Of b."


def test_one_file_gives_a_name_once(plugin_folder):
    written(plugin_folder / "a.py", good() + good())
    assert refresh_plugins() == ["a.py: activation snake: each name must be given once, got it twice"]


BAD = {
    "a syntax error": (b"def broken(:\n", "mine.py: must be Python: line 1: "),
    "an exception": (b"\nraise RuntimeError('no\\nluck')", "mine.py: line 2: RuntimeError: no luck"),
    "an exit": (b"import sys\nsys.exit(3)", "mine.py: line 2: SystemExit: 3"),
    "a missing module": (b"import nothing_of_this_name", "line 1: ModuleNotFoundError"),
    "no definition": (b"x = 1", "must register something by activation, optimizer, loss or normalization"),
    "an empty file": (b"", "must register something"),
    "binary content": (bytes(range(256)), "mine.py: must be Python: "),
    "zeros": (b"\0" * 100, "mine.py: "),
    "10 MB": (b"#" * 10**7, "mine.py: must have at most 1 MB, got 10 MB"),
    "deep nesting": (b"(" * 5000 + b")" * 5000, "mine.py: "),
    "a function that fails": (
        b"from engine.extension import activation\nactivation(lambda z: z[0, 999], derivative=abs, name='x')",
        "mine.py: line 2: IndexError",
    ),
    "a function of the wrong shape": (
        b"from engine.extension import activation\nactivation(lambda z: z[:, :3], derivative=abs, name='x')",
        "mine.py: line 2: ValueError",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_sentence_from_the_folder_and_when_it_is_named(plugin_folder, case):
    content, opening = BAD[case]
    path = plugin_folder / "mine.py"
    path.write_bytes(content)
    (sentence,) = refresh_plugins()
    assert opening in sentence and "\n" not in sentence and len(sentence) <= 400
    with pytest.raises(PluginError) as refused:
        load_file(path)
    assert str(refused.value) == sentence
    assert not SOURCES and not [name for name in sys.modules if name.startswith("backprop_lab_plugin")]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent.py", "absent.py: cannot be read: No such file or directory"),
        ("", "plugins: must be a Python file, got a folder"),
        ("notes.txt", "notes.txt: must be a Python file (.py), got .txt"),
        ("notes", "notes: must be a Python file (.py), got no ending"),
    ],
)
def test_what_is_no_python_file_is_refused(plugin_folder, name, sentence):
    for each in ("notes.txt", "notes"):
        (plugin_folder / each).write_text("x = 1")
    with pytest.raises(PluginError) as refused:
        load_file(plugin_folder / name)
    assert str(refused.value) == sentence


def test_the_folder_is_read_for_python_files_alone(plugin_folder):
    for name in ("_helper.py", ".hidden.py", "notes.txt", "README.md"):
        (plugin_folder / name).write_text("raise RuntimeError")
    (plugin_folder / "folder.py").mkdir()
    (plugin_folder / "link.py").symlink_to(plugin_folder / "nowhere.py")
    written(plugin_folder / "mine.py", good())
    assert refresh_plugins() == [
        "folder.py: must be a Python file, got a folder",
        "nowhere.py: cannot be read: No such file or directory",
    ]
    assert "snake" in choices()


def test_a_plugin_may_print_and_sleep_without_spoiling_the_output(plugin_folder, capsys):
    talks = "import time\nprint('hello')\ntime.sleep(0.01)\n" + good()
    written(plugin_folder / "mine.py", talks)
    assert refresh_plugins() == [] and "snake" in choices()
    answer = capsys.readouterr()
    assert answer.out == "" and answer.err == "hello\n"


def test_a_file_leaves_neither_a_module_nor_a_cache_behind(plugin_folder):
    written(plugin_folder / "mine.py", "from __future__ import annotations\n" + good())
    before = set(sys.modules)
    assert refresh_plugins() == []
    assert {name for name in set(sys.modules) - before if "plugin" in name} == set()
    assert [path.name for path in plugin_folder.iterdir()] == ["mine.py"]


def test_the_folder_is_named_by_the_environment_and_may_be_absent(plugin_folder, monkeypatch, tmp_path):
    written(plugin_folder / "mine.py", good())
    refresh_plugins()
    assert plugin_folder == Path(os.environ[FOLDER_VARIABLE])
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "absent"))
    assert refresh_plugins() == [] and "snake" not in choices()
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    assert loading.plugin_folder().name == "plugins" and (loading.plugin_folder() / "README.md").is_file()


def test_settings_name_the_content_of_the_plugins_behind_them(plugin_folder):
    path = written(plugin_folder / "mine.py", good())
    refresh_plugins()
    used = plugins_used({"activation": "snake", "optimizer": "adam"})
    assert used.startswith("activation:snake:") and plugins_used({"activation": "relu"}) == ""
    written(path, good(meaning="Another."), at=1)
    refresh_plugins()
    assert plugins_used({"activation": "snake"}) not in ("", used)


def test_a_list_names_each_of_its_plugins_once_and_a_single_name_as_before(plugin_folder):
    written(plugin_folder / "mine.py", good())
    written(plugin_folder / "other.py", good("adder"))
    refresh_plugins()
    snake, adder = (plugins_used({"activation": name}) for name in ("snake", "adder"))
    assert plugins_used({"activation": ["adder", "relu", "snake", "adder"]}) == f"{adder},{snake}"
    assert plugins_used({"activation": ["relu", "tanh"]}) == ""
