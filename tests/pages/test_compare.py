"""The Compare page: runs by what differs, and an address that holds everything chosen."""

import pytest

from tests.pages.frames import framed_cards, open_page

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def compare(ids, **query):
    app = open_page("compare", runs=",".join(map(str, ids)), **query)
    assert not app.exception and not app.error
    return app


def address(app):
    """Return what the address says beside the runs."""
    found = {name: value for name, value in app.query_params.items() if name != "runs"}
    return {name: value[0] if isinstance(value, list) else value for name, value in found.items()}


def chips(app):
    return next(card["chips"] for card in framed_cards(app) if "chips" in card)


CHOSEN = {
    "metric": "grad_norm",
    "x": "epoch",
    "smoothing": "0.9",
    "log_x": "on",
    "outliers": "off",
    "bands": "off",
    "band": "range",
}


def test_everything_that_was_chosen_is_in_the_address_and_a_shared_link_shows_the_same(trained):
    ids = [trained(seed=seed) for seed in (1, 2)]
    app = compare(ids)
    assert address(app) == {}
    app.selectbox(key="compare_metric").set_value("grad_norm").run()
    app.button_group(key="compare_x").set_value("epoch").run()
    app.slider(key="compare_smoothing").set_value(0.9).run()
    app.toggle(key="compare_log_x").set_value(True).run()
    app.toggle(key="compare_outliers").set_value(False).run()
    app.selectbox(key="compare_band").set_value("range").run()
    app.toggle(key="compare_bands").set_value(False).run()
    assert address(app) == CHOSEN
    app.selectbox(key="compare_baseline").set_value(ids[1]).run()
    assert address(app) == {**CHOSEN, "baseline": str(ids[1])}

    linked = compare(ids, **address(app))
    assert linked.selectbox(key="compare_metric").value == "grad_norm"
    assert linked.button_group(key="compare_x").value == "epoch"
    assert linked.slider(key="compare_smoothing").value == 0.9
    assert not linked.toggle(key="compare_outliers").value
    assert linked.toggle(key="compare_log_x").value and not linked.toggle(key="compare_bands").value
    assert linked.selectbox(key="compare_band").value == "range"
    assert linked.selectbox(key="compare_baseline").value == ids[1]
    assert address(linked) == address(app)


def test_what_goes_back_to_its_default_leaves_the_address(trained):
    app = compare([trained(), trained(learning_rate=0.1)], log_y="on", smoothing="0.5")
    assert app.toggle(key="compare_log").value
    app.toggle(key="compare_log").set_value(False).run()
    assert address(app) == {"smoothing": "0.5"}
    app.slider(key="compare_smoothing").set_value(0.0).run()
    assert address(app) == {}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("metric", "nonsense", "one of loss"),
        ("x", "1; drop table", "one of step, epoch, samples, seconds"),
        ("smoothing", "nan", "a number from 0 to 0.99"),
        ("smoothing", "1.5", "a number from 0 to 0.99"),
        ("baseline", "-1", "the number of a run"),
        ("log_y", "maybe", "one of on, off"),
    ],
)
def test_an_address_that_cannot_be_read_says_what_was_required(trained, name, value, wanted):
    app = compare([trained(), trained(seed=5)], **{name: value})
    (sentence,) = (warning.value.replace("\\", "") for warning in app.warning)
    assert sentence.startswith(f"{name} in the address must be {wanted}") and "got" in sentence
    assert address(app) == {}


def test_what_an_address_got_wrong_is_said_until_the_next_choice(trained):
    app = compare([trained(), trained(seed=5)], smoothing="2", metric="grad_norm")
    assert [warning.value.split()[0] for warning in app.warning] == ["smoothing"]
    app.run()  # as a page does by itself when something that it waited for is there
    assert [warning.value.split()[0] for warning in app.warning] == ["smoothing"]
    app.slider(key="compare_smoothing").set_value(0.5).run()
    assert app.run().warning.len == 0


