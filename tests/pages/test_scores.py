"""Scores of a run that has ended stand on Train, in the chosen columns on Compare, and nowhere before."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.config import parse_config
from engine.store.datasets import dataset_for
from engine.store.files import keep_file
from engine.store.runs import get_run
from engine.store.schema import checkpoints, predictions
from engine.store.submit import submit_one
from tests.training_now import train_now

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def page(name, **query):
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def tables(app, *columns):
    """Return the tables that have all of the columns."""
    return [each.value for each in app.dataframe if set(columns) <= set(each.value.columns)]


def table(app, *columns):
    """Return the only table that has all of the columns."""
    (found,) = tables(app, *columns)
    return found


def captions(app):
    return " ".join(each.value for each in app.caption).replace("\\", "")


@pytest.fixture
def rare(store):
    """A run on classes of 99 to 1 that tells nothing about them."""
    lines = "\n".join(f"{row % 7},{'yes' if row % 100 == 0 else 'no'}" for row in range(800))
    table_id = keep_file(store, "rare.csv", f"a,label\n{lines}\n".encode())
    config = parse_config(
        {
            "dataset": "table",
            "table": table_id,
            "target": "label",
            "columns": ["a"],
            "epochs": 3,
            "test_fraction": 0.25,
        }
    )
    return train_now(store, submit_one(store, config, dataset_for(store, config)))


def test_classes_of_99_to_1_show_accuracy_and_balanced_accuracy_side_by_side(rare):
    app = page("train", run=str(rare))
    scores = table(app, "rows", "accuracy").set_index("rows")
    for split in ("validation", "test"):
        assert scores.loc[split, "accuracy"] == 0.99
        assert scores.loc[split, "balanced accuracy"] == 0.5
    assert "Always predicting 'no' already scores 99.0 % on the validation rows" in captions(app)
    by_class = table(app, "class", "recall").set_index("class")
    assert by_class["recall"].to_dict() == {"no": 1, "yes": 0} and by_class["rows"].sum() == 200
    assert "precision of 'yes' (this class is never predicted)" in captions(app)


@pytest.mark.parametrize("settings", [{}, {"dataset": "digits", "samples": 200}])
def test_a_toy_and_a_table_show_their_scores_once_they_have_ended(trained, submitted, settings):
    app = page("train", run=str(trained(**settings)))
    assert tables(app, "rows", "accuracy") and tables(app, "class", "ROC AUC")
    assert "predictions stored at step" in captions(app)
    waiting = page("train", run=str(submitted(**settings)))
    assert not tables(waiting, "rows", "accuracy")
    assert "Available once the run has ended." in captions(waiting)


def test_values_are_scored_in_the_units_of_the_data(trained):
    app = page("train", run=str(trained(dataset="diabetes", samples=200, loss="huber")))
    scores = table(app, "rows", "R²").set_index("rows").loc["validation"]
    assert list(scores.index) == ["R²", "MAE", "RMSE"] and scores["RMSE"] > scores["MAE"] > 10
    assert not tables(app, "class", "ROC AUC") and not tables(app, "target", "R²")


def test_each_of_several_targets_has_its_scores_and_their_mean_r2_is_that_of_the_run(store, trained):
    run_id = trained(dataset="linnerud", samples=None, batch_size="full")
    app = page("train", run=str(run_id))
    by_target = table(app, "target", "R²").set_index("target")
    assert list(by_target.index) == ["Weight", "Waist", "Pulse"]
    (whole,) = (each for each in tables(app, "rows", "R²") if "target" not in each)
    assert whole["R²"].item() == pytest.approx(by_target["R²"].mean())
    assert whole["R²"].item() == pytest.approx(get_run(store, run_id).val_score, rel=1e-4)


def test_a_run_from_before_predictions_were_stored_is_told_apart(store, trained):
    run_id = trained()
    with store.writing() as connection:
        connection.execute(predictions.delete())
    assert "predictions computed from the checkpoint of step" in captions(page("train", run=str(run_id)))
    with store.writing() as connection:
        connection.execute(checkpoints.delete())
    run_id = trained(seed=2)
    with store.writing() as connection:
        connection.execute(predictions.delete())
        connection.execute(checkpoints.delete())
    assert "neither stored predictions nor a checkpoint" in captions(page("train", run=str(run_id)))


def test_a_diverged_run_says_why_nothing_is_defined(trained):
    wild = {"learning_rate": 1e6, "optimizer": "sgd", "activation": "relu", "dataset": "sine"}
    app = page("train", run=str(trained(**wild)))
    scores = table(app, "rows", "R²")
    assert scores[["R²", "MAE", "RMSE"]].isna().all(axis=None)
    assert "Not defined: R², MAE, RMSE (" in captions(app)
    assert "of 20 predictions are infinite or NaN" in captions(app)


def test_compare_computes_scores_only_when_they_are_chosen(store, trained, submitted, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "ui.shared.scores.scores_by_split",
        lambda *_: asked.append(1) or {"val": {"scores": SCORED, "parts": []}},
    )
    ids = [trained(), trained(dataset="digits", samples=200), trained(dataset="sine"), submitted()]
    app = page("compare", runs=",".join(map(str, ids)))
    assert not asked and not tables(app, "steps", "balanced accuracy")
    app.button_group(key="compare_scores").set_value(["balanced accuracy", "F1", "MAE"]).run()
    assert not app.exception and len(asked) == 3
    shown = table(app, "steps", "balanced accuracy", "F1", "MAE")
    assert shown["balanced accuracy"].tolist()[:3] == [0.5] * 3
    assert shown.loc[3, ["balanced accuracy", "F1", "MAE"]].isna().all()
    app.run()
    assert len(asked) == 3


SCORED = {
    "balanced_accuracy": {"value": 0.5, "why": ""},
    "f1_macro": {"value": 0.25, "why": ""},
    "mae": {"value": None, "why": "no reason"},
}


def test_scores_that_do_not_fit_the_chosen_runs_are_not_offered(trained):
    app = page("compare", runs=str(trained(dataset="sine")))
    assert app.button_group(key="compare_scores").options == ["MAE", "RMSE"]
    app.button_group(key="compare_scores").set_value(["MAE"]).run()
    assert table(app, "steps", "MAE")["MAE"].notna().all()
