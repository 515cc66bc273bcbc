"""How the practice keeps in touch with those who refer: what is due with whom, what was done, and taking it back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import partners, practice
from data_access import tables as t
from data_access.columns import holding
from data_access.lead_rules import NotPossible, note_doubts
from data_access.vocabulary import Outreach, PartnerCategory

TEXT_LENGTH = 160


@dataclass(frozen=True)
class Act:
    """One outreach: with a partner, or with a whole category.

    Attributes
    ----------
    partner_id : int, optional
        The partner that goes on, where it was merged; None for a category.
    done_on : date, optional
        None while it is due.
    """

    id: int
    kind: Outreach
    partner_id: int | None
    category: PartnerCategory | None
    text: str
    due_on: date
    done_on: date | None
    owner: str


def plan(
    connection: Connection,
    kind: Outreach,
    text: str,
    due_on: date,
    *,
    owner_id: int,
    now: datetime,
    partner_id: int | None = None,
    category: PartnerCategory | None = None,
    done_on: date | None = None,
) -> int:
    """Write down an outreach, due or done, and return its id; the same one twice is one.

    Raises
    ------
    ValueError
        When it is with nobody, or with a partner and a category at once; when the text is empty, too long, or may name a
        person or a diagnosis; when nobody owns it.
    NotPossible
        When the partner asked not to be contacted.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= TEXT_LENGTH:
        raise ValueError(f"Say in 1 to {TEXT_LENGTH} characters what it is about; this has {len(text)}.")
    if doubts := note_doubts(text):
        raise ValueError(
            f"This may name a person or a diagnosis: {', '.join(doubts)}. Outreach is about how we work together."
        )
    if (partner_id is None) == (category is None):
        raise ValueError("Choose a partner, or a category of partners.")
    if not practice.on_staff(connection, owner_id):
        raise ValueError("An outreach has one owner, who is on the staff. Choose somebody.")
    partners.require_may_contact(connection, partner_id)
    values = {"kind": kind, "partner_id": partner_id, "partner_category": category, "text": text, "due_on": due_on,
              "done_on": done_on, "owner_id": owner_id}  # fmt: skip
    o = t.outreach.c
    if there := connection.scalar(sa.select(o.id).where(o.withdrawn_at.is_(None), *holding(t.outreach, values))):
        return int(there)
    row = sa.insert(t.outreach).values(**values, written_at=now)
    return int(connection.execute(row.returning(o.id)).scalar_one())


def done(connection: Connection, seen: Act, on: date | None, *, today: date) -> None:
    """Say on which day it was done, or that it is due again (None); on the day that is noted already, it stays so.

    Parameters
    ----------
    seen : Act
        As somebody saw it who says so.

    Raises
    ------
    NotPossible
        When somebody else took it back, or said that it was done on another day, since.
    ValueError
        When the day lies ahead.
    """
    if on and on > today:
        raise ValueError("The day lies ahead. Say on which day it was done.")
    _change(connection, seen, done_on=on)


def withdraw(connection: Connection, seen: Act, now: datetime) -> None:
    """Take an outreach back; it is kept, and counts no more. Errors as for `done`."""
    _change(connection, seen, withdrawn_at=now)


def _change(connection: Connection, seen: Act, **becomes: Any) -> None:
    """Change an outreach where it still stands as somebody saw it, or stands so already."""
    c = t.outreach.c
    standing = (c.id == seen.id, c.withdrawn_at.is_(None), *holding(t.outreach, {"done_on": seen.done_on}))
    if connection.execute(sa.update(t.outreach).where(*standing).values(**becomes)).rowcount:
        return
    if not connection.scalar(sa.select(c.id).where(c.id == seen.id, *holding(t.outreach, becomes))):
        raise NotPossible("Somebody else changed it meanwhile. Yours was not saved; look at how it stands.")


def acts(connection: Connection) -> list[Act]:
    """Every outreach that stands, in order of the day on which it was done or is due."""
    c, roots = t.outreach.c, partners.roots(connection)
    query = (
        sa.select(c.id, c.kind, c.partner_id, c.partner_category, c.text, c.due_on, c.done_on, t.staff.c.name)
        .join(t.staff, t.staff.c.id == c.owner_id)
        .where(c.withdrawn_at.is_(None))
        .order_by(sa.func.coalesce(c.done_on, c.due_on), c.id)
    )
    return [
        Act(i, Outreach(kind), roots.get(who, who), PartnerCategory(group) if group else None, text, due, on, owner)
        for i, kind, who, group, text, due, on, owner in connection.execute(query)
    ]
