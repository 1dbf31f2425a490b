"""The commands that keep runs in order do so on a store, and refuse in one sentence."""

import json
import shlex

import pytest

from engine.cli.main import main
from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run, list_runs


@pytest.fixture
def engine(store_url, monkeypatch, capsys):
    """Run one command line on the test's store; return exit status, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["engine", *map(str, arguments), "--store", store_url])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return left.value.code, shown.out, shown.err

    return run


@pytest.mark.parametrize("format", ["csv", "parquet", "bundle"])
def test_an_exported_file_is_imported_as_a_new_run(engine, store, trained, tmp_path, format):
    run_id, file = trained(name="kept"), tmp_path / "file"
    assert engine("export", run_id, "--format", format, "--output", file)[0] == 0
    status, out, _ = engine("import", file, "--json")
    assert status == 0
    (number,) = json.loads(out)["runs"]
    assert get_run(store, number).name == "kept"
    assert (
        read_series(store, number)["train_loss"].tobytes()
        == read_series(store, run_id)["train_loss"].tobytes()
    )


@pytest.mark.parametrize("format", ["wide", "json", "npz"])
def test_every_format_is_written(engine, trained, tmp_path, format):
    assert engine("export", trained(), "--format", format, "--output", tmp_path / "file")[0] == 0
    assert (tmp_path / "file").stat().st_size > 0


def test_continue_trains_a_child_to_its_end(engine, store, trained):
    parent = trained(epochs=4)
    status, out, _ = engine("continue", parent, "--epochs", 3, "--json")
    child = get_run(store, json.loads(out)["run"])
    assert (status, child.status, child.parent_run, child.config["epochs"]) == (0, "finished", parent, 7)


def test_reproduce_prints_a_command_that_gives_the_same_weights(engine, store, trained):
    run_id = trained(dropout=0.1, activation="relu")
    _, command, _ = engine("reproduce", run_id)
    _, out, _ = engine(*shlex.split(command)[3:], "--json")
    states = [latest_checkpoint(store, number)[0] for number in (run_id, json.loads(out)["run"])]
    assert states[0] is not None and states[1] is not None
    assert states[0].theta.tobytes() == states[1].theta.tobytes()


def test_names_tags_notes_and_archive_are_kept(engine, store, trained):
    run_id = trained()
    for command in (
        ("rename", run_id, "new name"),
        ("tag", run_id, "--add", "a, b"),
        ("tag", run_id, "--remove", "a"),
        ("note", run_id, "look here"),
        ("archive", run_id),
    ):
        assert engine(*command)[0] == 0
    row = get_run(store, run_id)
    assert (row.name, row.tags, row.note, row.archived) == ("new name", "b", "look here", True)
    assert engine("list", "--json")[1] == ""
    assert json.loads(engine("list", "--json", "--all")[1])["run"] == run_id
    assert engine("archive", run_id, "--undo")[0] == 0 and not get_run(store, run_id).archived


def test_delete_asks_unless_told_and_never_takes_a_run_in_training(
    engine, store, trained, submitted, monkeypatch
):
    run_id, training = trained(), submitted(seed=1)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    assert engine("delete", run_id)[0] == 130 and len(list_runs(store)) == 2
    assert claim(store, new_owner(), training) is not None
    status, out, err = engine("delete", run_id, training, "--yes")
    assert (status, out) == (2, f"deleted run {run_id}\n")
    assert err == f"error: run {training} is in training: stop it first\n"
    assert [row.id for row in list_runs(store)] == [training]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("export", 99), "no such run: 99"),
        (("export", 1, "--format", "xlsx"), "format must be one of csv,"),
        (("export", 1, "--format", "npz", "--output", "{folder}/w.npz"), "no checkpoint"),
        (("export", 1, "--output", "{folder}/absent/x.csv"), "output cannot be written"),
        (("import", "{folder}/absent.csv"), "file cannot be read"),
        (("import", "{folder}/bad.csv"), "bad.csv: unknown column 'x'"),
        (("continue", 1, "--epochs", 5), "finished or stopped run can be continued"),
        (("rename", 99, "x"), "no such run: 99"),
        (("tag", 99, "--add", "x"), "no such run: 99"),
        (("delete", 99, "--yes"), "no such run: 99"),
        (("archive", 99), "no such run: 99"),
        (("note", 99, "x"), "no such run: 99"),
    ],
)
def test_what_cannot_be_done_ends_with_status_2_and_one_line(
    engine, submitted, tmp_path, arguments, sentence
):
    submitted()
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n")
    status, _, err = engine(*(str(each).format(folder=tmp_path) for each in arguments))
    assert status == 2 and sentence in err and len(err.splitlines()) == 1
    assert not (tmp_path / "w.npz").exists()
