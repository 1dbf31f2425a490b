"""A full disk and a lock that others hold are waited for, said without a write, and name the path."""

import logging
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from engine.store import standstill
from engine.store import store as store_module
from engine.store.maintenance import tidy
from engine.store.schema import maintenance
from engine.store.standstill import why_not_writable
from engine.store.store import Store, StoreWaits, open_store
from engine.workers import journal as journal_module
from engine.workers import launcher
from engine.workers.journal import Journal
from tests.command_line import engine

SMALL = ("--samples", "80", "--epochs", "4", "--hidden-sizes", "6")


@pytest.fixture
def other(store, monkeypatch):
    """Another program's connection to the store; whoever waits hears of a lock at once."""
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(store_module, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.0)
    with closing(sqlite3.connect(store.place, isolation_level=None)) as connection:
        yield connection


@pytest.fixture(autouse=True)
def nobody_has_silenced_it(monkeypatch):
    """What another test's library disabled is heard here."""
    monkeypatch.setattr(logging.getLogger("backprop_lab"), "disabled", False)


def said(caplog):
    return [each.getMessage() for each in caplog.records if each.name == "backprop_lab"]


def held_sentence(store):
    return f"another process holds the write lock of the store {store.place}"


def full_disk(*_):
    raise OperationalError("INSERT", {}, Exception("database or disk is full"))


def test_a_write_is_refused_with_the_path_once_patience_is_over(store, store_url, other):
    other.execute("BEGIN IMMEDIATE")
    impatient = open_store(store_url, patience=0.0)
    with pytest.raises(StoreWaits) as refused, impatient.writing():
        pass
    assert str(refused.value) == held_sentence(store)


def test_a_write_goes_on_by_itself_once_the_lock_is_free_and_said_so_meanwhile(
    store, store_url, other, monkeypatch, caplog
):
    other.execute("BEGIN IMMEDIATE")
    patient, usual = open_store(store_url, patience=float("inf")), Store.say_waiting

    def say_and_release(self, waits):
        usual(self, waits)
        usual(self, waits)
        other.execute("ROLLBACK")

    monkeypatch.setattr(Store, "say_waiting", say_and_release)
    with patient.writing() as connection:
        connection.execute(sa.text("UPDATE runs SET name = ''"))
    assert said(caplog) == [f"waiting: {held_sentence(store)}; it goes on by itself"]


def test_train_waits_for_a_lock_that_others_take_meanwhile_and_ends_as_ever(
    store, store_url, other, monkeypatch, caplog
):
    usual_add, usual_say, taken = Journal.add, Store.say_waiting, []

    def add(self, record):
        usual_add(self, record)
        if not taken:
            taken.append(other.execute("BEGIN IMMEDIATE"))

    def say_and_release(self, waits):
        usual_say(self, waits)
        if other.in_transaction:
            other.execute("ROLLBACK")

    monkeypatch.setattr(Journal, "add", add)
    monkeypatch.setattr(Store, "say_waiting", say_and_release)
    done = engine("train", *SMALL, url=store_url)
    assert (done.returncode, taken != []) == (0, True) and "run 1 finished" in done.stdout
    assert said(caplog) == [f"waiting: {held_sentence(store)}; it goes on by itself"]


def test_train_waits_for_room_on_a_full_disk_and_ends_as_ever(store, store_url, other, monkeypatch, caplog):
    usual, failed = journal_module.write_tails, []

    def full_at_first(connection, tails):
        if len(failed) < 3:
            failed.append(tails)
            full_disk()
        return usual(connection, tails)

    monkeypatch.setattr(journal_module, "write_tails", full_at_first)
    done = engine("train", *SMALL, url=store_url)
    assert (done.returncode, len(failed)) == (0, 3) and "run 1 finished" in done.stdout
    assert said(caplog) == [f"waiting: the disk of the store {store.place} is full; it goes on by itself"]


@pytest.mark.parametrize("place", ["engine.store.submit.insert_runs", "engine.store.lease.hold_all"])
def test_a_run_that_cannot_begin_on_a_full_disk_is_refused_in_one_line(store, store_url, monkeypatch, place):
    monkeypatch.setattr(place, full_disk)
    done = engine("train", *SMALL, url=store_url)
    assert (done.returncode, done.stderr) == (2, f"error: the disk of the store {store.place} is full\n")


def test_an_error_that_is_no_fault_of_the_store_stays_what_it_is(store):
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(sa.text("INSERT INTO schema_version VALUES (4, 'x', 0), (4, 'x', 0)"))


def test_who_only_looks_on_finds_out_about_a_lock_and_a_full_disk(store, other, monkeypatch):
    assert why_not_writable(store) == ""
    other.execute("BEGIN IMMEDIATE")
    assert why_not_writable(store) == held_sentence(store)
    other.execute("ROLLBACK")
    assert why_not_writable(store) == ""
    monkeypatch.setattr(
        standstill, "shutil", SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=1000))
    )
    assert why_not_writable(store) == f"the disk of the store {store.place} is full"


def test_no_worker_is_started_while_the_store_is_locked(store, store_url, other, submitted, monkeypatch):
    submitted()
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(launcher, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(launcher, "_failures", [])
    assert launcher.ensure_workers(store_url) == 0


def test_a_lease_on_maintenance_that_a_full_disk_left_behind_is_taken_again(store, submitted, monkeypatch):
    submitted()
    usual = maintenance.delete
    monkeypatch.setattr(maintenance, "delete", full_disk)
    with pytest.raises(StoreWaits):
        tidy(store, limit=0)
    monkeypatch.setattr(maintenance, "delete", usual)
    submitted()
    assert tidy(store, limit=0)
