"""How long what points to a person is kept, and letting it go. Nothing that is counted changes.

What points to a person is a lead's reference, what was promised in a warm introduction, its contact details and their
fingerprint. The row, its events and its facts stay: they hold no identity. The lead's id in another system stays too, so that
the same row of that system does not come in as another lead.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import leads, rules
from data_access import tables as t
from data_access.vocabulary import EXCLUDED_REASONS, DeidentifiedBecause, Ending, EventKind

BATCH = 500
"""How many leads one transaction lets go of, so that nobody's save waits long for it."""
_PERSONAL = ("reference", "expectations")
"""What points to a person in a lead's row and in the event that it was received with."""


@dataclass(frozen=True)
class Due:
    """Leads of which nothing may point to a person any more, and since when their endings are kept no longer."""

    ending: Ending
    months: int
    leads: tuple[int, ...]


def rules_on(connection: Connection, day: date) -> dict[Ending, int | None]:
    """For how many months after its ending a lead keeps what points to a person; None: without end."""
    found = rules.in_force(connection, t.retention_rules, ["ending"], day)
    return {ending: next((one["months"] for one in found if one["ending"] == ending), None) for ending in Ending}


def set_rule(connection: Connection, ending: Ending, months: int | None, *, effective_from: date) -> None:
    """For how many months leads of one ending keep what points to a person, from a day on; None: without end.

    Raises
    ------
    ValueError
        When it is not a number of months from 1 to 600.
    """
    if months is not None and not 1 <= months <= 600:
        raise ValueError(f"{months} is no number of months from 1 to 600")
    rule = {"ending": ending, "months": months, "effective_from": effective_from}
    rules.put(connection, t.retention_rules, ["ending"], rule, "time for which leads are kept")


def due(connection: Connection, now: datetime, day: date, among: Collection[int] | None = None) -> list[Due]:
    """What the rules in force on a day let go of now, by ending; `among`: of these leads only."""
    found = []
    for ending, months in rules_on(connection, day).items():
        if months is None:
            continue
        ended_at, is_one = _ended(ending)
        lead = t.leads.c
        query = (
            sa.select(lead.id)
            .where(is_one, lead.need.is_(None), ended_at < now - pd.DateOffset(months=months))
            .where(lead.id.not_in(sa.select(t.deidentified.c.lead_id)) | _points_to_a_person())
            .order_by(lead.id)
        )
        query = query if among is None else query.where(lead.id.in_(list(among)))
        found.append(Due(ending, months, tuple(connection.execute(query).scalars())))
    return found


def _points_to_a_person() -> sa.ColumnElement[bool]:
    """Of leads that were let go of before: taken up again since, and told anew whose they are."""
    lead = t.leads.c
    return (
        lead.reference.is_not(None)
        | lead.expectations.is_not(None)
        | lead.id.in_(sa.select(t.contacts.c.lead_id))
        | lead.id.in_(sa.select(t.contact_details.c.lead_id))
    )


def _ended(ending: Ending) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[bool]]:
    """When leads of an ending ended, and which they are."""
    lead = t.leads.c
    excluded = sa.func.coalesce(lead.close_reason.in_([str(reason) for reason in EXCLUDED_REASONS]), sa.false())
    match ending:
        case Ending.NOT_A_LEAD:
            return lead.closed_at, excluded
        case Ending.VISITED:
            return sa.func.coalesce(lead.closed_at, lead.attended_at), lead.attended_at.is_not(None) & ~excluded
    return lead.closed_at, lead.attended_at.is_(None) & ~excluded


def _ended_ones(connection: Connection, lead_ids: Collection[int]) -> set[int]:
    """Which of some leads are not open."""
    lead = t.leads.c
    return set(connection.execute(sa.select(lead.id).where(lead.id.in_(list(lead_ids)), lead.need.is_(None))).scalars())


def deidentify(connection: Connection, lead_ids: Collection[int], because: DeidentifiedBecause, now: datetime) -> int:
    """Let go of what points to a person on some leads; how many.

    Raises
    ------
    ValueError
        When one of them is still open: somebody could not be called back.
    """
    ids = list(lead_ids)
    lead = t.leads.c
    leads.lock(connection, ids)  # nobody takes one up again meanwhile
    if still_open := sorted(set(ids) - _ended_ones(connection, ids)):
        raise ValueError(f"Inquiry {still_open[0]} is still open. Close it first.")
    if not ids:
        return 0
    _redact_events(connection, ids)
    cleared: dict[str, Any] = {**dict.fromkeys(_PERSONAL), "version": lead.version + 1}
    connection.execute(sa.update(t.leads).where(lead.id.in_(ids)).values(cleared))
    for table in (t.contacts, t.contact_details, t.deidentified):
        connection.execute(sa.delete(table).where(table.c.lead_id.in_(ids)))
    connection.execute(sa.update(t.web_posts).where(t.web_posts.c.lead_id.in_(ids)).values(body=None, body_digest=""))
    connection.execute(sa.insert(t.deidentified), [{"lead_id": one, "at": now, "because": because} for one in ids])
    return len(ids)


def _redact_events(connection: Connection, lead_ids: Collection[int]) -> None:
    """The one change of an event that is ever made: words that point to a person go, and what is counted stays."""
    c = t.events.c
    received = sa.select(c.id, c.details).where(c.lead_id.in_(list(lead_ids)), c.kind == EventKind.RECEIVED)
    for event in connection.execute(received).all():
        kept = {name: value for name, value in event.details.items() if name not in _PERSONAL}
        if kept != event.details:
            connection.execute(sa.update(t.events).where(c.id == event.id).values(details=kept))


def deidentified(connection: Connection, lead_ids: Collection[int]) -> frozenset[int]:
    """Which of some leads do not point to a person any more."""
    c = t.deidentified.c
    return frozenset(connection.execute(sa.select(c.lead_id).where(c.lead_id.in_(list(lead_ids)))).scalars())


def same_person(connection: Connection, lead_id: int) -> list[int]:
    """A lead and the others that are known to be of the same person: merged into one, or with the same contact."""
    lead, found, looked = t.leads.c, {lead_id}, set[int]()
    while found - looked:
        now = found - looked
        looked |= now
        prints = sa.select(t.contacts.c.fingerprint).where(t.contacts.c.lead_id.in_(now))
        into = sa.select(lead.duplicate_of).where(lead.id.in_(now), lead.duplicate_of.is_not(None))
        query = sa.select(lead.id).where(
            lead.duplicate_of.in_(now)
            | lead.id.in_(into)
            | lead.id.in_(sa.select(t.contacts.c.lead_id).where(t.contacts.c.fingerprint.in_(prints)))
        )
        found |= set(connection.execute(query).scalars())
    return sorted(found)
