"""The scores of a run as the command line prints them; must not know how they are computed."""

import json
from collections.abc import Sequence

from engine.analysis.scores import PartScores, Score, scores_by_split
from engine.store.predictions import predictions_of
from engine.store.runs import get_run, load_run
from engine.store.store import Store, StoreError


def print_scores(store: Store, run: int, as_json: bool) -> None:
    """Print the scores of a run on the rows held out.

    Raises
    ------
    StoreError
        When it has no predictions: it was not trained yet, or only its curves were imported.
    """
    row, said = get_run(store, run), predictions_of(store, run)
    if said is None:
        raise StoreError(
            f"run {run} has no predictions: it was not trained yet, or only its curves were imported"
        )
    config, dataset = load_run(store, run)
    by_split = scores_by_split(config, dataset, {"val": said.val, "test": said.test})
    if as_json:
        about = {"run": run, "status": row.status, "step": said.step, "predictions": said.origin}
        print(json.dumps({**about, "scores": by_split}, allow_nan=False))
        return
    print(f"run {run} {row.status}, predictions of step {said.step} ({said.origin})")
    for split, found in by_split.items():
        print(f"{split}, {found['rows']:,} rows")
        for name, score in found["scores"].items():
            print(f"  {name:<18} {_told(score)}")
        if found["parts"]:
            _print_parts(found["parts"])
        if found["confusion"] is not None:
            print("  confusion, rows true, columns decided")
            width = len(str(found["rows"]))
            for counts in found["confusion"]:
                print(f"    {'  '.join(f'{count:>{width}}' for count in counts)}")


def _told(score: Score) -> str:
    return f"not defined: {score['why']}" if score["value"] is None else f"{score['value']:.4f}"


def _print_parts(parts: Sequence[PartScores]) -> None:
    """Print one line a class or output; what is not defined is a dash, and why stands below."""
    names = [repr(part["name"]) for part in parts]
    width = max(map(len, names))
    print(f"  {'':<{width}}  {'rows':>7}  {'  '.join(f'{name:>9}' for name in parts[0]['scores'])}")
    for name, part in zip(names, parts, strict=True):
        values = [score["value"] for score in part["scores"].values()]
        told = "  ".join(f"{'-':>9}" if value is None else f"{value:>9.4f}" for value in values)
        print(f"  {name:<{width}}  {part['rows']:>7,}  {told}")
    for name, part in zip(names, parts, strict=True):
        for score, found in part["scores"].items():
            if found["value"] is None:
                print(f"  {score} of {name} {_told(found)}")
