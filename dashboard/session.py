"""What a click finds, in one piece: a click that has begun is carried out, whatever is clicked meanwhile."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
import streamlit as st

from dashboard import auth, look

P = ParamSpec("P")
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def values() -> dict[str, Any]:
    """What every keyed field and the session hold now, for a callback to read.

    Where `st.session_state` is read by key, written, or anything is drawn, Streamlit breaks a run off as soon as another is
    asked for, and the click that this run was for is lost. Reading it whole is no such place. So a callback reads this, and
    changes objects that the session keeps instead of writing to it.
    """
    return st.session_state.to_dict()


def kept(key: str, make: Callable[[], T]) -> T:
    """An object that the session keeps, to be changed and never replaced; made where it is not there yet."""

    def found() -> T:
        there: T | None = values().get(key)
        if there is None:
            there = st.session_state[key] = make()
        return there

    return look.seen(("kept", key), found)


def click(callback: Callable[P, None]) -> Callable[P, None]:
    """A callback that may come to nothing: refused, or the database is away. Then the page says so: see `missed`.

    What is wrong with what somebody typed, a callback says itself, beside the field.
    """

    @wraps(callback)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except auth.NotDone as problem:
            kept(_MISSED, list[str]).append(str(problem))
        except sa.exc.OperationalError as problem:
            _LOG.warning("a click was not carried out: %s", type(problem.orig).__name__)
            kept(_MISSED, list[str]).append(_AWAY)

    return guarded


def say(text: str) -> None:
    """Say in a toast what was done, once the page was drawn anew: what a run says that then asks for another may be lost."""
    kept(_SAID, list[str]).append(text)


def said() -> list[str]:
    """What is to be said now, and not again."""
    return _taken(_SAID)


def missed() -> list[str]:
    """Why clicks since the last question came to nothing."""
    return _taken(_MISSED)


def _taken(key: str) -> list[str]:
    found = kept(key, list[str])
    taken = list(found)
    found.clear()
    return taken


_MISSED = "missed"
_SAID = "said"
_AWAY = (
    "The database did not answer just now, so your last click was not carried out. What you typed is still here: "
    "try again."
)
