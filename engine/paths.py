"""Where the project keeps what it writes and reads: its root, .lab, plugins and lessons."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / ".lab"
STORE = LAB / "lab.db"
DATASETS = LAB / "datasets"
PLUGINS = ROOT / "plugins"
LESSONS = ROOT / "lessons"
STATIC = ROOT / "static"
