"""When a run began to overfit, and what would have helped."""

import numpy as np
import pandas as pd
import streamlit as st

from engine.analysis.comparable import why_incomparable
from engine.analysis.overfitting import (
    NOISE_DEVIATIONS,
    SHARE_OF_DESCENT,
    SHARE_OF_LOWEST,
    EarlyStop,
    SizedRun,
    Verdict,
    stop_early,
    stop_gain,
)
from engine.figures.curves import mark_early_stop
from engine.figures.figure import Figure
from engine.figures.overfitting import (
    early_stopping,
    gap_against_size,
    gap_curve,
    overfitting_curves,
)
from engine.store.groups import known_settings
from engine.store.row import RunRow
from engine.store.runs import get_run, list_runs
from engine.store.store import Store
from engine.training.early_stopping import Patience
from ui.live_chart import Chart, ChartCard, resend_all, show_cards
from ui.live_chart.encoding import encode_figure, fingerprint
from ui.overfitting.text import describe_best, describe_gap, describe_sizes, describe_stop
from ui.overfitting.training_sizes import sizes_panel
from ui.shared.assessment import assess_run
from ui.shared.cache import series_of
from ui.shared.damage import says_damage
from ui.shared.frame import page_store
from ui.shared.output_figure import scalars_frame
from ui.shared.run_picker import LISTED_AT_MOST
from ui.shared.run_state import describe_run, is_moving, show_badge
from ui.shared.text import NOTHING, number
from ui.shared.transport import keep_workers
from ui.shared.widgets import choose_axis, kept

HEIGHT = 320
LONGEST_PATIENCE, FIRST_PATIENCE = 100, 10
SIZED_AT_FIRST = 12
PACE = 1.0
RULE = (
    "Overfitting starts at the last evaluation that is near the best validation loss, if all later ones stay "
    "above it while training loss keeps falling. Near: within the largest of "
    f"{SHARE_OF_LOWEST:.0%} of the best loss, {SHARE_OF_DESCENT:.0%} of its descent and "
    f"{NOISE_DEVIATIONS:g} standard deviations of the noise."
)
CARDS = tuple(f"overfitting_{name}" for name in ("curves", "stop", "rows", "size"))
BOXES = {
    "overfits": (st.warning, "call_split"),
    "guessing": (st.warning, "casino"),
    "diverged": (st.warning, "warning"),
    "holds": (st.success, "check_circle"),
    "short": (st.info, "hourglass_empty"),
    "unknown": (st.info, "hourglass_empty"),
}


def show_overfitting(row: RunRow) -> None:
    """Show the overfitting of a run, and redraw it while it or a run of its learning curve trains."""
    resend_all(*CARDS)
    pace = PACE if is_moving([row]) or st.session_state.get("overfitting_sizes_move") == row.id else None
    st.fragment(_view, run_every=pace)(row.id, pace)


@says_damage
def _view(run_id: int, pace: float | None) -> None:
    store = page_store()
    row = get_run(store, run_id)
    keep_workers(store, row)
    frame = scalars_frame(series_of(store, [run_id])[run_id])
    x, log_y = _options(row)
    known = frame.loc[np.isfinite(frame["train_loss"]) & np.isfinite(frame["val_loss"])]
    found = assess_run(store, row, frame)
    with st.container(key="text_overfitting_verdict"):
        box, icon = BOXES.get(found.kind, (st.info, "show_chart"))
        box(found.sentence, icon=f":material/{icon}:")
    _curves(row, frame, known, found.verdict, x, log_y)
    st.subheader("Early stopping")
    _early_stopping(row, known, x, log_y)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("Would more data help?")
        figure, sentence, are_moving = sizes_panel(store, row)
        show_cards("overfitting_rows", [_card("rows", "Learning curve", figure, sentence, f"{run_id}")])
    with right:
        st.subheader("Does network size matter?")
        sized = _chosen_sizes(store, row)
        figure = gap_against_size(sized, row.id, height=HEIGHT)
        card = _card("size", "Gap by number of parameters", figure, describe_sizes(sized), f"{run_id}")
        show_cards("overfitting_size", [card])
    st.session_state["overfitting_sizes_move"] = row.id if are_moving else None
    if (PACE if is_moving([row]) or are_moving else None) != pace:
        st.rerun()


def _options(row: RunRow) -> tuple[str, bool]:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="options_overfitting"):
        show_badge(row)
        x = choose_axis("overfitting_x", "epoch")
        log_y = st.toggle(
            "Log loss",
            help="Logarithmic y axis: shows small changes near zero.",
            **kept("overfitting_log"),
        )
        st.caption(f"epoch {row.epoch:,.4g} of {row.config['epochs']:,} · step {row.step:,}", help=RULE)
    return x, log_y


