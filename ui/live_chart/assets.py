"""Puts Plotly's script where the server serves it from; must not know any chart."""

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[2] / "static"


def plotly_script(folder: Path = STATIC) -> str:
    """Copy Plotly's script out of the installed wheel unless it is there, and return its file name.

    The version is part of the name, so that no browser keeps an old one. A symbolic link would be refused
    by the server; the copy is renamed into place, so that two servers may start at once.
    """
    name = f"plotly-{importlib.metadata.version('plotly')}.min.js"
    target = folder / name
    if not target.exists():
        spec = importlib.util.find_spec("plotly")
        assert spec is not None and spec.origin is not None
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
            shutil.copyfile(Path(spec.origin).parent / "package_data" / "plotly.min.js", part.name)
        Path(part.name).chmod(0o644)
        Path(part.name).replace(target)
    return name
