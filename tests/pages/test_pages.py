"""Each page shows itself without an exception, whatever the store and the address hold."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.store.runs import get_run, list_runs
from tests.training_now import train_now

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = ["<script>alert(1)</script>", r"$\href{javascript:alert(1)}{x}$", "[x](http://evil)", "‮abc"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def page(name, **query):
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def words(app):
    return " ".join(element.value for kind in ("markdown", "warning", "error") for element in app.get(kind))


@pytest.mark.parametrize("name", ["compare", "runs"])
def test_a_page_on_an_empty_store_shows_what_to_do(name):
    app = page(name)
    assert not app.exception
    assert app.subheader


def test_the_first_page_of_an_empty_store_shows_a_trained_example_and_three_doors(store):
    app = page("train")
    assert not app.exception and not app.error
    doors = ["Watch it learn", "See it fail and mend it", "Bring your own table"]
    assert [button.label for button in app.button if button.label in doors] == doors
    ((run, frames),) = app.session_state["train_stage_sent"]["frames"]["counts"].items()
    assert (run, frames[-1] > 100, list_runs(store)) == (0, True, [])


def test_the_door_to_a_failing_network_leads_on_to_one_that_learns_and_to_both_side_by_side(store):
    app = page("train")
    app.button(key="train_fail").click().run()
    assert not app.exception and not app.error
    (row,) = list_runs(store)
    assert (row.config["activation"], row.config["hidden_sizes"]) == ("sigmoid", [16] * 10)
    assert app.selectbox(key="train_activation").value == "sigmoid"
    assert "Mend it" not in [button.label for button in app.button]
    train_now(store, row.id)
    app.run()
    app.button(key="train_mend").click().run()
    mended = list_runs(store)[0]
    assert (mended.config["activation"], mended.config["hidden_sizes"]) == ("relu", [16] * 10)
    train_now(store, mended.id)
    app.run()
    assert [button.label for button in app.button if button.label in ("Mend it", "Compare both")] == [
        "Compare both"
    ]
    best = [get_run(store, each.id).val_score or 0.0 for each in (row, mended)]
    assert best[0] < 0.6 < 0.9 < best[1]


def test_a_run_that_came_through_no_door_is_not_to_be_mended(store, submitted):
    app = page("train", run=str(train_now(store, submitted(activation="sigmoid"))))
    assert not {"Mend it", "Compare both"} & {button.label for button in app.button}


@pytest.mark.parametrize(("name", "query"), [("train", "run"), ("compare", "runs")])
def test_a_page_shows_a_trained_run_whatever_its_name(store, submitted, name, query):
    ids = [train_now(store, submitted(name=text)) for text in HOSTILE]
    for run_id in ids:
        app = page(name, **{query: str(run_id)})
        assert not app.exception and not app.error and not app.warning


@pytest.mark.parametrize("address", ["../../x", "999999999999999999999", "1 OR 1=1", "-1"])
@pytest.mark.parametrize(("name", "query"), [("train", "run"), ("compare", "runs")])
def test_an_address_that_names_no_run_says_so(store, submitted, name, query, address):
    train_now(store, submitted())
    app = page(name, **{query: address})
    assert not app.exception
    assert "no such run" in words(app)


def test_a_run_that_diverged_is_shown(store, submitted):
    wild = {"learning_rate": 1e6, "optimizer": "sgd", "activation": "relu", "loss": "mse"}
    run_id = train_now(store, submitted(**wild))
    for name, query in (("train", "run"), ("compare", "runs")):
        assert not page(name, **{query: str(run_id)}).exception


def test_compare_lists_dropout_as_one_number_or_one_for_each_layer(store, submitted):
    ids = [train_now(store, submitted(hidden_sizes=[4, 4], dropout=each)) for each in (0.25, [0.1, 0.5])]
    app = page("compare", runs=",".join(map(str, ids)))
    assert not app.exception and not app.error
    assert app.dataframe[0].value["dropout"].tolist() == ["0.25", "0.1·0.5"]


def test_compare_lists_the_activation_of_each_layer_and_how_each_of_them_starts(store, submitted):
    lists, name = submitted(hidden_sizes=[7, 5], activation=["relu", "tanh"]), submitted(hidden_sizes=[7, 5])
    app = page("compare", runs=f"{lists},{name}")
    listed = app.dataframe[0].value
    assert dict(zip(listed["run"], listed["activation"], strict=True)) == {lists: "relu, tanh", name: "tanh"}
    shown = next(frame.value for frame in app.dataframe if "setting" in frame.value).set_index("setting")
    assert shown[f"run {lists}"].to_dict() == {
        "activation": "relu, tanh",
        "initializer": "he_normal, 2×xavier_uniform",
    }


def test_compare_shows_only_the_settings_that_differ(store, submitted):
    ids = [train_now(store, submitted(seed=seed)) for seed in (1, 2)]
    app = page("compare", runs=",".join(map(str, ids)))
    differing = next(frame.value for frame in app.dataframe if "setting" in frame.value)
    assert differing["setting"].tolist() == ["seed"]


@pytest.mark.parametrize(("name", "query"), [("train", "run"), ("compare", "runs"), ("data", "tab")])
def test_three_hundred_runs_are_no_hindrance(store, submitted, name, query):
    first = train_now(store, submitted())
    for _ in range(299):
        submitted(epochs=1)
    app = page(name, **{query: str(first)})
    assert not app.exception and not app.error
    assert len(app.get("button")) + len(app.get("download_button")) >= 2


EXPLAINED_BY_THEMSELVES = ("dataframe", "bidi_component", "markdown")


def elements_with_keys(block):
    for element in block.children.values():
        if hasattr(element, "children"):
            yield from elements_with_keys(element)
        elif getattr(element, "key", None) and element.type not in EXPLAINED_BY_THEMSELVES:
            yield element


@pytest.mark.parametrize("name", ["train", "gradients", "overfitting", "compare", "runs", "data"])
def test_every_widget_says_what_it_is_for(store, submitted, name):
    train_now(store, submitted(seed=1))
    submitted(seed=2)
    widgets = list(elements_with_keys(page(name)._tree))
    assert widgets
    assert [each.key for each in widgets if not getattr(each, "help", None)] == []


def test_baselines_are_scored_on_the_rows_of_a_run_by_a_button(store, submitted):
    run_id = train_now(store, submitted())
    app = page("train", run=str(run_id))
    app.button(key="train_baselines").click().run()
    assert not app.exception
    assert any("baselines on the same validation rows: majority" in caption.value for caption in app.caption)
