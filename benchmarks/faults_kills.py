"""Processes that are killed by SIGKILL: workers at any moment, the server, a command with all its workers."""

import asyncio
import subprocess
from contextlib import suppress

import psutil

from benchmarks.browser import Dashboard
from benchmarks.faults_lab import Fault, Lab, settle
from benchmarks.faults_runs import Broken, unbroken
from benchmarks.viewers import watching
from engine.store.runs import set_speed
from tests.holding import Held

# Kills in a row without progress after which a run fails, as it should: from then on nobody takes it over.
KILLS_IN_A_ROW = 3
EPOCHS_A_SECOND = 20.0
# So many runs that two workers have something to share.
SEEDS = 3


def killed_at_random(lab: Lab, times: int) -> int:
    """Kill the worker of a run again and again, each time up to 0.4 s after it took the run."""
    (run_id,) = lab.submit()
    for number in range(times):
        worker = lab.start("worker")
        settle(lambda worker=worker: lab.trains(run_id, worker) or lab.row(run_id).ended, "a worker starts")
        lab.pause(0.4)
        worker.kill()
        worker.wait()
        lab.reopen_given_up(run_id)
        row = lab.row(run_id)
        if row.ended:
            lab.check_end(run_id)
            return number + 1
        if row.status not in ("interrupted", "queued"):
            raise Broken(f"a run whose worker was killed is {row.status}")
        lab.check_beginning(run_id)
    lab.finish(run_id)
    return times


def held_and_killed(lab: Lab, run_id: int, place: str, step: int) -> None:
    """Kill a worker that stands still at a step: between commits, or in one that is written and not done."""
    number = len(lab.logs)
    lab.log()
    held = Held(place, step, lab.folder / f"held{number}", "worker", "--store", lab.url)
    try:
        reached = held.reached()
        before = lab.row(run_id)
        lab.check_beginning(run_id)
    finally:
        held.process.kill()
        out, errors = held.process.communicate()
        lab.logs[number].write_text(out + errors, "utf-8")
    row = lab.row(run_id)
    if row.status != "interrupted":
        raise Broken(f"a run whose worker was killed {place} is {row.status}")
    if row.step != before.step or (place == "in a commit" and row.step >= reached):
        raise Broken(f"a commit that was not done at step {reached} left step {row.step}")
    lab.check_beginning(run_id)


def killed_in_a_commit(lab: Lab, times: int) -> int:
    """Kill at random steps, each time with everything of a commit written and nothing committed."""
    (run_id,) = lab.submit()
    last = unbroken(lab.recipe).step
    for step in sorted(lab.random.sample(range(1, last), times)):
        held_and_killed(lab, run_id, "in a commit", step)
    lab.finish(run_id)
    return times


def killed_late(lab: Lab, times: int) -> int:
    """Kill in the last hundredth of a run: after a commit, in one, and in the one that would end the run."""
    (run_id,) = lab.submit()
    last = unbroken(lab.recipe).step
    early = int(0.99 * last)
    # Each of these shares of the hundredth is later than the one before it.
    for number in range(times):
        place = lab.random.choice(("between commits", "in a commit", "in the last commit"))
        share = (number + lab.random.random()) / (times + 1)
        held_and_killed(lab, run_id, place, early + int(share * (last - early)))
    lab.finish(run_id)
    return times


def killed_with_its_workers(lab: Lab, times: int) -> int:
    """Kill ``work`` and all its workers at once while they train seeds side by side."""
    ids, jobs = lab.submit(2 if lab.is_hasty else SEEDS), "1" if lab.is_hasty else "2"
    for number in range(times):
        command = lab.start("work", "--jobs", jobs)
        before = [lab.row(run_id).step for run_id in ids]

        def moves(command: subprocess.Popen[str] = command, before: list[int] = before) -> bool:
            return command.poll() is not None or [lab.row(run_id).step for run_id in ids] != before

        settle(moves, "`work` trains")
        lab.pause(0.6)
        with suppress(psutil.NoSuchProcess):
            whole = [psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)]
            lab.random.shuffle(whole)
            for each in whole:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        command.wait()
        if all(lab.row(run_id).ended for run_id in ids):
            lab.check_end(*ids)
            return number + 1
    command = lab.start("work", "--jobs", jobs)
    command.wait()
    if command.returncode:
        raise Broken(f"`work` ended with status {command.returncode}: {lab.printed()[-300:]}")
    lab.check_end(*ids)
    return times


def killed_server(lab: Lab, times: int) -> int:
    """Kill the server that shows a run, half of the times with the worker that it started."""
    (run_id,) = lab.submit()
    set_speed(lab.store, run_id, EPOCHS_A_SECOND)
    for _ in range(times):
        with lab.log().open("w") as log:
            server = Dashboard(lab.url, output=log)
            server.start()
            assert server.process is not None
            try:
                asyncio.run(_opened(server.address, run_id))
                settle(lambda: _is_alive(lab.holder(run_id)), "the server starts a worker")
                lab.pause(0.5)
            finally:
                server.process.kill()
                server.process.wait()
        if lab.random.random() < 0.5 and (pid := lab.holder(run_id)) is not None:
            psutil.Process(pid).kill()
            settle(lambda pid=pid: not _is_alive(pid), "a killed worker is gone")
            lab.check_beginning(run_id)
        else:
            step = lab.row(run_id).step
            settle(lambda step=step: lab.row(run_id).step > step, "the run goes on without its server")
    set_speed(lab.store, run_id, None)
    lab.finish(run_id)
    return times


async def _opened(address: str, run_id: int) -> None:
    async with watching(address, "train", f"run={run_id}", 1):
        pass


def _is_alive(pid: int | None) -> bool:
    with suppress(psutil.NoSuchProcess):
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


BITS = "state and records (all columns but `seconds`) have the bits of an unbroken run, no traceback"
KILLS = (
    Fault(
        "worker killed at a random moment",
        f"what it leaves is a beginning of the run; in the end {BITS}",
        killed_at_random,
        small=2,
        full=200,
        together=8,
    ),
    Fault(
        "worker killed in the middle of a commit",
        f"nothing of that commit is there; in the end {BITS}",
        killed_in_a_commit,
        small=1,
        full=60,
        together=KILLS_IN_A_ROW,
    ),
    Fault(
        "worker killed in the last hundredth of a run, also in its last commit",
        f"the run is *interrupted*, never half finished; in the end {BITS}",
        killed_late,
        small=1,
        full=60,
        together=KILLS_IN_A_ROW,
    ),
    Fault(
        "`work` killed with all its workers, which train seeds side by side",
        f"the next `work` ends with status 0; of every seed {BITS}",
        killed_with_its_workers,
        small=1,
        full=50,
        together=KILLS_IN_A_ROW,
    ),
    Fault(
        "server killed while it shows a run, half of the times with the run's worker",
        f"the run goes on alone, or the next server has it taken up; in the end {BITS}",
        killed_server,
        small=1,
        full=50,
        together=5,
    ),
)
