"""The commands that take one step apart."""

import json
import subprocess
import sys

import pytest

from engine.store.records import read_series
from tests.command_line import engine


def said(*arguments, url):
    done = engine(*arguments, "--json", url=url)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_step_is_shown_with_its_loss_its_calls_and_its_weights(store, store_url, trained):
    run_id = trained(epochs=5, record_every=1)
    found = said("step", str(run_id), "--step", "3", url=store_url)
    keys = ("run", "step", "loss", "grad_norm", "layers", "instructions", "weights")
    assert found.keys() >= set(keys) and (found["run"], found["step"]) == (run_id, 3)
    series = read_series(store, run_id)
    (here,) = [place for place, step in enumerate(series["step"]) if step == 4]  # measured in the update
    assert found["loss"] == pytest.approx(series["batch_loss"][here], rel=1e-5)
    assert found["grad_norm"] == pytest.approx(series["grad_norm"][here], rel=1e-4)
    assert found["instructions"][0].keys() == {"phase", "layer", "label", "output", "shape"}
    assert found["instructions"][0]["output"] == "z1"
    text = engine("step", str(run_id), "--step", "3", url=store_url).stdout
    assert "z1 = W1 a0 + b1" in text and "backward" in text


def test_the_chain_rule_of_a_weight_is_shown_beside_a_finite_difference(store_url, trained):
    run_id = trained(epochs=5)
    where = ("chain", str(run_id), "--step", "3", "--layer", "1", "--unit", "2", "--input", "1")
    found = said(*where, url=store_url)
    assert found.keys() >= {"factors", "product", "finite_difference", "relative_distance"}
    assert found["relative_distance"] < 1e-5 and len(found["factors"]) == 3
    assert len(found["rows"]) == 1
    text = engine(*where, "--row", "7", url=store_url).stdout
    assert "da1/dz1" in text and "finite difference" in text


def test_the_code_of_a_step_prints_its_loss_when_it_is_run(store_url, trained, tmp_path):
    run_id, path = trained(epochs=5), tmp_path / "step.py"
    done = engine("code", str(run_id), "--step", "3", "--output", str(path), url=store_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = json.loads(
        subprocess.run([sys.executable, path], capture_output=True, text=True, check=True).stdout
    )
    step = said("step", str(run_id), "--step", "3", url=store_url)
    assert found.keys() == {"loss", "grad_norm", "loss_after"}
    assert [found["loss"], found["grad_norm"]] == pytest.approx([step["loss"], step["grad_norm"]], rel=1e-10)


def test_the_code_of_a_step_is_written_for_pytorch_too(store_url, trained, tmp_path):
    run_id, path = trained(epochs=5), tmp_path / "step.py"
    where = ("code", str(run_id), "--step", "3", "--framework", "pytorch")
    done = engine(*where, "--output", str(path), url=store_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    script = path.read_text("utf-8")
    compile(script, str(path), "exec")
    assert script.startswith(f'"""Step 3 of run {run_id}: ') and "with PyTorch alone" in script
    assert "import torch\n" in script and "numpy" not in script
    assert engine(*where, url=store_url).stdout == script


def test_an_optimizer_that_pytorch_has_not_is_refused_in_one_sentence(store_url, trained):
    run_id = trained(epochs=2, optimizer="lion")
    done = engine("code", str(run_id), "--framework", "pytorch", url=store_url)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: optimizer lion cannot be written in PyTorch: torch.optim has none\n"


PLUGIN = """
import numpy as np
from engine.extension import activation

@activation(derivative=lambda z: 1 + np.sin(2 * z))
def snake(z):
    return z + np.sin(z) ** 2
"""


def test_a_plugin_that_is_in_no_textbook_is_played_but_not_written(store_url, plugin_folder):
    path = plugin_folder.parent / "snake.py"
    path.write_text(PLUGIN, "utf-8")
    with_it = "--plugin", str(path)
    done = engine(
        "train", *with_it, "--activation", "snake", "--epochs", "2", "--samples", "60", url=store_url
    )
    assert done.returncode == 0
    assert "snake" in engine("step", "1", "--step", "1", *with_it, url=store_url).stdout
    refused = engine("code", "1", "--step", "1", *with_it, url=store_url)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "the step cannot be written as a script" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("step", "1", "--step", "999"), "step must be from 0 to"),
        (("step", "9", "--step", "0"), "no such run"),
        (("code", "1", "--framework", "jax"), "framework must be numpy or pytorch, got 'jax'"),
        (("code", "1", "--output", "/no/such/folder/step.py"), "output must be a file that can be written"),
        (("step", "1", "--step", "0", "--row", "999"), "row must be a training row"),
        (("chain", "1", "--step", "0", "--layer", "9", "--unit", "1", "--input", "1"), "layer must be"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(store_url, trained, arguments, sentence):
    assert trained() == 1
    done = engine(*arguments, url=store_url)
    assert done.returncode == 2 and done.stdout == ""
    assert sentence in done.stderr and done.stderr.count("\n") == 1
