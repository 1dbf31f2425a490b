"""Gradients and Overfitting show any run: shallow, deep, diverged, alone or beside another, or none."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.store.groups import group_members
from engine.store.runs import get_run, list_runs
from tests.pages.frames import framed_texts
from tests.training_now import train_now

PAGES = Path(__file__).resolve().parents[2] / "pages"
HOSTILE = ["<script>alert(1)</script>", r"$\href{javascript:alert(1)}{x}$", "[x](http://evil)"]
BOTH = pytest.mark.parametrize("name", ["gradients", "overfitting"])
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def page(name, **query):
    app = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = str(value)
    return app.run()


def words(app, *kinds):
    framed = [] if kinds else [f"{title} {sentence}" for title, sentence in framed_texts(app)]
    kinds = kinds or ("markdown", "caption", "warning", "success", "info", "error")
    return " ".join([*(element.value for kind in kinds for element in app.get(kind)), *framed])


def sentences(app):
    return " ".join(sentence for _, sentence in framed_texts(app))


@pytest.mark.parametrize(("name", "activation"), [("gradients", "sigmoid"), ("overfitting", "relu")])
def test_the_button_of_an_empty_store_starts_the_run_that_shows_the_disease(store, name, activation):
    app = page(name)
    assert not app.exception and app.subheader
    app.button(key=f"{name}_example").click().run()
    assert not app.exception
    (row,) = list_runs(store)
    assert (row.config["activation"], row.status) == (activation, "queued")
    assert app.query_params["run"] in (str(row.id), [str(row.id)])


@BOTH
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden_sizes": []},
        {"dataset": "sine", "activation": "relu", "clip_norm": 0.1},
        {"clip_layer_norm": 0.02, "clip_value": 0.5, "optimizer": "nadam"},
        {"dataset": "wine", "samples": None, "dropout": 0.5, "activation": "sigmoid"},
        {"normalization": "batch", "activation": "gelu"},
        {"hidden_sizes": [4] * 3, "residual": True, "dropout": [0.2, 0.0, 0.5], "activation": "relu"},
        {"hidden_sizes": [4] * 3, "activation": ["relu", "tanh", "gelu"]},
        {"hidden_sizes": [3] * 30, "activation": "identity", "epochs": 1},
        {"learning_rate": 1e6, "optimizer": "sgd", "activation": "relu", "loss": "mse"},
    ],
    ids=[
        "two layers",
        "one layer",
        "clipped regression",
        "clipped by layer",
        "three classes",
        "batch norm",
        "residual",
        "an activation for each layer",
        "31 layers",
        "diverged",
    ],
)
def test_a_trained_run_is_shown_with_a_sentence_under_each_picture(store, submitted, name, settings):
    run_id = train_now(store, submitted(name=HOSTILE[0], **settings))
    app = page(name, run=run_id)
    assert not app.exception and not app.error
    shown = [sentence for _, sentence in framed_texts(app)]
    assert len(shown) >= 4 and all(shown)
    assert "nan" not in words(app).replace("infinite or NaN", "").lower()


def units_of(store, submitted, activation):
    run_id = train_now(store, submitted(hidden_sizes=[6] * len(activation), activation=activation))
    framed = framed_texts(page("gradients", run=run_id))
    return next((title, sentence) for title, sentence in framed if title.endswith(" units"))


def test_dead_units_are_shown_where_the_activation_can_die_and_saturated_ones_elsewhere(store, submitted):
    title, sentence = units_of(store, submitted, ["relu", "tanh"])
    assert title.endswith("Dead or saturated units")
    assert ("dead units" in sentence) and ("saturated units" in sentence)
    title, sentence = units_of(store, submitted, ["relu", "gelu"])
    assert title.endswith("Dead units") and "saturated" not in sentence
    title, sentence = units_of(store, submitted, ["silu", "gelu"])
    assert sentence == "Units with these activations are neither dead nor saturated."


def test_clipping_by_layer_shows_its_activity_and_the_order_of_the_limits(store, submitted):
    run_id = train_now(store, submitted(clip_norm=50.0, clip_layer_norm=0.001))
    shown = words(page("gradients", run=run_id))
    assert "Norm before and after clipping" in shown
    assert "Clipping was active in 100 %" in shown
    assert "clip_layer_norm 0.001, then clip_norm 50" in shown


@BOTH
def test_a_run_without_a_record_is_shown_as_one_that_has_nothing_to_show_yet(submitted, name):
    app = page(name, run=submitted())
    assert not app.exception
    assert "yet" in words(app) or "Too few" in words(app)


@BOTH
@pytest.mark.parametrize("address", ["../../x", "1 OR 1=1", "-1"])
def test_an_address_that_names_no_run_says_so(store, submitted, name, address):
    train_now(store, submitted())
    app = page(name, run=address)
    assert not app.exception
    assert "no such run" in words(app)


def test_two_runs_of_different_depth_stand_beside_each_other(store, submitted):
    deep = train_now(store, submitted(hidden_sizes=[4] * 6, activation="sigmoid"))
    flat = train_now(store, submitted(hidden_sizes=[], name=HOSTILE[2]))
    app = page("gradients", **{"run": deep, "with": flat})
    assert not app.exception
    titles = [title for title, _ in framed_texts(app)]
    assert f"Run {deep}: Gradient norm" in titles and f"Run {flat}: Gradient norm" in titles
    app.slider(key="gradients_layer").set_value(7).run()
    assert not app.exception
    assert "Layer 7's weights moved" in sentences(app) and "Layer 1's weights moved" in sentences(app)


def test_a_second_run_that_does_not_exist_is_told_and_the_first_is_shown(store, submitted):
    app = page("gradients", **{"run": train_now(store, submitted()), "with": 99})
    assert not app.exception
    assert "no such run: 99" in words(app, "warning").replace("\\", "")
    assert "Gradient norm" in [title for title, _ in framed_texts(app)]


def test_choosing_layers_and_a_step_changes_what_the_sentences_speak_of(store, submitted):
    run_id = train_now(store, submitted(hidden_sizes=[4, 4, 4], activation="sigmoid"))
    app = page("gradients", run=run_id)
    assert "layer 4" in sentences(app)
    app.multiselect(key="gradients_layers").set_value([1, 2]).run()
    shown = sentences(app)
    assert "layer 2's" in shown and "layer 4" not in shown
    app.slider(key="gradients_step").set_value(1).run()
    assert not app.exception
    assert "Gradient norm by layer, step 1" in [title for title, _ in framed_texts(app)]


def test_an_overfitting_run_is_called_so_and_patience_moves_the_stop(store, submitted):
    settings = {"samples": 60, "noise": 0.5, "hidden_sizes": [48, 48], "activation": "relu", "epochs": 150}
    run_id = train_now(store, submitted(**settings))
    app = page("overfitting", run=run_id)
    assert not app.exception
    assert "Overfitting since epoch" in words(app, "warning")
    stops = []
    for patience in (1, 20):
        app.slider(key="overfitting_patience").set_value(patience).run()
        stops.append(app.metric[0].value)
    assert stops[0] != stops[1] and all(stop.startswith("epoch") for stop in stops)


def test_the_what_if_tool_of_a_run_that_stopped_early_begins_with_its_own_patience(store, submitted):
    settings = {"samples": 60, "noise": 0.5, "hidden_sizes": [48, 48], "activation": "relu", "epochs": 150}
    run_id = train_now(store, submitted(**settings, early_stopping=7, restore_best=True))
    app, row = page("overfitting", run=run_id), get_run(store, run_id)
    assert not app.exception and row.stopped_early
    assert app.slider(key="overfitting_patience").value == 7
    measured = {metric.label: metric.value for metric in app.metric}
    assert measured["Stops at"] == f"epoch {row.epoch:.4g}"
    assert measured["Training saved"] == "0 %"
    assert "With a patience of 7 epochs training stops at epoch" in sentences(app)


def test_the_button_for_more_data_starts_a_group_and_its_curve_is_drawn_when_it_is_done(store, submitted):
    base = train_now(store, submitted())
    app = page("overfitting", run=base)
    app.button(key="overfitting_sizes").click().run()
    assert not app.exception and not app.error
    members = group_members(store, base)
    assert [row.config["train_fraction"] for row in members] == [0.1, 0.2, 0.4, 0.6, 0.8]
    assert app.button(key="overfitting_sizes").disabled
    assert "1 of 6 runs have ended" in words(app)
    for row in members:
        train_now(store, row.id)
        assert get_run(store, row.id).status == "finished"
    app = page("overfitting", run=base)
    assert not app.exception
    assert "From 6 to 60 rows: last" in sentences(app)


def test_runs_on_other_data_are_no_points_of_the_size_picture(store, submitted):
    mine = [train_now(store, submitted(hidden_sizes=[units])) for units in (2, 20)]
    train_now(store, submitted(data_seed=5))
    app = page("overfitting", run=mine[0])
    assert sorted(app.multiselect(key="overfitting_chosen").value) == mine
    assert "largest network" in sentences(app)


def test_a_share_that_is_refused_is_told_and_stops_no_other(store, submitted):
    base = train_now(store, submitted(samples=96, batch_size=2, normalization="batch"))
    app = page("overfitting", run=base)
    app.button(key="overfitting_sizes").click().run()
    assert not app.exception
    assert "batch" in words(app, "error")
    assert 0 < len(group_members(store, base)) < 5
    assert not app.button(key="overfitting_sizes").disabled


@BOTH
def test_three_hundred_runs_are_no_hindrance(store, submitted, name):
    first = train_now(store, submitted())
    for _ in range(299):
        submitted(epochs=1)
    app = page(name, run=first)
    assert not app.exception
    assert len(framed_texts(app)) >= 5


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"normalization": "batch", "activation": "gelu", "dropout": 0.3},
        {"hidden_sizes": [4, 4, 4], "residual": True, "dropout": [0.2, 0.0, 0.5]},
    ],
)
def test_the_gradients_of_a_run_are_checked_by_a_button_and_the_verdict_is_plain(store, submitted, settings):
    app = page("gradients", run=train_now(store, submitted(**settings)))
    app.button(key="gradients_check").click().run()
    assert not app.exception
    (verdict,) = app.success
    assert verdict.value.startswith("Gradients are correct: the largest relative error of ")
    table = app.dataframe[0].value
    layers = len(settings.get("hidden_sizes", [6])) + 1
    assert (
        table["layer"].tolist() == list(range(1, layers + 1))
        and max(table["largest relative error"].tolist()) < 1e-5
    )
