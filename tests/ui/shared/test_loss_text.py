"""What is said first about a run holds in every state of it."""

import numpy as np
import pandas as pd
import pytest

from engine.analysis.constant_answer import ConstantAnswer
from ui.shared.loss_text import assess

EPOCHS = np.arange(100.0)
FALLING = np.exp(-EPOCHS / 20)
TURNING = np.where(EPOCHS < 30, 1 - EPOCHS / 50, 0.4 + (EPOCHS - 30) / 100)
FLAT = np.full(100, np.log(2))
COIN = ConstantAnswer(loss=float(np.log(2)), score=0.5, rows=100, is_class=True)
MEAN = ConstantAnswer(loss=1.0, score=-0.004, rows=100, is_class=False)


def records(train, val, *, accuracy: float = 0.9, r2: float = 0.9) -> pd.DataFrame:
    count = len(train)
    scores = {"val_accuracy": np.full(count, accuracy), "val_r2": np.full(count, r2)}
    return pd.DataFrame({"epoch": EPOCHS[:count], "train_loss": train, "val_loss": val, **scores})


@pytest.mark.parametrize(
    ("train", "val", "sentence", "so_far"),
    [
        (
            FALLING,
            FALLING,
            "No overfitting: validation loss stays near its best (0.00708 at epoch 99).",
            "No overfitting so far: validation loss stays near its best (0.00708 at epoch 99).",
        ),
        (
            FALLING,
            TURNING,
            "Overfitting since epoch 32. Best validation loss 0.4 at epoch 30, latest 1.09, while training "
            "loss "
            "kept falling.",
            "Overfitting so far: validation loss rises (best 0.4 at epoch 30, latest 1.09) while training "
            "loss "
            "falls.",
        ),
        (
            TURNING,
            TURNING,
            "Unstable, not overfitting: after its best (0.4 at epoch 30) validation loss rose to 1.09, and "
            "so "
            "did training loss.",
            "Unstable so far, not overfitting: after its best (0.4 at epoch 30) validation loss rose to "
            "1.09, "
            "and so did training loss.",
        ),
        (
            FLAT,
            FLAT,
            "Validation loss has hardly fallen: 0.693 at first, best 0.693 at epoch 0.",
            "Validation loss has hardly fallen so far: 0.693 at first, best 0.693 at epoch 0.",
        ),
        (
            FALLING,
            np.append(FALLING[:-1], 0.5),
            "Validation loss lies above its best (0.00745 at epoch 98) at 0.5, for too few evaluations to "
            "call "
            "it overfitting.",
            "Validation loss lies above its best (0.00745 at epoch 98) at 0.5, for too few evaluations to "
            "call "
            "it overfitting.",
        ),
        (
            FALLING,
            np.maximum(FALLING, 0.2),
            "Validation loss stays near its best (0.2 at epoch 33), but 0.193 above training loss.",
            "Validation loss stays near its best (0.2 at epoch 33) so far, but 0.193 above training loss.",
        ),
        (
            FALLING[:2],
            FALLING[:2],
            "Too few evaluations for a verdict: 2, at least 5 are needed.",
            "Too few evaluations for a verdict: 2, at least 5 are needed.",
        ),
        (
            np.full(3, np.nan),
            np.full(3, np.nan),
            "No measurements yet.",
            "No measurements yet.",
        ),
    ],
    ids=["falls", "turns", "both rise", "flat", "rises at the end", "far above", "short", "nothing"],
)
def test_the_losses_are_described_at_the_end_and_so_far(train, val, sentence, so_far):
    assert assess(records(train, val)).sentence == sentence
    assert assess(records(train, val), moves=True).sentence == so_far


def test_a_network_that_guesses_is_said_to_before_anything_else():
    found = assess(records(FLAT, FLAT, accuracy=0.5), constant=COIN)
    assert found.kind == "guessing"
    assert found.sentence == (
        "No better than always the same answer: validation accuracy 50.0 %; one class for every row gives "
        "50.0 %."
    )
    moving = assess(
        records(FLAT, FLAT, r2=-0.01) * [1, 1 / np.log(2), 1 / np.log(2), 1, 1], constant=MEAN, moves=True
    )
    assert moving.sentence == (
        "No better than always the same answer so far: validation R² -0.01; one value for every row gives "
        "-0.004."
    )


def test_a_network_that_learned_its_rows_by_heart_and_guesses_on_others_is_said_to_do_both():
    found = assess(records(FALLING, TURNING, accuracy=0.51), constant=COIN)
    assert found.kind == "guessing"
    assert found.sentence.startswith("No better than always the same answer: validation accuracy 51.0 %;")
    assert found.sentence.endswith("while training loss kept falling.") and "since epoch 32" in found.sentence


@pytest.mark.parametrize(
    ("val", "accuracy"),
    [(FLAT, 0.62), (0.9 * FLAT, 0.5), (TURNING, 0.85)],
    ids=["accuracy beyond chance", "a lower loss", "overfits and yet knows the classes"],
)
def test_a_network_that_beats_the_constant_answer_in_one_way_is_not_said_to_guess(val, accuracy):
    assert assess(records(FALLING, val, accuracy=accuracy), constant=COIN).kind != "guessing"


def test_nothing_is_said_of_overfitting_where_a_run_diverged():
    found = assess(records(FALLING, FALLING), constant=COIN, diverged_at=1234)
    assert found.kind == "diverged"
    assert found.sentence == (
        "Diverged at step 1,234: the loss or a gradient is no longer finite. Last evaluation, at epoch 99: "
        "validation loss 0.00708."
    )
    nothing = records(np.full(3, np.nan), np.full(3, np.nan))
    assert assess(nothing, diverged_at=1).sentence == (
        "Diverged at step 1: the loss or a gradient is no longer finite."
    )


def test_since_when_a_run_overfits_is_said_once_it_has_ended():
    """Live it jumped between epochs: 36, 48, 36."""
    live = {assess(records(FALLING[:n], TURNING[:n]), moves=True).sentence for n in range(5, 100)}
    assert not any("since" in sentence for sentence in live)
    assert any(sentence.startswith("Overfitting so far") for sentence in live)
