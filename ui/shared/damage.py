"""Says in one sentence that what the store holds is damaged, where it would take a whole page down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from engine.codec import CodecError
from engine.config import ConfigError
from engine.store.store import StoreError, StoreWaits
from ui.shared.text import as_markdown

Arguments = ParamSpec("Arguments")
ADVICE = "python -m engine doctor checks the store, with --repair FILE it saves what can be read"


@contextmanager
def saying_damage() -> Iterator[None]:
    """Show an error in the place of what cannot be drawn because the store is damaged there.

    Settings are checked before they are stored: those that do not fit what is stored with them are damage.
    """
    try:
        yield
    except (CodecError, ConfigError) as error:
        _say(f"What the store holds of this is damaged: {error}. {ADVICE}.")
    except StoreWaits as waits:
        st.warning(
            as_markdown(f"{waits}: try again once it can be written."), icon=":material/hourglass_empty:"
        )
    except StoreError as error:
        _say(f"{error}. {ADVICE}.")


def says_damage(draw: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Draw under :func:`saying_damage`: also as a fragment, which an error of its own would end."""

    @wraps(draw)
    def drawn(*args: Arguments.args, **options: Arguments.kwargs) -> None:
        with saying_damage():
            draw(*args, **options)

    return drawn


def _say(sentence: str) -> None:
    st.error(as_markdown(sentence), icon=":material/broken_image:")
