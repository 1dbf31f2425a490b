"""The form offers every setting, refuses bad values in one sentence, and starts what it describes."""

import re

import pytest

from engine.config.settings import SETTINGS, applies
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.store.runs import list_runs
from engine.training.schedule import SCHEDULES
from tests.pages.frames import pictures_of_the_form

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
OF_A_TABLE = {"table", "target", "columns", "missing", "split", "split_column"}
OF_AN_OPTIMIZER = {name for settings in OPTIMIZERS.options.values() for name in settings}
OF_PENALTIES = {"decay_kind", "decay_biases", "decay_normalization"}
DEFAULTS = {name: setting.default for name, setting in SETTINGS.items()}


@pytest.fixture
def app(train_page):
    return train_page


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


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_brings_its_own_settings_and_no_other_ones(app, optimizer):
    app.selectbox(key="train_optimizer").set_value(optimizer).run()
    assert not app.exception and not app.error
    assert offered(app) & OF_AN_OPTIMIZER == set(OPTIMIZERS.options[optimizer])
    captions = [element.value for element in app.sidebar.caption]
    assert OPTIMIZERS[optimizer].meaning in captions
    assert not OPTIMIZERS[optimizer].advice or OPTIMIZERS[optimizer].advice in captions


def test_one_list_has_every_activation_and_one_every_optimizer(app):
    for name in ("activation", "optimizer"):
        assert app.selectbox(key=f"train_{name}").options == list(SETTINGS[name].choices)


def marked(app):
    """Return the topics that are marked, each with how many of its settings are not at their defaults."""
    styles = [each.proto.body for each in app.get("html") if each.proto.body.startswith("<style>")]
    return set(re.findall(r"train_section_(\w+) { --changed: '(\d+) set'; }", "".join(styles)))


def test_a_section_says_how_many_of_its_settings_are_not_at_their_defaults_and_an_empty_one_is_gone(app):
    titles = [expander.label for expander in app.sidebar.expander]
    assert "Optimizer" in titles and marked(app) == set()
    app.number_input(key="train_epochs").set_value(7).run()
    app.selectbox(key="train_schedule").set_value("step").run()
    app.selectbox(key="train_optimizer").set_value("sgd").run()
    titles = [expander.label for expander in app.sidebar.expander]
    assert marked(app) == {("training", "1"), ("schedule", "1")} and "Optimizer" not in titles


def test_what_decays_is_asked_only_where_something_does(app, store):
    assert not offered(app) & OF_PENALTIES
    app.number_input(key="train_l1").set_value(0.01).run()
    assert offered(app) & OF_PENALTIES == OF_PENALTIES - {"decay_kind"}
    app.number_input(key="train_weight_decay").set_value(0.1).run()
    assert offered(app) & OF_PENALTIES == OF_PENALTIES
    app.selectbox(key="train_decay_kind").set_value("decoupled").run()
    app.toggle(key="train_decay_biases").set_value(False).run()
    app.toggle(key="train_amsgrad").set_value(True).run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    shown = {name: row.config[name] for name in ("l1", "decay_kind", "decay_biases", "decay_normalization")}
    assert shown == {
        "l1": 0.01,
        "decay_kind": "decoupled",
        "decay_biases": False,
        "decay_normalization": True,
    }
    assert row.config["amsgrad"] is True


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("epochs", 0, "epochs must be"),
        ("label_noise", 1.0, r"label\_noise must be"),
        ("samples", 3, "samples must be"),
        ("clip_norm", -1.0, r"clip\_norm must be"),
        ("clip_layer_norm", 0.0, r"clip\_layer\_norm must be"),
        ("l1", -1.0, "l1 must be"),
        ("beta2", 1.0, "beta2 must be"),
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


def test_step_begins_the_run_that_the_form_describes_with_one_epoch_and_each_further_one_is_of_that_run(
    app, store
):
    app.number_input(key="train_epochs").set_value(3).run()
    app.button(key="train_step").click().run()
    (row,) = list_runs(store)
    assert (row.config["epochs"], row.status, row.request, row.paused) == (3, "queued", "step", False)
    assert app.query_params["run"] in (str(row.id), [str(row.id)])
    app.button(key="train_step").click().run()
    assert len(list_runs(store)) == 1
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
    assert app.selectbox(key="train_activation").value == "relu"
    assert app.selectbox(key="train_learning_rate").value == "0.123"


def test_forty_equal_layers_are_one_choice_and_not_a_list(app, submitted):
    app.query_params["run"] = str(submitted(hidden_sizes=[8] * 40))
    app.run()
    app.button(key="train_copy").click().run()
    assert app.selectbox(key="train_depth").value == 40 and not app.toggle(key="train_as_list").value


OF_ONE_CYCLE = {"pct_start", "div_factor", "final_div_factor"}


def test_a_schedule_brings_its_settings_its_meaning_and_another_picture(app):
    before = pictures_of_the_form(app)
    app.selectbox(key="train_schedule").set_value("one_cycle").run()
    assert offered(app) & (OF_ONE_CYCLE | {"schedule_gamma", "min_learning_rate"}) == OF_ONE_CYCLE
    assert SCHEDULES["one_cycle"].meaning in [caption.value for caption in app.sidebar.caption]
    after = pictures_of_the_form(app)
    assert len(after) == len(before) == 3 and len(set(after) - set(before)) == 1
    assert app.number_input(key="train_div_factor").placeholder == "25"
    assert not app.exception


