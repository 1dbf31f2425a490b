"""Runs that are older than a column show a gap where it would be, on every page."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.figures.curves import compare_runs
from engine.store.records import read_series, write_tail
from engine.store.runs import get_run
from engine.store.store import STORE_VARIABLE
from tests.pages.frames import framed_texts
from tests.store.other_columns import GONE, one_fewer
from ui.gradients.panels import LayerView
from ui.shared.output_figure import scalars_frame
from ui.shared.text import NOTHING

PAGES = Path(__file__).resolve().parents[2] / "pages"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def older(store, trained, columns):
    """A run whose chunks were written by a version that knew no update ratio."""
    run_id = trained(epochs=20, activation="relu")
    columns(one_fewer)
    series = read_series(store, run_id)
    with store.writing() as connection:
        write_tail(connection, run_id, 0, series)
    columns(list)
    return run_id


def test_frames_and_curves_have_a_gap_and_no_zeros_where_nothing_was_recorded(store, older, trained):
    newer, series = trained(epochs=20, seed=1), read_series(store, older)
    frames = {run_id: scalars_frame(read_series(store, run_id)) for run_id in (older, newer)}
    assert not np.isfinite(frames[older][GONE]).any() and np.isfinite(frames[newer][GONE]).any()
    assert np.isfinite(frames[older]["train_loss"]).any() and set(frames[older]["penalty"]) == {0.0}
    lines = {line.name: line.y for line in list(compare_runs(frames, [GONE]).data)}
    assert len(lines[f"run {older}"]) == 0 < min(lines[f"run {newer}"])
    view = LayerView(get_run(store, older), series, np.array([1, 2]))
    assert np.isnan(view.shown(GONE)).all() and (view.shown("weight_norm") > 0).all()
    assert np.isnan(view.at(GONE, 5)[0]).all()


@pytest.mark.parametrize("name", ["train", "gradients", "overfitting", "compare", "runs"])
def test_a_page_shows_a_run_that_lacks_a_column_alone_and_beside_one_that_has_it(
    store, store_url, older, trained, monkeypatch, name
):
    monkeypatch.setenv(STORE_VARIABLE, store_url)
    monkeypatch.setattr("ui.shared.transport.ensure_workers", lambda *_: 0)
    newer = trained(epochs=20, seed=1)
    shown = {"compare": [{"runs": str(older)}, {"runs": f"{older},{newer}"}]}
    for query in shown.get(name, [{"run": str(older)}, {"run": str(older), "with": str(newer)}]):
        app = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception and not app.error
        if name == "compare" and "," in query["runs"]:
            app.selectbox(key="compare_metric").set_value(GONE).run()
            assert not app.exception and not app.error
        if name == "gradients":
            seen = dict(framed_texts(app))
            assert NOTHING in " ".join(seen.values())
