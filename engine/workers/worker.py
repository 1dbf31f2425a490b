"""A worker: claims queued runs one after another and trains them, alone or stacked."""

import os
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress

import psutil
import sqlalchemy as sa

from engine.plugins.loading import refresh_plugins
from engine.store.lease import (
    Lease,
    LeaseLost,
    claim,
    host_name,
    new_owner,
    process_start,
    waits_for_a_worker,
)
from engine.store.runs import get_run
from engine.store.schema import runs, workers
from engine.store.store import RETRY_SECONDS, Store, StoreError, StoreWaits, open_store
from engine.workers.session import train_claimed
from engine.workers.stacked_run import end_run
from engine.workers.stacking import claim_stack

WARM_SECONDS = 600
POLL_SECONDS = 0.05
INSPECT_SECONDS = 1.0
FROZEN_SECONDS = 15.0


def work(store_url: str) -> None:
    """Train what is queued; leave when another worker already waits, or after ten idle minutes."""
    worker = _Worker(open_store(store_url, patience=float("inf")))
    worker.register()
    try:
        worker.serve()
    finally:
        worker.unregister()


class _Worker:
    def __init__(self, store: Store) -> None:
        self.store, self.owner = store, new_owner()
        self.beats: dict[int, tuple[int, float]] = {}
        self.inspected_at, self.idle_since = float("-inf"), time.monotonic()
        self.is_idle = False

    def register(self) -> None:
        pid = os.getpid()
        with self.store.writing() as connection:
            connection.execute(workers.delete().where(workers.c.host == host_name(), workers.c.pid == pid))
            row = {"owner": self.owner, "host": host_name(), "pid": pid, "started_at": time.time()}
            connection.execute(workers.insert().values(**row, process_start=process_start(pid), idle=False))

    def unregister(self) -> None:
        with self.store.writing() as connection:
            connection.execute(workers.delete().where(workers.c.owner == self.owner))

    def serve(self) -> None:
        while True:
            try:
                if not self._serve_once():
                    return
            except StoreWaits as waits:
                self.store.say_waiting(waits)
                time.sleep(RETRY_SECONDS)

    def _serve_once(self) -> bool:
        known = self._known()
        # Whoever deletes a worker's row asks it to take no more runs.
        if all(row.owner != self.owner for row in known):
            return False
        lease = self._next()
        if lease is not None:
            self._set_idle(False)
            self._train(lease)
            self.idle_since = time.monotonic()
        elif time.monotonic() - self.idle_since > WARM_SECONDS or not self._wait_warm(known):
            return not self._leave()
        else:
            time.sleep(POLL_SECONDS)
        return True

    def _known(self) -> Sequence[sa.Row]:
        with self.store.reading() as connection:
            return connection.execute(sa.select(workers)).all()

    def _next(self) -> Lease | None:
        now = time.monotonic()
        if now - self.inspected_at < INSPECT_SECONDS and not self._has_queued():
            return None
        self.inspected_at = now
        return claim(self.store, self.owner, frozen=self._frozen())

    def _has_queued(self) -> bool:
        with self.store.reading() as connection:
            return connection.scalar(sa.select(runs.c.id).where(waits_for_a_worker()).limit(1)) is not None

    def _frozen(self) -> frozenset[int]:
        """Return the runs whose beat has not moved for 15 s of this worker's own clock."""
        now = time.monotonic()
        with self.store.reading() as connection:
            rows = connection.execute(
                sa.select(runs.c.id, runs.c.lease_beat).where(runs.c.status == "running")
            ).all()
        seen = {row.id: (row.lease_beat, now) for row in rows}
        for run_id, (beat, since) in self.beats.items():
            if run_id in seen and seen[run_id][0] == beat:
                seen[run_id] = beat, since
        self.beats = seen
        return frozenset(run_id for run_id, (_, since) in seen.items() if now - since > FROZEN_SECONDS)

    def _train(self, lease: Lease) -> None:
        with suppress(LeaseLost):
            try:
                refused = refresh_plugins()
                missing = get_run(self.store, lease.run_id).missing_plugin if refused else ""
                if missing:
                    not_loaded = " ".join(f"Not loaded: {sentence}." for sentence in refused)
                    end_run(self.store, lease, "failed", message=f"{missing}. {not_loaded}"[:1000])
                else:
                    train_claimed(self.store, claim_stack(self.store, lease))
            except (LeaseLost, StoreWaits):
                raise
            except StoreError as error:
                end_run(self.store, lease, "failed", message=str(error)[:500])
            except Exception as error:  # noqa: BLE001 - whatever becomes of one run, the others go on
                traceback.print_exc()
                end_run(self.store, lease, "failed", message=f"{type(error).__name__}: {error}"[:500])

    def _set_idle(self, idle: bool) -> None:
        if idle == self.is_idle:
            return
        with self.store.writing(durable=False) as connection:
            connection.execute(workers.update().where(workers.c.owner == self.owner).values(idle=idle))
        self.is_idle = idle

    def _wait_warm(self, known: Sequence[sa.Row]) -> bool:
        """Whether to stay: only one idle worker waits for the next run."""
        if any(row.idle and row.owner < self.owner and is_alive(row) for row in known):
            return False
        self._set_idle(True)
        return True

    def _leave(self) -> bool:
        """Delete the own row unless a run came in: looked up and done under one write lock."""
        with self.store.writing() as connection:
            if connection.scalar(sa.select(runs.c.id).where(waits_for_a_worker()).limit(1)) is not None:
                return False
            connection.execute(workers.delete().where(workers.c.owner == self.owner))
        return True


def is_alive(row: sa.Row) -> bool:
    """Tell whether the process of a row of ``workers`` lives; one of another machine counts as alive."""
    if row.host != host_name():
        return True
    started = process_start(row.pid)
    return started is not None and abs(started - row.process_start) < 1 and psutil.pid_exists(row.pid)
