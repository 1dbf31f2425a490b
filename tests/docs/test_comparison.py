"""The page about PyTorch tells the truth as far as it can be told without PyTorch."""

import re

import pytest

from docs.compare_with_pytorch import DOCUMENT, PARTS, code
from tests.docs.test_docs import ROOT


def test_the_pages_own_half_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict = {}
    exec(compile(code("python"), str(DOCUMENT), "exec"), names)  # noqa: S102  (our own text, from this folder)
    printed = capsys.readouterr().out
    assert names["losses"][-1] < names["losses"][0]
    assert names["laboratory"].learning_rate == pytest.approx(0, abs=1e-15)
    assert set(names["laboratory"].names) == PARTS.keys()
    for name in names["gradients"]:
        assert re.search(rf"^{name} +\d", printed, re.MULTILINE)


def test_pytorchs_half_is_valid_and_sets_every_weight_that_ours_starts_from() -> None:
    theirs = code("py")
    compile(theirs, str(DOCUMENT), "exec")
    assert set(re.findall(r'start\["(.+?)"\]', theirs)) == {
        "dense1.weight",
        "dense2.weight",
        "dense3.weight",
        "dense3.bias",
    }


def test_every_name_in_the_table_is_one_of_the_laboratorys() -> None:
    text = DOCUMENT.read_text("utf-8")
    calls = set(re.findall(r"`laboratory\.(\w+)", text))
    names: dict = {}
    exec(compile(code("python"), str(DOCUMENT), "exec"), names)  # noqa: S102
    assert calls
    assert all(hasattr(names["laboratory"], call) for call in calls)
    assert (ROOT / "docs" / "requirements-torch.txt").read_text("utf-8") == "torch==2.13.0\n"
