"""The documents tell the truth: their examples run, and their generated parts are those of the code."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from docs.excerpts import examples, excerpts
from docs.tables import GENERATED, filled, pages
from engine import __version__
from engine.cli.main import main
from engine.config import parse_config
from engine.config.presets import PRESETS, with_preset
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.training.model import initial_state
from engine.training.telemetry import LAYER_INDEX, Record
from engine.training.trainer import train
from tests.test_architecture import ROOMS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {page.name: page.read_text("utf-8") for page in pages()}
README_BYTES_AT_MOST = 6 * 1024
HOUSES = "city,rooms,area,price,rent\n" + "".join(
    f"c{row % 8},{row % 5 + 1},{30 + row * 7 % 90},{90.5 + 20 * (row % 5) + row * 7 % 90},{5.5 + row % 5}\n"
    for row in range(96)
)


def code_blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_parts_of_a_page_are_those_of_the_code(name: str) -> None:
    assert filled(name, PAGES[name]) == PAGES[name], f"docs/{name} is out of date: run `make docs`"


def test_a_generated_part_without_its_place_and_an_excerpt_of_nothing_are_noticed() -> None:
    assert GENERATED.keys() <= PAGES.keys()
    with pytest.raises(ValueError, match="no block 'metrics'"):
        filled("metrics.md", "# Metrics\n")
    with pytest.raises(ValueError, match=r"tape\.py has no Tape\.rewind"):
        excerpts("<!-- source engine/nn/tape.py Tape.rewind -->\n<!-- end -->\n")


def test_the_readme_is_short_and_names_every_page() -> None:
    assert len(README.encode("utf-8")) <= README_BYTES_AT_MOST
    reachable = README + PAGES["index.md"] + PAGES["speed.md"]
    assert [name for name in PAGES if name != "index.md" and f"{name})" not in reachable] == []


def test_every_python_example_is_on_a_page_whose_examples_are_tried() -> None:
    """That of compare-with-pytorch.md by a file of its own, that of read-first.md by its output."""
    tried = {"compare-with-pytorch.md", "plugins.md", "python.md", "read-first.md"}
    assert {name for name, text in PAGES.items() if examples(text)} == tried


def test_the_example_from_python_runs_and_learns(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = examples(PAGES["python.md"])
    exec(compile(example, "python.md", "exec"), {})  # noqa: S102  (our own text, from this folder)
    before, after, norm = (float(number) for number in capsys.readouterr().out.split())
    assert before < 0.7 < 0.9 < after
    assert norm > 0


def test_the_listing_of_a_recorded_step_ends_with_the_gradient_of_the_first_layer() -> None:
    listing = PAGES["read-first.md"].partition("<!-- output -->")[2].partition("<!-- end -->")[0]
    lines = [line.split() for line in listing.splitlines() if line and not line.startswith("```")]
    assert lines[0][:3] == ["forward", "1", "z1"]
    assert lines[-1][:3] == ["backward", "1", "dW1"]


def records(settings: Mapping[str, object]) -> list[Record]:
    """Return the records of a run."""
    config = parse_config(settings)
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    return [each for each in train(config, dataset, initial_state(config, dataset)) if each]


def final_record(**settings: object) -> Record:
    """Return the last record of a run."""
    return records(settings)[-1]


def test_gradients_vanish_where_the_tutorial_says_so() -> None:
    """The pair of the Compare page: about a millionth and a twentieth at the first update."""
    found = {name: records(with_preset("vanishing", {"activation": name})) for name in ("sigmoid", "relu")}
    norms = {name: each[1].layers[[0, -1], LAYER_INDEX["grad_norm"]] for name, each in found.items()}
    assert all(each[1].step == 1 for each in found.values())
    assert 0.5e-6 < norms["sigmoid"][0] / norms["sigmoid"][1] < 2e-6
    assert 0.03 < norms["relu"][0] / norms["relu"][1] < 0.08
    assert found["sigmoid"][-1]["val_accuracy"] == 0.5 and found["relu"][-1]["val_accuracy"] > 0.95


def test_the_tutorials_network_overfits_and_its_two_cures_help() -> None:
    def gap(**cure: float) -> float:
        settings = {"samples": 200, "noise": 0.4, "hidden_sizes": [64, 64], "activation": "relu"}
        return final_record(**settings, **cure)["generalization_gap"]

    assert gap() > 0.25
    assert abs(gap(dropout=0.5)) < 0.12
    assert abs(gap(weight_decay=0.01)) < 0.12


def command_lines(text: str) -> Iterator[list[str]]:
    for block in code_blocks(text, "sh"):
        yield from (
            shlex.split(line)[3:] for line in block.splitlines() if line.startswith("python -m engine")
        )


@pytest.fixture
def engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str]], str]:
    """Runs a command on a store of the test's own; returns what it printed."""
    monkeypatch.setenv("BACKPROP_LAB_STORE", f"sqlite:///{tmp_path / 'lab.db'}")
    monkeypatch.chdir(tmp_path)

    def run(arguments: list[str]) -> str:
        monkeypatch.setattr("sys.argv", ["engine", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        assert left.value.code == 0, f"{shlex.join(arguments)}\n{printed.err}"
        return printed.out

    return run


def test_the_command_lines_of_the_readme_run(engine: Callable[[list[str]], str], tmp_path: Path) -> None:
    lines = list(command_lines(README))
    assert len(lines) == 6
    for line in lines:
        engine(line)
    assert (tmp_path / "runs.parquet").stat().st_size > 0


def test_every_command_line_of_the_documentation_runs(
    engine: Callable[[list[str]], str], tmp_path: Path
) -> None:
    """Each in the order of its page, on one new store, beside a table of houses."""
    assert [name for name, text in PAGES.items() if list(command_lines(text))] == ["command-line.md"]
    (tmp_path / "houses.csv").write_text(HOUSES, "utf-8")
    (tmp_path / "new.csv").write_text(HOUSES, "utf-8")
    for line in command_lines(PAGES["command-line.md"]):
        engine(line)
    for name in ("runs.csv", "layers.csv", "weights.npz", "runs.zip"):
        assert (tmp_path / name).stat().st_size > 0
    assert len((tmp_path / "predictions.csv").read_text("utf-8").splitlines()) == len(HOUSES.splitlines())


def test_the_plugin_of_the_readme_has_eight_lines_and_trains(
    plugin_folder: Path, engine: Callable[[list[str]], str], tmp_path: Path
) -> None:
    (example,) = code_blocks(README, "python")
    assert examples(PAGES["plugins.md"]) == [example]
    assert len(example.splitlines()) == 8
    (tmp_path / "wave.py").write_text(example, "utf-8")
    engine(["train", "--plugin", "wave.py", "--activation", "snake", "--epochs", "2"])
    assert "snake" in engine(["show", "1", "--plugin", "wave.py"])


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {re.split(r"[<>=]", line)[0] for line in lines if line and not line.startswith(("#", "-r"))}


def test_every_dependency_has_its_reason() -> None:
    tables = [
        re.findall(r"^\| (\S+) \| .+ \|$", part, re.MULTILINE)
        for part in PAGES["dependencies.md"].split("| package |")[1:]
    ]
    optional = requirements("docs/requirements.txt") | requirements("docs/requirements-torch.txt")
    assert [set(table) for table in tables] == [
        requirements("requirements.txt"),
        requirements("requirements-dev.txt"),
        optional,
    ]


def test_every_promise_names_tests_that_exist() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGES["reliability.md"]))
    assert len(named) > 30
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []
    rows = re.findall(
        r"^\| (.+) \| (.*) \|$", PAGES["reliability.md"].partition("## Limits")[0], re.MULTILINE
    )
    assert [claim for claim, test in rows if "test_" not in test] == ["promise", "input"]


