"""Puts scripts where the server serves them and the browser caches them."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from engine.paths import STATIC

# Takes messages apart; a part of each script that is sent any.
FRAMING = Path(__file__).with_name("framing.js")

# Plotly's own bundle of charts with two axes. That of the wheel, three times as large for maps and three
# dimensions, takes a browser a second of its processor more, .4 s this one. `make plotly-script` fetches it.
PLOTLY = Path(__file__).with_name("plotly") / "plotly-cartesian-4.1.1.min.js"

LOADER = """const script = import(new URL({url}, document.baseURI));
export default async function (given) {{
    try {{
        const leave = (await script).default(given);
        // Streamlit ends a call that a newer one overtook while it was loading, too: what both share stays.
        return () => given.parentElement.isConnected || leave?.();
    }} catch (error) {{
        console.error("custom component:", error);
        given.setTriggerValue("failed", true);
    }}
}}
"""


STYLED = 'document.head.append(Object.assign(document.createElement("style"), {{ textContent: {css} }}));'


class Script:
    """A component's script and style, served as one file: Streamlit would send them anew with each message.

    Parameters
    ----------
    name : str
        What its file is called; a hash of its content follows, so that no browser keeps an old one.
    sources : sequence of Path
        Parts of one JavaScript module; those that are called ``.css`` are put into the page's head.
    """

    def __init__(self, name: str, sources: Sequence[Path]) -> None:
        self._content = "\n".join(map(_as_script, sources)).encode()
        self.name = f"{name}-{hashlib.sha256(self._content).hexdigest()[:12]}.js"

    @property
    def loader(self) -> str:
        """The module that Streamlit sends: it loads the file, and fires ``failed`` where that fails."""
        return LOADER.format(url=json.dumps(static_url(self.name)))

    def serve(self, folder: Path = STATIC) -> None:
        """Write the file unless it is there."""
        _place(folder / self.name, lambda: self._content)


def _as_script(source: Path) -> str:
    text = source.read_text("utf-8")
    return STYLED.format(css=json.dumps(text)) if source.suffix == ".css" else text


def static_url(name: str) -> str:
    """Return the path at which the server serves a file of the static folder."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' + base if base else ''}/app/static/{name}"


def plotly_script(folder: Path = STATIC) -> str:
    """Copy Plotly's script into a folder that is served unless it is there, and return its file name.

    The version is part of the name, so that no browser keeps an old one.
    """
    _place(folder / PLOTLY.name, PLOTLY.read_bytes)
    return PLOTLY.name


def _place(target: Path, content: Callable[[], bytes]) -> None:
    """Write a file; it is renamed into place, so that two servers may start at once.

    A symbolic link would be refused by the server.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
        part.write(content())
    Path(part.name).chmod(0o644)
    Path(part.name).replace(target)
