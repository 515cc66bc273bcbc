"""Leads as people read them: in lists, as they stood at a moment, and those that may be one inquiry twice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import events as happened
from data_access import partners, practice
from data_access import tables as t
from data_access.event_log import logs_of
from data_access.events import Event, Received
from data_access.lead_state import LeadState, epoch_minute
from data_access.replay import replay
from data_access.vocabulary import EXCLUDED_REASONS, AppointmentStatus


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
            lead.location_id, lead.owner_id, lead.need, lead.tries, lead.put_off, lead.may_contact, lead.preferred_contact,
            lead.records_status, lead.appointment_status, lead.service_fit, lead.demographics, lead.scheduling_needs,
            t.locations.c.name.label("location"), t.locations.c.zone, lead.partner_id, lead.service_line_id,
            lead.duplicate_of, t.partners.c.name.label("partner"), lead.partner_category,
            t.service_lines.c.name.label("service_line"),
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
    rows = [dict(row) for row in connection.execute(query).mappings()]
    if roots := partners.roots(connection):
        names = practice.names(connection, t.partners)
        for row in rows:
            row["partner"] = names.get(roots.get(row["partner_id"], row["partner_id"]))
    return rows


@dataclass(frozen=True)
class Whole:
    """One lead with everything that is written down about it: its row as `listing` gives it, its events in the order in which
    they were recorded, its checklist, its appointments with their chain, and how its events leave it.
    """

    row: dict[str, Any]
    log: list[Event]
    records: list[dict[str, Any]]
    appointments: list[dict[str, Any]]
    state: LeadState


def whole(connection: Connection, lead_id: int, *, locations: Collection[int] | None) -> Whole | None:
    """One lead; None where there is none, or none in the viewer's scope."""
    rows = listing(connection, locations=locations, lead_ids=[lead_id], limit=1)
    if not rows:
        return None

    def lines(table: sa.Table) -> list[dict[str, Any]]:
        query = sa.select(table).where(table.c.lead_id == lead_id).order_by(*table.primary_key.columns)
        return [dict(line) for line in connection.execute(query).mappings()]

    row = rows[0] | {"starts_at": standing_appointments(connection, [lead_id]).get(lead_id)}
    log = logs_of(connection, [lead_id])[lead_id]
    return Whole(row, log, lines(t.records), lines(t.appointments), replay(log))


def standing_appointments(connection: Connection, lead_ids: Collection[int]) -> dict[int, datetime]:
    """When the latest appointment of each lead begins, where one stands."""
    c = t.appointments.c
    query = sa.select(c.lead_id, c.starts_at).where(
        c.lead_id.in_(list(lead_ids)), c.status == AppointmentStatus.SCHEDULED, c.starts_at.is_not(None)
    )
    return {row.lead_id: row.starts_at for row in connection.execute(query.order_by(c.lead_id, c.number))}


FOUND = 20
"""So many leads are listed where a part of a reference fits several."""


def find(connection: Connection, typed: str, *, locations: Collection[int] | None) -> list[dict[str, Any]]:
    """Leads by their number, or by a part of their reference; the newest first."""
    typed = typed.strip()
    lead = t.leads.c
    named = lead.reference.icontains(typed, autoescape=True)
    if typed.isdecimal() and len(typed) < 18:
        named |= lead.id == int(typed)
    query = sa.select(lead.id).where(named).order_by(lead.id.desc()).limit(FOUND)
    if locations is not None:
        query = query.where(lead.location_id.in_(list(locations)))
    ids = list(connection.execute(query).scalars()) if typed else []
    return listing(connection, locations=locations, lead_ids=ids, limit=FOUND) if ids else []


TWIN_DAYS = 14
"""Two leads with the same reference are looked at when they were received within so many days of each other."""


def open_by_owner(connection: Connection) -> dict[int, int]:
    """How many open leads everybody owns."""
    lead = t.leads.c
    query = sa.select(lead.owner_id, sa.func.count()).where(lead.need.is_not(None), lead.owner_id.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query.group_by(lead.owner_id).order_by(lead.owner_id))}


CROWD = 20
"""What so many leads share tells them apart no more: nobody is asked."""


def twin_of(
    connection: Connection,
    reference: str | None,
    location_id: int,
    received_at: datetime,
    *,
    partner_id: int | None = None,
    print_: str | None = None,
    locations: Collection[int] | None = None,
) -> int | None:
    """The latest lead that may be the same inquiry; None where there is none, or a crowd.

    The same it may be by the reference at one location, or from one partner, or by the fingerprint of a contact.

    Parameters
    ----------
    locations : collection of int, optional
        Only leads there; None: everywhere.
    """
    lead, days, key = t.leads.c, timedelta(days=TWIN_DAYS), _folded(reference)
    roots = partners.roots(connection)
    group = partners.merged_into(connection, roots.get(partner_id, partner_id)) if partner_id else []
    near = (lead.location_id == location_id) | lead.partner_id.in_(group)
    query = (
        sa.select(lead.id, lead.duplicate_of, lead.reference, t.contacts.c.fingerprint)
        .outerjoin(t.contacts, t.contacts.c.lead_id == lead.id)
        .where(near & lead.reference.is_not(None) | (t.contacts.c.fingerprint == print_ if print_ else sa.false()))
        .where(lead.received_at > received_at - days)
        .where(lead.received_at < received_at + days)
        .where(lead.attended_at.is_(None))  # who comes back after the visit begins anew
        .where(
            lead.close_reason.is_(None)
            | lead.close_reason.not_in([str(reason) for reason in EXCLUDED_REASONS])
            | lead.duplicate_of.is_not(None)
        )
        .order_by(lead.received_at.desc(), lead.id.desc())
    )
    if locations is not None:
        query = query.where(lead.location_id.in_(list(locations)))
    rows = connection.execute(query) if key or print_ else ()
    found = [
        int(row.duplicate_of or row.id)
        for row in rows
        if (key and _folded(row.reference) == key) or (print_ and row.fingerprint == print_)
    ]
    return found[0] if 0 < len(set(found)) <= CROWD else None


def _folded(reference: str | None) -> str:
    """A reference without case, spaces and punctuation."""
    return "".join(letter for letter in (reference or "").casefold() if letter.isalnum())


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
        key = (row.location_id, _folded(row.reference))
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
