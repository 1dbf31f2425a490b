"""The Learn page: lessons in the address, blocks that train, questions before answers, the quiz twice."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.lessons.reading import FOLDER_VARIABLE
from tests.lessons.test_reading import EXAMPLES, HEAD, block
from tests.pages.frames import framed_cards, framed_texts, headers, open_page

HOSTILE = "<script>alert(1)</script> [x](http://evil) $y$"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the lessons of a test, which holds the examples alone."""
    place = tmp_path / "lessons"
    shutil.copytree(EXAMPLES, place)
    monkeypatch.setattr("engine.lessons.reading.LESSONS", place)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    return place


def page(**query: str) -> AppTest:
    return open_page("learn", **query)


def words(app: AppTest) -> str:
    kinds = (app.header, app.markdown, app.caption, app.warning, app.success, app.info, app.error)
    return " ".join(plain(str(element.value)) for kind in kinds for element in kind)


def plain(text: str) -> str:
    return text.replace("\\", "")


def address(app: AppTest, name: str) -> str:
    value = app.query_params.get(name, "")
    return value[0] if isinstance(value, list) else value


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_the_page_lists_the_lessons_and_a_click_puts_one_into_the_address() -> None:
    app = page()
    assert [each.value for each in app.header] == ["Learn"]
    assert "Say what a learning rate that is too low does." in words(app)
    press(app, "learn_open_two-rates")
    assert address(app, "lesson") == "two-rates"
    assert [each.value for each in app.header] == ["Two learning rates"]
    press(app, "learn_all")
    assert [each.value for each in app.header] == ["Learn"]


def test_a_lesson_shows_what_its_blocks_trained() -> None:
    app = page(lesson="two-rates")
    titles = [title for title, _ in framed_texts(app)]
    assert titles[:3] == ["loss", "accuracy", "gradient norm of each layer"]
    assert titles[3:] == ["too low: loss", "about right: loss", "training loss, validation dashed"]
    text = words(app)
    assert "**Training loss: 0.916 (too low), 0.378 (about right): lower by 0.537.**" in text
    assert "| eight |" in text.replace("**", "") and "noise of the gradient" in text
    assert "import numpy" in app.code[-1].value
    (neuron,) = [header for header in headers(app) if "values" in header]
    assert neuron["steps"][0]["prediction"] == 1
    # The place at the top, three groups of cards, a player, a neuron.
    assert len(app.get("bidi_component")) == 6


def test_both_runs_of_a_pair_share_their_scale() -> None:
    app = page(lesson="two-rates")
    (too_low, right) = (card for card in framed_cards(app) if ": loss" in card["title"])
    assert too_low["charts"] and right["charts"]


def test_an_address_without_such_a_lesson_says_so_and_lists_them_all() -> None:
    app = page(lesson="two-rats")
    assert "lesson in the address must be one of those below, got two-rats" in words(app)
    assert app.button(key="learn_open_two-rates")


def test_the_next_lesson_and_the_one_before_are_at_the_end() -> None:
    app = press(page(lesson="two-rates"), "learn_next")
    assert address(app, "lesson") == "quiz"
    assert address(press(app, "learn_previous"), "lesson") == "two-rates"
    app.selectbox(key="learn_lesson").set_value("quiz").run()
    assert address(app, "lesson") == "quiz" and not app.exception


def test_a_lesson_is_marked_once_it_was_opened_and_its_questions_answered(folder: Path) -> None:
    question = "ask: a\nchoices: [b, c]\nanswer: 1\nbecause: d"
    (folder / "02-x.md").write_text(block("question", question), "utf-8")
    app = page()

    def mark() -> str:
        return app.button(key="learn_go_x").icon

    press(app, "learn_open_two-rates")
    assert "radio_button_unchecked" in mark()
    press(app, "learn_go_x")
    assert "contrast" in mark()
    app.radio(key="learn_choice_x_0").set_value(1).run()
    press(app, "learn_answer_x_0")
    press(app, "learn_go_x")
    assert "check_circle" in mark()


def test_a_broken_lesson_is_shown_as_its_sentence_and_the_others_work(folder: Path) -> None:
    (folder / "02-bad.md").write_text(block("run", f"settings: {{epochs: '{HOSTILE}'}}"), "utf-8")
    app = page(lesson="bad")
    (said,) = app.error
    sentence = "lessons/02-bad.md, line 7: settings: epochs must be a whole number, got"
    assert plain(said.value).startswith(sentence) and "<script>" not in said.value
    assert not press(app, "learn_previous").error


def test_a_block_that_cannot_be_trained_is_one_sentence_among_the_others(folder: Path) -> None:
    text = block("run", "settings: {samples: 20, batch_size: 100}") + "The rest.\n"
    (folder / "02-x.md").write_text(text, "utf-8")
    app = page(lesson="x")
    assert "batch_size must be at most the 15 training rows, got 100" in words(app)
    assert "The rest." in words(app)


