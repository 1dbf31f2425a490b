"""The table of the Runs page: order, filter, columns, groups and the best run, as the address says."""

import json

import numpy as np
import pytest
import sqlalchemy as sa

from engine.store.runs import get_run, list_runs
from engine.store.schema import runs
from engine.store.store import STORE_VARIABLE
from tests.pages.runs_table import cells, listed, press, runs_page, table

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def pages_read_the_tests_store(store, store_url, monkeypatch):
    monkeypatch.setenv(STORE_VARIABLE, store_url)
    for place in ("ui.shared.transport", "ui.runs.card"):
        monkeypatch.setattr(f"{place}.ensure_workers", lambda *_: 0)


@pytest.fixture
def three_hundred(store, submitted):
    """Runs 1 to 300 of as many learning rates; the validation loss of each but the first is its number."""
    submitted(name="first", learning_rate=0.9)
    with store.writing() as connection:
        row = dict(connection.execute(sa.select(runs)).mappings().one())
        settings = json.loads(row["config"])
        copies = [
            {
                **row,
                "id": number,
                "name": f"copy {number}",
                "val_loss": number,
                "config": json.dumps({**settings, "learning_rate": number / 1000}),
                "status": "finished",
            }
            for number in range(2, 301)
        ]
        connection.execute(runs.insert(), copies)


def test_more_runs_than_a_page_has_are_paged_and_selected_at_once(store, three_hundred, monkeypatch):
    monkeypatch.setattr("ui.runs.table.LINES_A_PAGE", 200)
    app = runs_page()
    assert listed(app) == list(range(300, 100, -1))
    assert listed(press(app, "runs_next")) == list(range(100, 0, -1))
    app.text_input(key="runs_text").set_value("copy 29").run()
    assert listed(app) == [*range(299, 289, -1), 29]
    press(app, "runs_select_all")
    assert app.session_state["runs_selected"] == [*range(299, 289, -1), 29]
    press(app, "runs_archive")
    assert len(list_runs(store)) == 289
    assert "No run matches" in app.info[0].value
    app.selectbox(key="runs_kind").set_value("archived").run()
    assert len(listed(app)) == 11


def test_more_runs_than_are_grouped_are_still_sorted_and_paged_as_a_whole(three_hundred, monkeypatch):
    monkeypatch.setattr("ui.runs.table.LINES_A_PAGE", 40)
    monkeypatch.setattr("ui.runs.table.GROUPED_AT_MOST", 100)
    app = runs_page(runs_sort="val_loss")
    pages = [listed(app), *(listed(press(app, "runs_next")) for _ in range(7))]
    assert [run_id for page in pages for run_id in page] == [*range(2, 301), 1]
    assert any("up to 100 runs" in each.value for each in app.caption)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ({"runs_sort": "val_loss"}, [2, 3, 4]),
        ({"runs_sort": "val_loss", "runs_descending": "true"}, [300, 299, 298]),
        ({"runs_sort": "learning_rate", "runs_descending": "true"}, [1, 300, 299]),
        ({"runs_sort": "validation loss", "runs_descending": "false"}, [2, 3, 4]),
        ({"runs_sort": "number", "runs_descending": "false"}, [1, 2, 3]),
        ({"runs_sort": "nonsense"}, [300, 299, 298]),
    ],
)
def test_the_address_sorts_all_runs_as_older_addresses_did(three_hundred, query, first):
    assert listed(runs_page(**query))[:3] == first


def test_the_best_run_of_three_hundred_is_named_marked_and_selected_by_one_click(three_hundred):
    app = runs_page()
    best = app.button(key="runs_best_0")
    assert best.label.replace("\\", "") == "moons: run 2, 2"
    marked = {
        line["runs"][0]: line["best"]
        for line in table(runs_page(runs_sort="val_loss"))["lines"]
        if line["best"]
    }
    assert marked == {2: "Run 2: lowest final validation loss of 299 runs on moons"}
    best.click().run()
    assert app.session_state["runs_selected"] == [2]


