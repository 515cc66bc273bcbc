"""The practice: its locations, staffed hours, service lines, checklists, sources and people."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from data_access import tables as t
from data_access.fact_tables import FACTS_VERSION
from data_access.vocabulary import RecordItem, Role
from data_access.working_time import DayInterval, Hours, staffed_share

Weekly = Mapping[int, Iterable[tuple[str, str]]]
"""Staffed hours of a week: weekday (0 Monday) -> intervals of local times, e.g. {0: [("08:00", "12:00")]}."""

_FOREVER = date(1970, 1, 1)


def minute_of_day(text: str) -> int:
    """Minute of the day of "HH:MM"; "24:00" is the day's end."""
    hours, _, minutes = text.partition(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= 1440 or not 0 <= int(minutes) < 60:
        raise ValueError(f"{text!r} is not a time of day; write HH:MM from 00:00 to 24:00")
    return minute


def found(connection: Connection, name: str, zone: str, *, demo_until: date | None = None) -> None:
    """Write the practice's one row and start the revision counter. `demo_until` marks a demo practice."""
    connection.execute(
        sa.insert(t.practice).values(
            id=1, name=name, zone=zone, is_demo=demo_until is not None, demo_until=demo_until, horizon_days=30
        )
    )
    connection.execute(sa.insert(t.revisions).values(id=1, revision=0, facts_version=FACTS_VERSION))


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


def find_or_add(connection: Connection, table: Table, name: str, **values: Any) -> int:
    """The id of the entry of that name, added if there is none."""
    existing = connection.scalar(sa.select(table.c.id).where(table.c.name == name))
    return int(existing) if existing else add(connection, table, name=name, **values)


def set_checklist(
    connection: Connection,
    items: Mapping[RecordItem, bool],
    *,
    effective_from: date,
    service_line_id: int | None = None,
) -> int:
    """Put a new version of a records checklist in force (item -> required) and return its version number."""
    c = t.checklist_items.c
    version = (
        connection.scalar(sa.select(sa.func.max(c.template_version)).where(_same(c.service_line_id, service_line_id)))
        or 0
    ) + 1
    connection.execute(
        sa.insert(t.checklist_items),
        [
            {
                "service_line_id": service_line_id,
                "template_version": version,
                "item": item,
                "required": required,
                "effective_from": effective_from,
            }
            for item, required in items.items()
        ],
    )
    return version


def checklist_on(connection: Connection, service_line_id: int | None, day: date) -> dict[RecordItem, bool]:
    """The records checklist in force for a service line on a day: item -> required; the practice's own where it has none."""
    c = t.checklist_items.c
    for line in (service_line_id, None) if service_line_id else (None,):
        in_force = sa.select(sa.func.max(c.template_version)).where(
            _same(c.service_line_id, line), c.effective_from <= day
        )
        rows = connection.execute(
            sa.select(c.item, c.required).where(
                _same(c.service_line_id, line), c.template_version == in_force.scalar_subquery()
            )
        ).all()
        if rows:
            return {RecordItem(row.item): row.required for row in rows}
    return {}


def add_staff(connection: Connection, name: str, role: Role) -> int:
    """Add a member of staff and return the id."""
    return add(connection, t.staff, name=name, role=role)


def _same(column: sa.ColumnElement[Any], value: Any) -> sa.ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