def test_the_settings_of_a_run_can_be_taken_into_the_form_of_train() -> None:
    app = page(lesson="two-rates")
    press(app, "learn_open_two-rates_2_0")
    assert app.session_state["train_learning_rate"] == "1e-05"
    assert app.session_state["train_epochs"] == 20


def ask(folder: Path, text: str) -> AppTest:
    (folder / "02-x.md").write_text(block("question", text), "utf-8")
    return page(lesson="x")


def test_runs_and_explanation_of_a_question_come_after_the_answer(folder: Path) -> None:
    app = ask(
        folder,
        "ask: Which?\nsettings: {hidden_sizes: [4], samples: 100, epochs: 4}\nlook: Look here.\n"
        "choices: [{text: falls, holds: loss < start_loss}, {text: rises, holds: loss > start_loss}]\n"
        "because: From {start_loss:.2f} to {loss:.2f}.",
    )
    assert app.button(key="learn_answer_x_0").disabled
    assert framed_cards(app) == [] and "Look here" not in words(app) and "From" not in words(app)
    app.radio(key="learn_choice_x_0").set_value(1).run()
    press(app, "learn_answer_x_0")
    assert (
        "Not this one. Right: falls" in words(app) and "Look here." in words(app) and "From 0." in words(app)
    )
    assert [title for title, _ in framed_texts(app)] == ["loss"]
    assert app.radio(key="learn_choice_x_0").disabled
    press(app, "learn_again_x_0")
    assert framed_cards(app) == []
    app.radio(key="learn_choice_x_0").set_value(0).run()
    assert "Right: falls" in words(press(app, "learn_answer_x_0"))


def test_a_question_with_two_right_answers_says_what_is_wrong_with_it(folder: Path) -> None:
    app = ask(
        folder,
        "ask: Which?\nsettings: {hidden_sizes: [4], samples: 60, epochs: 1}\n"
        "choices: [{text: a, holds: loss > 0}, {text: b, holds: loss > 0}]\nbecause: c",
    )
    app.radio(key="learn_choice_x_0").set_value(1).run()
    press(app, "learn_answer_x_0")
    assert "exactly one choice must hold, got 2" in words(app)


def test_the_quiz_keeps_its_answers_in_the_address() -> None:
    app = page(lesson="quiz")
    app.radio(key="learn_quiz_before_1").set_value(0).run()
    app.radio(key="learn_quiz_before_0").set_value(2).run()
    assert address(app, "before") == "310"
    again = page(lesson="quiz", before="310")
    assert [each.value for each in again.radio] == [2, 0, None]


def test_a_round_that_was_ended_by_mistake_can_be_gone_back_to_until_the_next_one_has_an_answer() -> None:
    app = page(lesson="quiz", before="200")
    assert "1 of 3 answered. 2 left: what is not answered counts as wrong." in words(app)
    press(app, "learn_quiz_finish")
    press(app, "learn_quiz_back")
    assert (address(app, "before"), address(app, "after")) == ("200", "")
    press(app, "learn_quiz_finish")
    app.radio(key="learn_quiz_after_0").set_value(1).run()
    assert "learn_quiz_back" not in [button.key for button in app.button]


def test_right_answers_are_not_told_before_the_round_after() -> None:
    app = page(lesson="quiz", before="212")
    assert not app.metric
    press(app, "learn_quiz_finish")
    assert address(app, "after") == "000"
    assert [each.value for each in app.metric] == ["2 of 3"]
    assert "one row" in str(app.radio[-1].options) and "Not this one" not in words(app)
    for place, answer in enumerate((1, 1, 0)):
        app.radio(key=f"learn_quiz_after_{place}").set_value(answer).run()
    assert address(app, "after") == "221" and address(app, "before") == "212"
    press(app, "learn_quiz_results")
    assert [each.value for each in app.metric] == ["2 of 3", "2 of 3"]
    assert "Not this one. Right: It falls." in words(app)
    press(app, "learn_quiz_lesson_1")
    assert address(app, "lesson") == "two-rates" and address(app, "after") == "221"
    assert [each.value for each in press(app, "learn_go_quiz").metric] == ["2 of 3", "2 of 3"]


def test_results_in_the_address_are_shown_again_and_what_it_cannot_mean_is_not_answered() -> None:
    app = page(lesson="quiz", before="9x", after="219", results="yes")
    assert [each.value for each in app.metric] == ["0 of 3", "2 of 3"]
    assert "Not answered." in words(app)
    assert address(press(app, "learn_quiz_anew"), "before") == ""


def test_an_empty_folder_says_so(folder: Path) -> None:
    shutil.rmtree(folder)
    assert "There are no lessons yet" in words(page())


def test_text_of_a_title_is_shown_as_it_stands(folder: Path) -> None:
    (folder / "02-x.md").write_text(HEAD.replace("title: A", f"title: '{HOSTILE}'") + "Text\n", "utf-8")
    app = page(lesson="x")
    assert "\\<script\\>" in app.header[0].value and "\\[x\\]" in app.header[0].value
