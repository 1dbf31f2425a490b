"""Seeds are drawn as their mean with a band that says how sure it is, at steps that all of them have."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from engine.figures.bands import (
    Seeds,
    aligned,
    colours_together,
    compare_seeds,
    format_run_ids,
    looks_together,
)
from engine.figures.smoothing import Smoothing
from engine.figures.theme import run_colour

NAN = float("nan")
LOSSES = {1: [4.0, 2.0, 1.0], 2: [4.0, 3.0, 2.0], 3: [4.0, 4.0, 6.0], 6: [5.0, 4.0, 2.0], 7: [5.0, 6.0, 3.0]}
FIRST, SECOND = Seeds({0: 1, 1: 2, 2: 3}, "<b>first</b>"), Seeds({0: 6, 1: 7})


def frames_of(losses: dict[int, list[float]] = LOSSES, every: int = 10) -> dict[int, pd.DataFrame]:
    frames = {}
    for run, values in losses.items():
        steps = np.arange(len(values)) * every
        columns = {"step": steps, "epoch": steps / 20, "seconds": steps * run / 1000}
        measured = {"batch_loss": 0.5, "grad_norm": 0.1, "penalty": 0.0, "train_loss": values}
        frames[run] = pd.DataFrame({**columns, **measured, "val_loss": np.array(values) + 1})
    return frames


def drawn(figure: Any) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data if trace.name and trace.mode == "lines"}


def test_a_group_is_its_mean_with_students_interval_and_n_in_the_legend() -> None:
    found = drawn(compare_seeds(frames_of(), [SECOND], ["val_loss"]))
    mean = found["runs 6-7 (n = 2)"]
    assert list(mean.x) == [0, 10, 20] and list(mean.y) == [6.0, 6.0, 3.5]
    assert mean.line.dash == "dash" and mean.line.color == run_colour(6)
    half = stats.t.ppf(0.975, 1) * stats.sem([5.0, 7.0])
    assert found["runs 6-7 (n = 2), lower end"].y[1] == max(0.0, 6.0 - half) == 0.0
    upper = found["runs 6-7 (n = 2), upper end"]
    assert upper.y[1] == pytest.approx(6.0 + half) and upper.fill == "tonexty"


def test_the_band_may_span_the_seeds_instead() -> None:
    found = drawn(compare_seeds(frames_of(), [FIRST], ["train_loss"], band="range"))
    name = "1-3 · &lt;b&gt;first&lt;/b&gt; (n = 3)"
    assert list(found[f"{name}, lower end"].y) == [4.0, 2.0, 1.0]
    assert list(found[f"{name}, upper end"].y) == [4.0, 4.0, 6.0]


def test_runs_of_no_group_are_drawn_as_they_are() -> None:
    found = drawn(compare_seeds(frames_of(), [SECOND], ["train_loss"]))
    assert [name for name in found if "(n" not in name] == ["run 1", "run 2", "run 3"]


def test_only_steps_that_all_seeds_were_evaluated_at_are_drawn_and_nothing_is_interpolated() -> None:
    coarse = frames_of({1: [4.0, 1.0]}, every=20)
    fine = frames_of({2: [8.0, NAN, 3.0, 2.0]})
    at, curves = aligned(coarse | fine, [1, 2], "epoch", "train_loss")
    assert at.tolist() == [0.0, 1.0]
    assert curves.tolist() == [[4.0, 1.0], [8.0, 3.0]]


def test_a_step_that_one_seed_lacks_in_the_middle_shifts_nobodys_later_steps() -> None:
    frames = frames_of({1: [8.0, NAN, 3.0, 2.0], 2: [4.0, 5.0, 6.0, 7.0], 3: [0.0, 1.0, 2.0, 9.0]})
    at, curves = aligned(frames, [1, 2, 3], "step", "train_loss")
    assert at.tolist() == [0.0, 20.0, 30.0]
    assert curves.tolist() == [[8.0, 3.0, 2.0], [4.0, 6.0, 7.0], [0.0, 2.0, 9.0]]


def test_over_seconds_a_point_stands_at_the_mean_time_of_its_step() -> None:
    at, _ = aligned(frames_of(), [6, 7], "seconds", "val_loss")
    assert at == pytest.approx([0.0, 0.065, 0.13])


def test_groups_are_subtracted_seed_by_seed() -> None:
    found = drawn(compare_seeds(frames_of(), [FIRST, SECOND], ["train_loss"], baseline=1))
    (name,) = (name for name in found if name.endswith("(n = 2)"))
    assert list(found[name].y) == [1.0, 2.5, 1.0]
    half = stats.t.ppf(0.975, 1) * stats.sem([2.0, 3.0])
    assert found[f"{name}, upper end"].y[1] == pytest.approx(2.5 + half)
    assert not any(other.startswith("1-3") for other in found)


def test_any_run_of_a_group_names_it_as_the_baseline_and_single_runs_differ_from_its_mean() -> None:
    frames = frames_of({**LOSSES, 9: [5.0, 5.0, 5.0]})
    figure = compare_seeds(frames, [FIRST, SECOND], ["train_loss"], baseline=2)
    assert list(drawn(figure)["run 9"].y) == [1.0, 2.0, 2.0]
    assert "difference from runs 1-3" in figure.layout.yaxis.title.text


def test_a_single_run_can_be_the_baseline_of_groups() -> None:
    frames = frames_of({**LOSSES, 9: [5.0, 5.0, 5.0]})
    found = drawn(compare_seeds(frames, [SECOND], ["train_loss"], baseline=9))
    assert list(found["runs 6-7 (n = 2)"].y) == [0.0, 0.0, -2.5]


def test_groups_without_a_common_seed_have_no_difference_to_draw() -> None:
    found = drawn(compare_seeds(frames_of(), [FIRST, Seeds({8: 6, 9: 7})], ["train_loss"], baseline=1))
    assert not found


def test_on_a_logarithmic_axis_a_band_that_reaches_below_zero_ends_at_the_lowest_seed() -> None:
    found = drawn(compare_seeds(frames_of(), [FIRST], ["train_loss"], log_y=True))
    (lower,) = (trace for name, trace in found.items() if name.endswith("lower end"))
    half = stats.t.ppf(0.975, 2) * stats.sem([2.0, 3.0, 4.0])
    assert list(lower.y) == pytest.approx([4.0, 3.0 - half, 1.0])


def test_smoothing_acts_on_each_seed() -> None:
    found = drawn(compare_seeds(frames_of(), [SECOND], ["train_loss"], smoothing=0.99))
    steps, smooth = np.array([0.0, 10.0, 20.0]), Smoothing(0.99, span=20.0)
    each = [smooth(steps, np.array(LOSSES[run], float)) for run in (6, 7)]
    assert list(found["runs 6-7 (n = 2)"].y) == pytest.approx(np.mean(each, axis=0).tolist())
    assert list(found["runs 6-7 (n = 2)"].y[:2]) == pytest.approx([5.0, 5.0])
    assert 2.6 < found["runs 6-7 (n = 2)"].y[2] < 4.0


def test_groups_never_share_a_colour_while_there_are_enough() -> None:
    groups = [Seeds({0: 1, 1: 2}), Seeds({0: 9, 1: 10})]
    colours = colours_together(groups, [1, 2, 9, 10, 17])
    assert colours[1] == colours[2] == run_colour(1) and colours[9] == colours[10]
    assert len({colours[run] for run in (1, 9, 17)}) == 3


def test_numbers_of_runs_are_told_shortly() -> None:
    assert format_run_ids([3, 1, 2, 8]) == "1-3, 8"
    assert format_run_ids([4]) == "4"


def test_the_single_seeds_stand_faint_behind_their_mean() -> None:
    found = drawn(compare_seeds(frames_of(), [SECOND], ["train_loss"]))
    for seed, run in SECOND.runs.items():
        line = found[f"runs 6-7 (n = 2), seed {seed}"]
        assert list(line.y) == LOSSES[run] and line.opacity < 0.5 and line.line.width == 1
        assert line.showlegend is False and line.hoverinfo == "skip"
    assert list(found).index("runs 6-7 (n = 2), seed 0") < list(found).index("runs 6-7 (n = 2)")


def test_the_seeds_of_a_paired_difference_are_those_that_both_groups_have() -> None:
    found = drawn(compare_seeds(frames_of(), [FIRST, SECOND], ["train_loss"], baseline=1))
    seeds = {name.rsplit(" ", 1)[1]: list(line.y) for name, line in found.items() if ", seed " in name}
    assert seeds == {"0": [1.0, 2.0, 1.0], "1": [1.0, 3.0, 1.0]}


def test_of_many_seeds_only_mean_and_band_are_drawn() -> None:
    many = Seeds({run: run for run in range(1, 31)})
    frames = frames_of({run: [2.0, 1.0] for run in range(1, 31)})
    assert not any(", seed " in name for name in drawn(compare_seeds(frames, [many], ["train_loss"])))


def test_runs_that_must_share_a_colour_differ_in_their_marker() -> None:
    looks = looks_together([Seeds({0: 1, 1: 2})], list(range(1, 25)))
    assert looks[1] == looks[2] and len(set(looks.values())) == 23


def test_an_interval_is_cut_where_no_value_can_lie() -> None:
    """Two seeds of an accuracy gave an axis from -1.6 to 3."""
    frames = {run: frame.assign(val_accuracy=0.9 + run / 100) for run, frame in frames_of().items()}
    found = drawn(compare_seeds(frames, [Seeds({0: 1, 1: 7})], ["val_accuracy"]))
    assert max(found["runs 1, 7 (n = 2), upper end"].y) == 1.0
    losses = drawn(compare_seeds(frames_of(), [FIRST], ["train_loss"]))
    (lower,) = (trace for name, trace in losses.items() if name.endswith("lower end"))
    assert min(lower.y) == 0.0
    minus = drawn(compare_seeds(frames_of(), [FIRST], ["train_loss"], baseline=6))
    assert min(value for name, trace in minus.items() if name.endswith("lower end") for value in trace.y) < 0
