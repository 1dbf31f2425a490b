"""A setting of the form is found by a part of its name."""

import pytest

from engine.config.settings import SETTINGS
from engine.store.runs import list_runs
from tests.pages.frames import type_into

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def app(train_page):
    return train_page


def names_in(block):
    keys = {getattr(element, "key", None) for element in block}
    return {name for name in SETTINGS if f"train_{name}" in keys}


def folded(app):
    """Return the settings whose widgets stand within a folded topic."""
    return set().union(*(names_in(topic) for topic in app.sidebar.expander))


def found(app, text):
    """Return the settings that stand above the topics once somebody looks for a text."""
    if text:
        type_into(app, "train_find", text)
    else:
        app.selectbox(key="train_find").set_value(None).run()
    assert not app.exception and not app.error
    return names_in(app.sidebar) - folded(app)


def test_a_setting_is_found_by_a_part_of_its_name_and_keeps_its_value_wherever_it_stands(app, store):
    always, everything = found(app, ""), names_in(app.sidebar)
    app.number_input(key="train_clip_norm").set_value(0.5).run()
    assert found(app, "Clip") - always == {"clip_norm", "clip_value", "clip_layer_norm"}
    assert names_in(app.sidebar) == everything
    assert app.number_input(key="train_clip_norm").value == 0.5
    assert found(app, "") == always and "clip_norm" in folded(app)
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert row.config["clip_norm"] == 0.5


@pytest.mark.parametrize(
    ("text", "names"),
    [("batch norm", {"normalization"}), ("cosine", {"schedule"}), ("penalty", {"weight_decay", "l1"})],
)
def test_a_setting_is_found_by_its_choices_and_where_nothing_is_called_so_by_what_it_does(app, text, names):
    always = found(app, "")
    assert found(app, text) - always == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rate", "Above: Learning rate."),
        ("momentum", "Not used with these choices: Momentum"),
        ("nothing like it", "No setting is called “nothing like it”."),
    ],
)
def test_a_search_says_what_it_cannot_show(app, text, sentence):
    found(app, text)
    assert any(sentence in caption.value.replace("\\", "") for caption in app.sidebar.caption)
