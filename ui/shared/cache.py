"""What all windows of one server share: records read once, figures built once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import streamlit as st

from engine.store.reader import read_on
from engine.store.records import Series
from engine.store.store import Store

KEPT_AT_MOST = 300

Built = TypeVar("Built")


def series_of(store: Store, run_ids: Sequence[int]) -> dict[int, Series]:
    """Return the records of runs; only what no window has seen yet is read from the store.

    Nobody may write into the arrays.

    Raises
    ------
    CodecError
        When a stored chunk is damaged.
    """
    memory = _records(store.url)
    with memory["lock"]:
        return read_on(store, run_ids, memory["held"])


def version(series: Series) -> tuple[int, float]:
    """Return what tells the records of a run at one time from those at any other: how many, and how late."""
    return (len(series), float(series["seconds"][-1])) if len(series) else (0, 0.0)


def built_once(name: str, store: Store, key: Hashable, build: Callable[[], Built]) -> Built:
    """Return what ``build`` returns, which depends on ``key`` alone; for all windows it is built once.

    Plain values only, as everywhere in ``st.cache_resource``, and nobody may write into them. Those that were
    not used for longest are let go.
    """
    memory, place = _memory(), (name, store.url, key)
    with memory["lock"]:
        kept: OrderedDict[Any, Any] = memory["kept"]
        if place not in kept:
            kept[place] = build()
        kept.move_to_end(place)
        while len(kept) > KEPT_AT_MOST:
            kept.popitem(last=False)
        return kept[place]


@st.cache_resource(show_spinner=False)
def _records(url: str) -> dict[str, Any]:
    return {"lock": threading.Lock(), "held": OrderedDict()}


@st.cache_resource(show_spinner=False)
def _memory() -> dict[str, Any]:
    return {"lock": threading.RLock(), "kept": OrderedDict()}
