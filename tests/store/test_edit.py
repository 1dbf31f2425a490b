"""Names, tags, notes and the archive change nothing else; deleting leaves nothing behind."""

import pytest
import sqlalchemy as sa

from engine.store import edit
from engine.store.branching import continue_run
from engine.store.lease import claim, new_owner
from engine.store.runs import NoSuchRun, get_run, list_runs, tags_of
from engine.store.schema import datasets, events, metadata, runs

HOSTILE = [
    "<script>alert(1)</script>",
    '<a href="https://evil.example">best</a>',
    r"$\href{javascript:alert(1)}{x}$",
    "%{customdata}",
    "[x](http://evil)",
    "=cmd|'/C calc'!A0",
    "'; DROP TABLE runs;--",
    "%_",
    "../../etc/passwd",
    "\u202eabc",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_kept_as_name_tag_and_note_as_it_stands(store, submitted, text):
    run_id = submitted()
    edit.rename(store, run_id, text)
    edit.write_note(store, run_id, text)
    edit.change_tags(store, [run_id], add=text)
    row = get_run(store, run_id)
    assert (row.name, row.note) == (text, text)
    assert tags_of(row.tags) == ([text] if text else [])


def test_a_name_loses_what_cannot_be_stored_and_is_cut(store, submitted):
    run_id = submitted()
    edit.rename(store, run_id, "a\0b\ud800" + "x" * 1_000_000)
    assert get_run(store, run_id).name == "ab?" + "x" * 197


def test_tags_are_trimmed_kept_once_added_and_taken_away(store, submitted):
    first, second = submitted(), submitted(seed=1)
    edit.change_tags(store, [first, second], add=" a ,b,, a")
    edit.change_tags(store, [second], add="c", remove="a")
    assert [tags_of(get_run(store, run_id).tags) for run_id in (first, second)] == [["a", "b"], ["b", "c"]]
    edit.set_tags(store, first, ["z", "a, q"])
    assert get_run(store, first).tags == "z, a, q"


def test_archived_runs_are_left_out_of_the_lists_and_can_be_put_back(store, submitted):
    first, second = submitted(), submitted(seed=1)
    edit.set_archived(store, [first], True)
    assert [row.id for row in list_runs(store)] == [second]
    assert [row.id for row in list_runs(store, archived=True)] == [second, first]
    edit.set_archived(store, [first], False)
    assert [row.id for row in list_runs(store)] == [second, first]


def rows_about(store, run_id):
    """Return how many rows of each table refer to a run."""
    with store.reading() as connection:
        return {
            (table.name, key.parent.name): connection.scalar(
                sa.select(sa.func.count()).select_from(table).where(key.parent == run_id)
            )
            for table in metadata.tables.values()
            for key in table.foreign_keys
            if key.column is runs.c.id
        }


def test_deleting_takes_everything_of_a_run_and_nothing_of_the_others(store, trained):
    kept, gone = trained(), trained(seed=1, dataset="wine", samples=None)
    with store.writing() as connection:
        connection.execute(events.insert().values(run_id=gone, created_at=0.0, step=1, field="x"))
    before = rows_about(store, kept)
    assert all(
        rows_about(store, gone)[name, "run_id"] for name in ("chunks", "checkpoints", "snapshots", "events")
    )
    assert edit.delete_runs(store, [gone, 99]) == ([gone], [])
    assert not any(rows_about(store, gone).values()) and rows_about(store, kept) == before
    with store.reading() as connection:
        assert list(connection.scalars(sa.select(datasets.c.name))) == ["moons"]
    with pytest.raises(NoSuchRun):
        get_run(store, gone)


def test_a_child_outlives_its_parent(store, trained):
    parent = trained()
    child = continue_run(store, parent, 2)
    assert edit.delete_runs(store, [parent]) == ([parent], [])
    assert get_run(store, child).parent_run is None


def test_a_run_in_training_is_never_deleted(store, submitted):
    training, waiting = submitted(), submitted(seed=1)
    assert claim(store, new_owner(), training) is not None
    deleted, refused = edit.delete_runs(store, [training, waiting])
    assert deleted == [waiting]
    assert refused == [f"run {training} is in training: stop it first"]
    assert get_run(store, training).status == "running"


def test_the_number_of_a_deleted_run_is_never_given_again(store, submitted):
    first, second = submitted(), submitted(seed=1)
    edit.delete_runs(store, [second])
    third = submitted(seed=2)
    edit.delete_runs(store, [first])
    edit.delete_runs(store, [third])
    assert (third, submitted(seed=3)) == (second + 1, second + 2)
