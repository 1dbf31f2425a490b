"""The Runs page does what its buttons say, whatever the store holds and however many runs there are."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.exchange.export import exported
from engine.exchange.imports import import_file
from engine.store import edit
from engine.store.lease import claim, new_owner
from engine.store.runs import get_run, list_runs
from engine.store.schema import runs
from engine.store.store import STORE_VARIABLE
from tests.pages.runs_table import listed

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    "<script>alert(1)</script>",
    '<a href="https://evil.example">best</a>',
    r"$\href{javascript:alert(1)}{x}$",
    "%{customdata}",
    "[x](http://evil)",
    "=cmd|'/C calc'!A0",
    "'; DROP TABLE runs;--",
    "\u202eabc",
    "`code` **bold** :red[x]",
]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def pages_read_the_tests_store(store, store_url, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, store_url)
    for place in ("ui.shared.transport", "ui.runs.card"):
        monkeypatch.setattr(f"{place}.ensure_workers", lambda *_: 0)


def page(name="runs", selected=(), **query):
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    app.session_state["runs_selected"] = list(selected)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_an_empty_store_shows_one_button_that_really_starts_a_run(store):
    app = page()
    assert [each.value for each in app.subheader] == ["No runs yet"]
    press(app, "runs_example")
    assert len(list_runs(store)) == 1 and listed(app) == [1]


def test_nothing_selected_leaves_every_action_disabled(submitted):
    submitted()
    app = page()
    disabled = {
        key: app.button(key=f"runs_{key}").disabled for key in ("compare", "archive", "delete", "clear")
    }
    assert all(disabled.values())


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_tag_and_note_is_shown_as_text(store, trained, name):
    run_id = trained(name=name)
    edit.change_tags(store, [run_id], add=name)
    edit.write_note(store, run_id, name)
    for app in (page(selected=[run_id]), page("compare", runs=str(run_id)), page("train", run=str(run_id))):
        assert not app.error and not app.warning
    app = page(selected=[run_id])
    assert app.text_input(key="runs_name").value == name and app.text_area(key="runs_note").value == name


def test_delete_is_asked_once_and_spares_what_is_in_training(store, submitted, trained):
    gone, training = trained(), submitted(seed=1)
    assert claim(store, new_owner(), training) is not None
    app = press(page(selected=[gone, training]), "runs_delete")
    assert len(list_runs(store)) == 2
    press(app, "runs_delete_no")
    assert len(list_runs(store)) == 2
    app.session_state["runs_selected"] = [gone, training]
    press(press(app.run(), "runs_delete"), "runs_delete_yes")
    assert [row.id for row in list_runs(store)] == [training]
    assert "in training" in app.warning[0].value


def test_name_tags_and_note_are_saved_when_they_are_changed(store, submitted):
    run_id = submitted(name="old")
    app = page(selected=[run_id])
    app.text_input(key="runs_name").set_value("new").run()
    app.text_input(key="runs_tag_list").set_value(" a,, b").run()
    app.text_area(key="runs_note").set_value("remember").run()
    row = get_run(store, run_id)
    assert (row.name, row.tags, row.note) == ("new", "a, b", "remember")
    assert app.text_input(key="runs_tag_list").value == "a, b"


def test_tags_are_added_to_and_taken_from_all_selected_runs(store, submitted):
    ids = [submitted(seed=seed) for seed in (1, 2)]
    app = page(selected=ids)
    app.text_input(key="runs_tags").set_value("x, y").run()
    press(app, "runs_tags_add")
    app.text_input(key="runs_tags").set_value("x").run()
    press(app, "runs_tags_remove")
    assert {get_run(store, run_id).tags for run_id in ids} == {"y"}


def test_continue_queues_a_child_and_shows_it(store, trained):
    parent = trained(epochs=4)
    app = page(selected=[parent])
    app.number_input(key="runs_epochs").set_value(6).run()
    press(app, "runs_continue")
    (child, _) = list_runs(store)
    assert (child.parent_run, child.config["epochs"], child.status) == (parent, 10, "queued")
    assert app.session_state["runs_selected"] == [child.id]


def test_a_stopped_run_is_resumed(store, submitted):
    run_id = submitted()
    with store.writing() as connection:
        connection.execute(runs.update().values(status="stopped"))
    press(page(selected=[run_id]), "runs_resume")
    assert get_run(store, run_id).status == "queued"


def test_the_command_that_reproduces_a_run_is_shown(trained):
    app = page(selected=[trained(activation="relu")])
    assert "--activation relu" in app.code[0].value


@pytest.mark.parametrize("format", ["csv", "parquet", "bundle"])
def test_imported_runs_are_shown_on_every_page(store, trained, format):
    original = trained()
    ids = import_file(store, exported(store, [original], format))
    for app in (
        page(selected=ids),
        page("train", run=str(ids[0])),
        page("compare", runs=f"{original},{ids[0]}"),
        page("compare", runs=str(ids[0])),
    ):
        assert not app.error
    assert page(selected=ids).button(key="runs_clone").disabled == (format == "csv")


def test_compare_by_samples_smoothed_and_against_a_baseline_shows_differences(trained):
    ids = [trained(seed=seed, batch_size=batch) for seed, batch in ((1, 8), (2, "full"))]
    app = page("compare", runs=",".join(map(str, ids)))
    app.button_group(key="compare_x").set_value("samples").run()
    app.slider(key="compare_smoothing").set_value(0.9).run()
    app.toggle(key="compare_log_x").set_value(True).run()
    app.selectbox(key="compare_baseline").set_value(ids[0]).run()
    assert not app.exception and not app.error, [e.value for e in app.error]
    assert app.toggle(key="compare_log").disabled
    table = next(frame.value for frame in app.dataframe if "best score" in frame.value)
    plain = page("compare", runs=",".join(map(str, ids)))
    before = next(frame.value for frame in plain.dataframe if "best score" in frame.value)
    assert table["steps"].tolist() == [before["steps"][0], before["steps"][1] - before["steps"][0]]


def test_the_address_of_a_page_that_was_left_keeps_a_run_that_was_deleted_away(store, trained):
    first, second = trained(), trained(seed=1)
    edit.delete_runs(store, [second])
    app = page("compare", runs=f"{first},{second}")
    assert f"no such run: {second}" in app.warning[0].value.replace("\\", "")
