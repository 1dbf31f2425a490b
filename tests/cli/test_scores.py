"""``scores`` prints what scikit-learn says of a run's predictions, or one sentence on why there are none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store.store import Store
from tests.command_line import engine, engine_process

ROOT = Path(__file__).resolve().parents[2]


def test_two_classes_are_scored_as_a_whole_and_one_by_one(trained, store_url: str) -> None:
    run_id = trained(test_fraction=0.2)
    done = engine_process("scores", str(run_id), url=store_url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"run {run_id} finished, predictions of step 8 (stored)"
    assert [line for line in lines if line.endswith("rows")] == ["val, 20 rows", "test, 16 rows"]
    for name in ("accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss"):
        assert sum(line.split()[0] == name for line in lines) == 2
    assert "  confusion matrix (rows: true, columns: predicted)" in lines


def test_json_holds_every_score_with_its_reason(trained, store_url: str) -> None:
    run_id = trained(dataset="digits", samples=200, loss="mse")
    line = json.loads(engine("scores", str(run_id), "--json", url=store_url).stdout)
    assert (line["run"], line["status"], line["predictions"]) == (run_id, "finished", "stored")
    found = line["scores"]["val"]
    assert found["scores"]["log_loss"] == {
        "value": None,
        "why": "outputs of classes learned with mse are not probabilities",
    }
    assert len(found["parts"]) == 10 and sum(map(sum, found["confusion"])) == found["rows"] == 50


def test_a_diverged_run_is_told_in_words_and_without_a_warning(trained, store_url: str) -> None:
    wild = {"learning_rate": 1e6, "optimizer": "sgd", "activation": "relu", "dataset": "sine"}
    done = engine("scores", str(trained(**wild)), url=store_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("not defined: ") == 3


def test_a_run_without_predictions_ends_with_status_2_and_one_line(submitted, store_url: str) -> None:
    for run, sentence in ((submitted(), "has no predictions"), (99, "no such run: 99")):
        done = engine("scores", str(run), url=store_url)
        assert done.returncode == 2 and done.stdout == ""
        assert sentence in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("settings", [{}, {"dataset": "sine"}])
def test_training_and_storing_predictions_imports_no_scikit_learn(
    store: Store, store_url: str, settings: dict[str, str]
) -> None:
    code = (
        "import sys; from engine.__main__ import main; sys.argv = ['engine', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('sklearn' in sys.modules)"
    )
    arguments = ["train", "--epochs", "2", "--store", store_url]
    arguments += [text for name, value in settings.items() for text in (f"--{name}", value)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "False", done.stderr