def test_runs_are_filtered_by_an_expression_that_the_address_keeps(three_hundred):
    app = runs_page(runs_where="learning_rate>0.295 learning_rate<0.5 val_loss<=299")
    assert listed(app) == [299, 298, 297, 296]
    assert app.text_input(key="runs_where").value == "learning_rate>0.295 learning_rate<0.5 val_loss<=299"
    press(app, "runs_select_all")
    assert app.session_state["runs_selected"] == [299, 298, 297, 296]


def test_a_filter_that_cannot_be_read_is_told_and_shows_no_run(three_hundred):
    app = runs_page()
    app.text_input(key="runs_where").set_value("lerning_rate>0.1").run()
    assert not app.exception and not app.get("bidi_component")
    assert "unknown name 'lerning_rate': did you mean learning_rate" in app.error[0].value.replace("\\", "")
    app.text_input(key="runs_where").set_value("").run()
    assert not app.error and len(listed(app)) == 300


def test_columns_are_those_of_the_address_in_its_order_and_unknown_ones_are_left_out(submitted):
    submitted(learning_rate=0.25, epochs=7)
    app = runs_page(runs_columns="epochs,nonsense,learning_rate,run,epochs")
    assert [column["name"] for column in table(app)["columns"]] == ["run", "epochs", "learning_rate"]
    assert (cells(app, "epochs"), cells(app, "learning_rate")) == (["7"], ["0.25"])
    app.multiselect(key="runs_columns_chosen").set_value(["name", "epochs"]).run()
    assert [column["name"] for column in table(app)["columns"]] == ["run", "name", "epochs"]
    assert app.query_params["runs_columns"] == "name,epochs"
    press(app, "runs_columns_usual")
    assert "runs_columns" not in app.query_params and "val_loss" in {c["name"] for c in table(app)["columns"]}


def test_seeds_are_one_line_with_mean_and_interval_that_opens_to_its_runs(store, trained):
    ids = [trained(seed=seed, name="seeds") for seed in range(3)]
    other = trained(hidden_sizes=[3])
    losses = [float(get_run(store, run_id).val_loss or 0) for run_id in ids]
    app = runs_page()
    assert listed(app) == [other, ids]
    assert cells(app, "run") == [str(other), "3 seeds"]
    mean, half = np.mean(losses), 4.302653 * np.std(losses, ddof=1) / np.sqrt(3)
    shown = [float(part) for part in cells(app, "val_loss")[1].split(" ± ")]
    np.testing.assert_allclose(shown, [mean, half], rtol=0.05)
    assert cells(app, "seed")[1] == "0 to 2" and cells(app, "name")[1] == "seeds"
    app = runs_page(runs_open=str(ids[1]), runs_sort="val_loss")
    best_first = [run_id for _, run_id in sorted(zip(losses, ids, strict=True))]
    opened = listed(app)
    assert opened[opened.index(ids) + 1 :][:3] == best_first
    app.toggle(key="runs_grouped").set_value(False).run()
    assert sorted(listed(app)) == sorted([*ids, other])


def test_without_its_script_the_table_is_shown_plainly_and_says_so(submitted):
    run_id = submitted(name="plain")
    app = runs_page()
    app.session_state["runs_table_script_failed"] = True
    app.run()
    assert not app.exception and app.dataframe[0].value["run"].tolist() == [str(run_id)]
    assert app.dataframe[0].value["name"].tolist() == ["plain"]
    assert any("script did not load" in each.value for each in app.caption)


def test_a_run_created_at_an_impossible_moment_is_listed_with_the_others(store, submitted):
    ids = [submitted(hidden_sizes=[size]) for size in (2, 3)]
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == ids[0]).values(created_at=1e21))
    app = runs_page(runs_sort="started")
    assert listed(app) == ids[::-1] and cells(app, "started")[1] is None
