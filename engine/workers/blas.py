"""Gives matrix products the threads that a run's settings say."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

from engine.config import RunConfig


@cache
def _blas() -> ThreadpoolController:
    """Return what sets the threads of the libraries that are loaded: to find them costs milliseconds."""
    return ThreadpoolController()


def own_blas_threads(config: RunConfig) -> AbstractContextManager[object]:
    """Give matrix products the threads that a run's settings say; whoever trains next has its own number.

    Once a run, not once a step.
    """
    return _blas().limit(limits=config.blas_threads, user_api="blas")
