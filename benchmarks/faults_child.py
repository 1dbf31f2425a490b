"""The command line with shorter limits, so that nothing that is waited for takes long in the small counts.

``python -m benchmarks.faults_child [--hasty] ARGUMENT ...`` is ``python -m engine ARGUMENT ...``, but its
disk may be full for SQLite alone (:mod:`benchmarks.faults_disk`); and with ``--hasty`` a lock that others
hold is said after half a second instead of five, and a worker counts as gone whose beat stood still for 2.5 s
instead of 15.
"""

import sys
from contextlib import ExitStack
from unittest import mock

from benchmarks.faults_disk import count_pages
from engine.cli.main import main
from engine.store import store
from engine.workers import worker

BUSY_SECONDS, FROZEN_SECONDS = 0.5, 2.5

if __name__ == "__main__":
    count_pages()
    with ExitStack() as limits:
        if "--hasty" in sys.argv:
            sys.argv.remove("--hasty")
            limits.enter_context(mock.patch.object(store, "BUSY_SECONDS", BUSY_SECONDS))
            limits.enter_context(mock.patch.object(worker, "FROZEN_SECONDS", FROZEN_SECONDS))
        main()
