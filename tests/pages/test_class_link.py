"""A link for a class: it hides controls, fills the form, and brings a lesson beside the stage."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.pages.frames import open_page

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def page(**query):
    return open_page("train", **query)


def warned(app):
    return [each.value.replace("\\", "") for each in app.warning]


def held(app, name):
    return app.session_state[f"train_{name}"]


def keys(app):
    return {element.key for element in app.sidebar if getattr(element, "key", None)}


def test_settings_of_an_address_fill_the_form():
    app = page(
        dataset="circles", hidden_sizes="8,4", activation="relu", learning_rate="0.1", residual="false"
    )
    assert (held(app, "dataset"), held(app, "hidden_sizes")) == ("circles", "8, 4")
    assert (held(app, "activation"), held(app, "learning_rate")) == ("relu", "0.1")
    assert warned(app) == []


def test_a_preset_of_an_address_fills_the_form_and_settings_beside_it_come_on_top():
    app = page(preset="vanishing", activation="relu")
    assert (held(app, "depth"), held(app, "activation"), held(app, "preset")) == (10, "relu", None)


def test_what_is_changed_in_the_form_stays_changed_while_the_address_is_the_same():
    app = page(activation="relu")
    app.selectbox(key="train_activation").set_value("sigmoid").run()
    assert held(app.run(), "activation") == "sigmoid"


def test_controls_that_are_not_named_are_hidden_and_their_settings_stay_as_the_link_has_them():
    app = page(controls="learning_rate,batch_size", activation="relu", epochs="7", batch_size="16")
    assert {"train_learning_rate", "train_batch_size"} <= keys(app)
    assert not {"train_epochs", "train_preset", "train_find", "train_section_training"} & keys(app)
    app.button(key="train_start").click().run()
    assert not app.exception
    assert "run" in app.query_params


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"learning_rate": "-1"}, "settings in the address: learning_rate must be > 0, got -1"),
        ({"preset": "vanish"}, "settings in the address: unknown preset 'vanish': did you mean 'vanishing'?"),
        ({"controls": "rate"}, "controls in the address: unknown setting 'rate'"),
        ({"lesson": "nothing"}, "lesson in the address: no such lesson: nothing"),
    ],
)
def test_what_an_address_got_wrong_is_said_as_long_as_it_is_there(query, sentence):
    app = page(**query)
    assert warned(app)[0].startswith(sentence)
    assert warned(app.run())[0].startswith(sentence)


def test_a_lesson_stands_beside_the_stage_until_it_is_closed():
    app = page(lesson="vanishing-gradients")
    assert any(each.value == "### Vanishing gradients" for each in app.markdown)
    app.button(key="train_lesson_close").click().run()
    assert not any(each.value == "### Vanishing gradients" for each in app.markdown)
    assert "lesson" not in app.query_params


def test_the_link_that_is_made_opens_the_form_as_it_is_here():
    app = page(
        preset="vanishing", activation="relu", clip_norm="1.5", hidden_sizes="4,4", restore_best="true"
    )
    app.session_state["train_link_controls"] = ["learning_rate", "activation"]
    app.session_state["train_link_lesson"] = "vanishing-gradients"
    app.button(key="train_link").click().run()
    assert not app.exception
    query = {name: values[0] for name, values in parse_qs(urlsplit(app.code[0].value).query).items()}
    assert (query["controls"], query["lesson"]) == ("learning_rate,activation", "vanishing-gradients")
    again = page(**query)
    names = ("dataset", "activation", "hidden_sizes", "clip_norm", "learning_rate", "epochs", "optimizer")
    assert [held(again, name) for name in names] == [held(app, name) for name in names]
    assert warned(again) == []
