"""What goes wrong around a run never changes its bits, loses a record or ends another run."""

import threading
from contextlib import suppress

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine.config import ConfigError
from engine.store import runs as catalog
from engine.store.checkpoints import latest_checkpoint
from engine.store.interventions import ask_change, copy_changes, read_changes
from engine.store.lease import LeaseLost, claim, write_held
from engine.store.maintenance import READERS_MILLISECONDS, tidy
from engine.store.records import read_series
from engine.store.runs import get_run, list_runs, reopen, request
from engine.store.schema import chunks
from engine.store.store import BUSY_SECONDS, open_store
from engine.training.interventions import weight_change
from engine.training.telemetry import SCALAR_INDEX
from engine.workers import journal, worker
from engine.workers.journal import Journal
from engine.workers.session import train_claimed
from tests.waiting import SECONDS_AT_MOST, WITHOUT_END


class KilledError(BaseException):
    """Stands for a death that no code of ours may handle."""


def held(store, run_id, **options):
    lease = claim(store, "somebody", run_id, **options)
    assert lease is not None
    return lease


def bits(store, run_id):
    state, _ = latest_checkpoint(store, run_id)
    series = read_series(store, run_id)
    scalars = series.scalars.copy()
    scalars[:, SCALAR_INDEX["seconds"]] = 0
    assert state is not None
    return state.theta.tobytes(), scalars.tobytes(), series.layers.tobytes()


def test_a_run_that_is_interrupted_again_and_again_ends_with_the_same_bits(store, submitted):
    settings = {"epochs": 30, "hidden_sizes": [8], "dropout": 0.2, "optimizer": "adam"}
    whole, broken = submitted(**settings), submitted(**settings)
    train_claimed(store, held(store, whole))
    interrupts = 0
    while get_run(store, broken).status != "finished":
        lease, looks = held(store, broken), iter(range(100))
        try:
            train_claimed(store, lease, is_interrupted=lambda looks=looks: next(looks) > 0)
        except KeyboardInterrupt:
            interrupts += 1
            assert get_run(store, broken).message == "stopped by Ctrl-C"
            reopen(store, broken)
    assert interrupts > 1
    assert bits(store, broken) == bits(store, whole)


def test_takeovers_are_counted_only_as_long_as_a_run_makes_no_progress(store, submitted):
    run_id = submitted(**WITHOUT_END)

    def die_after_progress(record):
        if get_run(store, run_id).step > before:
            raise KilledError

    for _ in range(5):
        before = get_run(store, run_id).step
        with pytest.raises(KilledError):
            train_claimed(store, held(store, run_id, frozen=frozenset({run_id})), die_after_progress)
    assert get_run(store, run_id).status == "running"


def test_a_chunk_holds_100_records_at_most_however_fast_the_steps_come(store, submitted):
    run_id = submitted(epochs=800, record_every=1)
    train_claimed(store, held(store, run_id))
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.max(chunks.c.records))) == 100
    assert len(read_series(store, run_id)) == get_run(store, run_id).total_steps + 1


def test_a_full_disk_makes_a_run_wait_and_it_loses_nothing(store, submitted, monkeypatch):
    settings = {"epochs": 200, "hidden_sizes": [40, 40], "record_every": 1}
    whole, waiting = submitted(**settings), submitted(**settings)
    train_claimed(store, held(store, whole))
    lease = held(store, waiting)
    with store.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def fill_up(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {pages + 5}").fetchall()

    def make_room(connection, *_):
        connection.execute("PRAGMA max_page_count = 1000000").fetchall()

    waits, usual = threading.Semaphore(0), Journal.report_waiting

    def report_waiting(journal, reason):
        usual(journal, reason)
        waits.release()

    monkeypatch.setattr(Journal, "report_waiting", report_waiting)
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.05)
    event.listen(store.engine, "checkout", fill_up)
    training = threading.Thread(target=train_claimed, args=(store, lease))
    training.start()
    for _ in range(3):
        assert waits.acquire(timeout=SECONDS_AT_MOST)
    row = get_run(store, waiting)
    assert training.is_alive() and row.status == "running" and row.step < row.total_steps
    event.remove(store.engine, "checkout", fill_up)
    event.listen(store.engine, "checkout", make_room)
    training.join(SECONDS_AT_MOST)
    assert get_run(store, waiting).status == "finished" and get_run(store, waiting).message == ""
    assert bits(store, waiting) == bits(store, whole)


def test_a_reader_that_pins_the_log_is_not_waited_for(store, store_url, submitted):
    submitted()
    pinning = open_store(store_url)
    with pinning.engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM runs").scalar_one()
        submitted()
        text = []
        event.listen(store.engine, "before_cursor_execute", lambda _c, _k, words, *_: text.append(words))
        assert not tidy(store, limit=0)
        place = text.index("PRAGMA wal_checkpoint(TRUNCATE)")
        assert text[place - 1] == f"PRAGMA busy_timeout = {READERS_MILLISECONDS}"
        assert text[place + 1] == f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS}"
        assert READERS_MILLISECONDS < 1000
    pinning.close()
    assert tidy(store, limit=0)


