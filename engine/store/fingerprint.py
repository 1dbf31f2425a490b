"""The fingerprint of a machine: bits of a run are promised to be equal only where it is equal."""

import os
import platform
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from engine import __version__
from engine.plugins.registry import plugins_used
from engine.training import subnormals

PLUGINS = " plugins="


@cache
def fingerprint(threads: int = 1) -> str:
    """Return engine, numpy, BLAS, processor with vector unit, threads, what becomes of subnormal numbers.

    Parameters
    ----------
    threads : int
        Of a matrix product, as the run has it in its settings.
    """
    config = np.show_config(mode="dicts")
    assert config is not None
    blas, vectors = config["Build Dependencies"]["blas"], config["SIMD Extensions"]
    core = os.environ.get("OPENBLAS_CORETYPE") or [*vectors["baseline"], *vectors.get("found", [])][-1]
    return " ".join(
        [
            f"engine={__version__}",
            f"numpy={np.__version__}",
            f"blas={blas.get('name')}-{blas.get('version')}",
            f"cpu={platform.machine()}",
            f"core={core}",
            f"threads={threads}",
            f"subnormals={subnormals.method()}",
        ]
    )


def fingerprint_of(settings: Mapping[str, Any]) -> str:
    """Return the fingerprint of a run with these settings here: the machine, and the plugins used."""
    plugins, machine = plugins_used(settings), fingerprint(settings.get("blas_threads", 1))
    return f"{machine}{PLUGINS}{plugins}" if plugins else machine


def other_plugins(started: str, settings: Mapping[str, Any]) -> str:
    """Return how the plugins behind a run differ from those that it was started with, or nothing.

    Parameters
    ----------
    started : str
        The fingerprint that the run carries; empty before it has started.
    """
    then, now = started.partition(PLUGINS)[2], plugins_used(settings)
    if not started or then == now:
        return ""
    return f"started with another version of its plugin ({then or 'none'}); now it is {now or 'none'}"


def is_same_machine(one: str, other: str) -> bool:
    """Tell whether two fingerprints differ in their plugins at most."""
    return one.partition(PLUGINS)[0] == other.partition(PLUGINS)[0]
