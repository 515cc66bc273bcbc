"""Contact details, the audit log, and letting go of what points to a person: reads and writes, each with its permission."""

import logging
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from dashboard import auth, settings
from dashboard.acting import acting
from dashboard.auth import Viewer
from data_access import audit, contact_details, contacts, lead_lists, leads, retention, web_forms
from data_access import tables as t
from data_access.contact_details import Keys
from data_access.engine import reading
from data_access.retention import Due
from data_access.vocabulary import AuditKind, ContactField, DeidentifiedBecause

_LOG = logging.getLogger(__name__)


def keys() -> Keys | None:
    """The keys of contact details; None where none are set, and none are kept."""
    text = settings.read("HANDOFF_CONTACT_KEYS")
    return Keys.parse(text) if text else None


def contact_of(engine: Engine, viewer: Viewer, lead_id: int) -> dict[ContactField, str]:
    """The contact details of a lead, once the audit log says who reads them.

    Raises
    ------
    auth.NotAllowed, auth.NotWritten
        When the viewer may not, or it cannot be written down that they do.
    contact_details.Locked
        When they cannot be read with the keys that are set.
    """
    held = keys()
    if held is None:
        return {}
    with acting(engine, viewer, counted=False) as (connection, note):
        _require_contact(connection, viewer, lead_id)
        found = contact_details.of_lead(connection, held, lead_id)
        note(AuditKind.READ_CONTACT, "read the contact details of inquiry", lead_id)
    return found


def contact_fields(engine: Engine, viewer: Viewer, lead_id: int) -> frozenset[ContactField]:
    """Which contact details are kept of a lead; none where the viewer may not see them."""
    if not viewer.may(auth.SEE_CONTACTS):
        return frozenset()
    with reading(engine) as connection:
        _require_contact(connection, viewer, lead_id)
        return contact_details.fields_of(connection, lead_id)


def keep_contact(
    engine: Engine,
    viewer: Viewer,
    lead_id: int,
    values: Mapping[ContactField, str],
    seen: Mapping[ContactField, str],
) -> None:
    """Keep the contact details of a lead, in place of those that somebody saw.

    Raises
    ------
    ValueError
        When one of them cannot be, no key is set, or they are others by now: somebody changed or erased them.
    auth.NotDone
        As for `contact_of`.
    """
    held = keys()
    if held is None:
        raise ValueError("No contact details are kept here: HANDOFF_CONTACT_KEYS is not set.")
    with acting(engine, viewer, counted=False) as (connection, note):
        _require_contact(connection, viewer, lead_id)
        leads.lock(connection, [lead_id])
        if contact_details.of_lead(connection, held, lead_id) != dict(seen):
            raise ValueError("They were changed or erased since you looked. Hide them, show them again, then write.")
        store_contact(connection, lead_id, values)
        note(AuditKind.CHANGED, "wrote the contact details of inquiry", lead_id)


def read_post(engine: Engine, viewer: Viewer, post_id: int) -> str:
    """What a refused post of a web form said, which may be contact details: the audit log says who reads it."""
    auth.require_whole_practice(viewer, auth.SEE_CONTACTS)
    with acting(engine, viewer, "read a refused post of a web form", kind=AuditKind.READ_CONTACT, counted=False) as (
        c,
        _,
    ):
        return web_forms.said_by(c, post_id)


def look_at_post(engine: Engine, viewer: Viewer, post_id: int, *, now: datetime) -> None:
    """Note that somebody looked at a post that was refused; its text is let go. For those who may read all of it."""
    auth.require_whole_practice(viewer, auth.SEE_CONTACTS)
    with acting(engine, viewer, "looked at a refused post") as (connection, _):
        web_forms.looked_at(connection, post_id, now, viewer.staff_id)


def fingerprint_of(contact: str) -> str | None:
    """The fingerprint of a phone number or an e-mail address; None where it is neither, or fingerprints are not set up."""
    secret, plain = settings.read("HANDOFF_CONTACT_SECRET"), contacts.plain(contact)
    return contacts.fingerprint(secret, plain) if secret and plain else None


def store_contact(connection: Connection, lead_id: int, values: Mapping[ContactField, str]) -> None:
    """Keep contact details in a transaction of somebody else's as far as it is set up: encrypted, and as a fingerprint."""
    if held := keys():
        contact_details.keep(connection, held, lead_id, values)
    if print_ := fingerprint_of(values.get(ContactField.PHONE) or values.get(ContactField.EMAIL) or ""):
        contacts.note(connection, lead_id, print_)


