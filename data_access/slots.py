"""Openings for new patients: which can be booked at a moment. No lead and no person is in them."""

import csv
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice
from data_access import tables as t
from data_access.days import day_number

SLOT_KEYS = ("location", "service_line")
COLUMNS = ("location", "service_line", "starts_at", "opened_at", "taken_at")


class BadSlots(ValueError):
    """A file of slots that cannot be taken; the message says which line, what was found, and what is allowed."""


def open_by_day(connection: Connection, as_of: datetime, locations: Collection[int] | None) -> pd.DataFrame:
    """Slots that could be booked at a moment, by location, service line and local day.

    Returns
    -------
    DataFrame
        `location`, `service_line` (0 for any), `slot_day` (days since 1970) and `count`; empty where no slots are kept.
    """
    c = t.slots.c
    standing = (c.starts_at > as_of, c.opened_at <= as_of, c.taken_at.is_(None) | (c.taken_at > as_of))
    query = sa.select(c.location_id, c.service_line_id, c.starts_at).where(*standing)
    if locations is not None:
        query = query.where(c.location_id.in_(list(locations)))
    zones = {place: ZoneInfo(zone) for place, zone in practice.zones(connection).items()}
    rows = [
        (place, line or 0, day_number(at.astimezone(zones[place]).date()))
        for place, line, at in connection.execute(query)
    ]
    frame = pd.DataFrame(np.array(rows, np.int64).reshape(-1, 3), columns=[*SLOT_KEYS, "slot_day"])
    return frame.value_counts([*SLOT_KEYS, "slot_day"], sort=False).reset_index()


def kept(connection: Connection) -> bool:
    """Whether any slot was ever entered."""
    return connection.scalar(sa.select(t.slots.c.id).limit(1)) is not None


def load(connection: Connection, file: Path, now: datetime) -> dict[str, int]:
    """Take slots from a CSV file: one line each, with the columns `location`, `service_line` and `starts_at`.

    A slot that is known is left as it is, but for `taken_at`. Times without a zone are the location's. `opened_at` may be
    left out: then it is open from now on; `taken_at` is empty while it can be booked.

    Returns
    -------
    dict
        `read`, `added`, `updated`.

    Raises
    ------
    BadSlots
        When a line cannot be taken; then nothing is.
    """
    places = {name: code for code, name in practice.names(connection, t.locations).items()}
    lines = {name: code for code, name in practice.names(connection, t.service_lines).items()}
    zones = {place: ZoneInfo(zone) for place, zone in practice.zones(connection).items()}
    c = t.slots.c
    known: dict[tuple[int, int | None, datetime], list[tuple[int, datetime | None]]] = {}
    for row in connection.execute(sa.select(t.slots).order_by(c.id)):
        known.setdefault((row.location_id, row.service_line_id, row.starts_at), []).append((row.id, row.taken_at))
    done = {"read": 0, "added": 0, "updated": 0}
    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.DictReader(text)
        missing = {"location", "starts_at"} - set(reader.fieldnames or ())
        if missing:
            raise BadSlots(f"{file.name} has no column {sorted(missing)[0]!r}; it needs {', '.join(COLUMNS[:3])}")
        for line in reader:
            done["read"] += 1
            where = f"{file.name}, line {reader.line_num}"
            place = _one_of(line["location"], places, "location", where)
            service = _one_of(line["service_line"], lines, "service line", where) if line.get("service_line") else None
            starts, opened, taken = (
                _moment(line.get(name), zones[place], name, where) for name in ("starts_at", "opened_at", "taken_at")
            )
            if starts is None:
                raise BadSlots(f"{where}: starts_at is empty; write 2026-03-31 09:30")
            values = {"location_id": place, "service_line_id": service, "starts_at": starts}
            if same := known.get((place, service, starts)):  # of several at one time, the first line means the first
                slot, was_taken = same.pop(0)
                if was_taken != taken:
                    connection.execute(sa.update(t.slots).where(c.id == slot).values(taken_at=taken))
                    done["updated"] += 1
                continue
            opened = opened or min(now, starts, taken or now)
            connection.execute(sa.insert(t.slots).values(**values, opened_at=opened, taken_at=taken))
            done["added"] += 1
    return done


def _one_of(name: str, known: dict[str, int], what: str, where: str) -> int:
    if name not in known:
        raise BadSlots(f"{where}: there is no {what} {name!r}; there are: {', '.join(known) or 'none at all'}")
    return known[name]


def _moment(text: str | None, zone: ZoneInfo, column: str, where: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadSlots(f"{where}: {column} {text!r} is not a moment; write 2026-03-31 09:30") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
