"""Each sentence about a run holds in every state of it, by a condition computed from its records alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from engine.store.records import Series, read_series
from engine.store.row import RunRow
from engine.store.runs import get_run, load_run
from engine.store.store import Store, open_store
from engine.training.telemetry import LAYER_INDEX
from tests.states import FINISHED, STOPPED, one_of_each
from ui.overfitting.text import describe_best, describe_gap
from ui.shared.assessment import assess_run
from ui.shared.layer_text import (
    describe_flow_over_time,
    describe_norm_spread,
    describe_units,
    describe_update_ratios,
)
from ui.shared.output_figure import scalars_frame
from ui.shared.run_text import describe_score

# One store for all of them.
pytestmark = pytest.mark.xdist_group("states")
STATES = ("queued", *FINISHED, *STOPPED, "imported", "imported without validation")
NUMBER = r"(-?[\d.,]+(?:e[+-]?\d+)?)"


@dataclass(frozen=True, eq=False)
class Facts:
    """What the records of a run hold: its finite evaluations, its layers, and its data."""

    store: Store
    row: RunRow
    series: Series

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.series["train_loss"]) & np.isfinite(self.series["val_loss"])

    @property
    def train(self) -> np.ndarray:
        return self.series["train_loss"][self.known]

    @property
    def val(self) -> np.ndarray:
        return self.series["val_loss"][self.known]

    @property
    def epochs(self) -> np.ndarray:
        return self.series["epoch"][self.known]

    @property
    def norms(self) -> np.ndarray:
        values = self.series.layers[:, :, LAYER_INDEX["grad_norm"]]
        return values[~np.isnan(values).all(axis=1)]

    def always_the_same(self) -> float:
        """Return the accuracy, or R², of the most frequent class or the mean of the training rows."""
        _, dataset = load_run(self.store, self.row.id)
        if dataset.task == "classification":
            return float((dataset.y_val == np.bincount(dataset.y_train).argmax()).mean())
        error = np.square(dataset.y_val - dataset.y_train.mean(axis=0)).sum(axis=0)
        return float((1 - error / np.square(dataset.y_val - dataset.y_val.mean(axis=0)).sum(axis=0)).mean())


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Facts]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('states') / 'lab.db'}")
    return {
        state: Facts(store, get_run(store, run_id), read_series(store, run_id))
        for state, run_id in one_of_each(store).items()
    }


def numbers(pattern: str, sentence: str) -> list[float]:
    found = re.search(pattern.replace("#", NUMBER), sentence)
    assert found, f"{sentence!r} has not the form {pattern!r}"
    return [float(text.rstrip(".,").replace(",", "")) for text in found.groups()]


def near(shown: float, value: float) -> bool:
    """Tell whether a number is another one, rounded to three digits or more."""
    return shown == pytest.approx(value, rel=5e-3, abs=1e-12)


def names_its_best(facts: Facts, sentence: str) -> bool:
    """Tell whether loss and epoch that a sentence calls best are those of the lowest validation loss."""
    loss, epoch = numbers("# at epoch #", sentence)
    return near(loss, facts.val.min()) and near(epoch, facts.epochs[facts.val.argmin()])


def rises_far(facts: Facts) -> bool:
    last, lowest = facts.val[-1], facts.val.min()
    return last > 1.05 * lowest and last > lowest + 0.02 * (facts.val[0] - lowest)


def is_diverged(facts: Facts, sentence: str) -> bool:
    (step,) = numbers("Diverged at step #:", sentence)
    if "Last evaluation" in sentence:
        epoch, loss = numbers("at epoch #: validation loss #", sentence)
        assert near(epoch, facts.epochs[-1]) and near(loss, facts.val[-1])
    return facts.row.status == "diverged" and step == facts.row.step


def guesses(facts: Facts, sentence: str) -> bool:
    """Tell whether the last validation score is that of one answer for all rows, or worse."""
    name = "val_accuracy" if facts.row.score_name == "accuracy" else "val_r2"
    score = facts.series[name][facts.known][-1]
    unit = 100.0 if facts.row.score_name == "accuracy" else 1.0
    shown, constant = numbers("validation (?:accuracy|R²) #(?: %)?; one .* gives #", sentence)
    assert shown == pytest.approx(unit * score, abs=0.06) or near(shown, score)
    assert constant == pytest.approx(unit * facts.always_the_same(), abs=0.1)
    return score <= facts.always_the_same() + 0.06


def overfits(facts: Facts, sentence: str) -> bool:
    later = facts.val[facts.val.argmin() :]
    fell = np.median(facts.train[-len(later) // 2 :]) < facts.train[facts.val.argmin()]
    if facts.row.ended:
        (since,) = numbers("since epoch #", sentence)
        assert (facts.val[facts.epochs > since * 1.001] > facts.val.min()).all()
        return bool(rises_far(facts) and fell)
    return bool(rises_far(facts) and fell and "since" not in sentence)


# What is said of the losses, each with its condition; the first that fits counts.
OF_LOSSES: list[tuple[str, Callable[[Facts, str], bool]]] = [
    ("Diverged at step", is_diverged),
    ("No measurements yet.", lambda facts, _: not facts.known.any()),
    ("Too few evaluations", lambda facts, _: 0 < facts.known.sum() < 5),
    ("No better than always the same answer", guesses),
    ("Overfitting", overfits),
    (
        "Unstable",
        lambda facts, said: rises_far(facts) and names_its_best(facts, said),
    ),
    (
        "Validation loss has hardly fallen",
        lambda facts, _: facts.val.min() > 0.9 * facts.val[0],
    ),
    (
        "Validation loss lies above its best",
        lambda facts, _: facts.val[-1] > facts.val.min(),
    ),
    ("Validation loss fluctuates", lambda facts, said: names_its_best(facts, said)),
    (
        "Validation loss stays near its best",
        lambda facts, said: (
            not rises_far(facts) and facts.val[-1] > 1.5 * facts.train[-1] and names_its_best(facts, said)
        ),
    ),
    (
        "No overfitting",
        lambda facts, said: (
            not rises_far(facts) and facts.val.min() < 0.98 * facts.val[0] and names_its_best(facts, said)
        ),
    ),
]


@pytest.mark.parametrize("state", STATES)
def test_what_is_said_of_the_losses_holds(states, state):
    facts = states[state]
    sentence = assess_run(facts.store, facts.row, scalars_frame(facts.series)).sentence
    (condition, *_) = [holds for start, holds in OF_LOSSES if sentence.startswith(start)] or [None]
    assert condition is not None, f"nobody knows when {sentence!r} holds"
    assert condition(facts, sentence), sentence
    assert (
        facts.row.ended
        or "so far" in sentence
        or sentence.startswith(("No measurements", "Too few", "Validation loss lies"))
    ), f"of a run that still trains: {sentence}"
    assert not (facts.row.ended and "so far" in sentence), sentence


def test_every_kind_of_verdict_is_met_by_a_state(states):
    kinds = {
        assess_run(facts.store, facts.row, scalars_frame(facts.series)).kind for facts in states.values()
    }
    assert kinds >= {"diverged", "unknown", "short", "guessing", "overfits", "holds"}


@pytest.mark.parametrize("state", STATES)
def test_best_epoch_gap_and_scores_are_those_of_the_records(states, state):
    facts = states[state]
    found = assess_run(facts.store, facts.row, scalars_frame(facts.series))
    best = describe_best(found.verdict, facts.epochs, facts.train, facts.val)
    frame = scalars_frame(facts.series)
    shown_gap = frame["generalization_gap"].to_numpy()[facts.known]
    np.testing.assert_allclose(shown_gap, facts.val - facts.train, rtol=1e-6)
    gap = describe_gap(shown_gap, facts.train)
    if len(facts.val) == 0:
        assert best == gap == "No measurements yet."
    else:
        at, lowest, beside, last = numbers(
            "Best epoch #: validation loss #, training loss #. Latest training loss #", best
        )
        place = facts.val.argmin()
        assert near(at, facts.epochs[place]) and near(lowest, facts.val[place])
        assert near(beside, facts.train[place]) and near(last, facts.train[-1])
        (shown,) = numbers("(?:Latest gap|No gap: validation loss is) #", gap)
        assert near(abs(shown), abs(facts.val[-1] - facts.train[-1]))
    said = describe_score(facts.row)
    if facts.row.train_score is None:
        assert said == (
            "The outputs are infinite or NaN." if facts.row.status == "diverged" else "No measurements yet."
        )
    else:
        name = "val_accuracy" if facts.row.score_name == "accuracy" else "val_r2"
        measured = facts.series[name][np.isfinite(facts.series[name])][-1]
        (shown,) = numbers("rows, #", said)
        assert shown == pytest.approx(measured * (100 if "%" in said else 1), rel=2e-3, abs=0.06)


@pytest.mark.parametrize("state", STATES)
def test_what_is_said_of_the_layers_holds(states, state):
    facts = states[state]
    values = facts.series.layers[:, :, LAYER_INDEX["grad_norm"]]
    layers = np.arange(1, values.shape[1] + 1)
    flow, norms = describe_flow_over_time(layers, values), facts.norms
    if len(norms) == 0 or len(layers) == 0:
        assert flow == describe_norm_spread(layers, values) == "No measurements yet."
        return
    with np.errstate(all="ignore"):
        ratio = norms[:, 0] / norms[:, -1]
    finite = norms[np.isfinite(norms)]
    conditions = {
        "Very large gradients": lambda: finite.max() > 100 or len(finite) < norms.size,
        "Vanishing gradient": lambda: np.median(ratio) < 0.01,
        "Tiny gradients": lambda: np.median(norms.max(axis=1)) < 1e-3,
        "The gradient reaches all layers": lambda: np.nanmin(ratio) >= 0.01 and np.isfinite(norms).all(),
        "Layer 1 gets less than": lambda: np.nanmin(ratio) < 0.01,
    }
    (condition, *_) = [holds for start, holds in conditions.items() if flow.startswith(start)] or [None]
    assert condition is not None, f"nobody knows when {flow!r} holds"
    assert condition(), flow
    if flow.startswith("Very large"):
        (largest,) = numbers("norm up to #", flow)
        assert largest == pytest.approx(finite.max(), rel=0.06)
    spread = describe_norm_spread(layers, values)
    if "factor" in spread:
        low, high = numbers(r"\(#\), highest in layer \d+ \(#\)", spread)
        medians = np.nanmedian(np.where(np.isfinite(norms), norms, np.nan), axis=0)
        assert low == pytest.approx(medians.min(), rel=0.06) and high == pytest.approx(
            medians.max(), rel=0.06
        )


@pytest.mark.parametrize("state", STATES)
def test_what_is_said_of_updates_and_units_holds(states, state):
    facts = states[state]
    layers = np.arange(1, facts.series.layers.shape[1] + 1)
    ratios = facts.series.layers[:, :, LAYER_INDEX["update_ratio"]]
    said = describe_update_ratios(layers, ratios)
    medians = [np.median(column[np.isfinite(column)]) for column in ratios.T if np.isfinite(column).any()]
    if said.startswith("The median update ratio of every layer is in the good range"):
        assert all(1e-4 < value < 0.1 for value in medians)
    for word, extreme in (("as low as", np.min), ("up to", np.max)):
        if word in said:
            (shown,) = numbers(f"{word} #", said)
            assert shown == pytest.approx(extreme(medians), rel=0.06)
    for kind in ("dead", "saturated"):
        shares = facts.series.layers[:, :-1, LAYER_INDEX[f"{kind}_fraction"]]
        measured = np.flatnonzero(np.isfinite(shares).any(axis=1)) if shares.size else []
        newest = shares[measured[-1]] if len(measured) else np.full(len(layers[:-1]), np.nan)
        sentence = describe_units(layers[:-1], newest, kind)
        if sentence.startswith("No "):
            assert len(measured) == 0 or np.nanmax(newest) == 0
        else:
            assert int(re.findall(r"Layer (\d+)", sentence)[0]) - 1 == np.nanargmax(newest)
