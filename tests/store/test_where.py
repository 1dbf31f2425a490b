"""Runs are filtered by expressions that people write: every operator and kind of value, each mistake."""

import dataclasses
import json

import pytest
import sqlalchemy as sa

from engine.cli.runs import summary
from engine.config.settings import SETTINGS
from engine.store import edit
from engine.store.columns import UnknownColumn, in_order, known_column, known_names, moment
from engine.store.query import RunFilter, find_ids, find_runs
from engine.store.runs import get_run
from engine.store.schema import runs
from engine.store.where import WhereError, matches, parse_where


@pytest.fixture
def three(store, submitted):
    """Runs of adam (tagged, noted), of sgd with momentum and lists, and curves whose settings are unknown."""
    first = submitted(name="my run", learning_rate=0.01, hidden_sizes=[16, 16])
    second = submitted(
        name="Other", optimizer="momentum", learning_rate=0.1, batch_size="full", dropout=[0.2], clip_norm=1.0
    )
    third = submitted(name="curves")
    edit.change_tags(store, [first], add="good, lesson 1")
    edit.write_note(store, first, "turns after twenty")
    with store.writing() as connection:
        for run_id, loss in ((first, 0.05), (second, 0.5)):
            values = {"val_loss": loss, "val_score": 1 - loss, "status": "finished", "step": run_id * 10}
            connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
        unknown = runs.update().where(runs.c.id == third)
        connection.execute(unknown.values(status="imported", config_version=0, created_at=1e18))
    return first, second, third


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", {0, 1, 2}),
        ("   ", {0, 1, 2}),
        ("optimizer=adam", {0}),
        ("optimizer=ADAM", {0}),
        ("optimizer!=adam", {1}),
        ("optimizer~mom", {1}),
        ("learning_rate>0.01", {1}),
        ("learning_rate>=0.01", {0, 1}),
        ("learning_rate = 1e-2", {0}),
        ("learning_rate=.1", {1}),
        ("val_loss<=0.05", {0}),
        ("val_loss<0.1 optimizer=adam", {0}),
        ("val_loss<0.1 optimizer=momentum", set()),
        ("val_loss!=0.05", {1, 2}),
        ("val_loss=none", {2}),
        ("val_loss!=none", {0, 1}),
        ("val_accuracy>0.9", {0}),
        ("val_score>0.9", {0}),
        ("score>0.9", {0}),
        ("lr>0.01", {1}),
        ("val_r2>-100", set()),
        ('name="my run"', {0}),
        ("name='MY RUN'", {0}),
        ('name~"y r"', {0}),
        ("name!=other", {0, 2}),
        ("tag=good", {0}),
        ('tag="Lesson 1"', {0}),
        ("tag~less", {0}),
        ("tag!=good", {1, 2}),
        ("tag=none", {1, 2}),
        ("note~twenty", {0}),
        ('note=""', {1, 2}),
        ("status=finished", {0, 1}),
        ("status!=finished", {2}),
        ("hidden_sizes=16,16", {0}),
        ('hidden_sizes="[16, 16]"', {0}),
        ("hidden_sizes=16", set()),
        ("hidden_sizes=6", {1}),
        ("hidden_sizes~16", {0}),
        ("hidden_sizes!=16,16", {1}),
        ("batch_size=full", {1}),
        ("batch_size>1", {0}),
        ("dropout=0.20", {1}),
        ("clip_norm=none", {0}),
        ("clip_norm=off", {0}),
        ("clip_norm!=1", {0}),
        ("clip_norm>0.5", {1}),
        ("centered=off beta1=auto", {0, 1}),
        ("beta1=0.9", {0}),
        ("beta1>0.5", {0}),
        ("beta1!=0.9", {1}),
        ("momentum=0.9", {1}),
        ("restore_best=false", {0, 1}),
        ("restore_best=true", set()),
        ("restore_best!=true", {0, 1}),
        ("archived=no paused=0", {0, 1, 2}),
        ("run>=2 run<3", {1}),
        ("step=10 steps=10", {0}),
        ("parent=none", {0, 1, 2}),
        ("started>2000", {0, 1}),
        ("started<2000-01-01", set()),
        ("started!=2000", {0, 1, 2}),
    ],
)
def test_an_expression_finds_the_runs_that_meet_all_its_terms(store, three, expression, found):
    rows, total = find_runs(store, RunFilter(where=parse_where(expression)))
    assert {row.id for row in rows} == {three[place] for place in found} and total == len(found)
    assert set(find_ids(store, RunFilter(where=parse_where(expression)))) == {row.id for row in rows}


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("learn_rate>0.1", "unknown name 'learn_rate': did you mean learning_rate"),
        ("optimiser=adam", "did you mean optimizer"),
        ("val_los<1", "did you mean val_loss"),
        ("zzzzzz=1", "unknown name 'zzzzzz': known are every setting, and run, name, status"),
        ("val_loss<abc", "val_loss must be compared with a number, got 'abc'"),
        ("val_loss=abc", "val_loss must be compared with a number or none or off, got 'abc'"),
        ("val_loss<none", "val_loss must be compared with a number, got 'none'"),
        ("val_loss<nan", "got 'nan'"),
        ("val_loss<1_0", "got '1_0'"),
        ("val_loss~0.3", "val_loss is no text: it must be compared by =, !=, <, <=, > or >=, got ~"),
        ("optimizer<adam", "optimizer has no order: it must be compared by =, != or ~, got <"),
        ("hidden_sizes>3", "hidden_sizes has no order"),
        ("restore_best=perhaps", "restore_best must be compared with true, false or none, got 'perhaps'"),
        ("restore_best~t", "restore_best is no text: it must be compared by = or !=, got ~"),
        ("batch_size=half", "batch_size must be compared with a number or full or none, got 'half'"),
        ("started>yesterday", "started must be compared with a date such as 2026-11-27, got 'yesterday'"),
        ("optimizer=", "the filter term 'optimizer=' must end with a value, such as optimizer=1"),
        ("optimizer", "must be a name, one of = != < <= > >= ~ and a value"),
        ("optimizer=adam and step>1", "got 'and'"),
        ("=adam", "got '=adam'"),
        ("name='my run", "must end with the quote ' that it begins with"),
        ("a=b=c", "got 'a=b=c'"),
        ('name=a"b', "each term of a filter must be"),
        ("optimizer=adamlearning_rate>1", "each term of a filter must be"),
        ("x" * 2001, "at most 2000 characters, got 2,001"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_that_names_it(expression, sentence):
    with pytest.raises(WhereError) as caught:
        parse_where(expression)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_what_list_prints_and_every_setting_can_be_filtered_and_sorted(store, three):
    rows = [get_run(store, run_id) for run_id in three]
    for name in {*SETTINGS, *summary(rows[0])}:
        assert {row.id for row in in_order(rows, name)} == set(three)
        assert isinstance(matches(parse_where(f"{name}=none"), rows[0]), bool)
    assert len(known_names()) == len(set(known_names()))


def test_a_column_says_what_list_prints_of_it(store, three):
    row = get_run(store, three[0])
    printed = summary(row)
    assert {name: known_column(name).value(row) for name in printed} == {**printed, "group": row.group_id}


def test_curves_without_settings_match_no_term_about_a_setting(store, three):
    imported = get_run(store, three[2])
    for name in SETTINGS:
        for term in (
            f"{name}=none",
            f"{name}!=none",
            f"{name}!=1" if name != "restore_best" else f"{name}=no",
        ):
            assert not matches(parse_where(term), imported)
        assert known_column(name).value(imported) is None


def test_a_run_of_an_older_version_has_the_default_of_a_setting_that_it_does_not_know(store, three):
    row = get_run(store, three[0])
    config = {name: value for name, value in row.config.items() if name not in ("clip_norm", "dropout")}
    older = dataclasses.replace(row, config_json=json.dumps(config))
    assert matches(parse_where("dropout=0 clip_norm=none"), older)


def test_interrupted_and_paused_runs_are_found_by_what_people_call_them(store, three, submitted):
    live = submitted(seed=9)
    with store.writing() as connection:
        connection.execute(runs.update().where(runs.c.id == live).values(status="running", paused=True))
        connection.execute(
            runs.update().where(runs.c.id == three[0]).values(status="running", lease_pid=None)
        )
    assert find_ids(store, RunFilter(where=parse_where("status=paused"))) in ([live], [])
    states = {row.state for row in find_runs(store, RunFilter(where=parse_where("status!=finished")))[0]}
    assert states == {get_run(store, run_id).state for run_id in (three[0], three[2], live)}


def test_pages_of_a_filter_share_no_run_and_count_all(store, submitted):
    submitted()
    with store.writing() as connection:
        row = dict(connection.execute(sa.select(runs)).mappings().one())
        settings = json.loads(row["config"])
        copies = [
            {**row, "id": number, "config": json.dumps({**settings, "learning_rate": number / 1000})}
            for number in range(2, 1201)
        ]
        connection.execute(runs.insert(), copies)
    wanted = RunFilter(where=parse_where("learning_rate>0.1 learning_rate<=1"))
    pages = [
        find_runs(store, wanted, sort="learning_rate", limit=400, offset=offset) for offset in (0, 400, 800)
    ]
    assert [(len(rows), total) for rows, total in pages] == [(400, 900), (400, 900), (100, 900)]
    found = [row.config["learning_rate"] for rows, _ in pages for row in rows]
    assert found == sorted(found) and found[0] == 0.101 and found[-1] == 1.0
    assert len(find_ids(store, wanted)) == 900


@pytest.mark.parametrize(
    ("name", "descends"),
    [("val_loss", False), ("val_score", True), ("val_accuracy", True), ("run", True), ("seconds", False)],
)
def test_the_best_comes_first_low_losses_high_scores_new_runs(store, three, name, descends):
    rows = [get_run(store, run_id) for run_id in three]
    values = [known_column(name).value(row) for row in in_order(rows, name)]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=descends) and values[: len(known)] == known


def test_values_of_any_kind_have_one_order(store, three):
    rows = [get_run(store, run_id) for run_id in three]
    for name in ("batch_size", "hidden_sizes", "dropout", "clip_norm", "started", "name"):
        assert [row.id for row in in_order(rows, name)] != []
    assert [row.config["batch_size"] for row in in_order(rows[:2], "batch_size")][-1] == "full"
    assert [row.id for row in in_order(rows, "name")] == [three[2], three[0], three[1]]


def test_an_unknown_column_and_an_impossible_moment_are_no_crash():
    with pytest.raises(UnknownColumn, match="did you mean val_loss"):
        known_column("val_lss")
    assert moment(1e18) is None and moment(float("nan")) is None
