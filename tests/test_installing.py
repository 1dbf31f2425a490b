"""What is installed comes from where pip would take it, and pip does it where uv cannot."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[1] / ".ci" / "install.py"
SPEC = importlib.util.spec_from_file_location("install", PATH)
assert SPEC and SPEC.loader
install = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(install)


def test_uv_is_told_what_pip_is_told_and_the_shell_has_the_last_word() -> None:
    listed = "\n".join(
        [
            ":env:.find-links='/mine'",
            "global.find-links='/theirs'",
            "global.extra-index-url='file:///one/simple\\nfile:///two/simple'",
            "global.index-url='file:///three/simple'",
            "install.index-url='file:///four/simple'",
            "download.index-url='file:///five/simple'",
            "global.quiet='1'",
        ]
    )
    assert install.uv_settings(listed) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "file:///four/simple",
        "UV_INDEX": "file:///one/simple file:///two/simple",
        "UV_FIND_LINKS": "/mine",
    }
    assert install.uv_settings("").keys() == {"UV_INDEX_STRATEGY"}


@pytest.mark.parametrize("failing", ["install", "uv", None])
def test_pip_installs_where_uv_does_not_come_or_fails(failing, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run(command, **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command[1:])
        fails = (failing == "install" and install.UV in command) or (failing == "uv" and command[2] == "uv")
        return subprocess.CompletedProcess(command, int(fails), "", "")

    monkeypatch.setattr(install.subprocess, "run", run)
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None if name == "uv" else name)
    assert install.main(["-r", "some.txt"]) == 0
    by_pip = ["-m", "pip", "install", "--quiet", "-r", "some.txt"]
    by_uv = ["-m", "uv", "pip", "install", "--quiet", "--python", sys.executable, "-r", "some.txt"]
    assert (by_uv in asked, by_pip in asked) == (failing != "install", failing is not None)
