"""A schedule is a table of factors by updates done; each is held against one written by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.nn.schedules import (
    Plateau,
    PlateauMemory,
    constant,
    cosine,
    cyclic,
    equal,
    exponential,
    halving,
    multi_step,
    one_cycle,
    polynomial,
    shrinking,
    step_decay,
    warm_restarts,
    warm_up,
)

HALF = 0.5**0.5
HIGH, LOW = (1 + HALF) / 2, (1 - HALF) / 2
TABLES = {
    "constant": (constant(), [1, 1, 1, 1]),
    "step": (step_decay(0.1, 2), [1, 1, 0.1, 0.1, 0.01, 0.01]),
    "multi-step": (multi_step(0.1, [2, 3, 5]), [1, 1, 0.1, 0.01, 0.01, 0.001, 0.001]),
    "exponential": (exponential(0.25, 2), [1, 0.5, 0.25, 0.125, 0.0625]),
    "polynomial of power 1": (polynomial(4, 1), [1, 0.75, 0.5, 0.25, 0, 0]),
    "polynomial of power 2": (polynomial(4, 2), [1, 9 / 16, 0.25, 1 / 16, 0, 0]),
    "cosine": (cosine(4), [1, HIGH, 0.5, LOW, 0]),
    "cosine with a floor": (cosine(4, 0.2), [1, 0.2 + 0.8 * HIGH, 0.6, 0.2 + 0.8 * LOW, 0.2]),
    "restarts of one length": (warm_restarts(2, 1), [1, 0.5, 1, 0.5, 1, 0.5]),
    "restarts twice as long": (warm_restarts(1, 2), [1, 1, 0.5, 1, HIGH, 0.5, LOW, 1]),
    "restarts three times as long": (warm_restarts(1, 3, 0.2), [1, 1, 0.8, 0.4, 1]),
    "one cycle": (one_cycle(6, 0.5, 5, 10), [0.2, 0.6, 1, 0.755, 0.265, 0.02]),
    "one cycle that rises in one update": (one_cycle(4, 0.5, 5, 10), [0.2, 1, 0.51, 0.02]),
    "one cycle with its peak at once": (one_cycle(4, 0.25, 5, 10), [1, 0.755, 0.265, 0.02]),
    "one cycle with its peak before": (one_cycle(2, 0.25, 5, 10), [0.755, 0.02]),
    "triangular": (cyclic(4, 0.2, equal), [0.2, 0.6, 1, 0.6, 0.2, 0.6, 1]),
    "triangular, odd": (cyclic(3, 0.25, equal), [0.25, 0.75, 0.75, 0.25, 0.75, 0.75]),
    "triangular2": (cyclic(4, 0.2, halving), [0.2, 0.6, 1, 0.6, 0.2, 0.4, 0.6, 0.4, 0.2, 0.3, 0.4]),
    "exp_range": (cyclic(4, 0.2, shrinking(0.25, 2)), [0.2, 0.4, 0.4, 0.25, 0.2, 0.2125]),
    "warm-up, constant": (warm_up(4, constant()), [0.25, 0.5, 0.75, 1, 1, 1]),
    "warm-up, cosine": (warm_up(2, cosine(2)), [0.5, 1, 1, 0.5, 0]),
    "warm-up, step": (warm_up(1, step_decay(0.5, 2)), [1, 1, 1, 0.5, 0.5, 0.25]),
    "warm-up, multi-step": (warm_up(2, multi_step(0.1, [1])), [0.5, 1, 1, 0.1]),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_schedule_gives_its_table(name):
    schedule, factors = TABLES[name]
    assert [schedule(done) for done in range(len(factors))] == pytest.approx(factors, abs=1e-15)


PLATEAU = Plateau(gamma=0.5, patience=2, threshold=0.1, cooldown=3, lowest_rate=0.1)


def factors_after(plateau, losses, rate=1.0, every=1):
    memory, found = PlateauMemory(), []
    for number, loss in enumerate(losses, start=1):
        memory = plateau.after(memory, number * every, loss, rate)
        found.append(memory.factor)
    return found


@pytest.mark.parametrize(
    ("losses", "factors"),
    [
        ([1, 1, 1, 1, 1], [1, 1, 1, 0.5, 0.5]),
        ([1, 0.901, 0.9, 0.9], [1, 1, 1, 0.5]),
        ([1, 1, 0.899, 0.9, 0.9, 0.9], [1, 1, 1, 1, 1, 0.5]),
        ([1] * 10, [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25]),
        ([1, 1, 1, 1, 0.5, *[1] * 5], [1, 1, 1, *[0.5] * 6, 0.25]),
        ([1, *[1] * 30], [1, 1, 1, *[0.5] * 6, *[0.25] * 6, *[0.125] * 6, *[0.1] * 10]),
        ([math.nan] * 4, [1, 1, 0.5, 0.5]),
    ],
    ids=[
        "waits",
        "not lower enough",
        "lower",
        "cools down",
        "lower meanwhile",
        "never below",
        "not a number",
    ],
)
def test_a_plateau_gives_its_table(losses, factors):
    assert factors_after(PLATEAU, losses) == factors


def test_a_plateau_counts_from_the_end_of_the_warm_up_and_passes_over_what_was_before():
    late = Plateau(gamma=0.5, patience=2, threshold=0, cooldown=0, lowest_rate=0, start=3)
    assert factors_after(late, [0.1, 0.1, 0.1, 1, 1, 1, 1]) == [1, 1, 1, 1, 1, 1, 0.5]


def test_a_plateau_counts_updates_however_seldom_losses_are_measured():
    plateau = Plateau(gamma=0.5, patience=10, threshold=0, cooldown=0, lowest_rate=0)
    assert factors_after(plateau, [1] * 7, every=4) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert factors_after(plateau, [1] * 4, every=5) == [1, 1, 1, 0.5]


def test_a_plateau_is_left_by_a_loss_that_is_lower_by_a_share_of_itself_however_small_losses_are():
    plateau = Plateau(gamma=0.5, patience=1, threshold=0.5, cooldown=0, lowest_rate=0)
    for scale in (1e-6, 1, 1e6):
        assert factors_after(plateau, [scale * loss for loss in (1, 0.49, 0.24, 0.11)]) == [1, 1, 1, 1]
        assert factors_after(plateau, [scale * loss for loss in (1, 0.51, 0.51, 0.51)]) == [1, 1, 0.5, 0.5]


def test_a_reduction_too_small_to_matter_is_not_made():
    plateau = Plateau(gamma=0.5, patience=0, threshold=0, cooldown=0, lowest_rate=0)
    assert factors_after(plateau, [1, 1, 1], rate=3.9e-8) == [1, 0.5, 0.5]
    assert factors_after(plateau, [1, 1, 1], rate=4.1e-8) == [1, 0.5, 0.25]


def torchs_rates(losses, rate, gamma, patience, threshold, cooldown, min_lr):
    """Return the rates after each epoch as the program text of ReduceLROnPlateau has them."""
    best, bad, cooling, found = math.inf, 0, 0, []
    for loss in losses:
        if loss < best * (1.0 - threshold):
            best, bad = loss, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > patience:
            new = max(rate * gamma, min_lr)
            rate = new if rate - new > 1e-8 else rate
            cooling, bad = cooldown, 0
        found.append(rate)
    return found


@given(
    losses=st.lists(st.floats(0.1, 2), max_size=60),
    gamma=st.floats(0.05, 0.95),
    patience=st.integers(0, 6),
    threshold=st.floats(0, 0.3),
    cooldown=st.integers(0, 6),
    lowest=st.floats(0, 0.5),
    epoch=st.integers(1, 9),
)
def test_one_evaluation_an_epoch_gives_torchs_rates(
    losses, gamma, patience, threshold, cooldown, lowest, epoch
):
    ours = Plateau(gamma, patience * epoch, threshold, cooldown * epoch, lowest)
    expected = torchs_rates(losses, 0.3, gamma, patience, threshold, cooldown, lowest)
    found = [0.3 * factor for factor in factors_after(ours, losses, rate=0.3, every=epoch)]
    assert found == pytest.approx(expected, rel=1e-12)


@given(
    done=st.integers(0, 400),
    total=st.integers(2, 400),
    share=st.floats(0.01, 0.99),
    div=st.floats(1, 100),
    multiple=st.integers(1, 5),
    first=st.integers(1, 50),
)
def test_no_factor_is_above_one_or_below_its_floor(done, total, share, div, multiple, first):
    done = done % total
    floor = 1 / div
    assert 1 / (div * 10) - 1e-12 <= one_cycle(total, share, div, 10)(done) <= 1 + 1e-12
    assert floor - 1e-12 <= warm_restarts(first, multiple, floor)(done) <= 1 + 1e-12
    for heights in (equal, halving, shrinking(0.9, 3)):
        assert floor - 1e-12 <= cyclic(first, floor, heights)(done) <= 1 + 1e-12
