"""Who owns an inquiry: the practice's routes, and who stands in for whom."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import rules
from data_access import tables as t
from data_access.events import Received
from data_access.vocabulary import Channel, Kind, Pathway

ROUTE_KEYS = ("location_id", "pathway", "channel", "kind")


def set_route(
    connection: Connection, owner_id: int | None, *, effective_from: date, backup_id: int | None = None, **keys: Any
) -> None:
    """Say who owns the inquiries that `keys` name (see ROUTE_KEYS) from a day on, and who stands in; errors as `rules.put`.

    Raises
    ------
    ValueError
        When a key is not known, or the owner is to stand in for themselves.
    """
    if unknown := set(keys) - set(ROUTE_KEYS):
        raise ValueError(f"a route cannot depend on {', '.join(sorted(unknown))}; choose from {', '.join(ROUTE_KEYS)}")
    if owner_id is not None and owner_id == backup_id:
        raise ValueError("nobody can stand in for themselves; choose another backup, or none")
    rule = keys | {"owner_id": owner_id, "backup_id": backup_id, "effective_from": effective_from}
    rules.put(connection, t.routes, ROUTE_KEYS, rule, "route")


def set_absence(connection: Connection, staff_id: int, from_on: date, until_on: date) -> None:
    """Note that somebody is away from a day until, and not including, the first day back.

    Raises
    ------
    ValueError
        When the first day back does not lie after the first day away.
    """
    if until_on <= from_on:
        raise ValueError(f"the first day back, {until_on}, must lie after the first day away, {from_on}")
    c = t.absences.c  # one that overlaps it is corrected by it
    connection.execute(sa.delete(t.absences).where(c.staff_id == staff_id, c.from_on < until_on, c.until_on > from_on))
    connection.execute(sa.insert(t.absences).values(staff_id=staff_id, from_on=from_on, until_on=until_on))


def end_absence(connection: Connection, absence_id: int, back_on: date) -> None:
    """Somebody is back on a day, or was not away at all where that is no later than the first day."""
    c = t.absences.c
    connection.execute(sa.delete(t.absences).where(c.id == absence_id, c.from_on >= back_on))
    connection.execute(sa.update(t.absences).where(c.id == absence_id, c.until_on > back_on).values(until_on=back_on))


class Routing:
    """The routes and absences, read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def _routes(self) -> list[dict[str, Any]]:
        return [dict(route) for route in self._connection.execute(sa.select(t.routes)).mappings()]

    @cached_property
    def _active(self) -> frozenset[int]:
        return frozenset(self._connection.execute(sa.select(t.staff.c.id).where(t.staff.c.active)).scalars())

    def owner(self, asked: Received, day: date) -> int | None:
        """Who owns an inquiry that comes in on a day: the route's owner, or who stands in where that one is away.

        None where no route fits, or neither is there any more. Where both are away, the owner.
        """
        lead = {"location_id": asked.location_id, "pathway": asked.pathway, "channel": asked.channel,
                "kind": asked.lead_kind}  # fmt: skip
        route = rules.best(self._routes, lead, ROUTE_KEYS, day)
        staff = [s for s in (route["owner_id"], route["backup_id"]) if s in self._active] if route else []
        gone = away(self._connection, day)
        return next((s for s in staff if s not in gone), staff[0] if staff else None)


def matrix(
    connection: Connection, day: date
) -> dict[tuple[int, Kind, Pathway, Channel], tuple[int | None, int | None]]:
    """Who owns, and who stands in for, every kind of inquiry that can come to an active location on a day.

    Of (location, kind, pathway, channel) -> (owner, backup), both as the route names them, whoever is away; None for nobody.
    """
    routes = rules.in_force(connection, t.routes, ROUTE_KEYS, day)
    active = frozenset(connection.execute(sa.select(t.staff.c.id).where(t.staff.c.active)).scalars())
    places = connection.execute(sa.select(t.locations.c.id).where(t.locations.c.active)).scalars()
    found: dict[tuple[int, Kind, Pathway, Channel], tuple[int | None, int | None]] = {}
    for place, kind, pathway, channel in product(places, Kind, Pathway, Channel):
        if channel == Channel.NOT_RECORDED:
            continue
        lead = dict(zip(ROUTE_KEYS, (place, pathway, channel, kind), strict=True))
        route = rules.best(routes, lead, ROUTE_KEYS, day)
        staff = [route["owner_id"], route["backup_id"]] if route else [None, None]
        owner, backup = (s if s in active else None for s in staff)
        found[place, kind, pathway, channel] = (owner or backup, backup if owner else None)
    return found


def absences(connection: Connection, day: date) -> list[dict[str, Any]]:
    """Who is away on a day or later, the first to come first: `id`, `name`, `from_on`, `until_on` (the first day back)."""
    c = t.absences.c
    query = sa.select(c.id, t.staff.c.name, c.from_on, c.until_on).join(t.staff, t.staff.c.id == c.staff_id)
    return [dict(row) for row in connection.execute(query.where(c.until_on > day).order_by(c.from_on)).mappings()]


def away(connection: Connection, day: date) -> frozenset[int]:
    """Who is away on a day."""
    c = t.absences.c
    return frozenset(
        connection.execute(sa.select(c.staff_id).where(c.from_on <= day, c.until_on > day).distinct()).scalars()
    )


def stands_in_for(connection: Connection, staff_id: int, day: date) -> frozenset[int]:
    """For whom somebody stands in on a day: owners who are away or have left, and whose backup they are by a route."""
    left = connection.execute(sa.select(t.staff.c.id).where(t.staff.c.active.is_(False))).scalars()
    gone = away(connection, day) | frozenset(left)
    routes: Sequence[dict[str, Any]] = rules.in_force(connection, t.routes, ROUTE_KEYS, day)
    return frozenset(r["owner_id"] for r in routes if r["backup_id"] == staff_id and r["owner_id"] in gone)
