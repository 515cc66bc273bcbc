"""Runs of pages take turns in a process.

Python runs one thread at a time. Many runs at once would each be slower by what the switching between them costs, and all
would end late; one after the other, the first is done when it would be if it were alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

PATIENCE_SECONDS = 3.0
"""After so long a run begins all the same: the one before it may wait for a database, or read a large file."""

_TURN = Lock()


@contextmanager
def turn() -> Iterator[None]:
    """Wait for one's turn, but not for long."""
    mine = _TURN.acquire(timeout=PATIENCE_SECONDS)
    try:
        yield
    finally:
        if mine:
            _TURN.release()
