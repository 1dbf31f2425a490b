"""``queue`` fills the queue from a file, ``work`` empties it with real workers, each run once."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import sqlalchemy as sa

from engine.cli.main import main
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run, list_runs, request, set_speed
from engine.store.schema import runs, workers
from engine.workers import launcher
from tests.waiting import EPOCHS_A_SECOND, SECONDS_AT_MOST, is_running, wait_for

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.usefixtures("no_worker_is_left")]
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "command-line.md").read_text("utf-8")
SMALL = "base: {samples: 80, epochs: 4, hidden_sizes: [6]}\n"


@pytest.fixture
def engine(store_url, monkeypatch, capsys):
    """Run the command line in this process; return exit status, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["engine", *map(str, arguments), "--store", store_url])
        with pytest.raises(SystemExit) as left:
            main()
        answer = capsys.readouterr()
        return int(left.value.code or 0), answer.out, answer.err

    return run


@pytest.fixture
def grid(tmp_path):
    def write(text: str, name: str = "grid.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_grid_is_queued_counted_and_estimated(engine, grid, store):
    path = grid(SMALL + "seeds: 2\ngrid: {learning_rate: [0.1, 0.2, 0.3]}")
    status, answer, _ = engine("queue", path)
    assert status == 0
    assert re.fullmatch(
        r"queued 6 runs on 1 dataset, 48 updates, about \d+ s of one core: runs 1 to 6; `work` trains them\n",
        answer,
    )
    assert [row.status for row in list_runs(store)] == ["queued"] * 6


def test_a_dry_run_says_the_same_and_queues_nothing(engine, grid, store):
    status, answer, _ = engine("queue", grid(SMALL), "--dry-run")
    assert (status, answer.startswith("would queue 1 run on 1 dataset, 8 updates")) == (0, True)
    assert answer.endswith("nothing was queued\n")
    assert list_runs(store) == []


def test_json_names_the_runs(engine, grid):
    path = grid(json.dumps({"base": {"samples": 80, "epochs": 4}, "grid": {"seed": [3, 4]}}), "grid.json")
    line = json.loads(engine("queue", path, "--json")[1])
    assert (line["ids"], line["queued"], line["runs"], line["datasets"]) == ([1, 2], 2, 2, 1)
    assert json.loads(engine("queue", path, "--json", "--dry-run")[1])["ids"] == []


def test_an_error_is_one_sentence_and_nothing_is_queued(engine, grid, store, tmp_path):
    path = grid(SMALL + "grid: {learning_rate: [0.1, -0.1]}")
    shown = "error: grid entry 2 (learning_rate = -0.1): learning_rate must be > 0, got -0.1\n"
    assert engine("queue", path) == (2, "", shown)
    path.write_bytes(b"\xff\xfe")
    assert engine("queue", path)[2].startswith("error: grid must be a readable file of text in UTF-8: ")
    assert engine("queue", tmp_path / "none.yaml")[0] == 2
    assert list_runs(store) == []


def test_a_table_is_kept_once_for_all_runs_and_not_in_a_dry_run(engine, grid, store, tmp_path):
    rows = "".join(f"{number},{number % 7},{2 * number + 1}\n" for number in range(60))
    table = tmp_path / "own.csv"
    table.write_text("a,b,y\n" + rows, "utf-8")
    path = grid("base: {target: y, epochs: 2}\ngrid: {learning_rate: [0.1, 0.2]}")
    assert engine("queue", path, "--csv", table, "--dry-run")[0] == 0
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM files").scalar() == 0
    assert engine("queue", path, "--csv", table)[0] == 0
    assert {row.config["table"] for row in list_runs(store)} != {None}
    assert json.loads(engine("work", "--jobs", "1", "--json")[1])["runs"] == 2


def test_the_grid_of_the_documentation_is_one_that_can_be_queued(engine, grid):
    (example,) = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    status, answer, _ = engine("queue", grid(example), "--dry-run")
    assert (status, answer.startswith("would queue 24 runs")) == (0, True)


def test_workers_train_all_that_is_queued_each_once_and_leave(engine, grid, store):
    engine("queue", grid(SMALL + "grid: {seed: [0, 1, 2, 3, 4, 5, 6, 7]}"))
    status, answer, errors = engine("work", "--jobs", "2")
    assert (status, errors) == (0, "")
    assert answer.startswith("trained 8 runs in ")
    with store.reading() as connection:
        shown = connection.execute(sa.select(runs.c.status, runs.c.lease_epoch)).all()
    assert [tuple(row) for row in shown] == [("finished", 1)] * 8
    with store.reading() as connection:
        assert connection.scalars(sa.select(workers.c.pid)).all() == []
    assert engine("work", "--jobs", "2") == (0, "nothing is queued\n", "")


def test_a_worker_imports_none_of_the_libraries_of_the_screen(engine, grid, store, tmp_path):
    """A real process trains a run of a bundled table, then says what it has loaded."""
    engine("queue", grid("base: {dataset: iris, epochs: 2, activation: relu}"))
    code = (
        "import sys, engine.workers.worker as worker\n"
        "worker.WARM_SECONDS = 0\n"
        "worker.work(sys.argv[1])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, store.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=True,
    )
    assert get_run(store, 1).status == "finished"
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {
        "pandas",
        "plotly",
        "pyarrow",
        "scipy",
        "sklearn",
        "streamlit",
        "yaml",
        "rich",
        "typer",
    }


def test_a_run_that_fails_is_told_with_its_sentence_and_the_status_is_1(engine, grid):
    wild = "{learning_rate: 1.0e+6, optimizer: sgd, activation: relu, loss: mse}"
    engine("queue", grid(SMALL + f"runs: [{{}}, {wild}]"))
    status, answer, errors = engine("work", "--jobs", "1", "--json")
    line = json.loads(answer)
    assert (status, line["runs"], line["left"]) == (1, 2, 0)
    ((failed),) = line["failed"]
    assert (failed["run"], failed["status"]) == (2, "diverged")
    assert errors == f"run 2 diverged: {failed['message']}\n"


def test_failures_of_earlier_are_not_told_again(engine, grid, store):
    wild = "{learning_rate: 1.0e+6, optimizer: sgd, activation: relu, loss: mse}"
    engine("queue", grid(SMALL + f"runs: [{{}}, {wild}]"))
    request(store, 1, "pause")
    assert engine("work", "--jobs", "1")[0] == 1
    request(store, 1, "resume")
    status, answer, errors = engine("work", "--jobs", "1")
    assert (status, errors, answer.startswith("trained 1 run in ")) == (0, "", True)


def test_a_run_that_another_process_trains_is_left_to_it(engine, submitted, store):
    assert claim(store, new_owner(), submitted()) is not None
    assert engine("work", "--jobs", "1") == (0, "nothing is queued\n", "")


@pytest.mark.parametrize("jobs", ["0", "257"])
def test_a_number_of_jobs_out_of_range_is_refused(engine, jobs):
    assert engine("work", "--jobs", jobs) == (2, "", f"error: jobs must be >= 1 and <= 256, got {jobs}\n")


def test_ctrl_c_takes_no_more_runs_and_tells_what_is_left_and_work_goes_on_later(
    engine, grid, store, store_url
):
    engine("queue", grid(SMALL + "grid: {seed: [0, 1, 2, 3]}\nruns: [{epochs: 100000, seed: 9}]"))
    with store.writing() as connection:  # the long one first
        connection.execute(runs.update().where(runs.c.id <= 4).values(paused=True))
    set_speed(store, 5, EPOCHS_A_SECOND)
    working = subprocess.Popen(
        [sys.executable, "-m", "engine", "work", "--jobs", "1", "--store", store_url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: get_run(store, 5).step > 0)
    with store.reading() as connection:
        worker = connection.scalar(sa.select(runs.c.lease_pid).where(runs.c.id == 5))
    assert is_running(worker)
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id <= 4).values(paused=False))
    working.send_signal(signal.SIGINT)
    _, errors = working.communicate(timeout=SECONDS_AT_MOST)
    assert working.returncode == 130
    shown = "run 5 trains to the end; 4 runs are still queued: `work` trains them\n"
    assert errors == shown
    request(store, 5, "stop")
    wait_for(lambda: get_run(store, 5).status == "stopped")
    wait_for(lambda: not is_running(worker))
    assert [get_run(store, run_id).status for run_id in range(1, 5)] == ["queued"] * 4
    assert json.loads(engine("work", "--jobs", "2", "--json")[1])["runs"] == 4
    with store.reading() as connection:
        assert set(connection.scalars(sa.select(runs.c.lease_epoch))) == {1}


