"""The benchmark of the scripts compares what it says; what torch itself computes is not asked for here."""

import re
import sys

import pytest

from benchmarks import torch_scripts
from benchmarks.torch_scripts import BASE, CONFIGURATIONS, DOCUMENT, difference, explained, printed
from engine.config import parse_config
from engine.config.settings import SETTINGS
from engine.explain.script import numpy_script
from tests.docs.test_docs import ROOT

LINE = {"loss": 0.5, "grad_norm": 2.0, "loss_after": 0.4}


def test_each_configuration_can_be_trained_and_most_settings_of_an_update_take_part():
    given = set()
    for several in CONFIGURATIONS.values():
        for each in several:
            parse_config({name: value for name, value in {**BASE, **each}.items() if value is not None})
            given |= each.keys()
    assert len(CONFIGURATIONS) >= 12
    assert given >= {"clip_value", "clip_layer_norm", "clip_norm", "l1", "weight_decay", "decay_biases"}
    assert given >= {"dropout", "residual", "normalization", "class_weights", "label_smoothing", "loss_delta"}


@pytest.mark.parametrize("name", ["activation", "optimizer", "loss"])
def test_every_choice_that_can_be_written_is_compared(name):
    given = [each[name] for several in CONFIGURATIONS.values() for each in several if name in each]
    chosen = {one for each in given for one in (each if isinstance(each, list) else [each])}
    assert set(SETTINGS[name].choices) - {"auto", "lion"} == chosen


def test_the_numbers_of_a_script_are_read_from_what_it_prints():
    step = explained({}, 3)
    found = printed(numpy_script(step(), "A step."))
    assert found["loss"] == pytest.approx(step().finish().loss, rel=1e-9)


@pytest.mark.parametrize("name", LINE)
def test_any_number_that_differs_is_noticed(name):
    assert difference(LINE, LINE) == 0
    assert difference(LINE, {**LINE, name: LINE[name] + 1e-6}) == pytest.approx(1e-6, rel=0.6)
    assert difference({**LINE, name: float("nan")}, LINE) == float("inf")


def test_a_large_difference_fails_and_lines_alone_are_not_written(monkeypatch, capsys):
    written = []
    monkeypatch.setattr(torch_scripts, "write_block", lambda *given: written.append(given))
    monkeypatch.setattr(torch_scripts, "version", lambda name: "2.13.0+cpu")
    monkeypatch.setattr(torch_scripts, "compared", lambda settings, step: 1e-6)
    monkeypatch.setattr(sys, "argv", ["torch_scripts", "--only", "dropout"])
    assert torch_scripts.main() == 1
    assert "2 steps, torch 2.13.0: 1.0e-06 at most" in capsys.readouterr().out and not written
    monkeypatch.setattr(torch_scripts, "compared", lambda settings, step: 1e-12)
    monkeypatch.setattr(sys, "argv", ["torch_scripts"])
    assert torch_scripts.main() == 0
    assert [name for _, name, _ in written] == ["scripts"]


def test_a_line_that_nobody_knows_is_refused_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["torch_scripts", "--only", "nothing"])
    with pytest.raises(SystemExit):
        torch_scripts.main()
    assert "--only must be how a line begins, got 'nothing'" in capsys.readouterr().err


def test_the_page_has_a_row_for_each_configuration_and_make_a_target():
    block = DOCUMENT.read_text("utf-8").partition("<!-- scripts -->")[2].partition("<!-- end -->")[0]
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\S+) \|$", block, re.MULTILINE)
    assert [(name, int(steps)) for name, steps, _ in rows] == [
        (name, len(several)) for name, several in CONFIGURATIONS.items()
    ]
    assert all(float(found) < torch_scripts.TOLERANCE for *_, found in rows)
    assert "benchmarks.torch_scripts" in (ROOT / "Makefile").read_text("utf-8")
