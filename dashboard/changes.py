"""A change of the practice's own rules: what it would change is shown before it is saved, and it holds from a day on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine

from dashboard import auth
from dashboard.auth import Viewer
from data_access.engine import writing

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
    """

    said: str
    apply: Callable[[Connection], None]
    shows: Callable[[Connection, date], Shown]
    from_day: date


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
    before: Shown = {}
    after: Shown = {}
    try:
        with writing(engine) as connection:
            before = change.shows(connection, change.from_day)
            change.apply(connection)
            after = change.shows(connection, change.from_day)
            raise _Undone
    except _Undone:
        pass
    return [
        Difference(about, before.get(about, ""), after.get(about, ""))
        for about in dict.fromkeys((*before, *after))
        if before.get(about, "") != after.get(about, "")
    ]


def save(engine: Engine, viewer: Viewer, change: Change, *, today: date) -> None:
    """Make a change; errors as for `preview`."""
    _require(viewer, change, today)
    with writing(engine) as connection:
        change.apply(connection)


def _require(viewer: Viewer, change: Change, today: date) -> None:
    auth.require(viewer, auth.CHANGE_RULES)
    if viewer.locations is not None:
        raise auth.NotAllowed("The practice's rules are changed by those who see all of it. Ask a manager.")
    if change.from_day < today:
        raise ValueError("A change holds from today or a later day: the past is not judged anew.")
