"""The speed benchmark does the work that it names and counts rightly; nothing is timed, no peer needed."""

import re

import numpy as np
import pytest

from benchmarks.candidates import Floor, Loop, Ours
from benchmarks.other_peers import sklearn_can, what_sklearn_leaves_out
from benchmarks.rounds import interleaved
from benchmarks.speed_report import (
    EAGER,
    FLOOR,
    HOOKS,
    PEERS,
    SKLEARN,
    TARGETS,
    Comparison,
    Ratio,
    comparisons,
    figure,
    misses,
    ratio,
    ratio_table,
    statistics_table,
    summary_table,
    with_statistics,
    without_reason,
)
from benchmarks.workloads import LONG, WORKLOADS, Workload
from tests.docs.test_docs import ROOT

SMALL = ("W1", "W2", "W3", "W4", "W4d", "W4b")


@pytest.mark.parametrize(
    ("name", "sizes", "batch"),
    [
        ("W1", (2, 8, 8, 1), 10),
        ("W2", (2, 16, 16, 16, 2), 32),
        ("W3", (2, *[32] * 20, 2), 32),
        ("W4", (64, 128, 64, 10), 32),
        ("W5", (784, 512, 256, 10), 128),
        ("W6", (2, 64, 64, 1), 10_000),
    ],
)
def test_a_workload_is_the_network_that_it_says(name: str, sizes: tuple[int, ...], batch: int) -> None:
    workload = WORKLOADS[name]
    assert workload.sizes == sizes
    assert {rows.stop - rows.start for rows in workload.batches} == {batch}
    assert workload.batches[-1].stop <= len(workload.dataset.x_train)


def test_the_variants_of_w4_differ_from_it_in_one_setting() -> None:
    plain = WORKLOADS["W4"].settings
    assert WORKLOADS["W4d"].settings == {**plain, "dropout": 0.2}
    assert WORKLOADS["W4b"].settings == {**plain, "normalization": "batch"}


@pytest.mark.parametrize("workload", [*WORKLOADS.values(), LONG[1]], ids=lambda each: each.name)
@pytest.mark.parametrize("passes", [False, True], ids=["plain", "passes"])
def test_our_candidate_learns_and_comes_back_to_the_start(workload: Workload, passes: bool) -> None:
    ours = Ours(workload, passes, every=1)
    start = ours.read()
    ours.run(1)
    learned = ours.read()
    assert all(np.isfinite(each).all() for each in learned.values())
    assert any((learned[name] != start[name]).any() for name in start)
    assert np.isfinite(ours.recording.loss)
    ours.restart()
    assert all((each == start[name]).all() for name, each in ours.read().items())
    assert ours.calls > 0 < ours.measuring_calls


@pytest.mark.parametrize("name", SMALL)
def test_the_candidate_with_passes_makes_the_plain_tapes_steps(name: str) -> None:
    wide = WORKLOADS[name].with_settings(dtype="float64", dropout=0.0)
    plain, passes = Ours(wide, passes=False), Ours(wide, passes=True)
    for each in (plain, passes):
        each.run(3)
    theirs = passes.read()
    assert all(np.abs(array - theirs[key]).max() < 1e-9 for key, array in plain.read().items())


def test_statistics_are_taken_when_they_are_due_and_change_no_weight() -> None:
    never, tenth = Ours(WORKLOADS["W2"], passes=False), Ours(WORKLOADS["W2"], passes=False, every=10)
    tenth.run(9)
    assert np.isnan(tenth.recording.loss)
    tenth.run(1)
    assert np.isfinite(tenth.recording.loss)
    never.run(10)
    assert all((array == tenth.read()[key]).all() for key, array in never.read().items())


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_floor_is_three_products_a_layer_but_one(name: str) -> None:
    """Forward, to the weights and to the inputs; nobody asks for the error of the data."""
    products = Floor(WORKLOADS[name]).products
    assert {function for function, _ in products} == {np.dot}
    assert len(products) == 3 * (len(WORKLOADS[name].sizes) - 1) - 1


def test_numbers_below_the_smallest_normal_one_are_counted() -> None:
    ours = Ours(WORKLOADS["W1"], passes=False)
    assert ours.subnormal_share() == 0
    ours.network.parameters.grad[:21] = 1e-40
    assert ours.subnormal_share() == pytest.approx(21 / 210)


def test_the_loop_trains_its_epochs_to_the_end() -> None:
    loop = Loop(WORKLOADS["W1"], epochs=2)
    assert loop.seconds_per_step() >= 0
    assert loop.steps == 60
    assert loop.records == 60


