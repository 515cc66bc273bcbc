"""Dated notes on the charts: what happened in the practice, and from when on the limits of a series are fixed anew."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice
from data_access import tables as t
from data_access.lead_rules import require_no_patient
from data_access.vocabulary import TrendSeries

TEXT_LENGTH = 120


@dataclass(frozen=True)
class Annotation:
    """A note. `location_id` None: the whole practice; `rebases` None: it leaves all limits as they are."""

    id: int
    on_day: date
    text: str
    location_id: int | None
    rebases: TrendSeries | None
    author: str | None
    written_at: datetime


def write(
    connection: Connection,
    text: str,
    on_day: date,
    *,
    now: datetime,
    location_id: int | None = None,
    rebases: TrendSeries | None = None,
    staff_id: int | None = None,
) -> int:
    """Write a note and return its id.

    Raises
    ------
    ValueError
        When the text is empty, too long, or points to a patient, the day lies ahead, or limits would be fixed anew for one
        location only.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= TEXT_LENGTH:
        raise ValueError(f"A note has 1 to {TEXT_LENGTH} characters, this one has {len(text)}.")
    require_no_patient(text)
    own = practice.get(connection)
    today = now.astimezone(ZoneInfo(own["zone"])).date() if own else now.date()
    if on_day > today:
        raise ValueError("The day lies ahead. A note says what happened.")
    if rebases and location_id is not None:
        raise ValueError("Limits are fixed anew for the whole practice. Leave the location open.")
    row = sa.insert(t.annotations).values(
        text=text, on_day=on_day, location_id=location_id, rebases=rebases, staff_id=staff_id, written_at=now
    )
    return int(connection.execute(row.returning(t.annotations.c.id)).scalar_one())


def withdraw(connection: Connection, annotation_id: int, now: datetime) -> None:
    """Take a note back; it is kept, and shown no more.

    Raises
    ------
    LookupError
        When there is no such note, or it was withdrawn before.
    """
    c = t.annotations.c
    standing = sa.update(t.annotations).where(c.id == annotation_id, c.withdrawn_at.is_(None))
    if not connection.execute(standing.values(withdrawn_at=now)).rowcount:
        raise LookupError(f"there is no note {annotation_id} that stands")


def standing(connection: Connection, as_of: datetime, locations: Collection[int] | None) -> list[Annotation]:
    """Notes that stood at a moment, of the whole practice and of some locations (None: of all), in order of the day."""
    c = t.annotations.c
    query = (
        sa.select(c.id, c.on_day, c.text, c.location_id, c.rebases, t.staff.c.name, c.written_at)
        .outerjoin(t.staff, t.staff.c.id == c.staff_id)
        .where(c.written_at <= as_of, c.withdrawn_at.is_(None) | (c.withdrawn_at > as_of))
        .order_by(c.on_day, c.id)
    )
    if locations is not None:
        query = query.where(c.location_id.is_(None) | c.location_id.in_(list(locations)))
    return [
        Annotation(i, day, text, place, TrendSeries(series) if series else None, author, at)
        for i, day, text, place, series, author, at in connection.execute(query)
    ]
