"""The scores of a run as the command line prints them."""

import json
from collections.abc import Sequence

from engine.analysis.scores import PartScores, Score, scores_by_split
from engine.store.predictions import predictions_of
from engine.store.runs import get_run, load_run
from engine.store.store import Store, StoreError


def print_scores(store: Store, run: int, as_json: bool) -> None:
    """Print the scores of a run on its held-out rows.

    Raises
    ------
    StoreError
        When it has no predictions: it is not trained yet, or only its curves were imported.
    """
    row, found = get_run(store, run), predictions_of(store, run)
    if found is None:
        raise StoreError(
            f"run {run} has no predictions: it is not trained yet, or only its curves were imported"
        )
    config, dataset = load_run(store, run)
    by_split = scores_by_split(config, dataset, {"val": found.val, "test": found.test})
    if as_json:
        about = {"run": run, "status": row.status, "step": found.step, "predictions": found.origin}
        print(json.dumps({**about, "scores": by_split}, allow_nan=False))
        return
    print(f"run {run} {row.status}, predictions of step {found.step} ({found.origin})")
    for split, part in by_split.items():
        print(f"{split}, {part['rows']:,} rows")
        for name, score in part["scores"].items():
            print(f"  {name:<18} {_value(score)}")
        if part["parts"]:
            _print_parts(part["parts"])
        if part["confusion"] is not None:
            print("  confusion matrix (rows: true, columns: predicted)")
            width = len(str(part["rows"]))
            for counts in part["confusion"]:
                print(f"    {'  '.join(f'{count:>{width}}' for count in counts)}")


def _value(score: Score) -> str:
    return f"not defined: {score['why']}" if score["value"] is None else f"{score['value']:z.4f}"


def _print_parts(parts: Sequence[PartScores]) -> None:
    """Print one line a class or output; what is not defined is a dash, explained below."""
    names = [repr(part["name"]) for part in parts]
    width = max(map(len, names))
    print(f"  {'':<{width}}  {'rows':>7}  {'  '.join(f'{name:>9}' for name in parts[0]['scores'])}")
    for name, part in zip(names, parts, strict=True):
        values = [score["value"] for score in part["scores"].values()]
        line = "  ".join(f"{'-':>9}" if value is None else f"{value:>z9.4f}" for value in values)
        print(f"  {name:<{width}}  {part['rows']:>7,}  {line}")
    for name, part in zip(names, parts, strict=True):
        for score, found in part["scores"].items():
            if found["value"] is None:
                print(f"  {score} of {name} {_value(found)}")
