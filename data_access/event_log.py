"""The log of what happened to leads: appended to, and read back as events."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import bulk
from data_access import events as happened
from data_access import tables as t
from data_access.events import Event, Planned
from data_access.vocabulary import NextStep, Precision


def append_events(connection: Connection, lines: Iterable[tuple[int, Event]]) -> None:
    """Append (lead id, event) lines to the log without looking at the leads: `rebuild` comes next."""
    bulk.insert(connection, t.events, [event_row(lead_id, event) for lead_id, event in lines])


def log_of(connection: Connection, lead_id: int) -> list[Event]:
    """A lead's events in the order in which they were recorded."""
    return logs_of(connection, [lead_id])[lead_id]


def logs_of(connection: Connection, lead_ids: Collection[int]) -> dict[int, list[Event]]:
    """The events of some leads, by lead.

    Raises
    ------
    LookupError
        When one of them does not exist.
    """
    logs: dict[int, list[Event]] = {lead_id: [] for lead_id in lead_ids}
    query = sa.select(t.events).where(t.events.c.lead_id.in_(list(lead_ids))).order_by(t.events.c.id)
    for row in connection.execute(query):
        what = happened.restore(row.kind, row.details)
        follow_up = Planned(step=NextStep(row.next_step), due_at=row.next_step_by) if row.next_step else None
        precision = Precision(row.precision)
        logs[row.lead_id].append(
            Event(
                what, row.occurred_at, row.recorded_at, precision, row.id, row.staff_id, row.batch_id, follow_up,
                row.text_id, row.copied_from_id,
            )
        )  # fmt: skip
    missing = [lead_id for lead_id, log in logs.items() if not log]
    if missing:
        raise LookupError(f"there is no inquiry {missing[0]}")
    return logs


def event_row(lead_id: int, event: Event) -> dict[str, Any]:
    """An event as its row of `events`."""
    return {
        "lead_id": lead_id,
        "kind": event.what.kind,
        "occurred_at": event.occurred_at,
        "precision": event.precision,
        "recorded_at": event.recorded_at,
        "staff_id": event.staff_id,
        "batch_id": event.batch_id,
        "details": happened.details(event.what),
        "next_step": event.follow_up.step if event.follow_up else None,
        "next_step_by": event.follow_up.due_at if event.follow_up else None,
        "text_id": event.text_id,
        "copied_from_id": event.copied_from,
    }
