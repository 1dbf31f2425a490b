"""Uploaded tables: datasets made of stored files, and predictions for the rows of new ones."""

import csv
import io

import numpy as np

from engine.config import ConfigError
from engine.config.data import TABLE, DataSettings
from engine.data.dataset import Dataset, build_dataset
from engine.data.encoding import Encoding, encode, incomplete, read_as_encoded
from engine.data.reading import read_table
from engine.data.table import Table
from engine.nn.losses import PROBABILITY_LOSSES
from engine.store.checkpoints import latest_checkpoint
from engine.store.files import NoSuchFile, file_content
from engine.store.runs import load_run
from engine.store.store import Store, StoreError
from engine.training.model import predict

NAMED_AT_MOST = 20


def stored_table(store: Store, file_id: str) -> Table:
    """Return a stored CSV file as a table.

    Raises
    ------
    ConfigError
        When the store has no such file, or it cannot be used.
    """
    try:
        return read_table(file_content(store, file_id))
    except NoSuchFile as error:
        raise ConfigError(f"table must name a file of this store, {error}") from None


def dataset_for(store: Store, settings: DataSettings, table: Table | None = None) -> Dataset:
    """Return the dataset that the settings describe; a table that is not given is read from the store.

    Raises
    ------
    ConfigError
        When the store has no such file, or it cannot be used as the settings say.
    """
    if settings.dataset == TABLE and table is None:
        table = stored_table(store, settings.table or "")
    return build_dataset(settings, table)


def predict_file(store: Store, run_id: int, content: bytes) -> tuple[str, tuple[str, ...]]:
    """Return a run's predictions for the rows of a CSV file, as CSV, and sentences on what was special.

    The file is read as strictly as one to train on; it needs the columns that the run was trained on,
    in any order. A text that training never saw counts as none of the known ones. Where rows with empty cells
    were dropped in training, such a row gets an empty prediction.

    Columns: ``row`` (1 is the first below the names), ``prediction`` (a class, or a value in the units of the
    target) and, for classes, ``probability of ...``, or ``score of ...`` for a network
    trained with mse or a loss of one's own. Of several targets each has its ``prediction of ...``.

    Raises
    ------
    NoSuchRun
        When no run has this id.
    ConfigError
        When the file cannot be used.
    StoreError
        When the run has not started yet.
    """
    config, dataset = load_run(store, run_id)
    state, _ = latest_checkpoint(store, run_id)
    if state is None:
        raise StoreError(f"run {run_id} has no checkpoint yet: its training has not started")
    encoding = dataset.columns
    table = read_as_encoded(content, encoding)
    _refuse_missing_columns(run_id, encoding, table)
    x = (encode(encoding, table, np.arange(table.rows)) - dataset.x_mean) / dataset.x_scale
    outputs = predict(config, dataset, state.learned, x)
    left_out = incomplete(encoding, table) if encoding["missing"] == "drop" else np.zeros(len(x), np.bool_)
    notes = list(table.notes)
    if left_out.any():
        notes.append(f"{left_out.sum():,} rows have an empty cell and get no prediction, as in training")
    notes += _unseen(encoding, table)
    return _as_csv(dataset, outputs, left_out, config.loss), tuple(notes)


def _refuse_missing_columns(run_id: int, encoding: Encoding, table: Table) -> None:
    missing = [repr(facts["name"]) for facts in encoding["columns"] if facts["name"] not in table.names]
    if missing:
        more = f" and {len(missing) - NAMED_AT_MOST:,} more" if len(missing) > NAMED_AT_MOST else ""
        noun = "column" if len(missing) == 1 else "columns"
        raise ConfigError(
            f"the file lacks the {noun} {', '.join(missing[:NAMED_AT_MOST])}{more}, which run {run_id} needs"
        )


def _unseen(encoding: Encoding, table: Table) -> list[str]:
    sentences = []
    for facts in encoding["columns"]:
        if facts["kind"] == "text":
            known = {value for value in facts["values"] if value is not None}
            column = table.column(facts["name"])
            new = [code for code, value in enumerate(column.values) if value not in known]
            rows = int(np.isin(column.text_codes, new).sum())
            if rows:
                have = "row has" if rows == 1 else "rows have"
                name = repr(facts["name"])
                sentences.append(f"{rows:,} {have} a value in column {name} that training never saw")
    return sentences


def _as_csv(dataset: Dataset, outputs: np.ndarray, left_out: np.ndarray, loss: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    cells: list[list[object]]
    if dataset.task == "regression":
        names = [f"prediction of {name}" for name in dataset.target_names] or ["prediction"]
        cells = outputs.tolist()
    else:
        numbers = np.column_stack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs
        word = "probability" if loss in PROBABILITY_LOSSES else "score"
        names = ["prediction", *(f"{word} of {name}" for name in dataset.class_names)]
        labels = [dataset.class_names[label] for label in numbers.argmax(axis=1)]
        cells = [[label, *values] for label, values in zip(labels, numbers.tolist(), strict=True)]
    writer.writerow(["row", *names])
    for row, (values, is_out) in enumerate(zip(cells, left_out, strict=True), start=1):
        writer.writerow([row, *([""] * len(names) if is_out else values)])
    return text.getvalue()
