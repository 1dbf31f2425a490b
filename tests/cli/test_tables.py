"""The command line trains on a table and predicts for another; bad files end with one sentence."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.store.checkpoints import latest_checkpoint
from engine.store.datasets import predict_file
from engine.store.runs import get_run, load_run
from engine.store.store import open_store
from engine.training.model import predict
from tests.command_line import engine, engine_process

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--epochs", "5", "--hidden-sizes", "6"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    lines = ["a,gap,city,label,price"]
    for row in range(120):
        a, city = generator.normal(), generator.choice(["Bonn", "Oslo"])
        gap = "" if row % 8 == 0 else f"{generator.normal():.3f}"
        lines.append(f"{a:.4f},{gap},{city},{'no' if a < 0 else 'yes'},{1e6 * (a + 5):.0f}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_table_trains_and_its_test_score_and_findings_are_told(store_url: str, file: Path) -> None:
    chosen = ["--target", "label", "--columns", "a,gap,city", "--test-fraction", "0.2"]
    done = engine_process("train", "--csv", str(file), *chosen, *SMALL, "--json", url=store_url)
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    assert line["test_accuracy"] is not None and line["test_loss"] is not None
    assert "note: 15 cells are empty, they are imputed; by column: 'gap' (15)" in done.stderr
    row = get_run(open_store(store_url), line["run"])
    assert row.config["columns"] == ["a", "gap", "city"] and row.test_score == line["test_accuracy"]


def test_predictions_of_a_file_are_those_of_the_network_for_its_rows(
    store_url: str, file: Path, tmp_path: Path
) -> None:
    engine("train", "--csv", str(file), "--target", "label", *SMALL, url=store_url)
    new = tmp_path / "new.csv"
    new.write_text("city,extra,gap,a,price\nOslo,x,1.5,0.5,5e6\nMars,y,,-2,4e6\n", encoding="utf-8")
    output = tmp_path / "out.csv"
    done = engine("predict", "1", "--csv", str(new), "--output", str(output), url=store_url)
    assert done.returncode == 0, done.stderr
    assert "1 row has a value in column 'city' that training never saw" in done.stderr
    store = open_store(store_url)
    config, dataset = load_run(store, 1)
    state = latest_checkpoint(store, 1)[0]
    assert state is not None
    fill = dataset.encoding["columns"][1]["fill"]
    raw = np.array([[0.5, 1.5, 0, 1, 5e6], [-2, fill, 0, 0, 4e6]])
    expected = predict(config, dataset, state.learned, (raw - dataset.x_mean) / dataset.x_scale)[:, 0]
    read = list(csv.DictReader(io.StringIO(output.read_text("utf-8"))))
    np.testing.assert_allclose([float(row["probability of yes"]) for row in read], expected, atol=1e-6)
    assert [row["prediction"] for row in read] == ["yes" if p > 0.5 else "no" for p in expected]
    page, _ = predict_file(store, 1, new.read_bytes())
    assert page == output.read_text(encoding="utf-8")


def test_values_are_predicted_in_their_units_and_rows_that_were_dropped_stay_empty(
    store_url: str, file: Path
) -> None:
    settings = ["--target", "price", "--columns", "a,gap", "--missing", "drop", "--epochs", "150"]
    assert engine("train", "--csv", str(file), *settings, url=store_url).returncode == 0
    done = engine("predict", "1", "--csv", str(file), url=store_url)
    read = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["prediction"] == "" for row in read] == [row % 8 == 0 for row in range(120)]
    prices = [float(row["price"]) for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))]
    errors = [abs(float(row["prediction"]) - p) for row, p in zip(read, prices) if row["prediction"]]
    assert np.mean(errors) < 2e5
    assert "15 rows have an empty cell and get no prediction" in done.stderr


def test_three_targets_are_trained_predicted_and_told_with_commas_between(
    store_url: str, tmp_path: Path
) -> None:
    generator = np.random.default_rng(1)
    rows = [(*pair, 1e6 * pair.sum(), 1e-3 * pair[0], pair[1] + 9) for pair in generator.normal(size=(90, 2))]
    file = tmp_path / "three.csv"
    lines = ["a,b,money,share,the rest", *(",".join(f"{cell:.6g}" for cell in row) for row in rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    chosen = ["--target", "money, share, the rest", "--columns", "a,b", "--epochs", "200"]
    done = engine("train", "--csv", str(file), *chosen, "--hidden-sizes", "16", "--json", url=store_url)
    assert done.returncode == 0 and json.loads(done.stdout)["val_r2"] > 0.9, done.stderr
    done = engine("predict", "1", "--csv", str(file), url=store_url)
    read = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(read[0]) == ["row", "prediction of money", "prediction of share", "prediction of the rest"]
    for place, name in ((2, "money"), (3, "share"), (4, "the rest")):
        answer, true = (
            np.array([float(row[f"prediction of {name}"]) for row in read]),
            np.array(rows)[:, place],
        )
        assert np.corrcoef(answer, true)[0, 1] > 0.9
    assert "--target 'money,share,the rest'" in engine("reproduce", "1", url=store_url).stdout


def test_a_run_with_features_of_the_plane_predicts_from_the_coordinates(
    store_url: str, tmp_path: Path
) -> None:
    chosen = ["--dataset", "circles", "--depth", "0", "--features", "x2_squared,x1_squared"]
    assert engine("train", *chosen, url=store_url).returncode == 0
    new = tmp_path / "new.csv"
    new.write_text("x2,x1\n0,1\n0.5,0\n-0.3,0.3\n", encoding="utf-8")
    done = engine("predict", "1", "--csv", str(new), url=store_url)
    assert [row["prediction"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["0", "1", "1"]


def test_the_bundled_table_with_three_targets_trains_and_tells_that_its_batch_is_too_large(
    store_url: str,
) -> None:
    done = engine("train", "--dataset", "linnerud", *SMALL, url=store_url)
    assert done.returncode == 2
    assert done.stderr == "error: batch_size must be at most the 15 training rows, got 32\n"
    done = engine("train", "--dataset", "linnerud", "--batch-size", "full", *SMALL, "--json", url=store_url)
    assert done.returncode == 0 and "val_r2" in json.loads(done.stdout)


def test_a_bundled_dataset_predicts_too(store_url: str, tmp_path: Path) -> None:
    engine("train", "--dataset", "moons", *SMALL, url=store_url)
    new = tmp_path / "new.csv"
    new.write_text("x2,x1\n0.5,0\n-0.5,1\n", encoding="utf-8")
    done = engine("predict", "1", "--csv", str(new), url=store_url)
    assert [row["prediction"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["0", "1"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a,gap\n1,2\n", "the file lacks the columns 'city', 'price', which run 1 needs"),
        ("a,gap,city,price\n1,x,Oslo,3\n", "column 'gap' must hold finite numbers as in training, got 'x'"),
        ("", "got nothing"),
    ],
)
def test_a_file_that_does_not_fit_the_run_ends_with_status_2_and_one_line(
    store_url: str, file: Path, tmp_path: Path, content: str, sentence: str
) -> None:
    engine("train", "--csv", str(file), "--target", "label", *SMALL, url=store_url)
    new = tmp_path / "new.csv"
    new.write_text(content, encoding="utf-8")
    done = engine("predict", "1", "--csv", str(new), url=store_url)
    assert done.returncode == 2
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--csv", "no such file", "--target", "a"], "csv must be a readable file"),
        (["--dataset", "table", "--target", "a"], "table must be given with dataset table, got none"),
        (["--dataset", "table", "--table", "0" * 64, "--target", "a"], "no such file"),
    ],
)
def test_a_table_that_is_not_there_is_told(store_url: str, arguments: list[str], sentence: str) -> None:
    done = engine("train", *arguments, url=store_url)
    assert done.returncode == 2 and sentence in done.stderr and len(done.stderr.splitlines()) == 1


def test_baselines_stand_beside_the_score(store_url: str) -> None:
    engine("train", "--dataset", "iris", *SMALL, url=store_url)
    line = json.loads(engine("baselines", "1", "--json", url=store_url).stdout)
    assert set(line["baselines"]) == {"majority", "linear", "gradient boosting"}


def test_the_worker_reads_tables_without_pandas(store_url: str, file: Path) -> None:
    code = (
        "import sys; from engine.__main__ import main; sys.argv = ['engine', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print({'pandas', 'sklearn', 'plotly'} & set(sys.modules))"
    )
    arguments = ["train", "--csv", str(file), "--target", "label", *SMALL, "--store", store_url]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.stdout.splitlines()[-1] == "set()", done.stderr