def test_a_run_that_diverged_leaves_the_scale_to_the_others_unless_outliers_are_asked_for(trained):
    wild = trained(dataset="sine", activation="relu", optimizer="sgd", learning_rate=3.0)
    ids = [trained(dataset="sine", epochs=40), wild]
    whole, middle = framed_cards(compare(ids, outliers="on"))[0], framed_cards(compare(ids))[0]
    said = "outliers are outside the scale"
    assert middle["key"].endswith(said) and said not in whole["key"]
    assert middle["charts"][0]["size"] > whole["charts"][0]["size"], "its axis has a range"


def test_chips_are_named_by_what_differs(trained):
    ids = [trained(learning_rate=0.1), trained(learning_rate=0.02, name="slow <b>")]
    found = chips(compare(ids))
    assert [(chip["number"], chip["text"], chip["note"]) for chip in found] == [
        (str(ids[0]), "lr 0.1", ""),
        (str(ids[1]), "lr 0.02", "slow <b>"),
    ]
    assert [chip["settings"] for chip in found] == [{"lr": "0.1"}, {"lr": "0.02"}]
    assert len({chip["colour"] for chip in found}) == 2


def test_one_choice_is_counted_once_and_what_follows_is_named_behind_it(trained):
    app = compare([trained(optimizer="sgd"), trained(optimizer="adam")])
    assert [chip["text"] for chip in chips(app)] == ["optimizer sgd", "optimizer adam"]
    assert any(
        "beta1, beta2, eps, amsgrad follow from optimizer." in each.value.replace("\\", "")
        for each in app.caption
    )
    table = next(frame.value for frame in app.dataframe if "setting" in frame.value)
    assert table["setting"].tolist() == ["optimizer", "beta1", "beta2", "eps", "amsgrad"]


def test_two_names_of_one_rule_are_told(trained):
    app = compare([trained(optimizer="adam"), trained(optimizer="adamw")])
    assert any("adam and adamw are one rule" in caption.value for caption in app.caption)


def test_the_seeds_of_one_configuration_are_one_chip_unless_bands_are_off(trained):
    ids = [trained(seed=seed, dropout=dropout) for dropout in (0.0, 0.5) for seed in (1, 2)]
    assert [(chip["number"], chip["text"]) for chip in chips(compare(ids))] == [
        (f"{ids[0]}-{ids[1]}", "dropout 0"),
        (f"{ids[2]}-{ids[3]}", "dropout 0.5"),
    ]
    assert len(chips(compare(ids, bands="off"))) == 4


def test_with_different_batch_sizes_the_axis_begins_with_samples(trained):
    app = compare([trained(batch_size=8), trained(batch_size=16)])
    assert app.button_group(key="compare_x").value == "samples" and address(app) == {}
    app.button_group(key="compare_x").set_value("step").run()
    assert app.button_group(key="compare_x").value == "step" and address(app) == {"x": "step"}


def test_the_chosen_runs_stand_first_in_the_table_of_all(trained):
    ids = [trained() for _ in range(4)]
    app = compare([ids[0], ids[2]])
    table = next(frame.value for frame in app.dataframe if "started" in frame.value)
    assert table["run"].tolist() == [ids[0], ids[2], ids[3], ids[1]]


def test_a_single_run_is_called_by_its_settings(trained):
    (chip,) = chips(compare([trained()]))
    assert chip["text"].startswith("moons") and chip["settings"] == {}


def test_while_rows_are_ticked_none_of_them_moves(trained):
    ids = [trained() for _ in range(3)]
    app = compare([ids[0]])
    listed = app.session_state["compare_listed"]
    assert listed == [ids[0], ids[2], ids[1]]
    app.session_state["compare_ticked"] = True  # as the table does when a row is ticked
    app.query_params["runs"] = f"{ids[0]},{ids[1]}"
    app.run()
    assert app.session_state["compare_listed"] == listed
    assert app.session_state["compare_table"]["selection"]["rows"] == [0, 2]
    app.run()
    assert app.session_state["compare_listed"] == [ids[0], ids[1], ids[2]]
