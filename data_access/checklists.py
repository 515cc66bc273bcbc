"""Records checklists: what a referral's documentation consists of, per service line, in versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice
from data_access import tables as t
from data_access.vocabulary import RecordItem


@dataclass(frozen=True)
class Checklist:
    """One version of a checklist.

    Attributes
    ----------
    service_line_id : int, optional
        Whose list it is; None: the practice's own, for service lines without one.
    items : mapping of RecordItem -> bool
        What is asked for, and whether it is required; what only helps is False.
    """

    service_line_id: int | None
    version: int
    effective_from: date
    items: Mapping[RecordItem, bool]

    @property
    def required(self) -> list[RecordItem]:
        """What it cannot do without, in its order."""
        return [item for item, needed in self.items.items() if needed]


def set_checklist(
    connection: Connection,
    items: Mapping[RecordItem, bool],
    *,
    effective_from: date,
    service_line_id: int | None = None,
) -> int:
    """Put a new version of a records checklist in force (item -> required) and return its version number.

    What it does not name is not asked for. Inquiries keep the version that was in force when they were received.
    """
    practice.lock(connection)
    version = max((one.version for one in versions(connection, service_line_id)), default=0) + 1
    rows = [
        {
            "service_line_id": service_line_id,
            "template_version": version,
            "item": item,
            "asked": item in items,
            "required": items.get(item, False),
            "effective_from": effective_from,
        }
        for item in RecordItem
    ]
    connection.execute(sa.insert(t.checklist_items), rows)
    return version


def versions(connection: Connection, service_line_id: int | None) -> list[Checklist]:
    """Every version of a service line's own checklist, or of the practice's, the newest first."""
    c = t.checklist_items.c
    mine = c.service_line_id.is_(None) if service_line_id is None else c.service_line_id == service_line_id
    rows: dict[int, list[Any]] = {}
    for row in connection.execute(sa.select(t.checklist_items).where(mine).order_by(c.template_version.desc(), c.id)):
        rows.setdefault(row.template_version, []).append(row)
    return [
        Checklist(
            service_line_id,
            version,
            lines[0].effective_from,
            {RecordItem(r.item): r.required for r in lines if r.asked},
        )
        for version, lines in rows.items()
    ]


def checklist_on(connection: Connection, service_line_id: int | None, day: date) -> Checklist | None:
    """The checklist in force for a service line on a day: its own, else the practice's; None where there is neither."""
    for line in (service_line_id, None) if service_line_id else (None,):
        held = [one for one in versions(connection, line) if one.effective_from <= day]
        if held:
            return max(held, key=lambda one: (one.effective_from, one.version))
    return None
