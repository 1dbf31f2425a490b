"""Charts of a lesson: both runs of a pair on one scale, several runs on one chart, what diverged is seen."""

from dataclasses import replace

import numpy as np
import pytest

from engine.figures.figure import Figure
from engine.lessons.lesson import Experiment
from engine.lessons.measures import Values
from engine.lessons.reading import lesson_from_text
from tests.lessons.test_reading import block
from ui.learn.charts import cards_of
from ui.learn.results import results_of
from ui.learn.room import cards_height, drawn_height, players_height, room_style
from ui.learn.words import describe_pair, table_of

SMALL = "settings: {samples: 100, epochs: 4, hidden_sizes: [4]}"


def experiment(kind: str, text: str) -> Experiment:
    (found,) = lesson_from_text(block(kind, text), "lessons/07-x.md", "x", 7).experiments
    return found


def figures(of: Experiment) -> dict[str, Figure]:
    """Return the figures of an experiment by title."""
    cards = cards_of("x", of, results_of(of))
    drawn = {}
    for card in cards:
        figure = card.charts[0].draw()
        assert isinstance(figure, Figure)
        drawn[card.title] = figure
    return drawn


@pytest.mark.parametrize(
    ("show", "titles"),
    [
        ("loss", ["low: loss", "high: loss"]),
        ("score", ["low: accuracy", "high: accuracy"]),
        ("gradients", ["low: gradient norm of each layer", "high: gradient norm of each layer"]),
    ],
)
def test_both_runs_of_a_pair_share_their_scale(show: str, titles: list[str]) -> None:
    text = f"{SMALL}\nchange: {{learning_rate: 0.3}}\nnames: [low, high]\nmeasure: loss\nshow: [{show}]"
    found = figures(experiment("pair", text))
    assert list(found) == titles
    first, second = found.values()
    assert first.layout.yaxis.range and list(first.layout.yaxis.range) == list(second.layout.yaxis.range)
    low, high = first.layout.yaxis.range
    values = np.concatenate([np.asarray(line.y) for line in second.data if line.mode == "lines"])
    drawn = np.log10(values) if second.layout.yaxis.type == "log" else values
    assert low <= np.nanmin(drawn) and np.nanmax(drawn) <= high


def test_several_runs_are_one_chart_over_what_they_have_in_common() -> None:
    text = f"{SMALL}\nvary: {{batch_size: [8, full]}}\nnames: [few, all]\nequal: samples"
    (figure,) = figures(experiment("runs", text)).values()
    named = [line.name for line in figure.data if line.mode == "lines" and line.showlegend is not False]
    assert named == ["1 · few", "2 · all"]
    assert figure.layout.xaxis.title.text == "samples seen"
    assert max(figure.data[0].x) == 75 * 4


def test_a_run_that_diverged_shows_the_loss_of_its_batches() -> None:
    (figure,) = figures(experiment("run", "preset: exploding\nsettings: {epochs: 2}")).values()
    assert "batch" in [line.name for line in figure.data] and figure.layout.yaxis.type == "log"
    (card,) = cards_of("x", of := experiment("run", "preset: exploding"), results_of(of))
    assert card.sentence.startswith("Diverged after ")


def test_lines_of_layers_are_means_so_that_noise_does_not_hide_them() -> None:
    text = "settings: {samples: 400, epochs: 20, hidden_sizes: [4], batch_size: 16}\nshow: [gradients]"
    (figure,) = figures(experiment("run", text)).values()
    assert figure.layout.yaxis.title.text == "gradient norm, mean of 5"
    assert len(figure.data[0].x) == 76


PAIR = experiment("pair", f"{SMALL}\nchange: {{epochs: 8}}\nnames: [four, eight]\nmeasure: val_loss")


@pytest.mark.parametrize(
    ("measure", "first", "second", "said"),
    [
        ("val_loss", 0.693, 0.312, "Validation loss: 0.693 (four), 0.312 (eight): lower by 0.381."),
        (
            "score",
            0.5,
            0.98,
            "Validation accuracy: 50.0 % (four), 98.0 % (eight): higher by 48.0 points.",
        ),
        ("gradient_ratio", 1e-6, 0.1, "1e-06 (four), 0.1 (eight): higher by a factor of 1.0e5."),
        ("loss", np.inf, 0.1, "Training loss: infinite (four), 0.1 (eight)."),
        ("steps", 5.0, 5.0, "Steps: 5 (four), 5 (eight): no difference."),
    ],
)
def test_the_difference_of_a_pair_is_said_in_words(
    measure: str, first: float, second: float, said: str
) -> None:
    pair = replace(PAIR, measures=(measure,))
    text = describe_pair(pair, {"a": {measure: first}, "b": {measure: second}}, "accuracy")
    assert said in text.replace("\\", "")


def test_a_table_marks_the_best_of_each_column_where_one_is_better() -> None:
    runs = experiment(
        "runs", f"{SMALL}\nvary: {{epochs: [2, 4]}}\nnames: [two, four]\ntable: [loss, steps, score]"
    )
    values: dict[str, Values] = {
        "1": {"loss": 0.5, "steps": 6.0, "score": 0.9},
        "2": {"loss": 0.25, "steps": 12.0, "score": 0.9},
    }
    lines = table_of(runs, values, {"1": "accuracy", "2": "accuracy"}).replace("\\", "").splitlines()
    assert lines[0] == "|  | training loss | steps | validation accuracy |"
    assert lines[2:] == ["| two | 0.5 | 6 | 90.0 % |", "| four | **0.25** | 12 | 90.0 % |"]


def test_room_is_kept_for_what_a_block_draws() -> None:
    shown = experiment("pair", f"{SMALL}\nchange: {{epochs: 8}}\nmeasure: loss\nshow: [loss, network]")
    assert cards_height(shown, narrow=True) == 2 * cards_height(shown) > 0
    assert players_height(shown) > 0 and players_height(PAIR) == 0
    assert drawn_height(shown) > cards_height(shown) + players_height(shown)
    lesson = lesson_from_text(block("pair", f"{SMALL}\nchange: {{epochs: 8}}\nmeasure: loss"), "x", "x", 7)
    assert ".st-key-learn_block_x_0 { min-height: " in room_style(lesson)
