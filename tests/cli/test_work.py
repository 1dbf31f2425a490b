"""What ``work`` says at its end counts its own runs, and names those of others."""

import json

import pytest

from engine.cli import batch
from engine.cli.main import main
from engine.store.lease import claim, new_owner
from engine.workers import launcher
from engine.workers.queue_status import QueueStatus
from engine.workers.session import train_claimed

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.usefixtures("no_worker_is_left")]


def test_only_what_its_own_workers_trained_is_counted_and_what_others_took_is_said(
    store, store_url, submitted, monkeypatch, capsys
):
    for seed in range(3):
        submitted(seed=seed)
    started = launcher.ensure_workers

    def after_another(url: str, jobs: int) -> int:
        monkeypatch.setattr(batch, "ensure_workers", started)
        lease = claim(store, new_owner())
        assert lease is not None
        train_claimed(store, lease)
        return started(url, jobs)

    monkeypatch.setattr(batch, "ensure_workers", after_another)
    monkeypatch.setattr("sys.argv", ["engine", "work", "--jobs", "1", "--json", "--store", store_url])
    with pytest.raises(SystemExit):
        main()
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["by_others"]) == (2, 1)


def test_what_is_told_at_the_end_names_the_runs_of_others():
    status = QueueStatus(1, 0, (), (1, 2, 3), frozenset(), 0, 0, 0)
    said = "trained 2 runs in 4.0 s, 0.5 runs/s"
    assert batch._End(status, 2, 1, [], 4.0).sentence() == f"{said}; 1 run by other workers"
    assert batch._End(status, 2, 0, [], 4.0).sentence() == said
