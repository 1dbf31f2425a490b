"""Several seeds on the command line: trained together under one bar, printed as mean ± interval."""

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from engine.analysis.statistics import mean_interval
from engine.analysis.verdicts import measures
from engine.cli.options import named_runs
from engine.cli.runs import (
    INTERRUPTED,
    TrainingBar,
    noting_ctrl_c,
    sentence,
    summary,
    train_here,
)
from engine.store.groups import SeedGroup
from engine.store.lease import LeaseLost, claim, new_owner
from engine.store.row import FAILED, RunRow
from engine.store.runs import get_run, load_run, request
from engine.store.store import Store
from engine.training.stack import most_together
from engine.workers.session import train_claimed


def follow_seeds(store: Store, run_ids: Sequence[int], as_json: bool) -> None:
    """Train runs in this process, together where that is faster.

    Leaves with status 1 when one failed or diverged.

    After Ctrl-C the runs in training and those that wait are stopped; each can be resumed.
    """
    store.patience = float("inf")
    together = most_together(*load_run(store, run_ids[0]))
    with TrainingBar(sum(get_run(store, run_id).total_steps for run_id in run_ids)) as bar:
        for first in range(0, len(run_ids), together):
            part = run_ids[first : first + together]
            last = f" to {first + len(part)}" if len(part) > 1 else ""
            bar.begin(f"seed {first + 1}{last} of {len(run_ids)}")
            try:
                _train_part(store, part, bar)
            except KeyboardInterrupt:
                bar.close()
                _stop_the_rest(store, part, run_ids[first + len(part) :])
    group = SeedGroup(tuple(get_run(store, run_id) for run_id in run_ids))
    if as_json:
        print(json.dumps(_as_json(group)))
    else:
        for row in group.rows:
            print(f"{sentence(row)} (seed {row.config['seed']})")
        print(group_sentence(group))
    failed = [row for row in group.rows if row.status in FAILED]
    for row in failed:
        print(f"run {row.id}: {row.message or row.status}", file=sys.stderr)
    if failed:
        sys.exit(1)


def _train_part(store: Store, run_ids: Sequence[int], bar: TrainingBar) -> None:
    """Train runs together, then each by itself that needs what a stack cannot do.

    One that was paused meanwhile stays in the queue: a worker takes it once it is resumed.
    """
    alone = list(run_ids)
    if len(run_ids) > 1:
        owner = new_owner()
        claimed = [claim(store, owner, run_id, even_paused=True) for run_id in run_ids]
        leases = [lease for lease in claimed if lease is not None]
        with noting_ctrl_c() as is_interrupted, suppress(LeaseLost):
            train_claimed(
                store,
                leases,
                lambda record: bar.advance_together(record, len(leases)),
                is_interrupted=is_interrupted,
            )
        if is_interrupted():
            raise KeyboardInterrupt
        rows = [get_run(store, run_id) for run_id in run_ids]
        alone = [row.id for row in rows if not row.ended and not row.paused]
        for row in rows:
            if row.id not in alone:
                bar.end(row)
    for run_id in alone:
        train_here(store, run_id, bar)


def _stop_the_rest(store: Store, part: Sequence[int], waiting: Sequence[int]) -> None:
    """Stop what Ctrl-C left, and print which of the runs in training ``resume`` continues."""
    for run_id in (*part, *waiting):
        request(store, run_id, "stop")
    stopped = [row.id for row in (get_run(store, run_id) for run_id in part) if row.status == "stopped"]
    parts = [f"{named_runs(stopped)} stopped"] if stopped else []
    if waiting:
        parts.append(f"{named_runs(waiting)} not started")
    if stopped:
        others = ", likewise the others" if len(stopped) > 1 else ""
        parts.append(f"`resume {stopped[0]}` continues it{others}")
    print("; ".join(parts), file=sys.stderr)
    sys.exit(INTERRUPTED)


def group_sentence(group: SeedGroup) -> str:
    """Return means over seeds with their 95 % intervals as one line."""
    score = group.rows[0].score_name
    parts = []
    for name, measure in measures(score).items():
        interval = mean_interval(list(group.values(measure.field).values()))
        if interval.n:
            parts.append(f"{name} {measure.format(interval)}")
    if not parts:
        return "no seed finished: there is nothing to average"
    left_out = f"; {_left_out(group.left_out)}" if group.left_out else ""
    return f"mean ± 95 % interval, n = {len(group.counted)}: {', '.join(parts)}{left_out}"


def _left_out(rows: Sequence[RunRow]) -> str:
    return "left out: " + ", ".join(f"run {row.id} ({row.status})" for row in rows)


def _as_json(group: SeedGroup) -> dict[str, Any]:
    means, score = {}, group.rows[0].score_name
    for measure in measures(score).values():
        interval = mean_interval(list(group.values(measure.field).values()))
        if interval.n:
            half = None if interval.half != interval.half else interval.half
            means[measure.field.replace("score", score)] = {
                "mean": interval.mean,
                "half_width": half,
                "n": interval.n,
            }
    return {
        "group": group.rows[0].group_id,
        "runs": [summary(row) for row in group.rows],
        "means": means,
        "left_out": [row.id for row in group.left_out],
    }