def test_the_pictures_stay_while_a_setting_is_refused(app):
    before = pictures_of_the_form(app)
    app.number_input(key="train_epochs").set_value(0).run()
    assert app.error and pictures_of_the_form(app) == before


@pytest.mark.parametrize(("schedule", "default"), [("step", "0.1"), ("exponential", "0.95")])
def test_an_open_setting_shows_what_it_stands_for_with_the_chosen_schedule(app, schedule, default):
    app.selectbox(key="train_schedule").set_value(schedule).run()
    assert app.number_input(key="train_schedule_gamma").placeholder == default


def test_milestones_are_typed_as_a_list_and_refused_in_one_sentence_when_they_do_not_ascend(app, store):
    app.selectbox(key="train_schedule").set_value("multi_step").run()
    milestones = app.text_input(key="train_schedule_milestones")
    assert milestones.placeholder == "50, 75"
    milestones.set_value("5, 3").run()
    assert [error.value for error in app.error] == [r"schedule\_milestones must ascend\, got 5\, 3"]
    app.text_input(key="train_schedule_milestones").set_value("3, 5").run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert (row.config["schedule"], row.config["schedule_milestones"]) == ("multi_step", [3, 5])


def test_early_stopping_and_the_best_weights_are_chosen_in_the_form(app, store):
    assert app.number_input(key="train_early_stopping").placeholder == "off"
    assert "early_stopping_min_delta" not in offered(app)
    app.number_input(key="train_early_stopping").set_value(4).run()
    app.number_input(key="train_early_stopping_min_delta").set_value(0.01).run()
    app.toggle(key="train_restore_best").set_value(True).run()
    app.button(key="train_start").click().run()
    assert not app.exception
    (row,) = list_runs(store)
    names = ("early_stopping", "early_stopping_min_delta", "restore_best")
    assert [row.config[name] for name in names] == [4, 0.01, True]


def test_copy_puts_lists_and_switches_into_the_form(app, submitted):
    run_id = submitted(schedule="multi_step", schedule_milestones=[1, 2], restore_best=True)
    app.query_params["run"] = str(run_id)
    app.run()
    app.button(key="train_copy").click().run()
    assert app.text_input(key="train_schedule_milestones").value == "1, 2"
    assert app.toggle(key="train_restore_best").value is True
    assert not app.error


def test_features_are_chosen_beside_the_dataset_for_toys_in_the_plane_alone(app, store):
    pills = app.button_group(key="train_features")
    assert pills.value == ["x1", "x2"]
    pills.set_value(["x1_squared", "x1_times_x2"]).run()
    assert not app.exception and not app.error
    app.selectbox(key="train_dataset").set_value("sine").run()
    assert "train_features" not in {element.key for element in _widgets(app)} and not app.error
    app.selectbox(key="train_dataset").set_value("circles").run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert row.config["features"] == ["x1_squared", "x1_times_x2"]


def test_no_feature_at_all_gives_one_sentence(app):
    app.button_group(key="train_features").set_value([]).run()
    assert [error.value for error in app.error] == [r"features must have at least 1 entry\, got 0"]
    assert app.button(key="train_start").disabled


def test_a_table_with_fewer_rows_than_a_batch_is_taken_whole(app):
    app.selectbox(key="train_dataset").set_value("linnerud").run()
    assert app.selectbox(key="train_batch_size").value == "full" and not app.error
    app.selectbox(key="train_dataset").set_value("wine").run()
    assert app.selectbox(key="train_batch_size").value == "full"


def test_a_scale_that_is_switched_off_reaches_the_run(app, store):
    app.selectbox(key="train_dataset").set_value("plane").run()
    app.selectbox(key="train_standardize_inputs").set_value("off").run()
    app.selectbox(key="train_standardize_target").set_value("on").run()
    app.button(key="train_start").click().run()
    (row,) = list_runs(store)
    assert (row.config["standardize_inputs"], row.config["standardize_target"]) == ("off", "on")


def test_the_form_says_how_much_memory_a_run_takes_only_where_that_is_much(app):
    """Of 337 parameters it said "about 158 MB"."""
    assert not any("MB" in caption.value for caption in app.sidebar.caption)
    app.selectbox(key="train_width").set_value(512)
    app.selectbox(key="train_depth").set_value(200).run()
    (facts,) = [caption.value for caption in app.sidebar.caption if "parameters" in caption.value]
    assert facts.endswith(" GB of memory")


def test_a_training_of_more_than_an_hour_is_asked_about_once(app, store):
    app.session_state["train_epochs"], app.session_state["train_batch_size"] = 10**6, "1"
    app.run()
    app.button(key="train_start").click().run()
    assert list_runs(store) == [] and any("steps take about" in each.value for each in app.markdown)
    app.button(key="train_long_no").click().run()
    assert list_runs(store) == [] and not app.exception
    app.button(key="train_start").click().run()
    app.button(key="train_long_yes").click().run()
    assert [row.config["epochs"] for row in list_runs(store)] == [10**6] and not app.exception
