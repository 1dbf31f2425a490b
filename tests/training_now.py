"""Training a run of the store in the test's own process; holds no test."""

from engine.store.lease import claim, new_owner
from engine.store.runs import set_speed
from engine.store.store import Store
from engine.workers.session import train_claimed


def train_now(store: Store, run_id: int) -> int:
    """Train a run to its end as fast as it goes, whatever pace it was started with, and return its id."""
    set_speed(store, run_id, None)
    lease = claim(store, new_owner(), run_id)
    assert lease is not None, f"run {run_id} must wait for somebody to train it"
    train_claimed(store, lease)
    return run_id