def test_a_killed_worker_is_replaced_and_its_run_goes_on(engine, grid, store, store_url):
    engine("queue", grid(SMALL + "runs: [{epochs: 1000}]"))
    set_speed(store, 1, EPOCHS_A_SECOND)
    working = subprocess.Popen(
        [sys.executable, "-m", "engine", "work", "--jobs", "1", "--json", "--store", store_url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: get_run(store, 1).step > 0)
    with store.reading() as connection:
        pid = connection.scalar(sa.select(runs.c.lease_pid))
    psutil.Process(pid).kill()
    set_speed(store, 1, None)
    answer, _ = working.communicate(timeout=SECONDS_AT_MOST)
    assert (working.returncode, json.loads(answer)["runs"]) == (0, 1)
    assert get_run(store, 1).status == "finished"
    with store.reading() as connection:
        assert connection.scalar(sa.select(runs.c.lease_epoch)) == 2


def test_a_queue_whose_command_and_workers_are_killed_is_worked_off_later_and_no_run_twice(
    engine, grid, store, store_url
):
    """In the middle of it: what had ended stays, what was in training goes on, and each run ends once."""
    engine("queue", grid(SMALL + "grid: {learning_rate: [0.1, 0.2, 0.3, 0.4]}"))
    engine("queue", grid(SMALL + "grid: {epochs: [1000], learning_rate: [0.1, 0.2], seed: [5, 6]}"))
    for run_id in range(5, 9):
        set_speed(store, run_id, EPOCHS_A_SECOND)
    working = subprocess.Popen(
        [sys.executable, "-m", "engine", "work", "--jobs", "2", "--store", store_url],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )

    def standing():
        with store.reading() as connection:
            return connection.execute(sa.select(runs).order_by(runs.c.id)).all()

    def are_in_the_middle():
        rows = standing()
        return (
            all(row.status == "finished" for row in rows[:4]) and sum(row.step > 0 for row in rows[4:]) == 2
        )

    wait_for(are_in_the_middle)
    working.kill()
    with store.reading() as connection:
        pids = set(connection.scalars(sa.select(workers.c.pid)))
    for pid in pids:
        psutil.Process(pid).kill()
    working.wait()
    wait_for(lambda: not any(is_running(pid) for pid in pids))
    killed = standing()
    ended = {row.id for row in killed if row.status == "finished"}
    assert ended == {1, 2, 3, 4} and [row.status for row in killed[4:]].count("running") == 2
    for run_id in range(5, 9):
        set_speed(store, run_id, None)
    assert json.loads(engine("work", "--jobs", "2", "--json")[1])["runs"] == 4
    for before, after in zip(killed, standing(), strict=True):
        assert (after.status, after.step) == ("finished", after.total_steps)
        assert after.lease_epoch == 1 + (before.status == "running")
        if before.id in ended:
            assert after == before
        steps = read_series(store, after.id)["step"]
        assert steps[-1] == after.total_steps and (np.diff(steps) > 0).all()


def test_workers_that_cannot_start_are_one_sentence_with_their_log(engine, grid, monkeypatch, tmp_path):

    engine("queue", grid(SMALL))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setattr(launcher, "ROOT", tmp_path)
    status, _, errors = engine("work", "--jobs", "1")
    assert status == 2
    assert errors.startswith("error: A worker stopped with an error; the log is ")
    launcher._failures.clear()
