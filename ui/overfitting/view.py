"""When a run began to overfit, and what would have helped."""

import numpy as np
import pandas as pd
import streamlit as st

from engine.analysis.overfitting import EarlyStop, Verdict, judge, stop_early
from engine.figures.curves import mark_early_stop
from engine.figures.figure import Figure
from engine.figures.overfitting import (
    SizedRun,
    early_stopping,
    gap_against_size,
    gap_curve,
    overfitting_curves,
)
from engine.store.row import RunRow
from engine.store.runs import get_run, list_runs
from engine.store.store import Store
from engine.training.early_stopping import Patience
from ui.live_chart import Chart, ChartCard, resend_all, show_cards
from ui.live_chart.encoding import encode_figure, fingerprint
from ui.overfitting.text import gap_words, size_words, stop_words, verdict_words
from ui.overfitting.training_sizes import sizes_panel
from ui.shared.cache import series_of
from ui.shared.frame import page_store
from ui.shared.output_figure import scalars_frame
from ui.shared.run_picker import LISTED_AT_MOST, is_moving, run_words, show_badge
from ui.shared.text import number
from ui.shared.transport import keep_workers

AXES = ("epoch", "step", "seconds")
HEIGHT = 320
LONGEST_PATIENCE, FIRST_PATIENCE = 100, 10
SIZED_AT_FIRST = 12
PACE = 1.0
CARDS = tuple(f"overfitting_{name}" for name in ("curves", "stop", "rows", "size"))
BOXES = {"overfits": st.warning, "holds": st.success, "unstable": st.info, "short": st.info}
ICONS = {
    "overfits": "call_split",
    "holds": "check_circle",
    "unstable": "show_chart",
    "short": "hourglass_empty",
}


def show_overfitting(row: RunRow) -> None:
    """Show a run from the side of overfitting, and go on showing it while it or its twins move."""
    resend_all(*CARDS)
    pace = PACE if is_moving([row]) or st.session_state.get("overfitting_sizes_move") == row.id else None
    st.fragment(_sides, run_every=pace)(row.id, pace)


def _sides(run_id: int, pace: float | None) -> None:
    store = page_store()
    row = get_run(store, run_id)
    keep_workers(store, row)
    frame = scalars_frame(series_of(store, [run_id])[run_id])
    x, log_y = _options(row)
    known = frame.loc[np.isfinite(frame["train_loss"]) & np.isfinite(frame["val_loss"])]
    train, val = known["train_loss"].to_numpy(), known["val_loss"].to_numpy()
    verdict = judge(train, val)
    sentence = verdict_words(verdict, known["step"].to_numpy(), known["epoch"].to_numpy(), val)
    with st.container(key="words_overfitting_verdict"):
        BOXES[verdict.kind](sentence, icon=f":material/{ICONS[verdict.kind]}:")
    _curves(row, frame, known, verdict, x, log_y)
    st.subheader("What if it had stopped earlier?")
    _what_if(row, known, x, log_y)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("Would more data help?")
        figure, words, are_moving = sizes_panel(store, row)
        show_cards("overfitting_rows", [_card("rows", "Learning curve", figure, words, f"{run_id}")])
    with right:
        st.subheader("Does size matter?")
        sized = _chosen_sizes(store, row)
        figure = gap_against_size(sized, row.id, height=HEIGHT)
        card = _card("size", "Gap by number of parameters", figure, size_words(sized), f"{run_id}")
        show_cards("overfitting_size", [card])
    st.session_state["overfitting_sizes_move"] = row.id if are_moving else None
    if (PACE if is_moving([row]) or are_moving else None) != pace:
        st.rerun()


def _options(row: RunRow) -> tuple[str, bool]:
    st.session_state.setdefault("overfitting_x", "epoch")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        show_badge(row)
        x = st.segmented_control(
            "Over",
            AXES,
            required=True,
            key="overfitting_x",
            label_visibility="collapsed",
            help="What the curves run over: epochs, optimizer steps, or seconds of training.",
            persist_state="session",
        )
        log_y = st.toggle(
            "Log loss",
            key="overfitting_log",
            help="Logarithmic axis for the losses: shows what still happens near zero.",
            persist_state="session",
        )
        st.caption(f"epoch {row.epoch:,.4g} of {row.config['epochs']:,} · step {row.step:,}")
    return x or "epoch", log_y


