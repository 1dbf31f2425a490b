"""A run leaves a stack when more is requested of it than a stack can do; all runs keep their bits."""

import pytest
import sqlalchemy as sa

from engine.store.checkpoints import write_checkpoint
from engine.store.interventions import ask_change, read_changes
from engine.store.lease import Lease
from engine.store.records import read_series
from engine.store.runs import get_run, load_run, reopen, request, set_speed
from engine.store.schema import checkpoints, runs
from engine.training.model import initial_state
from engine.training.trainer import train
from engine.workers.session import train_claimed
from tests.workers.together import in_the_middle, statuses, take, train_one_by_one, what_is_left

pytestmark = pytest.mark.usefixtures("one_core")


def test_a_run_that_leaves_between_two_chunks_takes_its_own_records_with_it(store, seeds, monkeypatch):
    settings = {"epochs": 120, "learning_rate": 0.003}
    train_one_by_one(store, unbroken := seeds(3, **settings))
    ids = seeds(3, **settings)
    with monkeypatch.context() as patched:
        leases = take(store)
        in_the_middle(patched, lambda: request(store, ids[0], "pause"), at=130)
        train_claimed(store, leases)
    left = get_run(store, ids[0])
    assert left.paused and left.step == 130 and len(read_series(store, ids[0])) == 131
    assert statuses(store, ids[1:]) == ["finished"] * 2
    request(store, ids[0], "resume")
    train_one_by_one(store, ids[:1])
    for first, second in zip(unbroken, ids, strict=True):
        assert what_is_left(store, first) == what_is_left(store, second)


def test_runs_with_and_without_their_first_record_are_not_stacked(store, seeds):
    ids = seeds(3)
    first = get_run(store, ids[0])
    config, dataset = load_run(store, ids[0])
    state = initial_state(config, dataset)
    next(train(config, dataset, state))
    with store.writing() as connection:
        write_checkpoint(connection, ids[0], state)
    train_claimed(store, take(store))
    assert first.step == 0 and statuses(store, ids) == ["finished", "queued", "queued"]
    train_claimed(store, take(store))
    assert statuses(store, ids) == ["finished"] * 3


ASKED = {
    "a speed": lambda store, run_id: set_speed(store, run_id, 500.0),
    "a change": lambda store, run_id: ask_change(store, run_id, "learning_rate", "0.5"),
    "one epoch more": lambda store, run_id: request(store, run_id, "step"),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_a_run_of_which_more_is_asked_goes_back_into_the_queue_with_the_request(
    store, seeds, monkeypatch, ask
):
    ids = seeds(3, epochs=30)
    leases = take(store)
    in_the_middle(monkeypatch, lambda: ask(store, ids[1]))
    train_claimed(store, leases)
    left = get_run(store, ids[1])
    assert [get_run(store, run_id).status for run_id in ids[::2]] == ["finished"] * 2
    assert left.status == "queued" and 0 < left.step < left.total_steps and not left.paused
    assert take(store) == [claimed_again(store, ids[1])]
    assert left.request == ("step" if ask is ASKED["one epoch more"] else "")


def claimed_again(store, run_id):
    with store.reading() as connection:
        row = connection.execute(sa.select(runs).where(runs.c.id == run_id)).one()
    return Lease(run_id, row.lease_owner, row.lease_epoch)


def test_a_change_asked_of_one_run_of_a_stack_acts_where_it_left(store, seeds, monkeypatch):
    ids = seeds(3, epochs=30)
    leases = take(store)
    in_the_middle(monkeypatch, lambda: ask_change(store, ids[1], "learning_rate", "0.5"))
    train_claimed(store, leases)
    left_at = get_run(store, ids[1]).step
    train_one_by_one(store, [ids[1]])
    ((change, _),) = read_changes(store, ids[1])
    assert change.step == left_at and get_run(store, ids[1]).status == "finished"


def test_a_run_that_another_process_took_over_is_written_no_more_and_the_others_go_on(
    store, seeds, monkeypatch
):
    ids = seeds(3, epochs=30)
    leases = take(store)

    def take_over():
        with store.writing() as connection:
            mine = runs.update().where(runs.c.id == ids[0])
            connection.execute(mine.values(lease_epoch=runs.c.lease_epoch + 1, step=77_777))

    in_the_middle(monkeypatch, take_over)
    train_claimed(store, leases)
    assert statuses(store, ids) == ["running", "finished", "finished"]
    assert get_run(store, ids[0]).step == 77_777


def test_a_run_whose_checkpoint_is_damaged_leaves_the_stack_and_all_end_as_they_should(store, seeds):
    ids = seeds(3, epochs=30)
    train_one_by_one(store, unbroken := seeds(3, epochs=30))
    with pytest.MonkeyPatch.context() as patched:
        leases = take(store)
        in_the_middle(patched, lambda: [request(store, run_id, "stop") for run_id in ids])
        train_claimed(store, leases)
    for run_id in ids:
        reopen(store, run_id)
    with store.writing() as connection:
        mine = checkpoints.c.run_id == ids[1]
        newest = sa.select(sa.func.max(checkpoints.c.step)).where(mine).scalar_subquery()
        connection.execute(checkpoints.update().where(mine, checkpoints.c.step == newest).values(state=b"x"))
    train_claimed(store, take(store))
    assert statuses(store, ids) == ["finished", "queued", "finished"]
    train_one_by_one(store, [ids[1]])
    for first, second in zip(unbroken, ids, strict=True):
        assert what_is_left(store, first) == what_is_left(store, second)
