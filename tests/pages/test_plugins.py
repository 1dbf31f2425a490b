"""Plugins on the pages: offered like built-in choices, named when broken; missing, they break no page."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.config import parse_config
from engine.exchange.export import FORMATS, exported
from engine.exchange.imports import BadFile, import_file
from engine.plugins.loading import refresh_plugins
from engine.store.runs import get_run, list_runs
from engine.store.schema import runs
from engine.store.submit import submit, with_seeds
from tests.training_now import train_now

PAGES = Path(__file__).resolve().parents[2] / "pages"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
PLUGIN = '''
from typing import ClassVar
import numpy as np
from engine.extension import activation, layer, loss, optimizer
from engine.nn.normalization import Normalization
from engine.nn.optimizers.registry import OPTIMIZERS

@activation(derivative=lambda z: 1 + np.sin(2 * z))
def snake(z):
    """A line that waves."""
    return z + np.sin(z) ** 2

loss(lambda a, y: (a - y) ** 4, derivative=lambda a, y: 4 * (a - y) ** 3, task="regression", name="quartic")
optimizer(OPTIMIZERS["momentum"].transform, name="heavy", meaning="A heavier ball.")

@layer
class Halved(Normalization):
    """Half of it."""
    def record(self, tape, arena, x, mode):
        n, half = arena.blocks[self.output], tape.constant(0.5)
        tape.call(np.multiply, x.values, half, n.values, label="n = z / 2")
        return n, lambda: tape.call(np.multiply, n.error, half, x.error, label="dz = dn / 2")
'''
OWN = {"activation": "snake", "optimizer": "heavy", "normalization": "halved", "loss": "quartic"}
LACKS = "activation snake is not known here: put the file that defines it into plugins/"


@pytest.fixture
def plugin(plugin_folder):
    path = plugin_folder / "mine.py"
    path.write_text(PLUGIN, "utf-8")
    assert refresh_plugins() == []
    return path


def page(name, selected=(), **query):
    app = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    app.session_state["runs_selected"] = list(selected)
    for key, value in query.items():
        app.query_params[key] = str(value)
    return app.run()


def words(app, *kinds):
    kinds = kinds or ("markdown", "caption", "warning", "info", "error")
    return (
        " ".join(element.value for kind in kinds for element in app.get(kind))
        .replace("\\", "")
        .replace("\u2060", "")
    )


def test_a_file_that_is_dropped_in_is_offered_at_the_next_page_run_and_can_be_started(store, plugin_folder):
    app = page("train")
    assert "snake" not in app.selectbox(key="train_activation").options
    (plugin_folder / "mine.py").write_text(PLUGIN, "utf-8")
    app.run()
    assert not app.exception
    assert "snake" in app.selectbox(key="train_activation").options
    assert "heavy" in app.selectbox(key="train_optimizer").options
    app.selectbox(key="train_normalization").set_value("halved").run()
    app.selectbox(key="train_activation").set_value("snake").run()
    app.selectbox(key="train_optimizer").set_value("heavy").run()
    assert not app.exception and not app.error
    assert "A line that waves." in words(app, "caption") and "A heavier ball." in words(app, "caption")
    assert app.number_input(key="train_momentum").placeholder == "0.9"
    app.button(key="train_start").click().run()
    assert not app.exception
    (row,) = list_runs(store)
    assert {row.config[name] for name in ("activation", "optimizer", "normalization")} == {
        "snake",
        "heavy",
        "halved",
    }


def test_a_choice_whose_file_goes_away_falls_back_to_the_default(plugin):
    app = page("train")
    app.selectbox(key="train_normalization").set_value("halved").run()
    app.selectbox(key="train_activation").set_value("snake").run()
    plugin.unlink()
    app.run()
    assert not app.exception and not app.error
    assert app.selectbox(key="train_activation").value == "tanh"
    assert app.selectbox(key="train_normalization").value == "none"
    assert not app.button(key="train_start").disabled


def test_a_broken_file_is_one_sentence_on_the_train_page_and_everything_else_goes_on(plugin, plugin_folder):
    (plugin_folder / "broken.py").write_text("def broken(:\n")
    app = page("train")
    assert not app.exception
    sentence = "plugin not loaded: broken.py: must be Python: line 1: invalid syntax"
    assert len(app.warning) == 1 and words(app, "warning") == sentence
    assert "snake" in app.selectbox(key="train_activation").options
    assert not page("runs").exception


@pytest.fixture
def orphans(store, plugin):
    """Two finished runs of one group whose plugin is gone, and a plain one."""
    settings = {"samples": 80, "epochs": 4, "hidden_sizes": [6, 6], "dataset": "sine", **OWN}
    config = parse_config(settings)
    ids = submit(store, with_seeds(config, 2))
    plain = parse_config(
        {
            **settings,
            **dict.fromkeys(("loss", "optimizer"), "mse"),
            "optimizer": "adam",
            "activation": "tanh",
            "normalization": "none",
        }
    )
    ids += submit(store, with_seeds(plain, 1))
    for run_id in ids:
        train_now(store, run_id)
    plugin.unlink()
    assert refresh_plugins() == []
    return ids


@pytest.mark.parametrize("name", ["train", "gradients", "overfitting"])
def test_a_page_of_a_run_whose_plugin_is_gone_shows_its_curves(store, orphans, name):
    app = page(name, run=orphans[0])
    assert not app.exception
    if name != "overfitting":
        assert LACKS in words(app)
    assert not page(name, run=orphans[2]).exception


def test_such_a_run_cannot_be_twinned_cloned_repeated_nor_checked(orphans):
    assert not [each for each in page("train", run=orphans[0]).button if each.key == "train_copy"]
    assert page("gradients", run=orphans[0]).button(key="gradients_check").disabled
    assert page("overfitting", run=orphans[0]).button(key="overfitting_sizes").disabled


def test_two_such_runs_are_shown_beside_a_plain_one(orphans):
    app = page("compare", runs=",".join(map(str, orphans)))
    assert not app.exception
    assert not page("gradients", run=orphans[2], **{"with": orphans[0]}).exception


def test_the_runs_and_the_data_page_show_such_runs(orphans):
    app = page("runs", selected=orphans[:1])
    assert not app.exception and LACKS in words(app)
    assert app.button(key="runs_clone").disabled and app.button(key="runs_repeat").disabled
    assert app.button(key="runs_continue").disabled
    app = page("data")
    assert not app.exception
    app.selectbox(key="data_predict_run").set_value(orphans[0]).run()
    assert not app.exception and LACKS in words(app)


def test_every_format_but_weights_is_exported_and_a_bundle_needs_the_plugin(store, orphans, plugin_folder):
    files = {}
    for name in FORMATS:
        if name != "npz":
            files[name] = exported(store, orphans[:1], name)
    assert b"snake" in files["json"]
    with pytest.raises(BadFile, match="run 1 of the bundle cannot be used: activation snake is not known"):
        import_file(store, files["bundle"])
    with pytest.raises(BadFile, match="settings of a run cannot be used: activation snake is not known here"):
        import_file(store, files["parquet"])
    (plugin_folder / "mine.py").write_text(PLUGIN, "utf-8")
    refresh_plugins()
    (again,) = import_file(store, files["bundle"])
    assert get_run(store, again).config == get_run(store, orphans[0]).config


def test_resuming_a_run_whose_plugin_has_another_content_asks_first(store, plugin):
    config = parse_config({"samples": 80, "epochs": 4, "activation": "snake"})
    (run_id,) = submit(store, with_seeds(config, 1))
    train_now(store, run_id)
    with store.writing() as connection:
        connection.execute(runs.update().values(status="stopped"))
    plugin.write_text(PLUGIN + "\n# another content\n", "utf-8")
    app = page("train", run=run_id)
    app.button(key="train_resume").click().run()
    assert not app.exception and get_run(store, run_id).status == "stopped"
    assert "Run 1 was started with another version of its plugin (activation:snake:" in words(app, "error")
    app.button(key="train_resume").click().run()
    assert get_run(store, run_id).status == "queued"
    app = page("runs", selected=[run_id])
    with store.writing() as connection:
        connection.execute(runs.update().values(status="stopped"))
    app.run()
    app.button(key="runs_resume").click().run()
    assert not app.exception and get_run(store, run_id).status == "stopped"
    assert "Press Resume again to continue anyway." in words(app)
