"""What a small run in a queue waits for: two transactions, one of them durable, and no second decoding."""

from sqlalchemy import event

from engine.store import loading
from engine.store.lease import claim, new_owner
from engine.store.records import read_series
from engine.store.runs import get_run
from engine.workers.session import train_claimed


def statements_of(store, action):
    """Return what a store is asked while ``action`` runs."""
    statements = []
    keep = lambda _connection, _cursor, statement, *_: statements.append(statement)  # noqa: E731
    event.listen(store.engine, "before_cursor_execute", keep)
    try:
        action()
    finally:
        event.remove(store.engine, "before_cursor_execute", keep)
    return statements


def trained(store, run_id):
    lease = claim(store, new_owner(), run_id)
    assert lease is not None
    return train_claimed(store, lease)


def test_a_run_that_is_over_at_once_takes_two_transactions_and_waits_once_for_the_disk(
    store, submitted, monkeypatch
):
    monkeypatch.setattr("engine.workers.journal.FIRST_COMMIT_SECONDS", 1000)
    run_id = submitted()
    statements = statements_of(store, lambda: trained(store, run_id))
    assert statements.count("BEGIN IMMEDIATE") == 2
    assert (
        statements.count("PRAGMA synchronous = NORMAL") == statements.count("PRAGMA synchronous = FULL") == 1
    )
    assert get_run(store, run_id).status == "finished"
    assert len(read_series(store, run_id)) == get_run(store, run_id).total_steps + 1


def test_after_a_transaction_that_may_be_lost_the_connection_waits_for_the_disk_again(store):
    with store.writing(durable=False) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    with store.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_the_oldest_run_that_waits_is_claimed_and_the_rest_of_the_queue_is_not_read(store, submitted):
    first, *_ = [submitted(seed=seed) for seed in range(5)]
    statements = statements_of(store, lambda: claim(store, new_owner(), first))
    queued = [each for each in statements if "'queued'" in each or "runs.status = ?" in each]
    assert any("LIMIT" in each for each in queued)
    second = claim(store, new_owner())
    assert second is not None and second.run_id == first + 1


def test_runs_on_the_same_data_decode_it_once(store, submitted, monkeypatch):
    loading.DATASETS.clear()
    loaded = []
    usual = loading.load_dataset
    monkeypatch.setattr(loading, "load_dataset", lambda *of: loaded.append(of) or usual(*of))
    for settings in ({"seed": 0}, {"seed": 1}, {"data_seed": 1}, {"data_seed": 1, "seed": 1}):
        assert trained(store, submitted(**settings)) == "finished"
    assert len(loaded) == 2
    loading.DATASETS.clear()
