"""Writes: permission, one transaction, and what there is to say about it."""

import dataclasses
import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import auth, privacy_actions
from dashboard.acting import acting
from dashboard.auth import Viewer
from dashboard.forms import Inquiry
from data_access import lead_lists, leads, merging, partners
from data_access import tables as t
from data_access.engine import reading
from data_access.events import AskedAgain, Attended, Closed, Happening, NoShow, Reached, Reopened, Voided
from data_access.lead_rules import Doubtful, NotPossible
from data_access.leads import Logged, Stale
from data_access.vocabulary import AuditKind, ContactField, ContactMethod, Priority, code

REFUSALS = (Stale, NotPossible, LookupError, auth.NotDone)
"""What keeps somebody's work on a lead from being written, each with a message for them."""


@dataclass(frozen=True)
class Recorded:
    """What was written down on a lead, so that it can be taken back."""

    lead_id: int
    event_id: int


def log_inquiry(
    engine: Engine, viewer: Viewer, inquiry: Inquiry, *, nonce: str, now: datetime, text_id: int | None = None
) -> Logged:
    """Save an inquiry once, however often it is sent.

    Parameters
    ----------
    nonce : str
        Of the rendered form. Together with what was typed it tells a second click from a second inquiry.
    text_id : int, optional
        The practice's text by which it was asked.

    Raises
    ------
    auth.NotAllowed
        When the role or the location does not allow it.
    Doubtful
        When it, or its new partner, may be entered already and nobody said that it is not.
    NotPossible
        When it cannot be so; the message says why.
    """
    auth.require(viewer, auth.LOG_INQUIRY, inquiry.asked.location_id)
    key = hashlib.sha256(f"{viewer.staff_id}|{nonce}|{inquiry.typed}".encode()).hexdigest()
    with acting(engine, viewer) as (connection, note):
        logged = save_inquiry(
            connection, inquiry, key=key, staff_id=viewer.staff_id, now=now, text_id=text_id, locations=viewer.locations
        )
        if not logged.again:
            note(AuditKind.LOGGED, "logged", logged.lead_id)
        return logged


def save_inquiry(
    connection: Connection,
    inquiry: Inquiry,
    *,
    key: str,
    staff_id: int | None,
    now: datetime,
    text_id: int | None = None,
    locations: Collection[int] | None = None,
) -> Logged:
    """Log an inquiry from a form, on the page or on the website, with its new partner where it has one; errors as for
    `log_inquiry`, but for the permission, which is the caller's.

    Parameters
    ----------
    locations : collection of int, optional
        Where to look for one that may be the same; None: everywhere.
    """
    asked, received_at = inquiry.asked, inquiry.received_at or now
    saved = connection.scalar(sa.select(t.leads.c.id).where(t.leads.c.idempotency_key == key))
    print_ = privacy_actions.fingerprint_of(inquiry.contact)
    if not saved:
        _doubt(connection, inquiry, received_at, print_, locations)
    if inquiry.new_partner and asked.partner_category:
        partner = partners.find_or_add(connection, inquiry.new_partner, asked.partner_category)
        asked = dataclasses.replace(asked, partner_id=partner)
    logged = leads.log_inquiry(
        connection, asked, received_at=received_at, now=now, staff_id=staff_id, key=key, text_id=text_id
    )
    if inquiry.contact and not logged.again:
        field = ContactField.EMAIL if "@" in inquiry.contact else ContactField.PHONE
        privacy_actions.store_contact(connection, logged.lead_id, {field: inquiry.contact})
    return logged


def _doubt(
    connection: Connection,
    inquiry: Inquiry,
    received_at: datetime,
    print_: str | None,
    locations: Collection[int] | None,
) -> None:
    """Raise `Doubtful` where the inquiry, or its new partner, looks like one that is there."""
    asked, name = inquiry.asked, inquiry.new_partner
    asks = name and not inquiry.sure_partner and not partners.find(connection, name)
    if asks and (alike := partners.near(connection, name)):
        raise Doubtful(
            "partner", f"There is {alike[0][1]} already. Choose it, or say below that {name} is another one."
        )
    twin = not inquiry.sure and lead_lists.twin_of(
        connection, asked.reference, asked.location_id, received_at, partner_id=asked.partner_id, print_=print_,
        locations=locations,
    )  # fmt: skip
    if twin:
        raise Doubtful(
            "reference", f"Inquiry {twin} of these days may be the same one. If this is another one, say so beside it."
        )


