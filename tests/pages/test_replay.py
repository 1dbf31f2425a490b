"""Train and Compare carry the player, whatever the data; presets fill the form; mistakes are shown."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.config.presets import PRESETS
from engine.store.runs import get_run
from engine.store.schema import runs, snapshots
from engine.store.snapshots import read_snapshots
from tests.training_now import train_now
from ui.shared.form_state import TYPED
from ui.train.live import why_not_drawn

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def page(name, **query):
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


@pytest.mark.parametrize(
    "settings",
    [
        *({"dataset": name} for name in ("moons", "sine", "digits", "wine")),
        {"dataset": "circles", "features": ["x1_squared", "x2_squared"], "hidden_sizes": []},
        {"dataset": "linnerud", "samples": 20, "batch_size": "full"},
    ],
    ids=lambda settings: settings["dataset"],
)
def test_the_player_of_a_finished_run_is_sent_every_snapshot(store, submitted, settings):
    run_id = train_now(store, submitted(**settings))
    app = page("train", run=str(run_id))
    assert not app.exception
    held = app.session_state["train_stage_sent"]["frames"]["counts"]
    assert held == {run_id: [len(read_snapshots(store, run_id))]}
    assert app.session_state["train_stage_behind"] is False


def test_a_damaged_snapshot_is_told_in_one_sentence(store, submitted):
    run_id = train_now(store, submitted())
    with store.writing() as connection:
        connection.execute(snapshots.update().where(snapshots.c.step > 2).values(parameters=b"torn"))
    app = page("train", run=str(run_id))
    assert not app.exception
    assert [f"run {run_id} cannot be replayed" in warning.value for warning in app.warning] == [True]


def test_two_compared_runs_share_one_player(store, submitted):
    ids = [train_now(store, submitted(seed=seed)) for seed in (1, 2, 3)]
    app = page("compare", runs=",".join(map(str, ids)))
    assert not app.exception
    assert list(app.session_state["compare_replay_sent"]["counts"]) == ids[:2]


def test_a_run_without_a_snapshot_says_that_there_is_none_yet(submitted):
    app = page("train", run=str(submitted()))
    assert not app.exception
    assert app.session_state["train_stage_sent"]["frames"]["counts"] == {}


@pytest.mark.parametrize(("dataset", "is_shown"), [("moons", False), ("digits", True), ("wine", True)])
def test_mistakes_stand_where_no_boundary_can_be_drawn(store, submitted, dataset, is_shown):
    app = page("train", run=str(train_now(store, submitted(dataset=dataset))))
    assert ("Mistakes on validation rows" in [title.value for title in app.subheader]) == is_shown


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fills_the_form_and_says_what_to_watch(name):
    app = page("train")
    app.selectbox(key="train_preset").set_value(name).run()
    assert not app.exception and not app.error
    for field in ("dataset", "activation", "optimizer", "learning_rate", "dropout", "epochs"):
        wanted = PRESETS[name].settings.get(field)
        held = app.session_state[f"train_{field}"]
        assert wanted is None or held == (str(wanted) if field in TYPED else wanted)
    assert not app.button(key="train_start").disabled
    assert any(PRESETS[name].watch[:20] in caption.value.replace("\\", "") for caption in app.caption)


def test_an_imported_run_says_that_its_network_is_not_known(store, submitted):
    run_id = train_now(store, submitted())
    with store.writing() as connection:
        connection.execute(snapshots.delete())
        connection.execute(runs.update().where(runs.c.id == run_id).values(status="imported"))
    shown = why_not_drawn(get_run(store, run_id))
    assert shown == "Only the curves of this run were imported: its network is not known."
    assert not page("train", run=str(run_id)).exception


def test_only_a_run_that_may_still_get_a_snapshot_promises_one(store, submitted):
    waiting, done = submitted(), train_now(store, submitted())
    assert "appears with the first one" in why_not_drawn(get_run(store, waiting))
    assert "nothing that this network could be drawn from" in why_not_drawn(get_run(store, done))
