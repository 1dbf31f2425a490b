"""How tests claim stacked runs, act upon them and compare what they leave in the store."""

import sqlalchemy as sa

from engine.store.checkpoints import latest_checkpoint
from engine.store.lease import claim, new_owner
from engine.store.predictions import stored_predictions
from engine.store.records import read_series
from engine.store.runs import get_run
from engine.store.schema import runs
from engine.store.snapshots import read_snapshots
from engine.training.telemetry import SCALAR_INDEX
from engine.workers import journal as journal_module
from engine.workers import session
from engine.workers.journal import Journal
from engine.workers.session import train_claimed
from engine.workers.stacking import claim_stack

COLUMNS = [runs.c[name] for name in ("status", "message", "step", "best_val_loss", "best_step", "paused")]
COLUMNS += [runs.c[f"{split}_{what}"] for split in ("train", "val", "test") for what in ("loss", "score")]


def take(store):
    """Claim the oldest waiting run and those that are stacked with it."""
    lease = claim(store, new_owner())
    assert lease is not None
    return claim_stack(store, lease)


def statuses(store, run_ids):
    return [get_run(store, run_id).status for run_id in run_ids]


def train_one_by_one(store, run_ids):
    for run_id in run_ids:
        lease = claim(store, new_owner(), run_id)
        assert lease is not None
        train_claimed(store, lease)


def what_is_left(store, run_id):
    """Return all that a run leaves in the store, but for times and who trained it."""
    with store.reading() as connection:
        row = connection.execute(sa.select(*COLUMNS).where(runs.c.id == run_id)).one()
    series, state = read_series(store, run_id), latest_checkpoint(store, run_id)[0]
    assert state is not None
    series.scalars[:, SCALAR_INDEX["seconds"]] = state.seconds = 0.0
    snapshots = {
        step: [array.tobytes() for array in arrays.values()]
        for step, arrays in read_snapshots(store, run_id).items()
    }
    recorded = series.scalars.tobytes() + series.measured.tobytes() + series.layers.tobytes()
    return tuple(row), recorded, state.to_bytes(), snapshots, stored_predictions(store, run_id)


def poll_at_once(monkeypatch):
    """Let a session ask the store between any two yields of the training loop."""
    monkeypatch.setattr(session, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(session, "POLL_SECONDS_IN_TRAINING", 0.0)


def in_the_middle(monkeypatch, act, at=2):
    """Let something happen when the stack commits for the second time, or for the time that is named."""
    commits, usual = [], Journal.commit

    def commit(journal, *updates):
        usual(journal, *updates)
        commits.append(journal)
        if len(commits) == at:
            act()

    monkeypatch.setattr(Journal, "commit", commit)
    monkeypatch.setattr(journal_module, "FIRST_COMMIT_SECONDS", 0)
    monkeypatch.setattr(journal_module, "pause_after", lambda took, worked: 0)
    poll_at_once(monkeypatch)