def test_scikit_learn_is_asked_only_for_what_it_knows_or_said_what_it_leaves_out() -> None:
    assert [name for name, each in WORKLOADS.items() if not sklearn_can(each)] == ["W4d", "W4b"]
    assert what_sklearn_leaves_out(WORKLOADS["W4"]) == ""
    assert what_sklearn_leaves_out(WORKLOADS["W3"]) == "clipping and dropout and the second of two outputs"


def test_blocks_are_interleaved_and_the_first_round_is_thrown_away() -> None:
    order: list[str] = []

    def block(name: str) -> float:
        order.append(name)
        return float(len(order))

    times = interleaved({name: lambda name=name: block(name) for name in "AB"}, rounds=2)
    assert order == ["A", "B"] * 3
    assert times == {"A": [3.0, 5.0], "B": [4.0, 6.0]}


def test_a_ratio_is_taken_round_by_round() -> None:
    """The median of quotients, not the quotient of medians, which would be 1 here."""
    assert ratio([1.0, 2.0, 30.0], [2.0, 1.0, 10.0]) == Ratio(2.0, 0.5, 3.0)
    assert str(ratio([1.0, 2.0, 30.0], [2.0, 1.0, 10.0])) == "2.00 (0.500-3.00)"
    assert [figure(value) for value in (0.0361, 2.345, 45.67, 912.3)] == ["0.036", "2.35", "45.7", "912"]


def times() -> dict[str, list[float]]:
    """Times of W1: ours twice as slow with statistics; a peer at exactly the target, one beyond it."""
    ours = {"plain": [2.0], "passes": [1.0]}
    named = {with_statistics(tape, 10): [1.1 * value[0]] for tape, value in ours.items()}
    named |= {with_statistics(tape, 1): [2 * value[0]] for tape, value in ours.items()}
    peers = {EAGER: [1.1 / 0.036], SKLEARN: [1.1 / 0.08], FLOOR: [1.0], HOOKS: [2 / 0.05]}
    return {**ours, **named, **peers}


def test_targets_are_held_up_to_the_limit_and_by_the_tape_with_passes() -> None:
    found = {each.peer: each for each in comparisons("W1", times())}
    assert list(found) == [EAGER, SKLEARN, FLOOR, HOOKS]
    assert found[EAGER].passes.median == pytest.approx(0.036)
    assert found[EAGER].plain.median == pytest.approx(0.072)
    assert found[FLOOR].is_held
    assert found[HOOKS].passes.median == pytest.approx(0.05), "statistics at every step on both sides"
    assert [name for name, each in found.items() if each.is_held is False] == [SKLEARN, HOOKS]
    assert found[SKLEARN].verdict == "≤ 0.075 not held"
    assert Comparison("W1", "jax", Ratio(1, 1, 1), Ratio(1, 1, 1), None).verdict == "none set"


def test_each_miss_is_a_sentence_and_wants_a_reason() -> None:
    found = list(comparisons("W1", times()))
    assert misses(found).splitlines() == [
        "- W1 against scikit-learn: at most 0.075 was wanted, 0.080 (0.080-0.080) was measured.",
        "- W1 against torch with hooks: at most 0.045 was wanted, 0.050 (0.050-0.050) was measured.",
    ]
    assert without_reason(found, "") == ["W1, scikit-learn", "W1, torch with hooks"]
    assert without_reason(found, "**W1, W2: scikit-learn**. Because.") == ["W1, torch with hooks"]
    assert without_reason(found, "**W2: scikit-learn, torch with hooks**") == without_reason(found, "")
    assert misses([each for each in found if each.is_held]) == "All targets hold."


def test_tables_have_a_cell_for_every_column() -> None:
    found = list(comparisons("W1", times()))
    for table in (summary_table(found), ratio_table(found), statistics_table({"W1": times()})):
        assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "| W1 | 2.00 (2.00-2.00) | 1.10 (1.10-1.10) |" in statistics_table({"W1": times()})


def test_every_workload_has_targets_for_peers_that_are_timed() -> None:
    assert TARGETS.keys() == WORKLOADS.keys()
    assert {peer for targets in TARGETS.values() for peer in targets} <= set(PEERS)


def test_the_peers_environment_pins_the_torch_that_everything_is_compared_with() -> None:
    wanted = (ROOT / "benchmarks" / "requirements-peers.txt").read_text("utf-8")
    assert re.findall(r"^torch.*$", wanted, re.MULTILINE) == ["torch==2.13.0"]
