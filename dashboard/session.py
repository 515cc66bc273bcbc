"""What a click finds, in one piece: a click that has begun is carried out, whatever is clicked meanwhile."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def values() -> dict[str, Any]:
    """What every keyed field and the session hold now, for a callback to read.

    Where `st.session_state` is read by key, written, or anything is drawn, Streamlit breaks a run off as soon as another is
    asked for, and the click that this run was for is lost. Reading it whole is no such place. So a callback reads this, and
    changes objects that the session keeps instead of writing to it.
    """
    return st.session_state.to_dict()


def kept(key: str, make: Callable[[], T]) -> T:
    """An object that the session keeps, to be changed and never replaced; made where it is not there yet."""
    kept: T | None = values().get(key)
    if kept is None:
        kept = st.session_state[key] = make()
    return kept
