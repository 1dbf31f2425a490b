"""The form offers every setting, refuses bad values in one sentence, and starts what it describes."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.config.setting import applies
from engine.config.settings import SETTINGS
from engine.runs.catalog import list_runs
from engine.runs.store import STORE_VARIABLE

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "train.py")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
OF_A_TABLE = {"table", "target", "columns", "missing", "split", "split_column"}
ONLY_FOR_MOMENTUM, ONLY_FOR_ADAM = {"momentum"}, {"beta1", "beta2", "eps"}
DEFAULTS = {name: setting.default for name, setting in SETTINGS.items()}


@pytest.fixture
def app(store, store_url, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, store_url)
    monkeypatch.setattr("ui.transport.ensure_workers", lambda *_: 0)
    return AppTest.from_file(PAGE, default_timeout=60).run()


def offered(app):
    return {name for name in SETTINGS if any(_is(element, name) for element in _widgets(app))}


def _widgets(app):
    return [element for element in app.sidebar if getattr(element, "key", None)]


def _is(element, name):
    return element.key == f"train_{name}" or (name == "hidden_sizes" and element.key == "train_depth")


def test_every_setting_that_applies_is_offered_with_help_and_no_other(app):
    assert offered(app) == {name for name, each in SETTINGS.items() if applies(each.explained, DEFAULTS)}
    unexplained = [name for name in SETTINGS for each in _widgets(app) if _is(each, name) and not each.help]
    assert unexplained == []


def test_momentum_replaces_adams_settings_when_it_is_chosen(app):
    app.button_group(key="train_optimizer").set_value("momentum").run()
    assert offered(app) & (ONLY_FOR_MOMENTUM | ONLY_FOR_ADAM) == ONLY_FOR_MOMENTUM


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("epochs", 0, "epochs must be"),
        ("label_noise", 1.0, r"label\_noise must be"),
        ("samples", 3, "samples must be"),
        ("clip_norm", -1.0, r"clip\_norm must be"),
    ],
)
def test_a_bad_value_gives_one_sentence_and_nothing_can_be_started(app, store, name, value, sentence):
    app.number_input(key=f"train_{name}").set_value(value).run()
    assert not app.exception
    assert [sentence in error.value for error in app.error] == [True]
    assert app.button(key="train_start").disabled
    assert app.number_input(key=f"train_{name}").value == value
    assert list_runs(store) == []


def test_a_network_beyond_the_memory_is_refused_in_one_sentence(app, store):
    app.toggle(key="train_as_list").set_value(True).run()
    app.text_input(key="train_hidden_sizes").set_value("1000000, 1000000").run()
    app.button(key="train_start").click().run()
    assert len(app.error) == 1 and "memory" in app.error[0].value
    assert list_runs(store) == []


def test_start_queues_the_run_that_the_form_describes_and_names_it_in_the_address(app, store):
    app.number_input(key="train_epochs").set_value(3).run()
    app.text_input(key="train_name").set_value("<b>mine</b>").run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert (row.config["epochs"], row.name, row.status, row.speed) == (3, "<b>mine</b>", "queued", 20.0)
    assert app.query_params["run"] in (str(row.id), [str(row.id)])
    assert not app.exception


def test_the_example_of_the_empty_page_really_starts(app, store):
    app.button(key="train_example").click().run()
    assert [row.config["dataset"] for row in list_runs(store)] == ["moons"]


def test_copy_puts_the_settings_of_a_run_into_the_form(app, submitted):
    run_id = submitted(activation="relu", hidden_sizes=[7, 5], learning_rate=0.123)
    app.query_params["run"] = str(run_id)
    app.run()
    app.button(key="train_copy").click().run()
    assert app.text_input(key="train_hidden_sizes").value == "7, 5"
    assert app.button_group(key="train_activation").value in ("relu", ["relu"])
    assert app.select_slider(key="train_learning_rate").value == 0.123


def test_features_are_chosen_beside_the_dataset_for_toys_in_the_plane_alone(app, store):
    pills = app.button_group(key="train_features")
    assert pills.value == ["x1", "x2"]
    pills.set_value(["x1_squared", "x1_times_x2"]).run()
    assert not app.exception and not app.error
    app.button_group(key="train_dataset").set_value("sine").run()
    assert "train_features" not in {element.key for element in _widgets(app)} and not app.error
    app.button_group(key="train_dataset").set_value("circles").run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert row.config["features"] == ["x1_squared", "x1_times_x2"]


def test_no_feature_at_all_gives_one_sentence(app):
    app.button_group(key="train_features").set_value([]).run()
    assert [error.value for error in app.error] == [r"features must have at least 1 entry\, got 0"]
    assert app.button(key="train_start").disabled


def test_a_table_with_fewer_rows_than_a_batch_is_taken_whole(app):
    app.button_group(key="train_dataset").set_value("linnerud").run()
    assert app.selectbox(key="train_batch_size").value == "full" and not app.error
    app.button_group(key="train_dataset").set_value("wine").run()
    assert app.selectbox(key="train_batch_size").value == "full"


def test_a_scale_that_is_switched_off_reaches_the_run(app, store):
    app.button_group(key="train_dataset").set_value("plane").run()
    app.selectbox(key="train_standardize_inputs").set_value("off").run()
    app.selectbox(key="train_standardize_target").set_value("on").run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert (row.config["standardize_inputs"], row.config["standardize_target"]) == ("off", "on")
