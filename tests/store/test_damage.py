"""Whatever stands in the row of a run, it is read: as damaged, with a sentence that names the column."""

import json

import pytest
import sqlalchemy as sa

from engine.store import edit
from engine.store.columns import known_names, moment
from engine.store.damage import DAMAGED, JSON_DEFAULTS
from engine.store.groups import seed_groups
from engine.store.query import RunFilter, find_runs, get_runs
from engine.store.runs import get_run, list_runs, request
from engine.store.where import parse_where
from tests.store.damaged import DAMAGES, damage

NESTED = "[" * 100_000


@pytest.mark.parametrize(("columns", "sentence"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_row_that_cannot_be_so_is_read_as_damaged_and_names_its_column(store, submitted, columns, sentence):
    whole, broken = submitted(name="whole"), submitted(name="broken")
    damage(store, broken, **columns)
    row = get_run(store, broken)
    assert row.status == row.state == DAMAGED and row.ended
    assert row.message.startswith(f"its row in the store is damaged: {sentence}") and len(row.message) < 300
    assert get_run(store, whole).status == "queued"
    assert [each.id for each in list_runs(store)] == [broken, whole]
    assert row.config.keys() == JSON_DEFAULTS.keys()


def test_a_damaged_row_is_listed_sorted_and_filtered_by_every_column_and_setting(store, submitted):
    whole = submitted(name="whole")
    broken = [submitted(name=name) for name in DAMAGES]
    for run_id, (columns, _) in zip(broken, DAMAGES.values(), strict=True):
        damage(store, run_id, **columns)
    for name in known_names():
        assert find_runs(store, RunFilter(), sort=name, limit=None)[1] == len(broken) + 1
    found, _ = find_runs(store, RunFilter(where=parse_where("status=damaged")), limit=None)
    assert {row.id for row in found} == set(broken)
    assert len(seed_groups(store, get_runs(store, [whole, *broken]))) >= 2


def test_a_damaged_moment_is_shown_as_none(store, submitted):
    run_id = submitted()
    damage(store, run_id, created_at=1e21)
    assert moment(get_run(store, run_id).created_at) is None


def test_a_damaged_run_can_be_deleted_and_one_that_waits_is_stopped(store, submitted):
    run_id, waiting = submitted(), submitted()
    for each in (run_id, waiting):
        damage(store, each, config=NESTED)
    assert edit.delete_runs(store, [run_id]) == ([run_id], [])
    request(store, waiting, "stop")
    with store.reading() as connection:
        assert connection.scalar(sa.text("SELECT status FROM runs")) == "stopped"


def test_settings_out_of_range_keep_a_run_from_being_built_and_nothing_else(store, submitted):
    run_id = submitted(name="kept")
    config = json.loads(get_run(store, run_id).config_json)
    damage(store, run_id, config=json.dumps({**config, "learning_rate": -5.0}))
    row = get_run(store, run_id)
    assert (row.status, row.name, row.can_be_built) == ("queued", "kept", False)
    assert row.missing_plugin == ("its settings cannot be used here: learning_rate must be > 0, got -5.0")
    assert len(seed_groups(store, [row, get_run(store, submitted())])) == 2


def test_the_settings_of_an_older_run_are_filled_with_their_defaults(store, submitted):
    run_id = submitted()
    damage(store, run_id, config='{"epochs": 3}')
    assert get_run(store, run_id).config == {**JSON_DEFAULTS, "epochs": 3}
    assert get_run(store, run_id).status == "queued"
