"""What the command line does with tables: keep, inspect, predict, baselines."""

import json
import sys
from pathlib import Path

from engine.config import ConfigError, RunConfig
from engine.config.data import TABLE
from engine.data.dataset import Dataset
from engine.data.decoding import BYTES_AT_MOST
from engine.data.inspection import inspect_table
from engine.data.reading import read_table
from engine.data.table import Table
from engine.store.baselines import baselines_of
from engine.store.datasets import dataset_for, predict_file, stored_table
from engine.store.files import keep_file
from engine.store.runs import get_run
from engine.store.store import Store, StoreError


def table_bytes(path: Path) -> bytes:
    """Return the bytes of a CSV file, no more than may be read.

    Raises
    ------
    ConfigError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(BYTES_AT_MOST + 1)
    except OSError as error:
        raise ConfigError(f"csv must be a readable file: {error}") from None


def keep_table(store: Store, path: Path) -> tuple[str, Table]:
    """Read a CSV file and keep it in the store; return its id and what was read."""
    content = table_bytes(path)
    table = read_table(content)
    return keep_file(store, path.name, content), table


def load_dataset_with_findings(store: Store, config: RunConfig, table: Table | None) -> Dataset:
    """Return the data of a configuration; what is suspicious about a table goes to stderr."""
    if config.dataset != TABLE:
        return dataset_for(store, config)
    table = table or stored_table(store, config.table or "")
    dataset = dataset_for(store, config, table)
    for finding in inspect_table(table, config, dataset):
        print(f"{finding.severity}: {finding.sentence}", file=sys.stderr)
    return dataset


def write_predictions(store: Store, run_id: int, path: Path, output: Path) -> None:
    """Write a run's predictions for the rows of a CSV file; notes go to stderr."""
    text, notes = predict_file(store, run_id, table_bytes(path))
    if str(output) == "-":
        sys.stdout.write(text)
    else:
        try:
            output.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise StoreError(f"output cannot be written: {error}") from None
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def print_baselines(store: Store, run_id: int, as_json: bool) -> None:
    """Print the score of a run beside those of simple methods on the same split."""
    row = get_run(store, run_id)
    scores = baselines_of(store, row.dataset_id)
    if as_json:
        print(json.dumps({"run": run_id, "score": row.score_name, "baselines": scores}))
        return
    own = {"val": row.val_score, "test": row.test_score}
    for name, by_split in {f"run {run_id}": own, **scores}.items():
        known = [f"{split} {value:z.4f}" for split, value in by_split.items() if value is not None]
        print(f"{name:<18} {row.score_name}  {'  '.join(known)}")
