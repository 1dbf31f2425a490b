"""How an epoch is cut into batches: every row once, but for those that are dropped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training.batches import Batches
from engine.training.model import initial_state
from engine.training.plan import plan
from engine.training.trainer import Training
from tests.training.short_runs import records_of, start


def sizes_of(batches):
    rows = np.arange(batches.rows)
    return [len(rows[batches.place(number)]) for number in range(batches.per_epoch)]


@pytest.mark.parametrize(
    ("last_batch", "sizes"),
    [("keep", [64, 64, 3]), ("drop", [64, 64]), ("spread", [43, 44, 44])],
)
def test_rows_that_fill_no_batch_are_kept_dropped_or_spread(last_batch, sizes):
    assert sizes_of(Batches(131, 64, last_batch)) == sizes


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["keep", "drop", "spread"]))
def test_batches_follow_each_other_none_is_above_its_size_and_the_rows_seen_are_their_sum(
    rows, size, last_batch
):
    batches = Batches(rows, min(size, rows), last_batch)
    sizes, order = sizes_of(batches), np.arange(rows)
    cut = np.concatenate([order[batches.place(number)] for number in range(batches.per_epoch)])
    whole = rows - rows % batches.size if last_batch == "drop" else rows
    assert cut.tolist() == list(range(whole)) and max(sizes) <= batches.size
    if last_batch == "spread":
        assert max(sizes) - min(sizes) <= 1
    if rows % batches.size == 0:
        assert set(sizes) == {batches.size}
    updates = np.arange(2 * len(sizes) + 1)
    seen = [0, *np.cumsum(sizes * 2)]
    assert batches.seen(updates).tolist() == seen
    assert [batches.seen(int(each)) for each in updates] == seen


def test_a_run_that_drops_the_last_batch_sees_the_batches_that_a_loader_with_drop_last_gives():
    config, dataset, state = start(batch_size=13, last_batch="drop", epochs=2)
    training, other = Training([config], dataset, [state]), initial_state(config, dataset)
    planned, seen, expected = plan(config, dataset), [], []
    assert planned.steps_per_epoch == len(dataset.x_train) // 13
    for step in range(planned.total_steps):
        batch = training.next_batch()
        seen.append(state.permutation[batch].tolist())
        if step % planned.steps_per_epoch == 0:
            order = other.shuffling.permutation(len(dataset.x_train)).tolist()
            loaded = [order[first : first + 13] for first in range(0, len(order), 13)]
            expected += [each for each in loaded if len(each) == 13]
        state.step += 1
    assert seen == expected and len(seen) == planned.total_steps
    _, _, trained = run = start(batch_size=13, last_batch="drop", epochs=2)
    assert records_of(*run)[-1]["epoch"] == 2 and trained.step == planned.total_steps


def test_keep_is_what_a_run_without_batch_norm_does_by_default():
    weights = {}
    for last_batch in ("auto", "keep", "spread", "drop"):
        run = start(batch_size=13, last_batch=last_batch)
        records_of(*run)
        weights[last_batch] = run[2].theta.tobytes()
    assert weights["auto"] == weights["keep"] and len(set(weights.values())) == 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_remainder_of_three_rows_does_not_wreck_a_run_with_batch_norm(seed):
    run = start(
        dataset="digits",
        samples=None,
        hidden_sizes=[48] * 4,
        activation="sigmoid",
        optimizer="sgd",
        learning_rate=0.5,
        normalization="batch",
        batch_size=269,
        epochs=30,
        seed=seed,
    )
    assert len(run[1].x_train) % 269 == 3
    assert records_of(*run)[-1]["val_accuracy"] > 0.93
