"""The command line's groups of seeds: trained one after another under one bar, told as mean ± interval."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from engine.cli_runs import FAILED_STATUSES, INTERRUPTED, TrainingBar, sentence, summary, train_here
from engine.evidence.statistics import mean_interval
from engine.evidence.verdicts import measures
from engine.runs.catalog import get_run, request
from engine.runs.groups import SeedGroup
from engine.runs.row import RunRow
from engine.runs.store import Store


def follow_seeds(store: Store, run_ids: Sequence[int], as_json: bool) -> None:
    """Train runs one after another in this process; leave with status 1 when one failed or diverged.

    After Ctrl-C the run in training and those that wait are stopped; each can be resumed.
    """
    rows = [get_run(store, run_id) for run_id in run_ids]
    with TrainingBar(sum(row.total_steps for row in rows)) as bar:
        for place, row in enumerate(rows):
            bar.begin(f"seed {place + 1} of {len(rows)}")
            try:
                train_here(store, row.id, bar)
            except KeyboardInterrupt:
                bar.close()
                _stop_the_rest(store, run_ids[place:])
    group = SeedGroup(tuple(get_run(store, run_id) for run_id in run_ids))
    if as_json:
        print(json.dumps(_as_json(group)))
    else:
        for row in group.rows:
            print(f"{sentence(row)} (seed {row.config['seed']})")
        print(group_sentence(group))
    failed = [row for row in group.rows if row.status in FAILED_STATUSES]
    for row in failed:
        print(f"run {row.id}: {row.message or row.status}", file=sys.stderr)
    if failed:
        sys.exit(1)


def _stop_the_rest(store: Store, run_ids: Sequence[int]) -> None:
    for run_id in run_ids[1:]:
        request(store, run_id, "stop")
    begun, *waiting = run_ids
    told = f"; runs {', '.join(map(str, waiting))} had not begun" if waiting else ""
    print(f"run {begun} stopped{told}; `resume {begun}` goes on from here", file=sys.stderr)
    sys.exit(INTERRUPTED)


def group_sentence(group: SeedGroup) -> str:
    """Return means over seeds with their 95 % intervals as one line."""
    score = group.rows[0].score_name
    told = []
    for name, measure in measures(score).items():
        interval = mean_interval(list(group.values(measure.field).values()))
        if interval.n:
            told.append(f"{name} {measure.words(interval)}")
    if not told:
        return "no seed finished: there is nothing to average"
    left_out = f"; {_left_out(group.left_out)}" if group.left_out else ""
    return f"mean ± 95 % interval, n = {len(group.counted)}: {', '.join(told)}{left_out}"


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