def ask_again(
    engine: Engine, viewer: Viewer, lead_id: int, what: AskedAgain, *, live: bool, now: datetime, nonce: str
) -> list[Recorded]:
    """Note that the person got in touch again, once however often it is sent; one that is closed is reopened.

    Parameters
    ----------
    live : bool
        It was answered as it came in.
    nonce : str
        Of the rendered form.

    Returns
    -------
    list of Recorded
        What was written down, in order; errors as for `record`.
    """
    done = []
    with acting(engine, viewer) as (connection, note):
        _require_lead(connection, viewer, lead_id)
        closed = connection.scalar(sa.select(t.leads.c.closed_at).where(t.leads.c.id == lead_id)) is not None
        steps: list[Happening] = [Reopened()] if closed else []
        steps += [what, *([Reached(method=ContactMethod.CALL)] if live else [])]
        for step in steps:
            key = hashlib.sha256(f"{viewer.staff_id}|{nonce}|{lead_id}|{step!r}".encode()).hexdigest()
            version = leads.version_of(connection, lead_id)
            leads.record(
                connection, lead_id, step, occurred_at=now, now=now, version=version, staff_id=viewer.staff_id, key=key
            )
            done.append(_recorded(connection, lead_id, key))
        note(AuditKind.CHANGED, "asked again", lead_id)
    return done


def record(
    engine: Engine,
    viewer: Viewer,
    lead_id: int,
    what: Happening,
    *,
    version: int,
    now: datetime,
    occurred_at: datetime | None = None,
    key: str | None = None,
    text_id: int | None = None,
) -> Recorded:
    """Write down what happened to a lead, once however often it is sent with the same `key`.

    `occurred_at` None: now, and for what became of a visit, when its appointment began.

    What closes it as a duplicate merges it into the other one, and whoever takes that back undoes the merge. `text_id`: the
    practice's text by which it was done.

    Raises
    ------
    auth.NotAllowed
        When the role, or the location at which the lead is, does not allow it.
    leads.Stale, NotPossible, LookupError
        As for `leads.record`.
    """
    with acting(engine, viewer) as (connection, note):
        priority = _require_lead(connection, viewer, lead_id)
        key = key or secrets.token_hex(32)
        if isinstance(what, Closed) and what.duplicate_of:
            _require_lead(connection, viewer, what.duplicate_of)
            merging.merge_leads(
                connection, lead_id, what.duplicate_of, now=now, version=version, staff_id=viewer.staff_id, key=key
            )
        else:
            at = occurred_at or (_of_visit(connection, lead_id, now) if isinstance(what, Attended | NoShow) else now)
            leads.record(
                connection, lead_id, what, occurred_at=at, now=now, version=version,
                staff_id=viewer.staff_id, key=key, text_id=text_id,
            )  # fmt: skip
        if isinstance(what, Voided):
            _take_back_copies(connection, viewer, lead_id, what.event_id, now)
        _require_not_lowered(connection, viewer, lead_id, priority)
        note(AuditKind.CHANGED, _said(what), lead_id)
        return _recorded(connection, lead_id, key)


def _said(what: Happening) -> str:
    return str(what.kind).replace("_", " ")


def _recorded(connection: Connection, lead_id: int, key: str) -> Recorded:
    """What was written down on a lead under a key."""
    written = sa.select(t.events.c.id).where(t.events.c.idempotency_key == key)
    return Recorded(lead_id, connection.execute(written).scalar_one())


def _of_visit(connection: Connection, lead_id: int, now: datetime) -> datetime:
    """When the latest appointment began; now, where that is not known or cannot be."""
    c = t.appointments.c
    latest = sa.select(c.starts_at, c.booked_at).where(c.lead_id == lead_id).order_by(c.number.desc()).limit(1)
    found = connection.execute(latest).one_or_none()
    return found.starts_at if found and found.starts_at and found.booked_at <= found.starts_at <= now else now


