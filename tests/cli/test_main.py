"""The command line does what scripts rely on: one JSON line, exit status, one sentence for bad input."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.store.records import read_series
from engine.store.runs import get_run
from engine.store.schema import runs
from engine.store.store import open_store
from engine.training.telemetry import SCALARS
from tests.command_line import engine, engine_process
from tests.waiting import SECONDS_AT_MOST

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--samples", "80", "--epochs", "4", "--hidden-sizes", "6"]


def test_train_ends_with_one_json_line_and_status_0(store_url):
    done = engine_process("train", *SMALL, "--json", url=store_url)
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout.splitlines()[-1])
    assert {"run", "status", "steps", "train_loss", "val_loss", "val_accuracy", "seconds"} <= set(line)
    assert (line["run"], line["status"], line["steps"]) == (1, "finished", 8)


def test_a_run_that_stops_early_ends_finished_with_status_0_and_says_why(store_url):
    overfits = ["--samples", "60", "--noise", "0.5", "--hidden-sizes", "24", "--learning-rate", "0.05"]
    stops = ["--early-stopping", "3", "--restore-best", "true", "--schedule", "multi_step"]
    stops += ["--schedule-milestones", "3,9", "--warmup-epochs", "1"]
    done = engine("train", *overfits, *stops, "--json", url=store_url)
    line = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, line["status"], done.stderr) == (0, "finished", "")
    assert line["step"] < line["total_steps"]
    assert line["message"].startswith(f"stopped early at step {line['step']} (epoch ")
    assert line["message"].endswith(f"for 3 epochs; weights of step {line['best_step']} kept")
    assert (
        f"finished at step {line['step']} of {line['total_steps']}"
        in engine("show", "1", url=store_url).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--schedule", "plateu"], "did you mean 'plateau'?"),
        (["--schedule-milestones", "5,3", "--schedule", "multi_step"], "must ascend, got 5, 3"),
        (["--restore-best", "perhaps"], "restore_best must be true or false, got 'perhaps'"),
        (["--early-stopping", "0"], "early_stopping must be >= 1, got 0"),
    ],
)
def test_a_bad_schedule_or_end_is_refused_in_one_line(store_url, arguments, sentence):
    done = engine("train", *arguments, url=store_url)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and sentence in done.stderr


def test_regression_reports_r2(store_url):
    line = json.loads(engine("train", "--dataset", "sine", *SMALL, "--json", url=store_url).stdout)
    assert "val_r2" in line and "val_accuracy" not in line


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--learning-rate", "-0.1"], "learning_rate must be > 0, got -0.1"),
        (["--hidden-sizes", "6,0"], "hidden_sizes must be >= 1, got 0"),
        (["--batch-size", "100"], "batch_size must be at most the 60 training rows, got 100"),
        (["--activation", "rleu"], "did you mean 'relu'"),
        (["--lrr", "1"], "did you mean --learning-rate"),
        (["--restore_best", "true"], "did you mean --restore-best"),
        (["--seeds", "many"], "'--seeds'"),
        (["--formt", "csv"], "known are --config, --preset, "),
        (["--hidden-sizes", "1000000,1000000"], "must fit into memory"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line_that_names_it(store_url, arguments, sentence):
    done = engine("train", *SMALL, *arguments, url=store_url)
    assert done.returncode == 2
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1


def test_an_option_without_its_value_says_so():
    done = engine("train", "--residual")
    assert done.returncode == 2
    assert done.stderr == "error: option --residual must be followed by a value, got none\n"


def test_a_diverged_run_ends_with_status_1_and_keeps_its_nan_in_the_csv(store_url, tmp_path):
    wild = ["--learning-rate", "1e6", "--optimizer", "sgd", "--activation", "relu", "--loss", "mse"]
    done = engine("train", *SMALL, *wild, "--json", url=store_url)
    assert done.returncode == 1 and json.loads(done.stdout)["status"] == "diverged"
    assert "diverged at step" in done.stderr
    engine("export", "1", "--output", str(tmp_path / "wild.csv"), url=store_url)
    last = list(csv.DictReader((tmp_path / "wild.csv").read_text().splitlines()))[-1]
    assert {last["batch_loss"], last["train_loss"]} & {"nan", "inf"}


def test_the_csv_equals_the_store_row_for_row(store_url, tmp_path):
    for seed in ("1", "2"):
        engine("train", *SMALL, "--seed", seed, "--name", "=1+1", url=store_url)
    output = tmp_path / "runs.csv"
    assert engine("export", "1", "2", "--output", str(output), url=store_url).returncode == 0
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    store = open_store(store_url)
    for run_id in (1, 2):
        series = read_series(store, run_id)
        mine = [row for row in rows if row["run"] == str(run_id)]
        assert len(mine) == len(series) and {row["name"] for row in mine} == {"=1+1"}
        for column in SCALARS:
            read = [float(row[column.name]) if row[column.name] else np.nan for row in mine]
            np.testing.assert_array_equal(read, series[column.name])


def test_the_layer_csv_has_one_row_for_each_record_and_layer(store_url):
    engine("train", *SMALL, url=store_url)
    lines = engine("export", "1", "--layers", url=store_url).stdout.splitlines()
    assert lines[0].startswith("run,name,step,epoch,layer,grad_norm,")
    assert len(lines) == 1 + 2 * len(read_series(open_store(store_url), 1))


# The program, as it would be with one more column before the last one.
WITH_ONE_MORE_COLUMN = """
import runpy, sys
from engine.training.telemetry import LAYER_STATISTICS, SCALARS, Column
for columns in (SCALARS, LAYER_STATISTICS):
    columns.replace([*columns[:-1], Column("sharpness", "new"), columns[-1]])
