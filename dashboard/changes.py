"""A change of the practice's own rules: what it would change is shown before it is saved, and it holds from a day on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from dashboard import auth
from dashboard.acting import acting
from dashboard.auth import Viewer
from data_access import practice
from data_access.vocabulary import AuditKind

Shown = Mapping[str, str]
"""What holds, in words: what it is about -> what holds for it."""


class _Undone(Exception):
    """Ends the transaction in which a change was tried."""


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes
    ----------
    apply : callable
        Writes it; raises ValueError where it cannot be.
    shows : callable
        What holds on a day, before or after it.
    from_day : date
        From which day on it holds.
    needs : str
        A permission that it needs besides; empty for none.
    """

    said: str
    apply: Callable[[Connection], object]
    shows: Callable[[Connection, date], Shown]
    from_day: date
    needs: str = ""


@dataclass(frozen=True)
class Difference:
    """One line of what a change changes; empty where nothing held, or nothing holds any more."""

    about: str
    before: str
    after: str


def preview(engine: Engine, viewer: Viewer, change: Change, *, today: date) -> list[Difference]:
    """What a change would change on the day from which it holds, found by making it and taking it back.

    Raises
    ------
    auth.NotAllowed
        When the role, or a scope of some locations only, does not allow it.
    ValueError
        When it cannot be made, or would hold in the past: the past is not judged anew.
    """
    _require(viewer, change, today)
    found: list[Difference] = []
    try:
        with acting(engine, viewer) as (connection, _):
            found = _make(connection, change)
            raise _Undone
    except _Undone:
        return found


def save(engine: Engine, viewer: Viewer, change: Change, shown: Sequence[Difference], *, today: date) -> None:
    """Make a change, as it was shown; made already, it is not made again. Errors as for `preview`, and:

    Raises
    ------
    ValueError
        When it would change something else by now than was shown: somebody else changed it meanwhile.
    """
    _require(viewer, change, today)
    try:
        with acting(engine, viewer, change.said, kind=AuditKind.SET_UP) as (connection, _):
            before = change.shows(connection, change.from_day)
            if all(before.get(one.about, "") == one.after for one in shown):
                raise _Undone
            if _make(connection, change) != list(shown):
                raise ValueError("Somebody changed this meanwhile. Look again at what your change does now.")
    except _Undone:
        return


def _make(connection: Connection, change: Change) -> list[Difference]:
    practice.lock(connection)
    before = change.shows(connection, change.from_day)
    try:
        change.apply(connection)
    except IntegrityError:
        raise ValueError("Somebody entered the same at this moment. Look again.") from None
    after = change.shows(connection, change.from_day)
    return [
        Difference(about, before.get(about, ""), after.get(about, ""))
        for about in dict.fromkeys((*before, *after))
        if before.get(about, "") != after.get(about, "")
    ]


def _require(viewer: Viewer, change: Change, today: date) -> None:
    auth.require_whole_practice(viewer)
    if change.needs:
        auth.require(viewer, change.needs)
    if change.from_day < today:
        raise ValueError("A change holds from today or a later day: the past is not judged anew.")
