"""What a store as a whole is asked ends in one sentence; nothing good is replaced by something bad."""

from pathlib import Path

import pytest

from engine.store.runs import count_runs
from engine.store.store import open_store
from tests.command_line import engine


@pytest.fixture
def saved(store, store_url, submitted, tmp_path) -> Path:
    """A backup of a store of three runs."""
    for seed in range(3):
        submitted(seed=seed)
    file = tmp_path / "saved.db"
    assert engine("backup", str(file), url=store_url).returncode == 0
    return file


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 5000] = bytes(5000)
    file.write_bytes(content)


def test_a_damaged_backup_replaces_no_store(saved, store_url):
    damage(saved)
    done = engine("restore", str(saved), "--overwrite", url=store_url)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: the file {saved} is damaged (")
    assert count_runs(open_store(store_url)) == 3


def test_an_empty_file_replaces_no_store(saved, store_url, tmp_path):
    empty = tmp_path / "empty.db"
    empty.touch()
    done = engine("restore", str(empty), "--overwrite", url=store_url)
    assert done.returncode == 2 and "must be a store of this program" in done.stderr
    assert count_runs(open_store(store_url)) == 3


def test_a_copy_of_a_damaged_store_is_made_and_said_to_be_damaged(saved, tmp_path):
    damage(saved)
    copy = tmp_path / "copy.db"
    done = engine("backup", str(copy), url=f"sqlite:///{saved}")
    assert done.returncode == 1 and copy.exists()
    assert done.stderr.startswith("the store is damaged, and so is its copy: ")


def test_looking_for_what_is_wrong_makes_no_new_store(tmp_path):
    missing = tmp_path / "no" / "lab.db"
    done = engine("doctor", url=f"sqlite:///{missing}")
    assert done.returncode == 2 and done.stderr == f"error: there is no store {missing}\n"
    assert not missing.parent.exists()


def test_a_repair_that_saves_nothing_says_so_in_one_sentence_and_leaves_no_file(tmp_path):
    text, new = tmp_path / "text.db", tmp_path / "new.db"
    text.write_text("no store at all " * 300, "utf-8")
    done = engine("doctor", "--repair", str(new), url=f"sqlite:///{text}")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: nothing of {text} can be read (")
    assert not new.exists()
