"""When each location is staffed: its weekly hours, what they change to on a day, closures and extra openings."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t
from data_access.days import DAY_MINUTES, DayInterval, Hours, minute_of_day

Weekly = Mapping[int, Iterable[tuple[str, str]]]
"""Staffed hours of a week: weekday (0 Monday) -> intervals of local times, e.g. {0: [("08:00", "12:00")]}."""


def set_hours(connection: Connection, location_id: int, hours: Weekly, *, effective_from: date) -> None:
    """Replace a location's weekly hours from a day on; what held before stays as it was.

    Raises
    ------
    ValueError
        When hours already begin or end on a later day: that would be overwritten in silence.
    """
    mine, c = t.staffed_hours.c.location_id == location_id, t.staffed_hours.c
    for change in (c.effective_from, c.effective_until):
        if later := connection.scalar(sa.select(sa.func.max(change)).where(mine, change > effective_from)):
            raise ValueError(f"a change of hours on {later} is entered already; choose that day or a later one")
    connection.execute(sa.delete(t.staffed_hours).where(mine, t.staffed_hours.c.effective_from == effective_from))
    connection.execute(
        sa.update(t.staffed_hours)
        .where(mine, t.staffed_hours.c.effective_until.is_(None) | (t.staffed_hours.c.effective_until > effective_from))
        .values(effective_until=effective_from)
    )
    rows = [
        {
            "location_id": location_id,
            "weekday": weekday,
            "opens_minute": minute_of_day(opens),
            "closes_minute": minute_of_day(closes),
            "effective_from": effective_from,
        }
        for weekday, intervals in hours.items()
        for opens, closes in intervals
    ]
    if rows:
        connection.execute(sa.insert(t.staffed_hours), rows)


def hours_of(connection: Connection, location_id: int) -> list[Hours]:
    """Every weekly interval that a location ever had, with the days on which it held."""
    c = t.staffed_hours.c
    query = sa.select(c.weekday, c.opens_minute, c.closes_minute, c.effective_from, c.effective_until)
    return [Hours(*row) for row in connection.execute(query.where(c.location_id == location_id).order_by(c.id))]


def hours_on(connection: Connection, day: date) -> dict[int, list[Hours]]:
    """The weekly staffed hours of every location in force on a day, in order of the week."""
    return {
        place: sorted(
            hours
            for hours in hours_of(connection, place)
            if hours.effective_from <= day and (hours.effective_until is None or day < hours.effective_until)
        )
        for place in _places(connection)
    }


def hours_change_on(connection: Connection, location_id: int, day: date) -> list[date]:
    """The days after a day on which a location's weekly hours change."""
    c = t.staffed_hours.c
    days = (
        sa.select(column).where(c.location_id == location_id, column > day)
        for column in (c.effective_from, c.effective_until)
    )
    return sorted(set(connection.execute(sa.union(*days)).scalars()))


def closures_of(connection: Connection, location_id: int) -> list[DayInterval]:
    """The closures of a location, those of the whole practice among them."""
    c = t.closures.c
    query = sa.select(c.closed_on, c.from_minute, c.until_minute)
    mine = c.location_id.is_(None) | (c.location_id == location_id)
    return [DayInterval(*row) for row in connection.execute(query.where(mine))]


def openings_of(connection: Connection, location_id: int) -> list[DayInterval]:
    """The extra openings of a location."""
    c = t.openings.c
    query = sa.select(c.open_on, c.opens_minute, c.closes_minute).where(c.location_id == location_id)
    return [DayInterval(*row) for row in connection.execute(query)]


def close_on(
    connection: Connection,
    days: Mapping[date, str],
    *,
    location_id: int | None = None,
    span: tuple[int, int] = (0, DAY_MINUTES),
) -> int:
    """Close the whole practice, or one location, on some days (day -> why); those closed already stay so. How many are new.

    Parameters
    ----------
    span : tuple of int
        From which minute of the local day until which.

    Raises
    ------
    ValueError
        When the span does not end after it begins.
    """
    if span[1] <= span[0]:
        raise ValueError("a closure ends after it begins, on the same day")
    known = {closed.on for closed in closures_of(connection, location_id or 0) if (closed.opens, closed.closes) == span}
    rows = [
        {"location_id": location_id, "closed_on": day, "from_minute": span[0], "until_minute": span[1], "label": label}
        for day, label in days.items()
        if day not in known
    ]
    if rows:
        connection.execute(sa.insert(t.closures), rows)
    return len(rows)


def open_besides(
    connection: Connection, day: date, span: tuple[int, int], label: str, *, location_id: int | None = None
) -> None:
    """Open one location, or every one in use, on a day besides its weekly hours, from which minute until which."""
    places = [location_id] if location_id else _places(connection, t.locations.c.active)
    rows = [
        {"location_id": place, "open_on": day, "opens_minute": span[0], "closes_minute": span[1], "label": label}
        for place in places
    ]
    if rows:
        connection.execute(sa.insert(t.openings), rows)


def openings_from(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The extra openings on a day and later, the first to come first."""
    c = t.openings.c
    query = sa.select(t.openings).where(c.open_on >= day).order_by(c.open_on, c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def closures_from(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The closures on a day and later, the first to come first: `id`, `location_id`, `closed_on`, minutes and `label`."""
    c = t.closures.c
    query = sa.select(t.closures).where(c.closed_on >= day).order_by(c.closed_on, c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def open_after_all(connection: Connection, closure_id: int, *, today: date) -> None:
    """Take back a closure that lies ahead.

    Raises
    ------
    ValueError
        When there is none, or its day is over: what was promised by it would be judged anew.
    """
    c = t.closures.c
    if not connection.execute(sa.delete(t.closures).where(c.id == closure_id, c.closed_on > today)).rowcount:
        raise ValueError("only a closure that lies ahead can be taken back")


def _places(connection: Connection, *which: sa.ColumnElement[bool]) -> list[int]:
    """The ids of the locations, or of some of them."""
    return list(connection.execute(sa.select(t.locations.c.id).where(*which).order_by(t.locations.c.id)).scalars())