def test_an_error_in_one_run_fails_that_run_and_the_worker_takes_the_next(
    store, store_url, submitted, monkeypatch
):
    broken, healthy = submitted(), submitted()
    real = worker.train_claimed

    def break_the_first(store, leases):
        if leases[0].run_id == broken:
            raise ArithmeticError("no such luck")
        return real(store, leases)

    monkeypatch.setattr(worker, "train_claimed", break_the_first)
    monkeypatch.setattr(worker, "WARM_SECONDS", 0)
    worker.work(store_url)
    assert get_run(store, broken).status == "failed"
    assert get_run(store, broken).message == "ArithmeticError: no such luck"
    assert get_run(store, healthy).status == "finished"


def test_a_stop_asked_of_a_paused_run_that_its_worker_just_left_is_handled(store, store_url, submitted):
    run_id = submitted()
    with store.writing() as connection:
        paused = catalog.runs.update().where(catalog.runs.c.id == run_id)
        connection.execute(paused.values(paused=True, request="stop"))
    lease = held(store, run_id)
    assert train_claimed(store, lease) == "stopped"


def test_a_step_through_the_last_epoch_finishes_the_run(store, submitted):
    run_id = submitted(epochs=1)
    request(store, run_id, "pause")
    request(store, run_id, "step")
    assert train_claimed(store, held(store, run_id)) == "finished"
    assert [row.paused for row in list_runs(store)] == [False]


def test_a_worker_that_was_taken_for_dead_writes_nothing_when_it_wakes_up(store, submitted):
    run_id = submitted(**WITHOUT_END)
    sleeper, seen = held(store, run_id), []

    def fall_asleep_and_lose_the_run(record):
        if record.step > 0 and not seen:
            other = held(store, run_id, frozen=frozenset({run_id}))
            with store.writing() as connection:
                write_held(connection, other, message="taken over")
            seen.append((get_run(store, run_id), len(read_series(store, run_id))))

    with pytest.raises(LeaseLost):
        train_claimed(store, sleeper, fall_asleep_and_lose_the_run)
    assert (get_run(store, run_id), len(read_series(store, run_id))) == seen[0]


def test_a_changed_learning_rate_and_weight_are_kept_repeated_and_survive_every_kill(store, submitted):
    settings = {"epochs": 40, "record_every": 1, "optimizer": "momentum"}
    changed = submitted(**settings)
    wanted = {5: ("learning_rate", "0.3"), 11: ("weight", weight_change(2, 1, 3, -7.5))}

    def request_changes(record):
        if record.step in wanted:
            ask_change(store, changed, *wanted[record.step])

    while get_run(store, changed).status != "finished":
        lease, looks = held(store, changed), iter(range(1000))
        with suppress(KeyboardInterrupt):
            train_claimed(store, lease, request_changes, is_interrupted=lambda looks=looks: next(looks) > 9)
        reopen(store, changed)
    first, second = read_changes(store, changed)[:2]
    assert (first[0].field, first[1], second[0].field) == ("learning_rate", "0.01", "weight")
    repeated, plain = submitted(**settings), submitted(**settings)
    with store.writing() as connection:
        copy_changes(connection, read_changes(store, changed), repeated)
    train_claimed(store, held(store, repeated))
    train_claimed(store, held(store, plain))
    assert bits(store, repeated) == bits(store, changed) != bits(store, plain)
    assert set(read_series(store, changed)["learning_rate"][1:]) == {0.01, 0.3}


@pytest.mark.parametrize(
    ("field", "new", "sentence"),
    [
        ("learning_rate", "-1", "learning_rate must be > 0, got -1.0"),
        ("learning_rate", "fast", "learning_rate must be a number, got 'fast'"),
        ("weight", weight_change(3, 1, 1, 0.0), "weight: layer must be from 1 to 2, got 3"),
        ("weight", weight_change(1, 9, 1, 0.0), "weight: unit must be from 1 to 6 in layer 1, got 9"),
        ("weight", weight_change(1, 1, 3, 0.0), "weight: source must be from 0 to 2 in layer 1, got 3"),
        ("weight", weight_change(1, 1, 1, float("nan")), "weight: value must be a finite number, got nan"),
        ("seed", "3", "only learning_rate and weight can be changed in a run, got seed"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_in_one_sentence(store, submitted, field, new, sentence):
    run_id = submitted()
    with pytest.raises(ConfigError) as refused:
        ask_change(store, run_id, field, new)
    assert str(refused.value) == sentence
    train_claimed(store, held(store, run_id))
    with pytest.raises(ConfigError, match="it is finished"):
        ask_change(store, run_id, "learning_rate", "0.1")
