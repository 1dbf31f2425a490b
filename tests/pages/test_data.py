"""The Data page: datasets at hand, a table of one's own named and judged, predictions for new rows."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.config.settings import SETTINGS
from engine.store.baselines import read_baselines
from engine.store.datasets import predict_file
from engine.store.files import list_files
from engine.store.runs import list_runs
from engine.store.store import STORE_VARIABLE
from tests.training_now import train_now

PAGES = Path(__file__).resolve().parents[2] / "pages"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def table(rows: int = 120) -> bytes:
    generator = np.random.default_rng(0)
    lines = ["key,a,city,leak,label"]
    for row in range(rows):
        a, city = generator.normal(), generator.choice(["Bonn", "<b>Oslo</b>"])
        lines.append(f"{row},{a:.4f},{city},{int(a > 0)},{'yes' if a > 0 else 'no'}")
    return "\n".join(lines).encode()


@pytest.fixture
def app(store, store_url, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, store_url)
    monkeypatch.setattr("ui.shared.transport.ensure_workers", lambda *_: 0)
    return AppTest.from_file(str(PAGES / "data.py"), default_timeout=60).run()


def give(app, content: bytes, name: str = "table.csv"):
    return app.file_uploader(key="data_file").set_value((name, content, "text/csv")).run()


def words(app) -> str:
    kinds = ("markdown", "warning", "error", "caption", "info")
    return " ".join(element.value for kind in kinds for element in app.get(kind)).replace("\\", "")


def test_an_empty_store_shows_datasets_and_says_what_to_do(app):
    assert not app.exception and not app.error
    assert "Drop a file above" in words(app) and "Train one first" in words(app)
    assert app.button(key="data_use_moons") and app.button(key="data_use_breast_cancer")


def test_a_table_is_kept_looked_at_and_its_traps_are_named_before_start(app, store):
    give(app, table())
    assert [name for _, name in list_files(store)] == ["table.csv"]
    app.selectbox(key="data_target").set_value("label").run()
    assert not app.exception and not app.error
    (warning,) = app.warning
    assert "'key' looks like a row id" in warning.value.replace("\\", "")
    assert "'leak' is almost identical to the target" in warning.value.replace("\\", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"a,b\n1,2\n3\n", "line 3 must have 2 cells"), (b"PK\x03\x04", "must be CSV text, got a zip archive")],
)
def test_a_file_that_cannot_be_read_gives_one_sentence_and_is_not_kept(app, store, content, sentence):
    give(app, content)
    assert not app.exception
    assert [sentence in error.value.replace("\\", "") for error in app.error] == [True]
    assert list_files(store) == []
    give(app, table())
    assert not app.error


def test_the_same_file_twice_is_kept_once(app, store):
    give(app, table())
    give(app, table(), "again.csv")
    assert len(list_files(store)) == 1 and not app.exception


def test_a_choice_that_does_not_fit_gives_one_sentence(app):
    give(app, table())
    app.selectbox(key="data_target").set_value("label").run()
    app.selectbox(key="data_split").set_value("time").run()
    app.selectbox(key="data_split_column").set_value("city").run()
    assert not app.exception
    assert "split_column must hold numbers or dates" in app.error[0].value.replace("\\", "")


def test_a_hostile_name_is_shown_as_text(app):
    give(app, b"<script>,=1+1\n" + b"1,x\n2,y\n" * 20, "<a href='x'>$y$")
    app.selectbox(key="data_target").set_value("=1+1").run()
    assert not app.exception and not app.error


def test_baselines_are_computed_by_a_button_and_shown_for_both_held_out_splits(app, store):
    give(app, table())
    app.selectbox(key="data_target").set_value("label").run()
    app.button(key="data_baselines").click().run()
    assert not app.exception
    assert "Validation accuracy: majority" in words(app) and "Test accuracy: majority" in words(app)


def train_page_of_the_same_session(app):
    train = AppTest.from_file(str(PAGES / "train.py"), default_timeout=60)
    by_layer = ("as_list", "activation_list", "activation_by_layer")
    held = ("table", "depth", "width", *by_layer)
    for key in (f"train_{name}" for name in (*SETTINGS, *held)):
        if key in app.session_state:
            train.session_state[key] = app.session_state[key]
    return train


def test_the_table_goes_to_the_form_is_trained_and_predicts_as_the_engine_does(app, store):
    give(app, table())
    app.selectbox(key="data_target").set_value("label").run()
    app.multiselect(key="data_columns").set_value(["a", "city"]).run()
    app.button(key="data_use").click().run()
    train = train_page_of_the_same_session(app)
    train.run()
    assert not train.exception and not train.error
    train.button(key="train_start").click().run()
    (row,) = list_runs(store)
    chosen = {name: row.config[name] for name in ("dataset", "target", "columns", "test_fraction")}
    assert chosen == {"dataset": "table", "target": "label", "columns": ["a", "city"], "test_fraction": 0.2}
    train_now(store, row.id)
    assert not train.run().exception and "test score" in words(train)
    app.run()
    app.file_uploader(key="data_predict_file").set_value(("new.csv", table(20), "text/csv")).run()
    assert not app.exception and not app.error
    expected, _ = predict_file(store, row.id, table(20))
    shown = app.dataframe[-1].value
    assert len(shown) == 20
    np.testing.assert_allclose(
        shown["probability of yes"],
        [float(line.split(",")[3]) for line in expected.splitlines()[1:]],
        atol=1e-6,
    )


def several(rows: int = 120) -> bytes:
    generator = np.random.default_rng(0)
    lines = ["a,b,price,area,word"]
    for row in range(rows):
        a, b = generator.normal(size=2)
        lines.append(f"{a:.4f},{b:.4f},{1e5 * (a + b):.2f},{50 + a:.4f},{'x' if row % 2 else 'y'}")
    return "\n".join(lines).encode()


def test_columns_of_numbers_may_be_predicted_together_and_each_gets_its_column(app, store):
    give(app, several())
    app.selectbox(key="data_target").set_value("word").run()
    assert not [box for box in app.multiselect if box.key == "data_targets"]
    app.selectbox(key="data_target").set_value("price").run()
    further = app.multiselect(key="data_targets")
    assert further.options == ["a", "b", "area"]
    further.set_value(["area"]).run()
    assert app.multiselect(key="data_columns").value == ["a", "b", "word"]
    assert not app.exception and not app.error and "predicted together" in words(app)
    app.button(key="data_use").click().run()
    assert app.session_state["train_table"]["target"] == ["price", "area"]
    train = train_page_of_the_same_session(app)
    train.run()
    assert not train.exception and not train.error and "Predicts price, area." in words(train)
    train.button(key="train_start").click().run()
    (row,) = list_runs(store)
    train_now(store, row.id)
    train.run()
    box = train.selectbox(key="train_mistakes_output")
    assert box.options == ["price", "area"] and not train.exception
    first = worst_rows(train)["true"]
    box.set_value(1).run()
    second = worst_rows(train)["true"]
    assert not train.exception and abs(first).max() > 1000 > abs(second).max()
    app.run()
    app.file_uploader(key="data_predict_file").set_value(("new.csv", several(20), "text/csv")).run()
    assert list(app.dataframe[-1].value) == ["row", "prediction of price", "prediction of area"]


def worst_rows(train):
    return next(each.value for each in train.dataframe if "true" in each.value)


def test_another_target_starts_without_further_ones(app):
    give(app, several())
    app.selectbox(key="data_target").set_value("price").run()
    app.multiselect(key="data_targets").set_value(["area"]).run()
    app.selectbox(key="data_target").set_value("area").run()
    assert app.multiselect(key="data_targets").value == [] and not app.exception and not app.error


def test_a_dataset_of_the_gallery_is_put_into_the_form_and_gets_its_baselines(app, store):
    app.button(key="data_use_spiral3").click().run()
    assert not app.exception and app.session_state["train_dataset"] == "spiral3"
    app.button(key="data_baselines_iris").click().run()
    assert not app.exception and "gradient boosting" in words(app)
    assert "data_baselines_iris" not in {button.key for button in app.button}
    assert read_baselines(store, "0" * 64) is None
