"""Fixtures that several test modules share."""

import os

# Before numpy and scikit-learn are loaded, here and in every process that a test starts: tests run side by
# side, and threads that wait for each other on busy cores take ten times the time.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.plugins.loading import FOLDER_VARIABLE, refresh_plugins
from engine.plugins.registry import SOURCES, withdraw
from engine.store.lease import claim, new_owner
from engine.store.runs import get_run
from engine.store.schema import runs, workers
from engine.store.store import Store, open_store
from engine.store.submit import submit, submit_one, with_seeds
from engine.training.telemetry import LAYER_STATISTICS, SCALARS, Column
from engine.workers import session, stacking
from engine.workers.session import train_claimed
from tests.holding import Held
from tests.waiting import end_engines, wait_for

# What somebody keeps in plugins/ is no part of what is tested.
os.environ[FOLDER_VARIABLE] = str(Path(__file__).with_name("no_plugins"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Start half as many more than cores: who drives a browser or a process waits for it at times."""
    mine = getattr(os, "sched_getaffinity", None)
    cores = len(mine(0)) if mine else os.cpu_count() or 1
    return cores + cores // 2


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run tests of one group side by side.

    pytest-xdist 3.8 loses all groups in silence beside pytest 9.2
    (https://github.com/pytest-dev/pytest-xdist/issues/1386); more browsers than meant make pages late.
    """
    if not getattr(session.config.option, "loadgroup", False):
        return
    grouped = [each.nodeid for each in session.items if each.get_closest_marker("xdist_group")]
    if lost := [name for name in grouped if "@" not in name.rpartition("]")[2]]:
        raise pytest.UsageError(f"this pytest-xdist does not group tests, {lost[0]} among others")


@pytest.fixture
def plugin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of plugins; afterwards nothing is left of what was loaded from anywhere."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    yield folder
    monkeypatch.undo()
    refresh_plugins()
    for path in list(SOURCES):
        withdraw(path)


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """URL of a store that does not exist yet."""
    return f"sqlite:///{tmp_path / 'lab.db'}"


@pytest.fixture
def store(store_url: str) -> Store:
    """A new, empty store."""
    return open_store(store_url)


@pytest.fixture
def submitted(store: Store):
    """Submit a run with the given settings to the store and return its id."""

    def submit_settings(name: str = "", **settings: object) -> int:
        config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
        return submit_one(store, config, build_dataset(config), name=name)

    return submit_settings


@pytest.fixture
def trained(store: Store, submitted):
    """Submit a run with the given settings, train it to its end and return its id."""

    def train_settings(name: str = "", **settings: object) -> int:
        run_id = submitted(name=name, **settings)
        if (lease := claim(store, new_owner(), run_id)) is not None:
            train_claimed(store, lease)
        wait_for(lambda: get_run(store, run_id).ended)  # a worker of a page that was left may be quicker
        return run_id

    return train_settings


@pytest.fixture
def columns():
    """Give this program other columns of records, scalars and layer statistics alike, for the test alone.

    ``columns(change)`` takes a function of the columns of this version; ``columns(list)`` brings those back.
    """
    own = [(each, tuple(each)) for each in (SCALARS, LAYER_STATISTICS)]

    def swap(change: Callable[[tuple[Column, ...]], Iterable[Column]]) -> None:
        for each, columns in own:
            each.replace(change(columns))

    yield swap
    swap(list)


@pytest.fixture
def one_core(monkeypatch):
    """The share of a worker does not depend on the machine that runs the tests."""
    monkeypatch.setattr(stacking.os, "cpu_count", lambda: 1)


@pytest.fixture
def seeds(store):
    """Submit a configuration with several seeds and return the ids of the runs."""

    def submit_seeds(count=4, **settings):
        config = parse_config({"samples": 80, "epochs": 4, "hidden_sizes": [6], **settings})
        return submit(store, with_seeds(config, count))

    return submit_seeds


@pytest.fixture
def start_held(store_url: str, tmp_path: Path) -> Iterator[Callable[..., Held]]:
    """Start a command on the store that stands still at a place and step; none is left afterwards."""
    started: list[Held] = []

    def start(place: str, step: int, *arguments: str) -> Held:
        folder = tmp_path / f"held{len(started)}"
        started.append(Held(place, step, folder, *arguments, "--store", store_url))
        return started[-1]

    yield start
    for held in started:
        if held.process.poll() is None:
            held.kill()


@pytest.fixture
def no_worker_is_left(store: Store) -> Iterator[None]:
    """End what trains runs of the store once the test is over."""
    yield
    with store.reading() as connection:
        pids = set(connection.scalars(sa.select(workers.c.pid)))
        pids |= set(connection.scalars(sa.select(runs.c.lease_pid).where(runs.c.status == "running")))
    end_engines(pids)


@pytest.fixture
def polling_always(monkeypatch):
    """What is requested of a run is handled at its next record."""
    monkeypatch.setattr(session, "POLL_SECONDS", -1.0)
    monkeypatch.setattr(session, "POLL_SECONDS_IN_TRAINING", 0.0)
