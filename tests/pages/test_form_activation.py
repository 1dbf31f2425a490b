"""The form takes one activation for all hidden layers or one for each, and a copied list comes out again."""

import pytest

from engine.nn.activations import ACTIVATIONS
from engine.store.runs import list_runs
from tests.pages.frames import pictures_of_the_form

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def app(train_page):
    return train_page


@pytest.mark.parametrize("activation", [["relu", "tanh"], "mish", ["gelu", "gelu"]])
def test_a_runs_activation_comes_into_the_form_and_out_again_as_a_name_or_by_layer(
    app, store, submitted, activation
):
    app.query_params["run"] = str(submitted(hidden_sizes=[7, 5], activation=activation))
    app.run()
    app.button(key="train_copy").click().run()
    assert app.toggle(key="train_activation_by_layer").value == isinstance(activation, list)
    assert not app.exception and not app.error
    app.button(key="train_start").click().run()
    assert [row.config["activation"] for row in list_runs(store)] == [activation, activation]


def test_activation_by_layer_takes_one_name_for_each_hidden_layer_and_shows_each_of_them(app, store):
    app.selectbox(key="train_activation").set_value("sigmoid").run()
    app.toggle(key="train_activation_by_layer").set_value(True).run()
    assert app.text_input(key="train_activation_list").value == "sigmoid" and not app.error
    app.text_input(key="train_activation_list").set_value("relu, tnah").run()
    assert "did you mean" in app.error[0].value and "tanh" in app.error[0].value
    app.text_input(key="train_activation_list").set_value("relu, tanh, relu").run()
    assert "one for each of the 2 hidden layers" in app.error[0].value
    app.text_input(key="train_activation_list").set_value("relu, tanh").run()
    assert not app.exception and not app.error and len(pictures_of_the_form(app)) == 4
    captions = [caption.value for caption in app.sidebar.caption]
    assert {f"**{name}**: {ACTIVATIONS[name].meaning}" for name in ("relu", "tanh")} <= set(captions)
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert row.config["activation"] == ["relu", "tanh"]


def test_back_to_one_activation_it_is_the_first_of_the_list_and_the_list_is_kept_until_another_is_chosen(app):
    app.toggle(key="train_activation_by_layer").set_value(True).run()
    app.text_input(key="train_activation_list").set_value("relu, tanh").run()
    app.toggle(key="train_activation_by_layer").set_value(False).run()
    assert app.selectbox(key="train_activation").value == "relu" and not app.error
    app.toggle(key="train_activation_by_layer").set_value(True).run()
    assert app.text_input(key="train_activation_list").value == "relu, tanh"
    app.toggle(key="train_activation_by_layer").set_value(False).run()
    app.selectbox(key="train_activation").set_value("sigmoid").run()
    app.toggle(key="train_activation_by_layer").set_value(True).run()
    assert app.text_input(key="train_activation_list").value == "sigmoid"
