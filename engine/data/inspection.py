"""What is suspicious about a table, in sentences, before anything is trained on it."""

from dataclasses import dataclass

import numpy as np

from engine.config.data import DataSettings
from engine.config.errors import shown
from engine.config.resolve import learns_standardized
from engine.data.columns import (
    CATEGORIES_AT_MOST,
    Target,
    chosen_columns,
    is_id_like,
    target_names,
    targets_of,
    unusable,
    usable_rows,
)
from engine.data.dataset import Dataset
from engine.data.table import Column, Table

ALMOST_ALL = 0.999
INFORMATION_OF_A_COPY = 0.97
MAJORITY_TO_WARN, RARE_ROWS = 0.9, 10
UNUSUAL_SCALE = 1e3
GROUPS = 50
WARNING, NOTE = "warning", "note"


@dataclass(frozen=True)
class Finding:
    """One thing to know before the training starts.

    Attributes
    ----------
    kind : str
        ``leak``, ``id``, ``duplicates``, ``imbalance``, ``scale``, ``constant``, ``categories``, ``missing``,
        ``text``, ``header``, ``target`` or ``reading``.
    severity : str
        ``warning`` for what spoils scores, ``note`` for what was decided.
    sentence : str
        What was found, with its evidence in numbers.
    column : str
        Empty when it is about the whole table.
    """

    kind: str
    severity: str
    sentence: str
    column: str = ""


def inspect_table(table: Table, settings: DataSettings, dataset: Dataset | None = None) -> list[Finding]:
    """Return what is worth knowing about a table as the settings use it, warnings first.

    Parameters
    ----------
    table : Table
    settings : DataSettings
        With a target.
    dataset : Dataset, optional
        What the settings make of the table; with it, rows on both sides of the split are found.

    Raises
    ------
    TableError
        When the settings do not fit the table.
    """
    target = targets_of(table, settings)
    chosen = chosen_columns(table, settings)
    rows = usable_rows(chosen, target, settings.missing)
    found = [
        *_of_the_target(table, settings, target, rows),
        *_of_the_columns(table, settings, chosen),
        *_leaks(chosen, target, target_names(settings), rows),
        *_of_the_reading(table, chosen, settings, rows),
    ]
    if dataset is not None:
        found += duplicates(dataset)
    return sorted(found, key=lambda finding: finding.severity != WARNING)


def _of_the_target(table: Table, settings: DataSettings, target: Target, rows: np.ndarray) -> list[Finding]:
    names = target_names(settings)
    name = names[0]
    found = [Finding("target", NOTE, f"target {target.reason}", name)]
    without = int((~target.known).sum())
    if without:
        lack = "no target" if len(names) == 1 else "an empty cell in a target"
        found.append(Finding("missing", NOTE, f"{without:,} rows have {lack} and are skipped", name))
    y = target.y[rows]
    if target.classes:
        counts = np.bincount(y, minlength=len(target.classes))
        largest, share = shown(target.classes[counts.argmax()]), counts.max() / counts.sum()
        if share >= MAJORITY_TO_WARN:
            sentence = (
                f"{100 * share:.1f} % of the rows are of class {largest}: always predicting it "
                f"already scores {100 * share:.1f} %, compare accuracy with that"
            )
            found.append(Finding("imbalance", WARNING, sentence, name))
        rare = [shown(target.classes[i]) for i in np.flatnonzero((counts > 0) & (counts < RARE_ROWS))]
        if rare:
            sentence = f"{len(rare)} classes have fewer than {RARE_ROWS} rows: {', '.join(rare[:5])}"
            found.append(Finding("imbalance", WARNING, sentence, name))
        return found
    for name, values in zip(names, y.T, strict=True):
        size = max(float(np.abs(values).mean()), float(values.std()))
        if size > UNUSUAL_SCALE or size < 1 / UNUSUAL_SCALE:
            way = "it is standardised for training; losses are in squared standard deviations, predictions"
            if not learns_standardized(settings):
                way = "it is not standardised, so few learning rates work; losses and predictions are"
            sentence = f"target {shown(name)} is about {size:.2g} in size: {way} in its own units"
            found.append(Finding("scale", NOTE, sentence, name))
    return found


