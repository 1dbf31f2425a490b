"""Install what pip's arguments name into this environment: by uv in a tenth of the time, else by pip.

``python .ci/install.py -r requirements.txt``. Everything comes from where pip would take it: what pip's files
and variables say about indexes, certificates and constraints is told to uv. Where uv cannot come, or fails,
pip does it.
"""

import ast
import importlib.util
import os
import subprocess
import sys

UV = "uv>=0.8,<1"
# An environment that has no pip yet is served by the pip of the Python that it was made of.
OWN_PIP = [sys.executable, "-m", "pip"]
ITS_PIP = [getattr(sys, "_base_executable", sys.executable), "-m", "pip", "--python", sys.executable]
# Options of pip, and the variables in which uv takes the same, its parts joined by the second.
OPTIONS = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "constraint": ("UV_CONSTRAINT", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
}
# Where pip reads an option; what comes later has the last word.
PLACES = ("global", "install", ":env:")


def uv_settings(listed: str) -> dict[str, str]:
    """Return the variables that tell uv what ``pip config list`` says."""
    found: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.splitlines()]
    for place in PLACES:
        for key, _, value in lines:
            name = key.removeprefix(f"{place}.")
            if name != key and name in OPTIONS:
                variable, joint = OPTIONS[name]
                found[variable] = joint.join(str(ast.literal_eval(value)).split())
    # As pip does: the newest version that any index has.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **found}


def by_uv(pip: list[str], arguments: list[str]) -> bool:
    """Let uv install it; return whether it did."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if importlib.util.find_spec("uv") is None:
        fetch = [*pip, "install", "--quiet", "--only-binary", "uv", UV]
        if subprocess.run(fetch, check=False, **quiet).returncode:
            return False
    listed = subprocess.run([*pip, "config", "list"], check=False, capture_output=True, text=True)
    environment = {**uv_settings(listed.stdout), **os.environ}
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    try:
        return not subprocess.run([*command, *arguments], check=False, env=environment, **quiet).returncode
    except OSError:
        return False


def main(arguments: list[str]) -> int:
    """Install; return pip's status."""
    pip = OWN_PIP if importlib.util.find_spec("pip") else ITS_PIP
    if by_uv(pip, arguments):
        return 0
    return subprocess.run([*pip, "install", "--quiet", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
