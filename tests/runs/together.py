"""How tests claim runs together and look at how they stand; holds no test."""

from engine.runs.catalog import get_run
from engine.runs.lease import claim, new_owner
from engine.runs.siblings import claim_siblings


def take(store):
    """Claim the oldest waiting run and what may be trained beside it."""
    lease = claim(store, new_owner())
    assert lease is not None
    return claim_siblings(store, lease)


def statuses(store, run_ids):
    return [get_run(store, run_id).status for run_id in run_ids]
