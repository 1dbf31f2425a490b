"""A run's settings say how many threads its matrix products have, and so does its fingerprint."""

import os

from threadpoolctl import threadpool_info

from engine.config import parse_config
from engine.store.fingerprint import fingerprint, fingerprint_of
from engine.store.lease import claim, new_owner
from engine.store.runs import get_run
from engine.store.submit import submit, with_seeds
from engine.training.trainer import Training
from engine.workers.session import train_claimed
from tests.workers.together import statuses, take

ROOM_FOR_TWO = (os.cpu_count() or 1) >= 2


def threads_of_blas():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def threads_while(store, run_id):
    """Train a run; return the threads that BLAS had while it went on."""
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    seen = set()
    assert train_claimed(store, lease, lambda record: seen.update(threads_of_blas())) == "finished"
    return seen


def test_each_run_has_its_own_number_of_threads_and_the_process_its_own_afterwards(store, submitted):
    before = threads_of_blas()
    several = threads_while(store, submitted(blas_threads=2))
    assert several == ({2} if ROOM_FOR_TWO else {1})
    assert threads_while(store, submitted()) == {1}
    assert threads_of_blas() == before


def test_a_stack_has_the_threads_of_its_runs_and_the_process_its_own_afterwards(store, monkeypatch, one_core):
    before, seen, advance = threads_of_blas(), set(), Training.advance

    def watched(training):
        seen.update(threads_of_blas())
        return advance(training)

    monkeypatch.setattr(Training, "advance", watched)
    config = parse_config({"blas_threads": 2, "epochs": 3, "samples": 60, "hidden_sizes": [4]})
    run_ids = submit(store, with_seeds(config, 4))
    leases = take(store)
    assert len(leases) == 4
    train_claimed(store, leases)
    assert statuses(store, run_ids) == ["finished"] * 4
    assert seen == ({2} if ROOM_FOR_TWO else {1})
    assert threads_of_blas() == before


def test_the_fingerprint_of_a_run_names_its_threads_and_that_of_an_old_one_names_one(store, submitted):
    run_id = submitted(blas_threads=2)
    threads_while(store, run_id)
    assert " threads=2 " in get_run(store, run_id).fingerprint
    assert " threads=1 " in fingerprint()
    assert fingerprint_of({"activation": "tanh"}) == fingerprint_of(parse_config({}).model_dump())
