"""Notes that close the loop with a partner: what was sent, about which cycle, and by whom. No patient is in any."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import partners
from data_access import tables as t
from data_access.vocabulary import ContactMethod


def sent(
    connection: Connection,
    partner_id: int,
    cycle: tuple[date, date],
    body: str,
    *,
    method: ContactMethod,
    today: date,
    now: datetime,
    staff_id: int | None,
) -> int:
    """Note that a partner was sent a note about a cycle, once; its id.

    Parameters
    ----------
    cycle : (date, date)
        Its first day, and the first day after it.
    today : date
        The practice's own day.

    Raises
    ------
    ValueError
        When the cycle is not over: its numbers still change.
    NotPossible
        When the partner asked not to be contacted.
    """
    first, after = cycle
    if after > today:
        raise ValueError("This cycle is not over yet. A note tells what became of a whole one.")
    partners.require_may_contact(connection, partner_id)
    c = t.partner_notes.c
    there = sa.select(c.id).where(
        c.partner_id == partner_id, c.from_on == first, c.until_on == after, c.withdrawn_at.is_(None)
    )
    if known := connection.scalar(there):
        return int(known)
    row = sa.insert(t.partner_notes).values(
        partner_id=partner_id, from_on=first, until_on=after, body=body, sent_at=now, method=method, staff_id=staff_id
    )
    return int(connection.execute(row.returning(c.id)).scalar_one())


def take_back(connection: Connection, note_id: int, now: datetime) -> None:
    """Note that it was not sent after all. `LookupError` where there is no such note that stands."""
    c = t.partner_notes.c
    standing = sa.update(t.partner_notes).where(c.id == note_id, c.withdrawn_at.is_(None))
    if not connection.execute(standing.values(withdrawn_at=now)).rowcount:
        raise LookupError(f"There is no note {note_id} that was sent.")


def of_cycle(connection: Connection, cycle: tuple[date, date]) -> dict[int, tuple[int, datetime, str]]:
    """Who was sent a note about a cycle: partner, the one that goes on where it was merged -> (id, moment, by whom)."""
    c, roots = t.partner_notes.c, partners.roots(connection)
    query = (
        sa.select(c.partner_id, c.id, c.sent_at, t.staff.c.name)
        .outerjoin(t.staff, t.staff.c.id == c.staff_id)
        .where(c.from_on == cycle[0], c.until_on == cycle[1], c.withdrawn_at.is_(None))
        .order_by(c.id)
    )
    return {
        roots.get(partner, partner): (note, at, name or "the command line")
        for partner, note, at, name in connection.execute(query)
    }