def test_every_label_of_the_tutorial_is_on_the_screen() -> None:
    """Those of presets in README.md, too."""
    sources = [ROOT / "dashboard.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "ui").rglob("*.py")]
    screen = "".join(path.read_text("utf-8") for path in sources)
    labels = {" ".join(found.split()) for found in re.findall(r"\*\*([^*]+)\*\*", PAGES["tutorial.md"])}
    labels -= {"bold"}
    assert len(labels) > 10
    assert [label for label in sorted(labels) if f'"{label}"' not in screen] == []
    titles = {preset.title for preset in PRESETS.values()}
    assert set(re.findall(r"\*((?:Vanishing|Cured|Overfit): [^*]+)\*", README)) <= titles


def test_rooms_import_in_the_order_of_the_architecture_page() -> None:
    (line,) = [each for each in PAGES["architecture.md"].splitlines() if each.startswith("config, ")]
    groups = [[f"engine.{room}" for room in group.split(", ")] for group in line.split(" <- ")]
    rank = {room: number for number, group in enumerate(groups) for room in group}
    packages = {f"engine.{path.parent.name}" for path in (ROOT / "engine").glob("*/__init__.py")}
    assert packages | {"engine.codec"} == rank.keys() | {"engine.figures"}
    wrong = [
        f"{home} imports {room}" for home in rank for room in ROOMS[home].ours if rank[room] > rank[home]
    ]
    assert wrong == []


def test_the_version_is_written_once_and_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
