"""A preset is said of the form while the form holds it, and what is kept for other data is named."""

import pytest

from engine.config.presets import PRESETS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def app(train_page):
    return train_page


def captions(app) -> str:
    return "\n".join(each.value for each in app.sidebar.caption).replace("\\", "")


def test_what_a_preset_shows_is_said_only_while_the_form_holds_it(app):
    app.selectbox(key="train_preset").set_value("vanishing").run()
    assert PRESETS["vanishing"].watch in captions(app)
    app.number_input(key="train_seed").set_value(5).run()
    assert PRESETS["vanishing"].watch in captions(app)
    app.selectbox(key="train_dataset").set_value("circles").run()
    assert PRESETS["vanishing"].watch not in captions(app)


def test_a_preset_that_was_changed_is_applied_when_it_is_chosen_again(app):
    app.selectbox(key="train_preset").set_value("vanishing").run()
    app.selectbox(key="train_activation").set_value("relu").run()
    assert app.selectbox(key="train_preset").value is None
    app.selectbox(key="train_preset").set_value("vanishing").run()
    assert app.selectbox(key="train_activation").value == "sigmoid"


def test_settings_that_are_kept_for_other_data_are_named(app):
    app.session_state["train_batch_size"] = "1"
    app.run()
    assert "Kept from the data before" not in captions(app)
    app.selectbox(key="train_dataset").set_value("circles").run()
    assert "Kept from the data before: batch size 1." in captions(app)
    app.selectbox(key="train_optimizer").set_value("sgd").run()
    assert "Kept from the data before: batch size 1." in captions(app), "this was chosen for the new data"
    app.session_state["train_batch_size"] = "32"
    app.run()
    assert "Kept from the data before" not in captions(app)


def test_a_preset_and_its_cure_differ_in_one_choice():
    for sick, cured, name in (
        ("vanishing", "cured", "activation"),
        ("exploding", "clipped", "clip_norm"),
        ("overfit", "dropout", "dropout"),
    ):
        first, second = PRESETS[sick].settings, PRESETS[cured].settings
        apart = {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}
        assert apart == {name}
