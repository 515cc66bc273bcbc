"""Leads as people read them: in lists, as they stood at a moment, and those that may be one inquiry twice."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import events as happened
from data_access import tables as t
from data_access.events import Received
from data_access.lead_state import epoch_minute
from data_access.leads import logs_of
from data_access.replay import replay
from data_access.vocabulary import EXCLUDED_REASONS


def listing(
    connection: Connection,
    *,
    locations: Collection[int] | None,
    lead_ids: Collection[int] | None = None,
    staff_id: int | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Leads as people read them, newest first, with names in place of ids.

    Parameters
    ----------
    locations : collection of int, or None
        The viewer's scope; None for every location.
    lead_ids : collection of int, optional
        Only these.
    staff_id : int, optional
        Only what this person logged.
    """
    lead, owner = t.leads.c, t.staff.alias("owner")
    query = (
        sa.select(
            lead.id, lead.version, lead.reference, lead.received_at, lead.received_precision, lead.logged_at,
            t.locations.c.name.label("location"), t.locations.c.zone,
            t.partners.c.name.label("partner"), lead.partner_category, t.service_lines.c.name.label("service_line"),
            t.sources.c.name.label("source"), owner.c.name.label("owner"),
            lead.kind, lead.pathway, lead.channel, lead.priority, lead.stage, lead.respond_by, lead.first_attempt_at,
            lead.first_contact_at, lead.answered_live, lead.scheduled_at, lead.attended_at, lead.closed_at,
            lead.close_reason, lead.flags, lead.next_step, lead.next_step_by,
        )
        .select_from(t.leads)
        .join(t.locations, t.locations.c.id == lead.location_id)
        .outerjoin(t.partners, t.partners.c.id == lead.partner_id)
        .outerjoin(t.service_lines, t.service_lines.c.id == lead.service_line_id)
        .outerjoin(t.sources, t.sources.c.id == lead.source_id)
        .outerjoin(owner, owner.c.id == lead.owner_id)
        .order_by(lead.received_at.desc(), lead.id.desc())
        .limit(limit)
    )  # fmt: skip
    if locations is not None:
        query = query.where(lead.location_id.in_(list(locations)))
    if lead_ids is not None:
        query = query.where(lead.id.in_(list(lead_ids)))
    if staff_id is not None:
        logged = sa.select(t.events.c.lead_id).where(t.events.c.kind == "received", t.events.c.staff_id == staff_id)
        query = query.where(lead.id.in_(logged)).order_by(None).order_by(lead.logged_at.desc(), lead.id.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


TWIN_DAYS = 14
"""Two leads with the same reference are looked at when they were received within so many days of each other."""


def twins(connection: Connection, as_of: datetime, *, locations: Collection[int] | None) -> list[dict[str, Any]]:
    """Pairs of leads that may be the same inquiry: the same reference at one location, neither of them closed as a duplicate.

    References are compared without case, spaces and punctuation; an empty one matches nothing. Pairs of the last 13 weeks,
    the newest first.
    """
    lead = t.leads.c
    query = (
        sa.select(lead.id, lead.reference, lead.received_at, lead.location_id, t.locations.c.name.label("location"))
        .join(t.locations, t.locations.c.id == lead.location_id)
        .where(lead.reference.is_not(None), lead.received_at <= as_of, lead.received_at > as_of - timedelta(weeks=13))
        .where(
            lead.close_reason.is_(None)
            | lead.close_reason.not_in([str(reason) for reason in EXCLUDED_REASONS])
            | (lead.closed_at > as_of)
        )
        .order_by(lead.received_at, lead.id)
    )
    if locations is not None:
        query = query.where(lead.location_id.in_(list(locations)))
    before: dict[tuple[int, str], Any] = {}
    pairs = []
    for row in connection.execute(query):
        key = (row.location_id, "".join(letter for letter in row.reference.casefold() if letter.isalnum()))
        first = before.get(key)
        if first and key[1] and row.received_at - first.received_at <= timedelta(days=TWIN_DAYS):
            pairs.append(
                {
                    "reference": row.reference, "location": row.location, "first_id": first.id, "second_id": row.id,
                    "first_at": first.received_at, "second_at": row.received_at,
                }
            )  # fmt: skip
        before[key] = row
    return pairs[::-1]


def as_they_stood(connection: Connection, rows: Sequence[dict[str, Any]], as_of: datetime) -> list[dict[str, Any]]:
    """Rows of a listing as their events up to a moment leave them; what happened later has not happened yet."""
    minute = epoch_minute(as_of)
    stood = []
    for row, log in zip(rows, logs_of(connection, [row["id"] for row in rows]).values(), strict=True):
        by_then = [e for e in log if isinstance(e.what, happened.Voided) or epoch_minute(e.occurred_at) <= minute]
        if not any(isinstance(event.what, Received) for event in by_then):  # named, but not there yet
            stood.append(row)
            continue
        then = replay(by_then).row()
        stood.append({name: then.get(name, value) for name, value in row.items()})
    return stood
