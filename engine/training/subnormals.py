"""Keeps numbers too small for full precision from slowing a run down.

The moment of a dead unit decays until it is subnormal and stays there, where each operation takes a processor
ten to a hundred times as long. On x86-64 Linux the processor takes such numbers for 0 while a run makes its
steps; elsewhere what the optimizer remembers is cleared of them from time to time.
"""

import ctypes
import platform
import sys
from collections.abc import Iterable
from functools import cache
from types import TracebackType
from typing import Literal

import numpy as np

# MXCSR: results that would be subnormal are 0 (flush to zero), so are operands (denormals are zeros).
FLUSH_TO_ZERO, DENORMALS_ARE_ZEROS = 0x8000, 0x0040
MXCSR = 7
CLEARED_EVERY = 100
# A mean with a memory of 0.9 falls by 0.9^100, about 3e-5, in 100 steps: it is cleared about in time.
CLEARED_BELOW = 1e4

Method = Literal["flushed", "cleared"]


class Flushing:
    """Inside, this thread's processor takes subnormal numbers for 0; afterwards it does what it did before.

    It must not be left open while other code runs: there ``float("1e-310")`` would be 0, too.

    Raises
    ------
    OSError
        When it is made where this is not known to be possible.
    """

    def __init__(self) -> None:
        if not (sys.platform == "linux" and platform.machine() == "x86_64" and sys.maxsize > 2**32):
            raise OSError("flushing is known on x86-64 Linux alone")
        library = ctypes.CDLL("libm.so.6")
        self._get, self._set = library.fegetenv, library.fesetenv
        # fenv_t: 28 bytes of the x87 unit, then MXCSR.
        self._before, self._inside = (ctypes.c_uint32 * 8)(), (ctypes.c_uint32 * 8)()
        self._to_before, self._to_inside = ctypes.byref(self._before), ctypes.byref(self._inside)

    def __enter__(self) -> None:
        self._get(self._to_before)
        self._get(self._to_inside)
        self._inside[MXCSR] |= FLUSH_TO_ZERO | DENORMALS_ARE_ZEROS
        self._set(self._to_inside)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._set(self._to_before)


@cache
def method() -> Method:
    """Return how subnormal numbers are kept away on this machine; tried out, not assumed."""
    # Looked up outside: numpy would remember for good that it found no subnormal numbers.
    halved = [(np.finfo(dtype).smallest_normal, dtype(0.5)) for dtype in (np.float32, np.float64)]
    try:
        with Flushing():
            inside = [np.multiply(*factors) for factors in halved]
    except (OSError, AttributeError):
        return "cleared"
    afterwards = [np.multiply(*factors) for factors in halved]
    return "flushed" if not any(inside) and all(afterwards) else "cleared"


def clear(slots: Iterable[np.ndarray]) -> None:
    """Set what is nearly subnormal to 0, in place: below 1e-34 in float32, below 2e-304 in float64.

    Meant for what an optimizer remembers, of which 1e-34 more or less changes no step that float32 can make.
    """
    for slot in slots:
        slot[np.abs(slot) < CLEARED_BELOW * np.finfo(slot.dtype).smallest_normal] = 0