def _take_back_copies(connection: Connection, viewer: Viewer, lead_id: int, event_id: int, now: datetime) -> None:
    """Where a lead was merged, what is taken back on it counts no longer there either; with the close, all of it."""
    originals, leads_there = merging.reach(connection, lead_id, event_id)
    for other in leads_there:
        _require_lead(connection, viewer, other)
    merging.take_back_copies(connection, originals, now=now, staff_id=viewer.staff_id)


def _require_lead(connection: Connection, viewer: Viewer, lead_id: int) -> Priority:
    """Raise unless the viewer may work on a lead, where it is now; its priority."""
    query = sa.select(t.leads.c.location_id, t.leads.c.priority).where(t.leads.c.id == lead_id)
    lead = connection.execute(query).one_or_none()
    if lead is None:
        raise LookupError(f"There is no inquiry {lead_id}.")
    auth.require(viewer, auth.WORK_LEADS, lead.location_id)
    return Priority(lead.priority)


def _require_not_lowered(connection: Connection, viewer: Viewer, lead_id: int, before: Priority) -> None:
    """Raise where a lead's priority fell, by whatever was written, and the viewer may not lower one."""
    after = connection.execute(sa.select(t.leads.c.priority).where(t.leads.c.id == lead_id)).scalar_one()
    if code(Priority(after)) < code(before):
        auth.require(viewer, auth.LOWER_PRIORITY)


def correct(engine: Engine, viewer: Viewer, lead_id: int, inquiry: Inquiry, *, version: int, now: datetime) -> Recorded:
    """Put right what was noted when an inquiry came in; errors as for `record`."""
    with acting(engine, viewer) as (connection, note):
        priority = _require_lead(connection, viewer, lead_id)
        auth.require(viewer, auth.WORK_LEADS, inquiry.asked.location_id)
        event = leads.correct(
            connection, lead_id, inquiry.asked, received_at=inquiry.received_at or now, now=now, version=version,
            staff_id=viewer.staff_id,
        )  # fmt: skip
        _require_not_lowered(connection, viewer, lead_id, priority)
        note(AuditKind.CHANGED, "corrected", lead_id)
        return Recorded(lead_id, event)


def take_back(engine: Engine, viewer: Viewer, done: Recorded, *, now: datetime) -> None:
    """Take back what was written down; the history shows both. Errors as for `record`."""
    with reading(engine) as connection:
        version = leads.version_of(connection, done.lead_id)
    record(engine, viewer, done.lead_id, Voided(event_id=done.event_id), version=version, now=now)


def take_back_all(engine: Engine, viewer: Viewer, done: Sequence[Recorded], *, now: datetime) -> None:
    """Take back what was written down together, the last first, or none of it; errors as for `record`."""
    with acting(engine, viewer) as (connection, note):
        for entry in reversed(done):
            _require_lead(connection, viewer, entry.lead_id)
            leads.record(
                connection, entry.lead_id, Voided(event_id=entry.event_id), occurred_at=now, now=now,
                version=leads.version_of(connection, entry.lead_id), staff_id=viewer.staff_id,
            )  # fmt: skip
            _take_back_copies(connection, viewer, entry.lead_id, entry.event_id, now)
            note(AuditKind.CHANGED, "voided", entry.lead_id)


def plan_by_rule(engine: Engine, viewer: Viewer, lead_ids: Collection[int], *, now: datetime) -> int:
    """Give open leads without a next step the one that the rules set; how many got one. Errors as for `record`."""
    with acting(engine, viewer, "gave leads the next step of the rules") as (connection, _):
        query = sa.select(t.leads.c.location_id).where(t.leads.c.id.in_(list(lead_ids))).distinct()
        for place in connection.execute(query).scalars():
            auth.require(viewer, auth.WORK_LEADS, place)
        return leads.plan_by_rule(connection, lead_ids, now=now, staff_id=viewer.staff_id)
