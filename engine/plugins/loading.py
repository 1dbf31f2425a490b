"""Loads files of plugins, named ones and those of the folder; a broken one is a sentence."""

import os
import sys
import threading
import traceback
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from engine.paths import PLUGINS
from engine.plugins.registry import SOURCES, PluginError, Source, collecting, register, withdraw

FOLDER_VARIABLE = "BACKPROP_LAB_PLUGINS"
LARGEST_FILE = 10**6
LONGEST_SENTENCE = 400

_lock = threading.RLock()
_stamps: dict[Path, tuple[int, int]] = {}
_refused: dict[Path, str] = {}


def plugin_folder() -> Path:
    """Return the folder that dashboard, command line and workers read."""
    return Path(os.environ.get(FOLDER_VARIABLE) or PLUGINS).absolute()


def load_file(path: Path) -> Source:
    """Run a file and register what it defines, in place of what it defined before; all of it or nothing.

    What it prints goes to stderr, where it spoils no output that a program reads.

    Raises
    ------
    PluginError
        When the file cannot be read, runs into an error, defines nothing, or defines something wrong. What
        it defined before is gone then, too.
    """
    with _lock:
        path = path.resolve()
        try:
            return _loaded(path)
        except PluginError as error:
            withdraw(path)
            raise PluginError(_one_line(f"{path.name}: {error}")) from None


def refresh_plugins() -> list[str]:
    """Bring what is registered up to the files of the folder; return a sentence for each refused one.

    Cheap where nothing has changed: names, times and sizes are compared. Files whose name begins with ``_``
    are left alone.
    """
    with _lock:
        found = _found(plugin_folder())
        changed = [path for path, stamp in found.items() if stamp != _stamps.get(path)]
        gone = [path for path in _stamps if path not in found]
        _stamps.clear()
        _stamps.update(found)
        for path in gone:
            withdraw(path)
            _refused.pop(path, None)
        # A refused file may want a name that is free now.
        again = [path for path in _refused if path not in changed] if gone or changed else []
        for path in [*changed, *again]:
            _refused.pop(path, None)
            try:
                load_file(path)
            except PluginError as error:
                _refused[path] = str(error)
        return list(_refused.values())


def _found(folder: Path) -> dict[Path, tuple[int, int]]:
    stamps: dict[Path, tuple[int, int]] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".py")
    except OSError:  # a folder that is not there holds nothing
        return {}
    for path in paths:
        if not path.name.startswith(("_", ".")):
            stamps[path.resolve()] = _stamp(path)
    return stamps


def _stamp(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:  # a link to nowhere: loading it will say so
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


def _loaded(path: Path) -> Source:
    content = _content(path)
    digest = sha256(content).hexdigest()
    known = SOURCES.get(path)
    if known is not None and known.digest == digest:
        return known
    with collecting(path) as definitions:
        _run(path, content, f"backprop_lab_plugin_{digest[:12]}")
    if not definitions:
        raise PluginError(
            "must register something by activation, optimizer, loss or normalization of engine.extension, "
            "got nothing"
        )
    source = Source(path, digest, tuple(definitions))
    register(source)
    return source


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise PluginError("must be a Python file, got a folder")
        if path.suffix != ".py":
            raise PluginError(f"must be a Python file (.py), got {path.suffix or 'no ending'}")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise PluginError(f"must have at most {LARGEST_FILE / 1e6:.0f} MB, got {size / 1e6:.0f} MB")
        return path.read_bytes()
    except OSError as error:
        raise PluginError(f"cannot be read: {error.strerror}") from None


def _run(path: Path, content: bytes, name: str) -> None:
    """Run a file as a module of its own name, which stays out of ``sys.modules``.

    Were it there, the dashboard would watch it, and an edit would load every module of the program anew.
    """
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look their module up while they are made
    try:
        with redirect_stdout(sys.stderr):
            exec(compile(content, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except PluginError:
        raise
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise PluginError(f"must be Python: {where}{error.msg}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is somebody's own code
        raise PluginError(_told(error, path)) from None
    finally:
        sys.modules.pop(name, None)


def _told(error: BaseException, path: Path) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f"line {lines[-1]}: " if lines else ""
    text = str(error)
    return f"{where}{type(error).__name__}{': ' if text else ''}{text}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SENTENCE else f"{line[: LONGEST_SENTENCE - 3]}..."
