"""One small world: North (New York, Mon-Fri 9-17) and South (Los Angeles, the same hours in its own zone).

Alice sees North, Bob sees both, Charlie sees nothing. Two partners, two service lines, a window of four staffed hours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine

from data_access import checklists, leads, partners, practice, promises
from data_access import tables as t
from data_access.engine import writing
from data_access.events import Received
from data_access.vocabulary import Channel, Kind, PartnerCategory, Pathway, RecordItem, Role, TargetMetric

LONG_AGO = date(2020, 1, 1)
WEEKDAYS = {day: [("09:00", "17:00")] for day in range(5)}
NOW = datetime(2026, 3, 11, 16, 0, tzinfo=UTC)  # Wednesday noon in New York


@dataclass(frozen=True)
class World:
    engine: Engine
    north: int
    south: int
    lakeside: int
    harbor: int
    cardiology: int
    imaging: int
    website: int
    alice: int
    bob: int
    charlie: int


def found(engine: Engine) -> World:
    """Found the small practice in an empty database."""
    with writing(engine) as c:
        practice.found(c, "Two Doors Clinic", "America/New_York")
        world = World(
            engine=engine,
            north=practice.add_location(c, "North", "America/New_York", WEEKDAYS),
            south=practice.add_location(c, "South", "America/Los_Angeles", WEEKDAYS),
            lakeside=partners.find_or_add(c, "Lakeside Family Medicine", PartnerCategory.PRIMARY_CARE),
            harbor=partners.find_or_add(c, "Harbor Hospital", PartnerCategory.HOSPITAL),
            cardiology=practice.add(c, t.service_lines, name="Cardiology"),
            imaging=practice.add(c, t.service_lines, name="Imaging"),
            website=practice.add(c, t.sources, name="Website"),
            alice=practice.add_staff(c, "Alice", Role.FRONT_DESK),
            bob=practice.add_staff(c, "Bob", Role.MANAGER),
            charlie=practice.add_staff(c, "Charlie", Role.MARKETING),
        )
        promises.set_window(c, 240, effective_from=LONG_AGO)
        promises.set_target(c, TargetMetric.RESPONSE_IN_TIME, 0.9, effective_from=LONG_AGO)
        checklists.set_checklist(c, dict.fromkeys(RecordItem, True), effective_from=LONG_AGO)
    return world


def asked(world: World, **changes: Any) -> Received:
    """A patient's scheduling inquiry by web form at North, with changes."""
    fields: dict[str, Any] = {
        "lead_kind": Kind.SCHEDULING,
        "pathway": Pathway.PATIENT,
        "channel": Channel.WEB_FORM,
        "location_id": world.north,
    }
    return Received(**(fields | changes))


def log(world: World, received_at: datetime = NOW, now: datetime | None = None, **changes: Any) -> int:
    """Log an inquiry and return its id."""
    with writing(world.engine) as c:
        return leads.log_inquiry(c, asked(world, **changes), received_at=received_at, now=now or received_at).lead_id


def record(world: World, lead_id: int, what: Any, at: datetime = NOW, now: datetime | None = None) -> int:
    """Record an event on the lead's current version, as it happens or later (`now`)."""
    with writing(world.engine) as c:
        version = leads.version_of(c, lead_id)
        return leads.record(c, lead_id, what, occurred_at=at, now=now or at, version=version)
