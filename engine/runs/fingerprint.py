"""The fingerprint of a machine: bits of a run are promised to be equal only where it is equal."""

import os
import platform
from functools import cache

import numpy as np

from engine import __version__


@cache
def fingerprint() -> str:
    """Return engine, numpy, BLAS, processor and BLAS threads as one line."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index,call-overload]
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "default")
    return " ".join(
        [
            f"engine={__version__}",
            f"numpy={np.__version__}",
            f"blas={blas.get('name')}-{blas.get('version')}",
            f"cpu={platform.machine()}",
            f"threads={threads}",
        ]
    )
