"""What people asked about again, although they had asked before: read from the log, because it is rare."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t
from data_access.vocabulary import EXCLUDED_REASONS, EventKind, Topic, code


def asked_again(
    connection: Connection, since: datetime, until: datetime, as_of: datetime, locations: Collection[int] | None
) -> dict[int, int]:
    """How often somebody got in touch again, by topic: that of the call, or else of the inquiry.

    Parameters
    ----------
    since, until : datetime
        Half-open.
    as_of : datetime
        What happened after it has not happened yet, and what was taken back after it stands.
    locations : collection of int, or None
        Of inquiries that are there now; None for all.

    Returns
    -------
    dict
        Code of the topic (0: not noted) -> times; of duplicates, spam and tests, and what was taken back, is left out.
    """
    e, leads = t.events.c, t.leads.c
    query = (
        sa.select(e.id, e.lead_id, e.details, leads.topic)
        .join(t.leads, leads.id == e.lead_id)
        .where(e.kind == EventKind.ASKED_AGAIN, e.occurred_at >= since, e.occurred_at < until, e.occurred_at <= as_of)
        .where(e.copied_from_id.is_(None))
        .where(leads.close_reason.is_(None) | leads.close_reason.not_in(EXCLUDED_REASONS) | (leads.closed_at > as_of))
    )
    if locations is not None:
        query = query.where(leads.location_id.in_(list(locations)))
    found = connection.execute(query).all()
    voids = sa.select(e.details).where(
        e.kind == EventKind.VOIDED, e.lead_id.in_([row.lead_id for row in found]), e.recorded_at <= as_of
    )
    gone = {details["event_id"] for details in connection.execute(voids).scalars()} if found else set()
    counted = Counter(row.details.get("topic") or row.topic for row in found if row.id not in gone)
    return {code(Topic(topic)) + 1 if topic else 0: times for topic, times in counted.items()}