sys.argv[0] = "engine"
runpy.run_module("engine", run_name="__main__")
"""


@pytest.mark.parametrize("layers", [[], ["--layers"]])
def test_an_export_of_a_run_that_is_older_than_a_column_leaves_the_column_blank(store_url, layers):
    engine("train", *SMALL, "--activation", "relu", url=store_url)
    arguments = ["export", "1", *layers, "--store", store_url]
    command = [sys.executable, "-c", WITH_ONE_MORE_COLUMN, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert list(rows[0])[-2] == "sharpness" and {row.pop("sharpness") for row in rows} == {""}
    before = engine("export", "1", *layers, url=store_url).stdout
    assert rows == list(csv.DictReader(before.splitlines()))


def test_names_that_look_like_formulas_are_defused_only_when_asked(store_url):
    engine("train", *SMALL, "--name", "=1+1", url=store_url)
    assert ",=1+1," in engine("export", "1", url=store_url).stdout
    assert ",'=1+1," in engine("export", "1", "--spreadsheet-safe", url=store_url).stdout


def test_weights_are_written_by_layer_name(store_url, tmp_path):
    engine("train", *SMALL, url=store_url)
    engine("weights", "1", "--output", str(tmp_path / "w.npz"), url=store_url)
    with np.load(tmp_path / "w.npz", allow_pickle=False) as weights:
        shapes = {name: weights[name].shape for name in weights.files}
    expected = {"dense1.weight": (6, 2), "dense1.bias": (6,), "dense2.weight": (1, 6), "dense2.bias": (1,)}
    assert shapes == expected


def test_ctrl_c_stops_after_the_step_and_resume_asks_on_another_machine_and_goes_on(store_url, start_held):
    long = ["train", *SMALL[:2], "--hidden-sizes", "6", "--epochs", "100", "--json"]
    held = start_held("between commits", 50, *long)
    reached = held.reached()
    assert json.loads(engine("show", "1", "--json", url=store_url).stdout)["status"] == "running"
    held.process.send_signal(signal.SIGINT)
    held.release()
    _, answer = held.process.communicate(timeout=SECONDS_AT_MOST)
    assert held.process.returncode == 130 and answer == "run 1 stopped; `resume 1` continues it\n"
    stopped = get_run(open_store(store_url), 1)
    assert (stopped.status, stopped.step) == ("stopped", reached) and reached < stopped.total_steps
    with open_store(store_url).writing() as connection:
        connection.execute(runs.update().values(fingerprint="numpy=0"))
    refused = engine("resume", "1", url=store_url)
    assert refused.returncode == 2 and "another machine or version (numpy=0)" in refused.stderr
    resumed = json.loads(engine("resume", "1", "--yes", "--json", url=store_url).stdout)
    assert resumed["step"] == stopped.total_steps


def test_a_configuration_file_is_read_and_options_override_it(store_url, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"samples": 80, "epochs": 4, "hidden_sizes": [5, 4]}')
    engine("train", "--config", str(path), "--epochs", "2", url=store_url)
    config = json.loads(engine("show", "1", "--json", url=store_url).stdout)["config"]
    assert (config["epochs"], config["hidden_sizes"]) == (2, [5, 4])


def test_check_gradients_gives_a_verdict():
    done = engine("check-gradients", "--dataset", "wine", "--hidden-sizes", "5,4", "--activation", "relu")
    assert done.returncode == 0 and "agree" in done.stdout


def test_an_activation_for_each_layer_is_checked_trained_and_shown_as_a_list(store_url):
    by_layer = ["--hidden-sizes", "5,4", "--activation", "relu,tanh"]
    done = engine("check-gradients", "--dataset", "wine", *by_layer)
    assert done.returncode == 0 and "agree" in done.stdout
    assert engine("train", *SMALL, *by_layer, url=store_url).returncode == 0
    config = json.loads(engine("show", "1", "--json", url=store_url).stdout)["config"]
    assert (config["activation"], config["initializer"]) == (["relu", "tanh"], "auto")
    refused = engine(
        "train", *SMALL, "--hidden-sizes", "5,4", "--activation", "relu,tanh,relu", url=store_url
    )
    assert refused.returncode == 2
    assert "activation must be one name or one for each of the 2 hidden layers, got 3" in refused.stderr


def test_the_default_store_is_named_by_the_environment(tmp_path):
    environment = {**os.environ, "BACKPROP_LAB_STORE": f"sqlite:///{tmp_path / 'named.db'}"}
    command = [sys.executable, "-m", "engine", "list"]
    subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=SECONDS_AT_MOST
    )
    assert (tmp_path / "named.db").exists()


def test_a_worker_never_imports_scikit_learn_pandas_plotly_or_streamlit():
    heavy = "{'sklearn', 'pandas', 'plotly', 'streamlit'}"
    code = f"import engine.workers.worker, engine.cli.main, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_preset_is_trained_by_name_and_options_override_it(store_url):
    done = engine("train", "--preset", "overfit", "--epochs", "2", url=store_url)
    assert done.returncode == 0
    config = json.loads(engine("show", "1", "--json", url=store_url).stdout)["config"]
    assert (config["epochs"], config["samples"], config["hidden_sizes"]) == (2, 200, [64, 64])
    listed = [json.loads(line)["name"] for line in engine("presets", "--json").stdout.splitlines()]
    assert "overfit" in listed and "vanishing" in listed
    assert "unknown preset 'overfitt'" in engine("train", "--preset", "overfitt", url=store_url).stderr
