"""The Backprop page: the neuron, a step of a run, and an address that holds both."""

import numpy as np
import pytest

from tests.pages.frames import headers, open_page

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def page(**query):
    return open_page("backprop", **query)


def sent(app):
    """Return the header of what the picture of the page was sent."""
    return next(header for header in headers(app) if "values" in header or "chain" in header)


def address(app):
    return {name: app.query_params[name] for name in app.query_params}


def test_it_opens_on_the_neuron_of_the_textbooks():
    header = sent(page())
    assert header["values"] == {"x": 2, "w": 0.5, "b": 0, "y": 4, "rate": 0.1, "activation": "identity"}
    assert header["steps"][0]["w_new"] == pytest.approx(1.7)
    assert header["sentence"].startswith("It gets there: after 3 steps")


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        ("0.125", "One step lands on the minimum."),
        ("0.25", "The weight swings to and fro for ever"),
        ("0.3", "The loss grows"),
        ("0", "The learning rate is 0"),
    ],
)
def test_the_neuron_of_an_address_says_what_becomes_of_it_and_why(rate, sentence):
    header = sent(page(rate=rate))
    assert header["sentence"].startswith(sentence)
    assert "2x² = 8" in header["sentence"]


def test_an_address_that_is_no_neuron_says_what_was_required():
    app = page(rate="fast", x="3")
    assert [warning.value.replace("\\", "") for warning in app.warning] == [
        "rate in the address must be a number, got fast"
    ]
    assert sent(app)["values"]["x"] == 3
    assert sent(page(rate="-1"))["refused"] == "rate must be >= 0, got -1"


def test_a_step_of_a_run_is_shown_with_the_row_and_the_weight_that_are_looked_at(trained):
    run = trained(hidden_sizes=[3, 2])
    header = sent(page(run=run, step=2))
    assert header["step"] == 2 and header["facts"]["rows"] == 1
    # The one of the first layer with the largest gradient.
    place = (header["chain"]["unit"] - 1, header["chain"]["input"] - 1)
    sizes = np.abs(header["edges"][0]["gradient"])
    assert header["chain"]["layer"] == 1 and sizes[place] == sizes.max()
    assert abs(header["chain"]["product"]) == pytest.approx(sizes.max(), rel=1e-5)
    assert header["chain"]["relative_distance"] < 1e-5
    assert len(header["code"]) == len(header["calls"]) and "import numpy" in header["script"]
    assert sent(page(run=run, step=2, row="batch"))["facts"]["rows"] == 32


def test_a_run_with_batch_norm_is_shown_with_its_whole_batch(trained):
    header = sent(page(run=trained(normalization="batch"), step=0))
    assert header["facts"]["rows"] == 30  # of 60 rows: the rest of a batch of 32 is spread


def test_a_step_that_the_run_never_made_is_said(trained):
    run = trained(epochs=1)
    app = page(run=run, step=99)
    assert "step in the address must be from 0 to" in app.warning[0].value
    assert sent(app)["facts"]["rows"] == 1


def test_a_run_that_has_not_begun_says_so(submitted):
    app = page(run=submitted())
    assert "made no step yet" in app.info[0].value


def test_without_a_run_there_is_a_button_that_trains_a_small_one():
    app = page()
    app.button_group(key="backprop_view").set_value("run").run()
    app.button(key="backprop_example").click().run()
    assert not app.exception
    assert "run" in address(app)
    assert "made no step yet" in app.info[0].value


def test_the_place_in_a_run_leaves_the_address_with_it_and_comes_back(trained):
    run = trained(hidden_sizes=[3, 2])
    app = page(run=run, step=2, row="batch")
    app.button_group(key="backprop_view").set_value("neuron").run()
    assert address(app) == {}
    app.button_group(key="backprop_view").set_value("run").run()
    assert {name: value[0] if isinstance(value, list) else value for name, value in address(app).items()} == {
        "run": str(run),
        "step": "2",
        "row": "batch",
    }
