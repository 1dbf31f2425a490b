"""The documents tell the truth: their examples run, and their tables are those of the code."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.tables import filled
from engine import __version__
from engine.cli.main import main
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state
from engine.training.telemetry import LAYER_INDEX, Record
from engine.training.trainer import train

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ABSENT_UNTIL_RUN = {".venv", ".lab"}


def code_blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_glossary_and_tree_are_those_of_the_code() -> None:
    assert filled(README) == README, "README.md is out of date: run `make docs`"


def test_the_python_example_of_the_readme_runs_and_learns(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = code_blocks(README, "python")
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  (our own text, from this folder)
    before, after, norm = (float(number) for number in capsys.readouterr().out.split())
    assert before < 0.7 < 0.9 < after
    assert norm > 0


def final_record(**settings: object) -> Record:
    """Return the last record of a run."""
    config = parse_config(settings)
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return [each for each in train(config, dataset, initial_state(config, dataset)) if each][-1]


def test_gradients_vanish_where_the_tour_says_so() -> None:
    ratios = {}
    for activation in ("sigmoid", "relu"):
        norms = final_record(hidden_sizes=[16] * 10, activation=activation, epochs=1, batch_size="full")
        first, last = norms.layers[[0, -1], LAYER_INDEX["grad_norm"]]
        ratios[activation] = first / last
    assert ratios["sigmoid"] < 2e-6
    assert 0.1 < ratios["relu"] < 10


def test_the_tours_network_overfits_and_its_two_cures_help() -> None:
    def gap(**cure: float) -> float:
        settings = {"samples": 200, "noise": 0.4, "hidden_sizes": [64, 64], "activation": "relu"}
        return final_record(**settings, **cure)["generalization_gap"]

    assert gap() > 0.25
    assert abs(gap(dropout=0.5)) < 0.12
    assert abs(gap(weight_decay=0.01)) < 0.12


def shell_lines() -> Iterator[str]:
    for block in code_blocks(README, "sh"):
        yield from (line for line in block.splitlines() if line.startswith("python -m engine"))


def test_the_command_lines_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each in the order of the text, on one new store."""
    monkeypatch.setenv("BACKPROP_LAB_STORE", f"sqlite:///{tmp_path / 'lab.db'}")
    monkeypatch.chdir(tmp_path)
    for line in shell_lines():
        monkeypatch.setattr("sys.argv", ["engine", *shlex.split(line)[3:]])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0, f"{line}\n{capsys.readouterr().err}"
    for name in ("runs.csv", "layers.csv", "weights.npz"):
        assert (tmp_path / name).stat().st_size > 0


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith(("#", "-r"))}


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    table = re.search(r"\| package \| why \|\n(.*?)\n\n(.*?)\n\n", README, re.DOTALL)
    assert table
    named = set(re.findall(r"^\| (\S+) \| .+ \|$", table[1], re.MULTILINE))
    assert named == requirements("requirements.txt")
    assert set(re.findall(r"[a-z-]+", table[2])) >= requirements("requirements-dev.txt")


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_file_that_a_document_names_is_there(text: str) -> None:
    linked = {name for name in re.findall(r"\]\(([^)#]+)", text) if "://" not in name}
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]*|\w+\.(?:py|md|toml|txt))`", text))
    missing = [
        name
        for name in sorted(linked | named)
        if name.split("/")[0] not in ABSENT_UNTIL_RUN and not (ROOT / name).exists()
    ]
    assert not missing


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b(?=[`\s])", README + CONTRIBUTING)) <= targets


def test_the_version_is_written_once_and_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
