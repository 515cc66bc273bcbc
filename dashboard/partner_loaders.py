"""Reads about partners: outreach, and the notes that close the loop."""

from collections.abc import Mapping
from datetime import date, datetime

from dashboard import auth, loaders, partner_note
from dashboard.auth import Viewer
from dashboard.filters import moment
from dashboard.loaders import database, own_practice
from dashboard.partner_note import Cycle
from data_access import checklists, outreach, partner_notes, partners
from data_access import engine as databases
from data_access.dimensions import LEADS
from data_access.outreach import Act
from data_access.vocabulary import RecordItem, code


def acts(viewer: Viewer) -> list[Act]:
    """Every outreach that stands."""
    auth.require(viewer, auth.SEE_METRICS)
    with databases.reading(database()) as connection:
        return outreach.acts(connection)


def silent() -> frozenset[int]:
    """Partners that want no contact."""
    with databases.reading(database()) as connection:
        return partners.silent(connection)


def notes_of(viewer: Viewer, cycle: Cycle) -> dict[int, tuple[int, datetime, str]]:
    """Who was sent a note about a cycle."""
    auth.require(viewer, auth.SEE_METRICS)
    with databases.reading(database()) as connection:
        return partner_notes.of_cycle(connection, (cycle.first, cycle.after))


def note(viewer: Viewer, partner: int, cycle: Cycle, now: datetime, today: date) -> str:
    """The note to a partner about a cycle, as it would be sent now; for those who see the whole practice."""
    auth.require(viewer, auth.REACH_OUT)
    if viewer.locations is not None:
        raise auth.NotAllowed("A note to a partner tells of the whole practice. Ask somebody who sees all of it.")
    own = own_practice()
    then = moment(now, own["zone"], own["horizon_days"])
    names: Mapping[str, Mapping[int, str]] = {name: loaders.names(name) for name in ("partner", "item")}
    with databases.reading(database()) as connection:
        asked = checklists.checklist_on(connection, None, today)
    required = asked.required if asked else []
    return partner_note.make(
        lambda keys, where, unit=LEADS: loaders.count(viewer, keys, where, then, unit), partner, cycle,
        practice=str(own["name"]), names=names, required=[names["item"][code(RecordItem(one))] for one in required],
        horizon=own["horizon_days"],
    )  # fmt: skip
