"""Taking an import back: the leads that it added go, those that it updated are again as the source said before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import bulk, event_log, fact_tables, leads
from data_access import events as happened
from data_access import tables as t
from data_access.columns import metadata
from data_access.engine import unhurried
from data_access.event_log import append_events
from data_access.events import Event, Voided
from data_access.lead_rules import NotPossible
from data_access.vocabulary import BatchStatus, EventKind

_CHUNK = 5_000
_OF_LEADS = (
    t.records, t.appointments, t.contacts, t.contact_details, t.deidentified, t.web_posts, fact_tables.appointment_facts,
    fact_tables.item_facts, fact_tables.request_facts, fact_tables.spell_facts, fact_tables.situation_facts,
    fact_tables.lead_facts, t.events,
)  # fmt: skip
"""What hangs on a lead, in the order in which it can go."""


@dataclass(frozen=True)
class Outlook:
    """What undoing a batch would do, or did.

    Attributes
    ----------
    removed : int
        Leads that it added and nobody touched since.
    worked : tuple of int
        Ids of leads that it added and that were worked since, by staff or by a later import.
    merged : tuple of int
        Of those, the ones that were merged with another: they stay, whatever is chosen.
    restored : int
        Leads that it updated, and that are as the source said before.
    updated_since : tuple of int
        Ids of leads that it updated and a later import updated again: they stay as they are.
    """

    removed: int
    worked: tuple[int, ...]
    merged: tuple[int, ...]
    restored: int
    updated_since: tuple[int, ...]


def outlook(connection: Connection, batch_id: int) -> Outlook:
    """What undoing a batch would do.

    Raises
    ------
    NotPossible
        When there is none, or nothing of it is left to undo.
    """
    batch = _standing(connection, batch_id)
    worked, merged = _worked(connection, batch_id), _merged(connection, batch_id)
    updated, since = _updated(connection, batch)
    untouched = _left(connection, batch_id) - len(set(worked) | set(merged))
    return Outlook(untouched, worked, merged, len(updated), since)


def undo(
    connection: Connection, batch_id: int, *, now: datetime, staff_id: int | None = None, worked_too: bool = False
) -> Outlook:
    """Undo a batch; what was done. What stayed then can go by undoing it once more.

    Parameters
    ----------
    worked_too : bool
        Remove leads that were worked since, with all that was recorded on them.

    Raises
    ------
    NotPossible
        As for `outlook`.
    """
    unhurried(connection)
    before = outlook(connection, batch_id)
    batch = _standing(connection, batch_id)
    stay = set(before.merged) | (set() if worked_too else set(before.worked))
    removed = 0
    for some in _added(connection, batch_id):
        going = [lead for lead in some if lead not in stay]
        _remove(connection, going)
        removed += len(going)
    updated, _ = _updated(connection, batch)
    for first in range(0, len(updated), _CHUNK):
        _restore(connection, updated[first : first + _CHUNK], batch_id, now)
    done = {"status": BatchStatus.UNDONE, "undone_at": now, "undone_by_id": staff_id}
    connection.execute(sa.update(t.import_batches).where(t.import_batches.c.id == batch_id).values(done))
    _unlist(connection, batch)
    return replace(before, removed=removed, worked=before.worked if not worked_too else ())


def _standing(connection: Connection, batch_id: int) -> dict[str, Any]:
    query = sa.select(t.import_batches).where(t.import_batches.c.id == batch_id).with_for_update()
    batch = connection.execute(query).mappings().one_or_none()
    if batch is None:
        raise NotPossible(f"There is no batch {batch_id}.")
    if batch["status"] == BatchStatus.UNDONE and not _left(connection, batch_id):
        raise NotPossible(f"Batch {batch_id} was undone already.")
    return dict(batch)


def _left(connection: Connection, batch_id: int) -> int:
    """How many of the leads that a batch added are there."""
    added = sa.select(sa.func.count()).select_from(t.leads).where(t.leads.c.batch_id == batch_id)
    return int(connection.scalar(added) or 0)


def _worked(connection: Connection, batch_id: int) -> tuple[int, ...]:
    """Leads that a batch added and on which something was recorded since, other than by rule."""
    c, lead = t.events.c, t.leads.c
    by_rule = (c.kind == EventKind.PLANNED) & c.staff_id.is_(None) & c.batch_id.is_(None)
    others = sa.select(c.lead_id).where(c.lead_id == lead.id, c.batch_id.is_distinct_from(batch_id), ~by_rule)
    told = [sa.select(table.c.lead_id).where(table.c.lead_id == lead.id) for table in (t.contact_details, t.web_posts)]
    touched = sa.or_(others.exists(), *(one.exists() for one in told))
    query = sa.select(lead.id).where(lead.batch_id == batch_id, touched).order_by(lead.id)
    return tuple(connection.execute(query).scalars())


def _merged(connection: Connection, batch_id: int) -> tuple[int, ...]:
    """Leads that a batch added and that were merged with another, whichever way."""
    lead, original = t.leads.c, t.events.alias().c
    into = sa.select(lead.duplicate_of).where(lead.duplicate_of.is_not(None))
    copied = t.events.c.copied_from_id
    sources = sa.select(original.lead_id).where(original.id.in_(sa.select(copied).where(copied.is_not(None))))
    either = lead.duplicate_of.is_not(None) | lead.id.in_(into) | lead.id.in_(sources)
    query = sa.select(lead.id).where(lead.batch_id == batch_id, either).order_by(lead.id)
    return tuple(connection.execute(query).scalars())


def _updated(connection: Connection, batch: dict[str, Any]) -> tuple[list[int], tuple[int, ...]]:
    """Leads of earlier batches that this one updated; and of those, taken out, the ones that a later one updated again."""
    if batch["status"] == BatchStatus.UNDONE:
        return [], ()  # they were restored then
    batch_id = batch["id"]
    c, lead, later = t.events.c, t.leads.c, t.events.alias().c
    mine = sa.select(c.lead_id).where(c.batch_id == batch_id)
    query = sa.select(lead.id).where(lead.id.in_(mine), lead.batch_id.is_distinct_from(batch_id)).order_by(lead.id)
    since = sa.select(later.id).where(later.lead_id == lead.id, later.batch_id > batch_id).exists()
    again = tuple(connection.execute(query.where(since)).scalars())
    return [one for one in connection.execute(query).scalars() if one not in set(again)], again


def _added(connection: Connection, batch_id: int) -> Iterator[list[int]]:
    last = 0
    query = sa.select(t.leads.c.id).where(t.leads.c.batch_id == batch_id).order_by(t.leads.c.id).limit(_CHUNK)
    while some := list(connection.execute(query.where(t.leads.c.id > last)).scalars()):
        yield some
        last = some[-1]


def _remove(connection: Connection, ids: list[int]) -> None:
    if not ids:
        return
    leads.lock(connection, ids)
    for table in _OF_LEADS:
        connection.execute(sa.delete(table).where(table.c.lead_id.in_(ids)))
    connection.execute(sa.delete(t.leads).where(t.leads.c.id.in_(ids)))
    bulk.insert(connection, t.removed_leads, [{"lead_id": lead} for lead in ids])


def _restore(connection: Connection, ids: list[int], batch_id: int, now: datetime) -> None:
    """Take back what a batch recorded on some leads, and record anew what it took back."""
    leads.lock(connection, ids)
    lines: list[tuple[int, Event]] = []
    for lead_id, log in event_log.logs_of(connection, ids).items():
        gone = happened.voided(log)
        mine = [event for event in log if event.batch_id == batch_id]
        taken_back = {event.what.event_id for event in mine if isinstance(event.what, Voided)}
        lines += [(lead_id, replace(e, recorded_at=now, id=0)) for e in log if e.id in taken_back]
        lines += [
            (lead_id, Event(Voided(event_id=event.id), now, now, batch_id=batch_id))
            for event in mine
            if not isinstance(event.what, Voided) and event.id not in gone
        ]
    append_events(connection, lines)
    changed = sa.update(t.leads).where(t.leads.c.id.in_(ids)).values(source_digest="")  # the next import compares anew
    connection.execute(changed)
    leads.rebuild(connection, ids)


# ---------------------------------------------------------------- the practice's lists


def _unlist(connection: Connection, batch: dict[str, Any]) -> None:
    """Take the entries that a batch added to the practice's lists out again, where nothing refers to them."""
    listed = {name: set(ids) for name, ids in batch["listed"].items() if ids}
    if not listed:
        return
    for name, one in _named_since(connection, batch["started_at"]):
        listed.get(name, set()).discard(one)
    for name, ids in listed.items():
        table = t.LISTS[name]
        used: set[int] = set()
        for referring, column in _references(table):
            query = sa.select(column).where(column.in_(ids)).distinct()
            used |= set(connection.execute(query).scalars()) if referring is not table else set()
        connection.execute(sa.delete(table).where(table.c.id.in_(ids - used)))


def _references(table: sa.Table) -> Iterable[tuple[sa.Table, sa.Column[Any]]]:
    for other in metadata.sorted_tables:
        for column in other.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield other, column


def _named_since(connection: Connection, since: datetime) -> Iterator[tuple[str, int]]:
    """What events that were recorded since a moment name, as (list, id): a name was added before it could be named."""
    c = t.events.c
    for details in connection.execute(sa.select(c.details).where(c.recorded_at >= since)).scalars():
        for name in t.LISTS:
            if one := details.get(f"{name}_id"):
                yield name, int(one)
        for one in (details.get("requested_clinician_id"), details.get("provider_id")):
            if one:
                yield "owner", int(one)
