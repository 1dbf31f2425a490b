"""The list of the command line is sorted best first and filtered by the same expressions as the page."""

import json

import pytest

from engine.cli import listing
from engine.store.schema import runs
from tests.command_line import engine
from tests.store.damaged import DAMAGES, damage

RATES = {0.01: 0.3, 0.1: 0.1, 0.5: 0.2, 0.02: None}


@pytest.fixture
def four(store, submitted):
    """Runs of four learning rates, three of them with a validation loss."""
    ids = {}
    for rate, loss in RATES.items():
        ids[rate] = submitted(learning_rate=rate, name=f"[rate] {rate}")
        with store.writing() as connection:
            one = runs.update().where(runs.c.id == ids[rate])
            connection.execute(one.values(val_loss=loss, val_score=None if loss is None else 1 - loss))
    return ids


def listed(store_url, *words, note=""):
    done = engine("list", "--json", *words, url=store_url)
    assert (done.returncode, done.stderr) == (0, note)
    return [json.loads(line)["run"] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        ((), [0.02, 0.5, 0.1, 0.01]),
        (("--sort", "val_loss"), [0.1, 0.5, 0.01, 0.02]),
        (("--sort", "val_loss", "--descending"), [0.01, 0.5, 0.1, 0.02]),
        (("--sort", "val_accuracy"), [0.1, 0.5, 0.01, 0.02]),
        (("--sort", "val_score", "--ascending"), [0.01, 0.5, 0.1, 0.02]),
        (("--sort", "run", "--ascending"), [0.01, 0.1, 0.5, 0.02]),
        (
            ("--where", "optimizer=adam learning_rate>0.01", "--sort", "val_loss", "--limit", "10"),
            [0.1, 0.5, 0.02],
        ),
        (("--where", "name~rate val_loss<=0.2"), [0.5, 0.1]),
        (("--where", "optimizer=sgd"), []),
    ],
)
def test_runs_are_listed_in_the_order_and_by_the_conditions_asked_for(store_url, four, words, rates):
    assert listed(store_url, *words) == [four[rate] for rate in rates]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--sort", "loss_val"), "unknown name 'loss_val': did you mean"),
        (("--where", "learn_rate=1"), "unknown name 'learn_rate': did you mean learning_rate"),
        (("--where", "val_loss<x"), "val_loss must be compared with a number, got 'x'"),
        (("--limit", "9" * 30), "limit must be >= 1 and <= 9223372036854775807, got 9999"),
        (("--limit", "0"), "limit must be >= 1 and <= 9223372036854775807, got 0"),
    ],
)
def test_a_mistake_ends_with_status_2_and_one_line(store_url, four, words, sentence):
    done = engine("list", *words, url=store_url)
    assert done.returncode == 2 and done.stdout == ""
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_table_shows_what_runs_are_sorted_and_filtered_by(store_url, four, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = engine("list", "--sort", "learning_rate", "--where", "optimizer=adam", url=store_url)
    head, first = done.stdout.splitlines()[:2]
    assert head.split()[-3:] == ["learning", "rate", "optimizer"]
    assert first.split()[0] == str(four[0.01]) and first.split()[-2:] == ["0.01", "adam"]
    assert "[rate] 0.01" in first


def test_damaged_rows_are_listed_and_shown_as_damaged_beside_whole_ones(store, store_url, submitted):
    submitted(name="whole")
    broken = [submitted() for _ in DAMAGES]
    for run_id, (columns, _) in zip(broken, DAMAGES.values(), strict=True):
        damage(store, run_id, **columns)
    assert len(listed(store_url)) == len(broken) + 1
    table = engine("list", url=store_url)
    assert (table.returncode, table.stdout.count("damaged")) == (0, len(broken))
    for run_id, (_, sentence) in zip(broken, DAMAGES.values(), strict=True):
        shown = engine("show", str(run_id), url=store_url)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert f"its row in the store is damaged: {sentence}" in shown.stdout


@pytest.mark.parametrize("words", [("--limit", "3"), ("--limit", "3", "--sort", "val_loss")], ids=str)
def test_a_list_that_is_cut_says_so_beside_its_lines(store_url, four, words):
    assert len(listed(store_url, *words, note="note: 3 of 4 runs; --limit 4 lists all\n")) == 3
    table = engine("list", *words, url=store_url)
    assert table.stderr == "note: 3 of 4 runs; --limit 4 lists all\n" and "note" not in table.stdout


def test_a_list_counts_what_its_conditions_find_and_says_nothing_where_it_is_whole(store_url, four):
    words = ("--where", "learning_rate>=0.02", "--sort", "learning_rate")
    note = "note: 2 of 3 runs; --limit 3 lists all\n"
    assert listed(store_url, *words, "--limit", "2", note=note) == [four[0.02], four[0.1]]
    assert len(listed(store_url, *words, "--limit", "3")) == 3


def test_a_list_without_a_limit_is_cut_at_its_default_and_says_so(store_url, four, store):
    with store.writing() as connection:
        row = dict(connection.execute(runs.select().limit(1)).mappings().one())
        last = max(four.values())
        copies = [{**row, "id": last + number} for number in range(1, listing.LISTED_AT_MOST)]
        connection.execute(runs.insert(), copies)
    total = len(four) + len(copies)
    note = f"note: 1,000 of {total:,} runs; --limit {total} lists all\n"
    assert len(listed(store_url, note=note)) == listing.LISTED_AT_MOST
