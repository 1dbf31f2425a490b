"""What takes longer than an hour by its estimate is asked about once; without a terminal it needs --yes."""

import json

import pytest

from engine.cli import asking
from engine.store.runs import count_runs
from engine.training.estimates import rough_duration
from tests.command_line import engine

LONG = ("--samples", "1000", "--batch-size", "1", "--validation-fraction", "0.5", "--epochs", "1000000")
GRID = {"base": {"samples": 1000, "batch_size": 1, "epochs": 1_000_000}}


class Terminal:
    """Stands for a terminal at which somebody answers."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@pytest.fixture
def grid(tmp_path):
    """A grid of one long run."""
    path = tmp_path / "grid.json"
    path.write_text(json.dumps(GRID), "utf-8")
    return str(path)


@pytest.mark.parametrize("words", [LONG, (*LONG, "--seeds", "3")])
def test_a_long_training_without_a_terminal_is_refused_in_one_line_and_nothing_is_stored(
    store, store_url, words
):
    done = engine("train", *words, url=store_url)
    assert (done.returncode, count_runs(store)) == (2, 0)
    assert done.stderr.startswith("error: the training takes about ") and done.stderr.count("\n") == 1
    assert done.stderr.endswith("of one core by its estimate; use --yes to start it anyway\n")


def test_what_only_waits_in_the_queue_goes_there_unasked_where_nobody_can_answer(store, store_url, grid):
    done = engine("queue", grid, url=store_url)
    assert (done.returncode, done.stderr, count_runs(store)) == (0, "", 1)
    assert " days of one core" in done.stdout or " hours of one core" in done.stdout


def test_yes_and_a_dry_run_are_not_asked(store, store_url, grid):
    assert engine("queue", grid, "--dry-run", url=store_url).returncode == 0
    assert count_runs(store) == 0
    assert engine("queue", grid, "--yes", url=store_url).returncode == 0
    assert count_runs(store) == 1


@pytest.mark.parametrize(("answer", "status", "runs"), [(True, 0, 1), (False, 130, 0)])
def test_at_a_terminal_it_is_asked_once(store, store_url, grid, monkeypatch, answer, status, runs):
    asked = []

    def confirm(text, **options):
        asked.append(text)
        if not answer:
            raise asking.typer.Abort

    monkeypatch.setattr(asking.sys, "stdin", Terminal())
    monkeypatch.setattr(asking.typer, "confirm", confirm)
    assert engine("queue", grid, url=store_url).returncode == status
    assert (len(asked), count_runs(store)) == (1, runs)
    assert asked[0].startswith("The training takes about ") and asked[0].endswith("estimate. Start it?")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (100, "100 s"), (3600, "60 minutes"), (86400, "24 hours"), (1e12, "31,710 years")],
)
def test_a_time_span_is_rough(seconds, text):
    assert rough_duration(seconds) == text
