"""Writing the facts of leads: all their units, in the transaction that changed them."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import bulk, partners
from data_access import fact_tables as tables
from data_access import tables as t
from data_access.fact_rows import of_lead, staffed
from data_access.fact_tables import NEVER
from data_access.lead_state import LeadState
from data_access.promises import ResponseClock
from data_access.unit_rows import of_appointments, of_items, of_requests, of_situations, of_spells, stretches


def write(connection: Connection, states: Mapping[int, LeadState], *, fresh: bool = False) -> None:
    """Write the facts of some leads; `fresh`: they have none yet. `engine.writing` stamps them when the transaction ends."""
    clock = ResponseClock(connection)
    zones = {location: clock.zone(location) for location in clock.locations}
    made: dict[sa.Table, list[dict[str, int]]] = {}
    for lead_id, state in states.items():
        zone = zones[state.parts[0].asked.location_id]  # a lead that moves keeps the days on which it was counted
        there = stretches(state)
        for table, rows in (
            (tables.lead_facts, of_lead(state, zone)),
            (tables.appointment_facts, of_appointments(state, there, zones)),
            (tables.item_facts, of_items(state, there, zone)),
            (tables.request_facts, of_requests(state, there, zone)),
            (tables.spell_facts, of_spells(state, there, zone)),
            (tables.situation_facts, of_situations(state, there, zones)),
        ):
            for row in rows:
                row["lead_id"] = lead_id
            made.setdefault(table, []).extend(rows)
    _measure(clock, made.get(tables.spell_facts, []))
    named = {state.received.partner_id for state in states.values()} - {None}
    if named:  # a merge of theirs that is under way is waited for
        hold = sa.select(t.partners.c.id).where(t.partners.c.id.in_(named))
        connection.execute(hold.with_for_update(read=True, key_share=True))
    roots = partners.roots(connection)
    for table, rows in made.items():
        if not fresh:
            connection.execute(sa.delete(table).where(table.c.lead_id.in_(list(states))))
        for row in rows if roots else ():
            row["partner"] = roots.get(row["partner"], row["partner"])
        bulk.insert(connection, table, rows)


def _measure(clock: ResponseClock, rows: list[dict[str, int]]) -> None:
    """Fill in the staffed minutes of spells that are over and known to the minute."""
    at: dict[int, list[dict[str, int]]] = {}
    for row in rows:
        if row["ended_at"] < NEVER and not row["began_day_only"] and not row["ended_day_only"]:
            at.setdefault(row["location"], []).append(row)
    for location, over in at.items():
        began, ended = ([row[name] for row in over] for name in ("began_at", "ended_at"))
        for row, minutes in zip(over, clock.elapsed_minutes(location, began, ended), strict=True):
            row["minutes"] = staffed(int(minutes))
