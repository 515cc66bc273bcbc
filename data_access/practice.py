"""The practice: its locations, staffed hours, service lines, sources and people, and the words that it offers."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from data_access import tables as t
from data_access.fact_tables import FACTS_VERSION
from data_access.vocabulary import Role
from data_access.working_time import DAY_MINUTES, DayInterval, Hours, staffed_share

Weekly = Mapping[int, Iterable[tuple[str, str]]]
"""Staffed hours of a week: weekday (0 Monday) -> intervals of local times, e.g. {0: [("08:00", "12:00")]}."""

NAME_LENGTH = 80
_FOREVER = date(1970, 1, 1)


def minute_of_day(text: str) -> int:
    """Minute of the day of "HH:MM"; "24:00" is the day's end."""
    hours, _, minutes = text.partition(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= 1440 or not 0 <= int(minutes) < 60:
        raise ValueError(f"{text!r} is not a time of day; write HH:MM from 00:00 to 24:00")
    return minute


def time_of_day(minute: int) -> str:
    """A minute of the day as "HH:MM"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def found(connection: Connection, name: str, zone: str, *, demo_until: date | None = None) -> None:
    """Write the practice's one row and start the revision counter. `demo_until` marks a demo practice."""
    connection.execute(
        sa.insert(t.practice).values(
            id=1, name=name, zone=zone, is_demo=demo_until is not None, demo_until=demo_until, horizon_days=30
        )
    )
    connection.execute(sa.insert(t.revisions).values(id=1, revision=0, facts_version=FACTS_VERSION))
    connection.execute(sa.insert(t.audit_head).values(id=1, number=0, digest=""))


def lock(connection: Connection) -> None:
    """Hold what the practice set up until the transaction ends: it is changed by one at a time."""
    connection.execute(sa.select(t.practice.c.id).with_for_update())


def name_key(name: str) -> str:
    """What makes two spellings one name: letters and digits alike in case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def get(connection: Connection) -> dict[str, Any] | None:
    """The practice's row, or None where nothing was founded yet."""
    row = connection.execute(sa.select(t.practice)).mappings().one_or_none()
    return dict(row) if row else None


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Add one row to a list of the practice (locations, service lines, sources, staff) and return its id."""
    return int(connection.execute(sa.insert(table).values(**values).returning(table.c.id)).scalar_one())


def add_location(connection: Connection, name: str, zone: str, hours: Weekly | None = None, **details: Any) -> int:
    """Add a location with its staffed hours, in force since ever."""
    location = add(connection, t.locations, name=name, zone=zone, **details)
    if hours:
        set_hours(connection, location, hours, effective_from=_FOREVER)
    return location


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
        for place in zones(connection)
    }


def hours_change_on(connection: Connection, location_id: int, day: date) -> list[date]:
    """The days after a day on which a location's weekly hours change."""
    c = t.staffed_hours.c
    days = (
        sa.select(column).where(c.location_id == location_id, column > day)
        for column in (c.effective_from, c.effective_until)
    )
    return sorted(set(connection.execute(sa.union(*days)).scalars()))


def staffed_shares(connection: Connection, day: date) -> dict[int, npt.NDArray[np.float64]]:
    """How much of each hour of the week every location is staffed, by the hours in force on a day."""
    return {place: staffed_share(hours_of(connection, place), day) for place in zones(connection)}


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


def zones(connection: Connection) -> dict[int, str]:
    """IANA zone of every location, by id."""
    return {row.id: row.zone for row in connection.execute(sa.select(t.locations.c.id, t.locations.c.zone))}


def names(connection: Connection, table: Table) -> dict[int, str]:
    """Names by id of a list that has an `id` and a `name`, retired entries included, in order of the name."""
    query = sa.select(table.c.id, table.c.name).order_by(sa.func.lower(table.c.name), table.c.id)
    return {row.id: row.name for row in connection.execute(query)}


def active(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """The entries of a list that are in use, in order of the name."""
    query = sa.select(table).where(table.c.active).order_by(sa.func.lower(table.c.name), table.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def entries(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Every entry of a list, in use or not, in order of the name."""
    query = sa.select(table).order_by(sa.func.lower(table.c.name), table.c.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, table: Table, name: str) -> int | None:
    """The id of the entry of just that name; None where there is none."""
    found = connection.scalar(sa.select(table.c.id).where(table.c.name == name))
    return int(found) if found else None


def change_entry(connection: Connection, table: Table, entry_id: int | None, **values: Any) -> int:
    """Change an entry of one of the practice's lists, or add one where `entry_id` is None; its id.

    Raises
    ------
    ValueError
        When its name is blank, too long, or another entry's.
    """
    name = " ".join(str(values.get("name") or "").split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise ValueError(f"a name has 1 to {NAME_LENGTH} characters")
    if any(name_key(other) == name_key(name) for key, other in names(connection, table).items() if key != entry_id):
        raise ValueError(f"there is {name} already; choose another name, or take that one up again")
    values["name"] = name
    if entry_id is None:
        return add(connection, table, **values)
    connection.execute(sa.update(table).where(table.c.id == entry_id).values(**values))
    return entry_id


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
    places = [location_id] if location_id else [place["id"] for place in active(connection, t.locations)]
    for place in places:
        add(
            connection,
            t.openings,
            location_id=place,
            open_on=day,
            opens_minute=span[0],
            closes_minute=span[1],
            label=label,
        )


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


def withheld(connection: Connection, vocabulary: type[StrEnum]) -> frozenset[str]:
    """The words of a vocabulary that are no longer offered; what was noted with them stays."""
    c = t.withheld_words.c
    query = sa.select(c.word).where(c.vocabulary == vocabulary.__name__)
    return frozenset(connection.execute(query).scalars())


def offer_words(connection: Connection, vocabulary: type[StrEnum], offered: Iterable[StrEnum]) -> None:
    """Say which words of a vocabulary are offered from now on.

    Raises
    ------
    ValueError
        When none would be left.
    """
    kept = set(offered)
    if not kept:
        raise ValueError("at least one must be offered")
    c = t.withheld_words.c
    connection.execute(sa.delete(t.withheld_words).where(c.vocabulary == vocabulary.__name__))
    gone = [{"vocabulary": vocabulary.__name__, "word": word} for word in vocabulary if word not in kept]
    if gone:
        connection.execute(sa.insert(t.withheld_words), gone)


def on_staff(connection: Connection, staff_id: int) -> bool:
    """Whether somebody is of the staff in use."""
    c = t.staff.c
    return connection.scalar(sa.select(c.id).where(c.id == staff_id, c.active)) is not None


def add_staff(connection: Connection, name: str, role: Role) -> int:
    """Add a member of staff and return the id."""
    return add(connection, t.staff, name=name, role=role)
