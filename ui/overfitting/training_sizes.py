"""The learning curve of a run: starts the same run on fewer rows and collects their results."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine.analysis.learning_curve import FRACTIONS, MADE_FOR_SIZE, shrunken
from engine.config import ConfigError
from engine.data.split import used_rows
from engine.figures.overfitting import learning_curve
from engine.store.damage import DAMAGED
from engine.store.groups import group_members
from engine.store.row import RunRow
from engine.store.runs import load_dataset
from engine.store.store import Store
from engine.store.submit import Submission, prepare, submit
from engine.workers.launcher import ensure_workers
from ui.overfitting.text import describe_data_gain
from ui.shared.run_state import is_moving
from ui.shared.text import as_markdown

HEIGHT = 320


def runs_by_fraction(store: Store, row: RunRow) -> dict[float, RunRow]:
    """Return the runs that belong to a run's learning curve by their share of rows, itself among them."""
    found = {_fraction(row): row}
    for member in group_members(store, row.id):
        is_same = all(member.config.get(name) == value for name, value in _kept(row.config).items())
        if is_same and member.status not in ("failed", "stopped", DAMAGED):
            found[_fraction(member)] = member
    return dict(sorted(found.items()))


def _kept(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in MADE_FOR_SIZE}


def is_whole(row: RunRow) -> bool:
    """Tell whether a run learns from all training rows: only then can others have fewer."""
    return _fraction(row) == 1


def _fraction(row: RunRow) -> float:
    return row.config.get("train_fraction", 1.0)


def missing_sizes(row: RunRow, known: Sequence[float]) -> list[float]:
    """Return the shares that a learning curve of this run lacks; none for a run on a part of the rows."""
    if not is_whole(row):
        return []
    return [fraction for fraction in FRACTIONS if fraction not in known]


def start_sizes(store: Store, row: RunRow) -> None:
    """Start the runs that the learning curve lacks, as one group; one that is refused stops no other."""
    st.session_state.pop("overfitting_refused", None)
    rows = _rows(store, row)
    wanted = [
        Submission(
            shrunken(row.settings, rows, fraction),
            name=f"{fraction:.0%} of the rows of run {row.id}",
            group=row.id,
            place=f"{fraction:.0%} of the rows",
        )
        for fraction in missing_sizes(row, list(runs_by_fraction(store, row)))
    ]

    def refuse(error: ConfigError) -> None:
        st.session_state["overfitting_refused"] = [row.id, str(error)]

    submit(store, prepare(store, wanted, skip=refuse))
    ensure_workers(store.url)


def sizes_panel(store: Store, row: RunRow) -> tuple[Any, str, bool]:
    """Draw the button; return the figure, its sentence, and whether one of its runs still moves."""
    members = runs_by_fraction(store, row)
    missing = missing_sizes(row, list(members))
    done = "All sizes are trained" if is_whole(row) else "This run uses only part of the rows"
    st.button(
        f"Train on {len(missing)} smaller {'subset' if len(missing) == 1 else 'subsets'}"
        if missing
        else done,
        icon=":material/stacked_bar_chart:",
        key="overfitting_sizes",
        on_click=start_sizes,
        args=(store, row),
        disabled=not missing or bool(row.missing_plugin),
        help="Trains the same run on 10, 20, 40, 60 and 80 % of its training rows, with the same "
        "validation rows and the same number of updates. Smaller subsets are part of larger ones.",
    )
    about, refused = st.session_state.get("overfitting_refused", (None, ""))
    if about == row.id:
        st.error(as_markdown(refused), icon=":material/error:")
    whole = _rows(store, row)
    ended = [member for member in members.values() if member.ended]
    rows = np.array([used_rows(whole, _fraction(member) / _fraction(row)) for member in ended], int)
    losses = [
        np.array([np.nan if value is None else value for value in values])
        for values in (
            [member.train_loss for member in ended],
            [member.val_loss for member in ended],
            [member.best_val_loss for member in ended],
        )
    ]
    is_live = is_moving(list(members.values()))
    sentence = describe_data_gain(rows, losses[1], losses[2])
    if len(members) > 1 and is_live:
        sentence = f"{len(ended)} of {len(members)} runs have ended. {sentence}"
    if len(members) == 1:
        sentence = "Press the button to see whether more data would help."
    return learning_curve(rows, *losses, height=HEIGHT), sentence, is_live


def _rows(store: Store, row: RunRow) -> int:
    return len(load_dataset(store, row.dataset_id).x_train)