def _curves(
    row: RunRow, frame: pd.DataFrame, known: pd.DataFrame, verdict: Verdict, x: str, log_y: bool
) -> None:
    onset = None if verdict.onset is None else float(known[x].to_numpy()[verdict.onset])
    identity = f"{row.id} {x} {log_y}"
    gap, train = known["generalization_gap"].to_numpy(), known["train_loss"].to_numpy()
    losses = overfitting_curves(frame, onset, x=x, log_y=log_y, height=HEIGHT)
    if row.stopped_early:
        mark_early_stop(losses, frame, x)
    best = "Nothing is evaluated yet."
    if len(known):
        at = known.iloc[verdict.best]
        best = (
            f"Best epoch {at['epoch']:.4g}: validation loss {number(at['val_loss'])}, "
            f"training loss {number(at['train_loss'])} there and {number(train[-1])} at the end."
        )
    cards = (
        _card("loss", "Training and validation loss", losses, best, identity),
        _card("gap", "The gap", gap_curve(frame, onset, x=x, height=HEIGHT), gap_words(gap, train), identity),
    )
    show_cards("overfitting_curves", cards, wide=2)


def _what_if(row: RunRow, known: pd.DataFrame, x: str, log_y: bool) -> None:
    own = row.config.get("early_stopping") or FIRST_PATIENCE
    st.session_state.setdefault("overfitting_patience", min(own, LONGEST_PATIENCE))
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with right:
        patience = st.slider(
            "Patience (epochs)",
            1,
            LONGEST_PATIENCE,
            key="overfitting_patience",
            help="Stop at the first evaluation so many epochs after the lowest validation loss, and go back "
            "to the best weights: what the settings early stopping and restore best do to a run. Too low: "
            "stops at the first bump. Too high: trains on for nothing.",
            persist_state="session",
        )
    if len(known) == 0:
        st.caption("Nothing is evaluated yet.")
        return
    val, epochs = known["val_loss"].to_numpy(), known["epoch"].to_numpy()
    steps = known["step"].to_numpy()
    per_epoch = round(steps[-1] / epochs[-1]) if epochs[-1] > 0 else 1
    min_delta = row.config.get("early_stopping_min_delta", 0.0)
    stop = stop_early(val, steps, Patience(patience * per_epoch, min_delta))
    with right:
        _stop_measures(stop, epochs, val)
    with left:
        figure = early_stopping(
            known[x].to_numpy(), val, stop.kept, stop.stopped, x=x, log_y=log_y, height=HEIGHT
        )
        words = stop_words(stop, patience, epochs, val)
        card = _card("stop", "Early stopping", figure, words, f"{row.id} {x} {log_y}")
        show_cards("overfitting_stop", [card])


def _stop_measures(stop: EarlyStop, epochs: np.ndarray, val: np.ndarray) -> None:
    pace = (epochs[-1] - epochs[0]) / (len(epochs) - 1) if len(epochs) > 1 else 0.0
    st.caption(f"Evaluations of this run lie about {number(pace, 3)} epochs apart.")
    stopped = "never" if stop.stopped is None else f"epoch {epochs[stop.stopped]:.4g}"
    spared = 0.0 if stop.stopped is None else (epochs[-1] - epochs[stop.stopped]) / max(epochs[-1], 1e-12)
    measures = (
        ("Stops at", stopped, "Where training would have ended."),
        ("Keeps the weights of", f"epoch {epochs[stop.kept]:.4g}", "The best evaluation up to there."),
        ("Validation loss kept", number(float(val[stop.kept])), "What the stopped run would have given."),
        ("Without stopping", number(float(val[-1])), "Validation loss at the end of the whole run."),
        ("Lowest of all", number(float(val.min())), "What a perfect stop would have given."),
        ("Training spared", f"{100 * spared:.0f} %", "Share of the epochs that need not be trained."),
    )
    with st.container(horizontal=True, gap="small"):
        for title, value, explained in measures:
            st.metric(title, value, help=explained, border=True, width=164)


def _chosen_sizes(store: Store, row: RunRow) -> list[SizedRun]:
    rows = {row.id: row}
    for each in list_runs(store, limit=LISTED_AT_MOST):
        if each.dataset_id == row.dataset_id and each.val_loss is not None and each.train_loss is not None:
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
        key="overfitting_chosen",
        format_func=lambda run: run_words(rows[run]) if run in rows else str(run),
        label_visibility="collapsed",
        placeholder="Choose runs on the same data",
        help="Runs on the same rows as the one above; each is one point.",
        persist_state="session",
    )
    picked = [rows[run] for run in sorted({*chosen, row.id})]
    return [
        SizedRun(each.id, each.name, each.parameters, each.val_loss - each.train_loss)
        for each in picked
        if each.val_loss is not None and each.train_loss is not None
    ]


def _card(name: str, title: str, figure: Figure, sentence: str, identity: str) -> ChartCard:
    """Return a framed chart, which is drawn anew only when its figure is another one."""
    found = encode_figure(figure)
    spoken = f"{title}: {sentence}"
    return ChartCard(
        title,
        [Chart(f"overfitting_{name}_chart", fingerprint(found), lambda: found, identity, spoken)],
        sentence,
    )
