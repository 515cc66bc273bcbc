"""Two that are one: partners under two names, and inquiries that were logged twice. Each merge can be undone.

A partner that is merged keeps its own id on every lead; its leads count for the other one. An inquiry that is merged is closed
as a duplicate, and what was done on it is copied, line by line, to the one that goes on.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import events as happened
from data_access import fact_tables, leads, partners
from data_access import tables as t
from data_access.event_log import append_events, log_of, logs_of
from data_access.events import Event, Received
from data_access.lead_rules import NotPossible
from data_access.lead_state import LeadState
from data_access.promises import ResponseClock
from data_access.replay import replay
from data_access.vocabulary import EXCLUDED_REASONS, CloseReason, ContactMethod, Precision

_FACTS = (
    fact_tables.lead_facts,
    fact_tables.appointment_facts,
    fact_tables.item_facts,
    fact_tables.spell_facts,
    fact_tables.situation_facts,
)
_STAYS_BEHIND = (
    happened.Received, happened.Closed, happened.Reopened, happened.Planned, happened.Stalled, happened.Assigned,
    happened.Transferred, happened.Reprioritised, happened.Promoted, happened.Voided,
)  # fmt: skip
"""What says how the other inquiry was handled, and not what became of the person."""

# ---------------------------------------------------------------- partners


def merge_partners(
    connection: Connection, partner_id: int, into_id: int, *, now: datetime, staff_id: int | None = None
) -> int:
    """Count a partner's leads, past and coming, for another one; the id of the merge.

    Raises
    ------
    NotPossible
        When they are one already, or one of them was merged before.
    """
    roots = partners.roots(connection)
    if partner_id == into_id or roots.get(into_id, into_id) == partner_id:
        raise NotPossible("These are one partner already. Choose two.")
    if partner_id in roots or into_id in roots:
        raise NotPossible("One of these was merged before. Undo that first, or choose the partner that goes on.")
    values = {"partner_id": partner_id, "into_id": into_id, "merged_at": now, "staff_id": staff_id}
    merge = connection.execute(sa.insert(t.partner_merges).values(values).returning(t.partner_merges.c.id))
    _set_active(connection, partner_id, active=False)
    _count_anew(connection, partner_id)
    return int(merge.scalar_one())


def undo_partner_merge(connection: Connection, merge_id: int, *, now: datetime) -> None:
    """Let a merged partner stand by itself again.

    Raises
    ------
    LookupError
        When there is no such merge that stands.
    """
    c = t.partner_merges.c
    undone = sa.update(t.partner_merges).where(c.id == merge_id, c.undone_at.is_(None)).values(undone_at=now)
    partner = connection.scalar(undone.returning(c.partner_id))
    if partner is None:
        raise LookupError("this merge was undone already")
    _set_active(connection, partner, active=True)
    _count_anew(connection, partner)


def partner_merges(connection: Connection) -> list[dict[str, Any]]:
    """The merges that stand, the latest first: `id`, `partner`, `into` (names) and `merged_at`."""
    c, one, other = t.partner_merges.c, t.partners.alias(), t.partners.alias()
    query = (
        sa.select(c.id, one.c.name.label("partner"), other.c.name.label("into"), c.merged_at)
        .join(one, one.c.id == c.partner_id)
        .join(other, other.c.id == c.into_id)
        .where(c.undone_at.is_(None))
        .order_by(c.merged_at.desc(), c.id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _set_active(connection: Connection, partner_id: int, *, active: bool) -> None:
    connection.execute(sa.update(t.partners).where(t.partners.c.id == partner_id).values(active=active))


def _count_anew(connection: Connection, partner_id: int) -> None:
    """Count the leads of a partner, and of those that were merged into it, for whom they count now."""
    roots = partners.roots(connection)
    own = {partner_id} | {partner for partner in roots if _leads_to(connection, partner, partner_id)}
    mine = sa.select(t.leads.c.id).where(t.leads.c.partner_id.in_(own))
    for table in _FACTS:
        values: dict[str, Any] = {"partner": roots.get(partner_id, partner_id)}
        if table is fact_tables.lead_facts:
            values["revision"] = None  # stamped when the transaction ends
        connection.execute(sa.update(table).where(table.c.lead_id.in_(mine)).values(values))


def _leads_to(connection: Connection, partner_id: int, wanted: int) -> bool:
    """Whether one partner was merged into another, by whatever way."""
    c = t.partner_merges.c
    query = sa.select(c.partner_id, c.into_id).where(c.undone_at.is_(None))
    into = {row.partner_id: row.into_id for row in connection.execute(query)}
    while partner_id in into:
        partner_id = into[partner_id]
        if partner_id == wanted:
            return True
    return False


# ---------------------------------------------------------------- inquiries


def merge_leads(
    connection: Connection,
    lead_id: int,
    into_id: int,
    *,
    now: datetime,
    version: int,
    staff_id: int | None = None,
    key: str | None = None,
) -> int:
    """Close an inquiry as a duplicate and let what was done on it go on with the other one; its new version.

    On the one that goes on, the receipt of the duplicate stands as "got in touch again", and answers are measured from its own
    receipt, which is the earlier one.

    Raises
    ------
    Stale, LookupError
        As for `leads.record`.
    NotPossible
        When the other one came later, does not go on itself, or is the same one.
    """
    other = log_of(connection, into_id)
    state, ours = replay(other), log_of(connection, lead_id)
    if lead_id == into_id:
        raise NotPossible("An inquiry is no duplicate of itself. Give the number of the other one.")
    if state.close_reason in EXCLUDED_REASONS:
        raise NotPossible(f"Inquiry {into_id} does not go on itself. Give the number of the one that does.")
    if state.closed_at:
        raise NotPossible(f"Inquiry {into_id} is closed. Reopen it first.")
    if state.received_at > replay(ours).received_at:
        raise NotPossible(
            f"Inquiry {into_id} came later. Close that one as the duplicate: the clock runs from the first."
        )
    already = key and connection.scalar(sa.select(t.events.c.id).where(t.events.c.idempotency_key == key))
    version = leads.record(
        connection, lead_id, happened.Closed(reason=CloseReason.DUPLICATE, duplicate_of=into_id), occurred_at=now, now=now,
        version=version, staff_id=staff_id, key=key,
    )  # fmt: skip
    if not already:
        clock = ResponseClock(connection)
        append_events(connection, [(into_id, event) for event in _copies(clock, state, ours, now)])
        leads.rebuild(connection, [into_id])
    return version


def take_back_copies(
    connection: Connection, originals: Collection[int], *, now: datetime, staff_id: int | None
) -> None:
    """Take the copies of some lines back, and the copies of those, wherever inquiries were merged."""
    c = t.events.c
    while originals:
        query = sa.select(c.id, c.lead_id).where(c.copied_from_id.in_(list(originals)))
        copies = {row.id: row.lead_id for row in connection.execute(query)}
        for log in logs_of(connection, set(copies.values())).values():
            for event in log:
                if isinstance(event.what, happened.Voided):
                    copies.pop(event.what.event_id, None)
        back = [
            (lead, Event(happened.Voided(event_id=copy), now, now, staff_id=staff_id)) for copy, lead in copies.items()
        ]
        append_events(connection, back)
        leads.rebuild(connection, set(copies.values()))
        originals = copies.keys()


def _copies(clock: ResponseClock, state: LeadState, log: list[Event], now: datetime) -> list[Event]:
    voided = {event.what.event_id for event in log if isinstance(event.what, happened.Voided)}
    standing = [event for event in log if event.id not in voided]
    received = next(event for event in reversed(standing) if isinstance(event.what, Received))
    asked = received.what
    made: list[Event] = []
    if isinstance(asked, Received):
        made.append(replace(received, what=happened.AskedAgain(channel=asked.channel, topic=asked.topic)))
        if asked.answered_live:
            made.append(replace(received, what=happened.Reached(method=ContactMethod.CALL)))
    made += [event for event in standing if not isinstance(event.what, _STAYS_BEHIND)]
    copies = [replace(event, recorded_at=now, follow_up=None, batch_id=None, copied_from=event.id) for event in made]
    return [replace(event, what=_measured(clock, state, event)) for event in copies]


def _measured(clock: ResponseClock, state: LeadState, event: Event) -> happened.Happening:
    """An answer with the staffed time since the receipt of the inquiry that goes on."""
    what = event.what
    if not isinstance(what, happened.Attempted | happened.Reached):
        return what
    exact = Precision.DAY not in (state.received_precision, event.precision)
    place = state.parts[0].asked.location_id
    seconds = clock.staffed_seconds(place, state.received_at, event.occurred_at) if exact else None
    return replace(what, staffed_seconds=seconds)