def _curves(
    row: RunRow, frame: pd.DataFrame, known: pd.DataFrame, verdict: Verdict, x: str, log_y: bool
) -> None:
    # While the run trains it would jump with what follows.
    is_settled = row.ended and verdict.onset is not None and row.status != "diverged"
    onset = float(known[x].to_numpy()[verdict.onset]) if is_settled else None
    identity = f"{row.id} {x} {log_y}"
    gap, train = known["generalization_gap"].to_numpy(), known["train_loss"].to_numpy()
    losses = overfitting_curves(frame, onset, x=x, log_y=log_y, height=HEIGHT)
    if row.stopped_early:
        mark_early_stop(losses, frame, x)
    epochs, val = known["epoch"].to_numpy(), known["val_loss"].to_numpy()
    best = describe_best(verdict, epochs, train, val)
    cards = (
        _card("loss", "Training and validation loss", losses, best, identity),
        _card(
            "gap",
            "Generalization gap",
            gap_curve(frame, onset, x=x, height=HEIGHT),
            "The run diverged: there is no gap at its end."
            if row.status == "diverged"
            else describe_gap(gap, train),
            identity,
        ),
    )
    show_cards("overfitting_curves", cards, wide=2)


def _early_stopping(row: RunRow, known: pd.DataFrame, x: str, log_y: bool) -> None:
    own = row.config.get("early_stopping") or FIRST_PATIENCE
    st.session_state.setdefault("overfitting_patience", min(own, LONGEST_PATIENCE))
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with right:
        patience = st.slider(
            "Patience (epochs)",
            1,
            LONGEST_PATIENCE,
            help="Stop at the first evaluation this many epochs after the best validation loss, and restore "
            "the best weights. Too low: stops at the first bump. Too high: wastes epochs.",
            **kept("overfitting_patience"),
        )
    if len(known) == 0:
        st.caption(NOTHING)
        return
    val, epochs = known["val_loss"].to_numpy(), known["epoch"].to_numpy()
    steps = known["step"].to_numpy()
    per_epoch = round(steps[-1] / epochs[-1]) if epochs[-1] > 0 else 1
    min_delta = row.config.get("early_stopping_min_delta", 0.0)
    stop = stop_early(val, steps, Patience(patience * per_epoch, min_delta))
    with right:
        _stop_metrics(stop, epochs, val)
    with left:
        figure = early_stopping(
            known[x].to_numpy(), val, stop.kept, stop.stopped, x=x, log_y=log_y, height=HEIGHT
        )
        sentence = describe_stop(stop, patience, epochs, val)
        card = _card("stop", "Validation loss, stopped early", figure, sentence, f"{row.id} {x} {log_y}")
        show_cards("overfitting_stop", [card])


def _stop_metrics(stop: EarlyStop, epochs: np.ndarray, val: np.ndarray) -> None:
    pace = (epochs[-1] - epochs[0]) / (len(epochs) - 1) if len(epochs) > 1 else 0.0
    st.caption(f"This run was evaluated about every {number(pace, 3)} epochs.")
    stopped = "never" if stop.stopped is None else f"epoch {epochs[stop.stopped]:.4g}"
    gain = stop_gain(stop, epochs, val)
    metrics = (
        ("Stops at", stopped, "Where training would end."),
        ("Best weights from", f"epoch {epochs[stop.kept]:.4g}", "The best evaluation up to there."),
        ("Validation loss", number(gain.kept), "With early stopping: of the best weights."),
        ("Without stopping", number(gain.last), "Latest validation loss of the whole run."),
        ("Lowest", number(gain.lowest), "Lowest validation loss of the whole run."),
        ("Training saved", f"{100 * gain.saved:.0f} %", "Share of the epochs that need not be trained."),
    )
    with st.container(horizontal=True, gap="small"):
        for title, value, help_text in metrics:
            st.metric(title, value, help=help_text, border=True, width=164)


def _chosen_sizes(store: Store, row: RunRow) -> list[SizedRun]:
    rows = {row.id: row}
    own = known_settings(store, row)
    for each in list_runs(store, limit=LISTED_AT_MOST):
        pair = {0: own, 1: known_settings(store, each)}
        is_alike = each.dataset_id == row.dataset_id and not why_incomparable(pair, "generalization_gap")
        if is_alike and each.val_loss is not None and each.train_loss is not None:
            rows.setdefault(each.id, each)
    options = sorted(rows, reverse=True)
    held = [run for run in st.session_state.get("overfitting_chosen", []) if run in rows]
    if st.session_state.get("overfitting_chosen_of") != row.dataset_id:
        held = options[:SIZED_AT_FIRST]
        st.session_state["overfitting_chosen_of"] = row.dataset_id
    st.session_state["overfitting_chosen"] = held
    chosen = st.multiselect(
        "Runs",
        options,
        format_func=lambda run: describe_run(rows[run]) if run in rows else str(run),
        label_visibility="collapsed",
        placeholder="Choose runs on the same data",
        help="Runs on the same data and with the same loss as this one; each is a point.",
        **kept("overfitting_chosen"),
    )
    picked = [rows[run] for run in sorted({*chosen, row.id})]
    return [
        SizedRun(each.id, each.name, each.parameters, each.val_loss - each.train_loss)
        for each in picked
        if each.val_loss is not None and each.train_loss is not None
    ]


def _card(name: str, title: str, figure: Figure, sentence: str, identity: str) -> ChartCard:
    """Return a framed chart, which is redrawn only when its figure changes."""
    found = encode_figure(figure)
    alt = f"{title}: {sentence}"
    return ChartCard(
        title,
        [Chart(f"overfitting_{name}_chart", fingerprint(found), lambda: found, identity, alt)],
        sentence,
    )
