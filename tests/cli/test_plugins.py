"""The plugin of CONTRIBUTING.md is executed by --plugin, from a folder, in a worker; wrong, it is refused."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.plugins.loading import FOLDER_VARIABLE, refresh_plugins
from engine.store.runs import get_run
from engine.store.schema import workers
from engine.store.store import open_store
from engine.store.submit import submit_one
from engine.workers.launcher import ensure_workers
from tests.waiting import SECONDS_AT_MOST, wait_for

pytestmark = pytest.mark.xdist_group("processes")
ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```", CONTRIBUTING, re.MULTILINE | re.DOTALL)
SMALL = ["--samples", "80", "--epochs", "4", "--hidden-sizes", "6"]
OWN = ["--activation", "snake", "--optimizer", "my_lion"]


@pytest.fixture
def example(tmp_path):
    """The file of CONTRIBUTING.md, in no folder that anybody reads."""
    path = tmp_path / "my_file.py"
    path.write_text(EXAMPLE, "utf-8")
    return path


@pytest.fixture
def engine(store_url, plugin_folder):
    """Run the command line in a process of its own, on the test's store and folder of plugins."""

    def run(*arguments):
        environment = {**os.environ, "BACKPROP_LAB_STORE": store_url, FOLDER_VARIABLE: str(plugin_folder)}
        return subprocess.run(
            [sys.executable, "-m", "engine", *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_AT_MOST,
            check=False,
        )

    return run


def trained(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_example_trains_wherever_plugin_stands_on_the_line(engine, example):
    lines = [
        ["--plugin", example, "train", *SMALL, *OWN, "--json"],
        ["train", *SMALL, *OWN, f"--plugin={example}", "--json"],
    ]
    first, second = (trained(engine(*line)) for line in lines)
    assert first["status"] == second["status"] == "finished"
    assert first["train_loss"] == second["train_loss"]
    config = json.loads(engine("show", "1", "--json").stdout)["config"]
    assert (config["activation"], config["optimizer"]) == ("snake", "my_lion")


def test_the_example_works_from_the_folder_and_is_listed_with_its_checks(engine, plugin_folder):
    (plugin_folder / "my_file.py").write_text(EXAMPLE, "utf-8")
    assert trained(engine("train", *SMALL, *OWN, "--json"))["status"] == "finished"
    listed = [json.loads(line) for line in engine("plugins", "--json").stdout.splitlines()]
    assert [(each["kind"], each["name"]) for each in listed] == [
        ("activation", "snake"),
        ("optimizer", "my_lion"),
    ]
    assert all(each["checks"] and each["meaning"] and each["file"].endswith("my_file.py") for each in listed)
    shown = engine("plugins").stdout
    assert (
        "activation snake (" in shown and "checked: its derivative equals finite differences at 241" in shown
    )


def test_the_examples_gradients_are_right_and_help_names_its_choices(engine, example):
    done = engine("check-gradients", "--plugin", example, "--activation", "snake", "--hidden-sizes", "5,4")
    assert done.returncode == 0 and "agree" in done.stdout
    shown = engine("train", "--help", "--plugin", example).stdout
    assert "snake" in shown and "my_lion" in shown
    assert "--plugin" in engine("--help").stdout


def test_a_wrong_derivative_is_refused_with_the_numbers_of_the_document(engine, example):
    example.write_text(EXAMPLE.replace("1 + np.sin(2 * z)", "1 + np.cos(2 * z)"), "utf-8")
    done = engine("train", *SMALL, *OWN, "--plugin", example)
    assert done.returncode == 2 and done.stdout == ""
    assert re.fullmatch(
        r"error: plugin my_file\.py: activation snake: its derivative at z = \S+ must be \S+ as finite "
        r"differences say, got \S+\n",
        done.stderr,
    )
    assert done.stderr.strip() in CONTRIBUTING


def test_the_name_of_a_built_in_optimizer_is_refused(engine, example):
    example.write_text(EXAMPLE.replace('"my_lion"', '"lion"'), "utf-8")
    done = engine("plugins", "--plugin", example)
    sentence = "optimizer lion: the name must be free, got that of a built-in one"
    assert done.returncode == 2 and sentence in done.stderr


def test_a_broken_file_of_the_folder_is_said_once_and_everything_else_goes_on(engine, plugin_folder):
    (plugin_folder / "broken.py").write_text("def broken(:\n")
    (plugin_folder / "my_file.py").write_text(f"print('hello')\n{EXAMPLE}", "utf-8")
    done = engine("train", *SMALL, *OWN, "--json")
    assert trained(done)["status"] == "finished"
    assert done.stderr.splitlines() == [
        "hello",
        "plugin not loaded: broken.py: must be Python: line 1: invalid syntax",
    ]
    shown = engine("plugins").stdout.splitlines()
    assert shown[-1] == "refused: broken.py: must be Python: line 1: invalid syntax"
    assert json.loads(engine("plugins", "--json").stdout.splitlines()[-1])["refused"].startswith("broken.py")


@pytest.mark.parametrize("words", [["--plugin"], ["--plugin", ""], ["--plugin="]])
def test_plugin_without_a_file_is_refused(engine, words):
    done = engine("list", *words)
    assert (done.returncode, done.stderr) == (2, "error: --plugin must name a Python file, got nothing\n")


def test_without_plugins_the_list_says_where_they_go(engine, plugin_folder):
    done = engine("plugins")
    assert done.stdout == f"no plugins: put files into {plugin_folder}, or name one with --plugin FILE\n"


@pytest.mark.usefixtures("no_worker_is_left")
def test_a_warm_worker_takes_up_a_file_that_is_dropped_in_and_misses_one_that_is_gone(
    store, store_url, submitted, plugin_folder
):
    ensure_workers(store_url, 1)
    before = submitted()
    wait_for(lambda: get_run(store, before).status == "finished")
    path = plugin_folder / "my_file.py"
    path.write_text(EXAMPLE, "utf-8")
    assert refresh_plugins() == []
    ours = submitted(activation="snake", optimizer="my_lion")
    wait_for(lambda: get_run(store, ours).ended)
    row = get_run(store, ours)
    assert row.status == "finished" and re.search(
        r" plugins=activation:snake:[0-9a-f]{12},optimizer:my_lion:[0-9a-f]{12}$", row.fingerprint
    )
    config = parse_config({"samples": 80, "epochs": 4, "activation": "snake"})
    path.unlink()
    late = submit_one(store, config, build_dataset(config))
    wait_for(lambda: get_run(store, late).ended)
    row = get_run(store, late)
    assert row.status == "failed" and row.message.startswith(
        "activation snake is not known here: put the file"
    )
    path.write_text(EXAMPLE.replace("np.sin(2 * z)", "np.cos(2 * z)"), "utf-8")
    wrong = submit_one(store, config, build_dataset(config))
    wait_for(lambda: get_run(store, wrong).ended)
    message = get_run(store, wrong).message
    assert "not known here" in message and "Not loaded: my_file.py: activation snake: its deriv" in message
    with store.reading() as connection:
        assert len(connection.execute(sa.select(workers)).all()) == 1, "one worker did all of them"


def test_resuming_with_another_content_of_the_plugin_says_so_and_asks(engine, example, store_url):
    run = trained(engine("train", *SMALL, "--activation", "snake", "--plugin", example, "--json"))["run"]
    with open_store(store_url).writing() as connection:
        connection.execute(sa.text("UPDATE runs SET status = 'stopped'"))
    lacking = engine("resume", run)
    assert lacking.returncode == 2 and "activation snake is not known here" in lacking.stderr
    example.write_text(EXAMPLE + "\n# another content\n", "utf-8")
    asked = engine("resume", run, "--plugin", example)
    assert asked.returncode == 2
    assert re.search(
        r"run 1 was started with another version of its plugin \(activation:snake:[0-9a-f]{12}\); "
        r"now it is activation:snake:[0-9a-f]{12}; use --yes to continue anyway",
        asked.stderr,
    )
    assert engine("resume", run, "--yes", "--plugin", example).returncode == 0


def stopped_run(engine, store_url, *arguments):
    run = trained(engine("train", *SMALL, *arguments, "--json"))["run"]
    with open_store(store_url).writing() as connection:
        connection.execute(sa.text("UPDATE runs SET status = 'stopped'"))
    return run


def test_a_run_whose_plugin_remembers_something_else_now_fails_with_a_sentence(engine, example, store_url):
    run = stopped_run(engine, store_url, "--optimizer", "my_lion", "--plugin", example)
    example.write_text(EXAMPLE.replace('"m"', '"mean"'), "utf-8")
    done = engine("resume", run, "--yes", "--plugin", example)
    assert done.returncode == 1
    assert done.stderr == (
        "the slots of my_lion must be mean, got m: its plugin has changed since the run was started\n"
    )


GAIN = '''
from engine.extension import layer
from engine.nn.normalization import BatchNorm, LayerNorm

@layer(name="gain")
class Gain(BatchNorm):
    """Nothing of its own."""
'''


def test_weights_that_a_changed_layer_cannot_take_are_refused_in_one_line(engine, example, store_url):
    example.write_text(GAIN, "utf-8")
    run = stopped_run(engine, store_url, "--normalization", "gain", "--plugin", example)
    example.write_text(GAIN.replace("(BatchNorm)", "(LayerNorm)"), "utf-8")
    sentence = (
        "theta must have 37 numbers in this network, got 31: its plugin has changed since they were learned\n"
    )
    weights = ["weights", run, "--output", example.with_suffix(".npz")]
    for command in (weights, ["continue", run, "--epochs", 1]):
        done = engine(*command, "--plugin", example)
        assert (done.returncode, done.stderr) == (2, f"error: {sentence}")
    done = engine("resume", run, "--yes", "--plugin", example)
    assert (done.returncode, done.stderr) == (1, sentence)
