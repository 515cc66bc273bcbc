"""One look at the database: what a page counts and names is asked for once, so that all of it is of one moment."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

_SEEN: ContextVar[dict[Hashable, Any] | None] = ContextVar("seen", default=None)
T = TypeVar("T")


@contextmanager
def one() -> Iterator[None]:
    """Inside, `seen` reads each thing once."""
    before = _SEEN.set({})
    try:
        yield
    finally:
        _SEEN.reset(before)


def again() -> None:
    """Forget what was seen: something was written since."""
    if (seen := _SEEN.get()) is not None:
        seen.clear()


def seen(what: Hashable, read: Callable[[], T]) -> T:
    """What was read before in this look, or is read now; outside of a look it is read each time."""
    known = _SEEN.get()
    if known is None:
        return read()
    if what not in known:
        known[what] = read()
    return cast("T", known[what])