def _of_the_columns(table: Table, settings: DataSettings, chosen: tuple[Column, ...]) -> list[Finding]:
    found = []
    names = {column.name for column in chosen}
    for column in table.columns:
        if column.name in target_names(settings):
            continue
        name, is_used = shown(column.name), column.name in names
        reason = unusable(column)
        consequence = "it is used anyway" if is_used else "it is skipped"
        if column.example:
            cell = f"{shown(column.example)}, one of the few cells that are not numbers"
            sentence = f"column {name} is read as text because of {cell}"
            found.append(Finding("text", WARNING, sentence, column.name))
        if reason in ("constant", "empty"):
            sentence = f"column {name} is {reason}: {consequence}"
            found.append(Finding("constant", NOTE, sentence, column.name))
        elif is_id_like(column):
            sentence = f"column {name} looks like {reason} (nearly all values are distinct): {consequence}"
            found.append(Finding("id", WARNING, sentence, column.name))
        elif reason:
            kept = f"only its {CATEGORIES_AT_MOST} most frequent values are used" if is_used else consequence
            sentence = f"column {name} is {reason}, at most {CATEGORIES_AT_MOST} become features: {kept}"
            found.append(Finding("categories", WARNING, sentence, column.name))
    if all(_is_number(name) for name in table.names):
        found.append(
            Finding("header", WARNING, "the header row holds only numbers: are the column names missing?")
        )
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _of_the_reading(
    table: Table, chosen: tuple[Column, ...], settings: DataSettings, rows: np.ndarray
) -> list[Finding]:
    found = [Finding("reading", NOTE, note) for note in table.notes]
    gaps = [(column.name, int(column.missing.sum())) for column in chosen]
    gaps = sorted(((name, count) for name, count in gaps if count), key=lambda gap: -gap[1])
    if gaps:
        most = ", ".join(f"{shown(name)} ({count:,})" for name, count in gaps[:5])
        total = sum(count for _, count in gaps)
        way = (
            "they are imputed"
            if settings.missing == "impute"
            else f"{len(rows):,} rows are left without them"
        )
        sentence = f"{total:,} cells are empty, {way}; by column: {most}"
        found.append(Finding("missing", NOTE, sentence))
    return found


def _leaks(
    chosen: tuple[Column, ...], target: Target, names: tuple[str, ...], rows: np.ndarray
) -> list[Finding]:
    found = []
    outputs = [target.y] if target.classes else list(target.y.T)
    for column in chosen:
        for name, y in zip(names, outputs, strict=True):
            evidence = _copy_evidence(column, y, bool(target.classes), rows)
            if evidence:
                copied = "the target" if len(names) == 1 else f"target {shown(name)}"
                sentence = (
                    f"column {shown(column.name)} is almost identical to {copied} ({evidence}): probably "
                    "leakage. Leave it out unless you know it when you predict"
                )
                found.append(Finding("leak", WARNING, sentence, column.name))
    return found


def _copy_evidence(column: Column, y: np.ndarray, is_classes: bool, rows: np.ndarray) -> str:
    """Return in words how well a column alone predicts a target; empty unless it is nearly everything."""
    rows = rows[~column.missing[rows]]
    if len(rows) < 20 or column.different() < 2:
        return ""
    y = y[rows]
    if column.numbers is None:
        groups = column.text_codes[rows].astype(np.int64)
        if len(np.unique(groups)) > len(rows) / 10:
            return ""
    elif not is_classes:
        correlation = abs(_correlation(_ranks(column.numbers[rows]), _ranks(y)))
        return f"rank correlation {correlation:.4f}" if correlation >= ALMOST_ALL else ""
    elif len(np.unique(y)) == 2:
        area = _area(column.numbers[rows], y == y.max())
        return f"ROC AUC {area:.4f}" if area >= ALMOST_ALL else ""
    else:
        groups = _grouped(column.numbers[rows])
    if is_classes:
        share = _information(groups, y)
        return f"determines {100 * share:.1f} % of it" if share >= INFORMATION_OF_A_COPY else ""
    share = _variance_explained(groups, y)
    return f"explains {100 * share:.2f} % of its variance" if share >= ALMOST_ALL else ""


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else 0.0


def _area(values: np.ndarray, is_second: np.ndarray) -> float:
    """Return the area under the ROC curve of a column, whichever way round it is (Mann and Whitney)."""
    second, first = int(is_second.sum()), int((~is_second).sum())
    if not first or not second:
        return 0.0
    area = (_ranks(values)[is_second].sum() - second * (second + 1) / 2) / (first * second)
    return max(area, 1 - area)


def _grouped(values: np.ndarray) -> np.ndarray:
    different, places = np.unique(values, return_inverse=True)
    if len(different) <= GROUPS:
        return places
    return (_ranks(values) * GROUPS / (len(values) + 1)).astype(np.int64)


def _information(groups: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the target's entropy that the groups explain (Theil's U)."""
    table = np.zeros((groups.max() + 1, labels.max() + 1))
    np.add.at(table, (groups, labels), 1)
    total = _entropy(table.sum(axis=0))
    within = sum(_entropy(row) * row.sum() for row in table) / table.sum()
    return float(1 - within / total) if total > 0 else 0.0


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(shares * np.log(shares)).sum())


def _variance_explained(groups: np.ndarray, y: np.ndarray) -> float:
    counts = np.bincount(groups)
    means = np.bincount(groups, y) / np.maximum(counts, 1)
    total = np.square(y - y.mean()).sum()
    return float(1 - np.square(y - means[groups]).sum() / total) if total > 0 else 0.0


def duplicates(dataset: Dataset) -> list[Finding]:
    """Return a finding for each held-out split with rows whose features are those of a training row."""
    known = {row.tobytes() for row in dataset.x_train}
    found = []
    for split, x in (("validation", dataset.x_val), ("test", dataset.x_test)):
        repeated = sum(row.tobytes() in known for row in x)
        if repeated:
            sentence = (
                f"{repeated:,} of {len(x):,} {split} rows are also in the training rows: "
                "the score is too optimistic for new rows"
            )
            found.append(Finding("duplicates", WARNING, sentence))
    return found
