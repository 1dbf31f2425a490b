"""Where the project keeps what it writes and reads: its root, .lab, the plugins."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / ".lab"
STORE = LAB / "lab.db"
DATASETS = LAB / "datasets"
PLUGINS = ROOT / "plugins"
STATIC = ROOT / "static"
