"""The form takes typed numbers and lists, and what is folded away takes part in a run."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.store.runs import list_runs
from tests.pages.frames import type_into
from ui.shared import sight

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
PAGES = Path(__file__).resolve().parents[2] / "pages"


@pytest.fixture
def app(train_page):
    return train_page


def drawn(app):
    """Return the names of the settings whose widgets are there."""
    keys = [getattr(element, "key", None) or "" for element in app.sidebar]
    return {key.removeprefix("train_") for key in keys}


@pytest.mark.parametrize(
    ("name", "text", "value"), [("learning_rate", "0.0042", 0.0042), ("dropout", ".35", 0.35)]
)
def test_a_number_that_is_not_offered_is_typed_and_a_wrong_one_is_told(app, store, name, text, value):
    type_into(app, f"train_{name}", "fast")
    assert name.replace("_", r"\_") in app.error[0].value and "fast" in app.error[0].value
    type_into(app, f"train_{name}", text)
    app.button(key="train_start").click().run()
    assert not app.error and [row.config[name] for row in list_runs(store)] == [value]


def test_what_is_folded_away_is_not_drawn_and_takes_part_all_the_same(store, submitted, monkeypatch):
    monkeypatch.setattr(sight, "BUILDS_ALL", False)
    app = AppTest.from_file(str(PAGES / "train.py"), default_timeout=60)
    settings = {"clip_norm": 0.5, "epochs": 7, "schedule": "cosine", "residual": True}
    app.query_params["run"] = str(submitted(hidden_sizes=[6, 6], **settings))
    app.run()
    assert drawn(app).isdisjoint(settings)
    app.session_state["train_section_training"] = True
    app.run()
    assert "epochs" in drawn(app) and "clip_norm" not in drawn(app)
    app.number_input(key="train_epochs").set_value(9).run()
    app.session_state["train_section_training"] = False
    app.run()
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    config = list_runs(store)[0].config
    assert {name: config[name] for name in settings} == {**settings, "epochs": 9}


@pytest.mark.parametrize(
    ("dropout", "text"), [([0.0, 0.5], "0.0, 0.5"), (0.95, "0.95"), (0.3, "0.3"), (0.0, "0")]
)
def test_a_runs_dropout_comes_into_the_form_and_out_again_as_a_number_or_by_layer(
    app, store, submitted, dropout, text
):
    run_id = submitted(hidden_sizes=[7, 5], dropout=dropout)
    app.query_params["run"] = str(run_id)
    app.run()
    app.button(key="train_copy").click().run()
    assert app.selectbox(key="train_dropout").value == text
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    assert [row.config["dropout"] for row in list_runs(store)] == [dropout, dropout]


def test_dropout_by_layer_takes_one_number_for_each_hidden_layer(app, store):
    type_into(app, "train_dropout", "0.1")
    assert not app.error
    type_into(app, "train_dropout", "0.1, 0.2, 0.3")
    assert "one for each of the 2 hidden layers" in app.error[0].value
    type_into(app, "train_dropout", "0.1, 0.2")
    app.toggle(key="train_residual").set_value(True).run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert row.config["dropout"] == [0.1, 0.2] and row.config["residual"] is True