def _require_contact(connection: Connection, viewer: Viewer, lead_id: int) -> None:
    place = connection.scalar(sa.select(t.leads.c.location_id).where(t.leads.c.id == lead_id))
    if place is None:
        raise auth.NotAllowed("There is no such inquiry at one of your locations.")
    auth.require(viewer, auth.SEE_CONTACTS, place)


# ---------------------------------------------------------------- the audit log


def note_opened(engine: Engine, viewer: Viewer, lead_id: int) -> None:
    """Write down that somebody looks at one inquiry; errors as for `acting`.

    Where the database takes nothing at present, it goes into the server's log: people still have to be called.
    """
    try:
        with acting(engine, viewer, counted=False) as (_, note):
            note(AuditKind.OPENED, "opened inquiry", lead_id)
    except auth.NotWritten:
        _LOG.warning("audit: staff %s %s %s", viewer.staff_id, AuditKind.OPENED, lead_id)


def note_export(engine: Engine, viewer: Viewer, what: str, lead_ids: Collection[int] = ()) -> None:
    """Write into the audit log that somebody takes something away as a file, and of which leads it tells one by one."""
    with acting(engine, viewer, what, kind=AuditKind.EXPORTED, counted=False) as (_, note):
        for lead_id in lead_ids:
            note(AuditKind.EXPORTED, "in a list, inquiry", lead_id)


def audit_lines(
    engine: Engine, viewer: Viewer, *, limit: int, lead_id: int | None, staff_id: int | None, kind: AuditKind | None
) -> list[dict[str, Any]]:
    """The newest lines of the audit log."""
    auth.require_whole_practice(viewer, auth.SEE_AUDIT)
    with reading(engine) as connection:
        return audit.lines(connection, limit=limit, lead_id=lead_id, staff_id=staff_id, kind=kind)


def verify_audit(engine: Engine, viewer: Viewer) -> audit.Head:
    """The last link of the log, once its chain was followed; errors as for `audit.verify`."""
    auth.require_whole_practice(viewer, auth.SEE_AUDIT)
    with reading(engine) as connection:
        return audit.verify(connection)


# ---------------------------------------------------------------- letting go


def due(engine: Engine, viewer: Viewer, now: datetime, day: date) -> list[Due]:
    """What the rules in force let go of now: a dry run."""
    auth.require_whole_practice(viewer, auth.ERASE)
    with reading(engine) as connection:
        return retention.due(connection, now, day)


def let_go(engine: Engine, viewer: Viewer, seen: Due, now: datetime, day: date) -> Iterator[int]:
    """Let go of what a rule does, as it was shown, some leads at a time; yields how many each time. Errors as for `acting`.

    Leads that the rules let go of no longer stay, as those that were taken up again. What is broken off is taken up by the
    next call of `due`.
    """
    auth.require_whole_practice(viewer, auth.ERASE)
    for first in range(0, len(seen.leads), retention.BATCH):
        with acting(engine, viewer) as (connection, note):
            some = seen.leads[first : first + retention.BATCH]
            leads.lock(connection, some)
            ids = [lead for one in retention.due(connection, now, day, some) for lead in one.leads]
            done = retention.deidentify(connection, ids, DeidentifiedBecause.RETENTION, now)
            note(AuditKind.DEIDENTIFIED, f"let go of what points to a person on {done} leads, by the rules")
        yield done


def person_of(engine: Engine, viewer: Viewer, lead_id: int) -> list[dict[str, Any]]:
    """A lead, and the others that are known to be of the same person, as they are listed."""
    auth.require_whole_practice(viewer, auth.ERASE)
    with reading(engine) as connection:
        ids = retention.same_person(connection, lead_id)
        return lead_lists.listing(connection, locations=None, lead_ids=ids, limit=len(ids))


def erase(engine: Engine, viewer: Viewer, lead_ids: Collection[int], now: datetime) -> int:
    """Let go of what points to one person, on request; how many leads. Errors as for `retention.deidentify`."""
    auth.require_whole_practice(viewer, auth.ERASE)
    with acting(engine, viewer) as (connection, note):
        done = retention.deidentify(connection, lead_ids, DeidentifiedBecause.REQUEST, now)
        for lead_id in lead_ids:
            note(AuditKind.DEIDENTIFIED, "let go of what points to a person on inquiry", lead_id)
    return done
