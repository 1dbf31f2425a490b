"""The pages that are opened, and what has to be on each of them: asked in the page itself, every 50 ms."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.browser import Dashboard, answers, free_port, wait_until

ROOT = Path(__file__).resolve().parents[1]
TRAIN, COMPARE, RUNS = "Train, a finished run", "Compare, 20 runs of 1000 records", "Runs"
EMPTY, TENSORBOARD, OPTUNA = "empty Streamlit page", "TensorBoard", "optuna-dashboard"

PAINTED = """[...document.querySelectorAll(%s)].some((canvas) => {
    const { width, height } = canvas;
    if (!width || !height) return false;
    return canvas.getContext("2d").getImageData(0, 0, width, height).data.some(Boolean);
})"""
LINES = 'document.querySelectorAll("%s path.js-line").length >= %d'
ROWS = 'document.querySelectorAll("tbody tr td").length > 0'
TITLE = 'document.querySelector("h1")'
# Its lines are painted by a worker on a canvas that cannot be read; its tables have their numbers by then.
WITH_NUMBERS = """[...document.querySelectorAll("scalar-card")].filter((card) => {
    const table = card.querySelector("scalar-card-data-table");
    return card.querySelector("canvas") && table && /[0-9]/.test(table.textContent);
}).length >= %d"""
POINTS = 'document.querySelectorAll("path.point").length >= %d'

WATCH = """{
    const seen = (window.opening = {});
    const look = setInterval(() => {
        try {
            if (!seen.first && (%s)) seen.first = performance.now();
            if (seen.first && (%s)) { seen.all = performance.now(); clearInterval(look); }
        } catch (error) { seen.error = String(error); }
    }, 50);
}"""


@dataclass(frozen=True)
class Opened:
    """A page that is opened, and the server behind it.

    Attributes
    ----------
    name : str
        A row of the table.
    address : str
    server : int
        Process of the server; its children count with it.
    first, drawn : str
        JavaScript that is true once the first picture is there, and once all is that the window shows.
    """

    name: str
    address: str
    server: int
    first: str
    drawn: str

    @property
    def watch(self) -> str:
        """The script that notes both times in ``window.opening``."""
        return WATCH % (self.first, self.drawn)


def ours(running: Dashboard, compared: Sequence[int]) -> list[Opened]:
    """Return our pages: Train, Compare and Runs."""
    assert running.process is not None
    at, server = running.address, running.process.pid
    stage = f"({LINES % ('.stage', 2)}) && Boolean(document.querySelector('.stage .heatmaplayer image'))"
    runs = ",".join(map(str, compared))
    lines = LINES % (".js-plotly-plot", len(compared))
    painted = PAINTED % json.dumps(".stage canvas")
    return [
        Opened(TRAIN, f"{at}/train?run={compared[0]}", server, painted, stage),
        Opened(COMPARE, f"{at}/compare?runs={runs}", server, LINES % (".js-plotly-plot", 1), lines),
        Opened(RUNS, f"{at}/runs", server, ROWS, ROWS),
    ]


@contextmanager
def peers(folder: Path, python: Path, count: int) -> Iterator[list[Opened]]:
    """Give the empty page, TensorBoard and optuna-dashboard of ``count`` trials, each with its own server."""
    page = folder / "empty.py"
    page.write_text('import streamlit as st\n\nst.title("Empty")\n', "utf-8")
    configured = folder / ".streamlit" / "config.toml"
    configured.parent.mkdir(exist_ok=True)
    configured.write_bytes((ROOT / ".streamlit" / "config.toml").read_bytes())
    programs = python.parent
    study = f"sqlite:///{folder / 'study.db'}"
    listen = "127.0.0.1"
    ports = [free_port() for _ in range(3)]
    commands: list[list[str | Path]] = [
        [sys.executable, "-m", "streamlit", "run", page, "--server.port", str(ports[0])],
        [programs / "tensorboard", "--logdir", folder / "events", "--host", listen, "--port", str(ports[1])],
        [programs / "optuna-dashboard", study, "--host", listen, "--port", str(ports[2])],
    ]
    paths = ("/", "/", "/dashboard/studies/1")
    addresses = [f"http://{listen}:{port}{path}" for port, path in zip(ports, paths, strict=True)]
    conditions = [(TITLE, TITLE), (WITH_NUMBERS % 1, WITH_NUMBERS % 2), (POINTS % 1, POINTS % count)]
    with ExitStack() as stack:
        found = []
        for name, command, address, (first, drawn) in zip(
            (EMPTY, TENSORBOARD, OPTUNA), commands, addresses, conditions, strict=True
        ):
            server = stack.enter_context(_server(command, folder))
            found.append(Opened(name, address, server, first, drawn))
        for each in found:
            wait_until(lambda each=each: answers(each.address))
        yield found


@contextmanager
def _server(command: Sequence[str | Path], folder: Path) -> Iterator[int]:
    """Give the process of a server that ends afterwards."""
    headless = {**os.environ, "STREAMLIT_SERVER_HEADLESS": "true"}
    process = subprocess.Popen(
        command, cwd=folder, env=headless, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()
