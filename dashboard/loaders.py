"""Reads for the pages: shared between sessions where that is safe, and always within the viewer's scope.

What is cached is keyed by the database's URL and the revision of its facts, never by a frame and never in a closure.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st
from sqlalchemy import Connection, Engine

from dashboard import auth, clock, labels, look, oidc, settings, sign_in
from dashboard.auth import Viewer
from dashboard.metrics.capacity import SLOT_HORIZON_DAYS, third_next_available
from data_access import (
    annotations,
    demo,
    facts,
    lead_lists,
    partners,
    practice,
    promises,
    routing,
    schema,
    slots,
    web_forms,
)
from data_access import engine as databases
from data_access import tables as t
from data_access import tally as tallies
from data_access.annotations import Annotation
from data_access.columns import metadata
from data_access.days import day_number
from data_access.dimensions import LEADS, Moment, Unit
from data_access.facts import Snapshot, Stored
from data_access.live_facts import LiveFacts
from data_access.tally import Where
from data_access.units import SITUATIONS
from data_access.work_queue import queue

LIST_LIMIT = 500
# A table's own column names are strings: as Arrow's they take longer to make than what is counted under them.
pd.set_option("mode.string_storage", "python")


@st.cache_resource(show_spinner="Opening the lead database …", on_release=Engine.dispose)
def _open(url: str) -> Engine:
    if (name := settings.demo_of(url)) and not settings.demo_file(name).exists():
        demo.make(settings.demo_file(name), name, clock.now())
    engine = databases.connect(url)
    schema.require_current(engine)
    return engine


@st.cache_resource(show_spinner=False, on_release=LiveFacts.close)
def _live(url: str) -> LiveFacts:
    return LiveFacts(databases.connect(url), settings.facts_folder(url))


def database() -> Engine:
    """The lead database, opened once per process; a demo practice is made where it is not there yet."""
    return _open(settings.database_url())


def begin_facts() -> None:
    """Read the facts of all units, those of leads first, where they are counted in this process and are there."""
    url = settings.database_url()
    in_process = settings.read("HANDOFF_COUNT_IN") != "database"
    if in_process and ((file := databases.file_of(url)) is None or file.exists()):
        for stored in facts.UNITS:
            _live(url).now(stored)


def viewer(*, touch: bool = True) -> Viewer:
    """Whoever looks at this session: who is signed in, or without sign-in the visitor of a demo practice.

    Parameters
    ----------
    touch : bool
        Whether it is somebody who does something, and not a timer.

    Raises
    ------
    auth.Refused
        When nobody may.
    """
    return look.seen(("viewer", touch), lambda: _viewer_now(touch))


def _viewer_now(touch: bool) -> Viewer:
    if oidc.provider():
        return sign_in.viewer(database(), touch=touch)
    with databases.reading(database()) as connection:
        oidc.require_servable(practice.get(connection), st.get_option("server.address"), st.context.ip_address)
        return auth.demo_viewer(connection)


def database_option() -> str:
    """What a command needs to be told so that it means the database that is shown here."""
    name = settings.demo_of(settings.database_url())
    return f" --database demo:{name}" if name else ""


def own_practice() -> dict[str, Any]:
    """The practice's row."""
    return look.seen("practice", _own_practice_now)


def _own_practice_now() -> dict[str, Any]:
    with databases.reading(database()) as connection:
        return practice.get(connection) or {}


@contextmanager
def _counting(unit: Unit) -> Iterator[Snapshot | Connection]:
    """Where leads are counted: the facts in this process, or the database itself, as HANDOFF_COUNT_IN says."""
    if settings.read("HANDOFF_COUNT_IN") == "database":
        with databases.reading(database()) as connection:
            yield connection
    else:
        yield look.seen(("facts", unit.stored), lambda: _facts_now(unit.stored))


def _facts_now(stored: Stored) -> Snapshot:
    live = _live(settings.database_url())
    with nullcontext() if live.begun(stored) else st.spinner("Reading the facts …"):
        return live.now(stored, revision())


def revision() -> int:
    """The newest revision of the database; every write that is counted or named takes a new one."""
    return look.seen("revision", _revision_now)


def _revision_now() -> int:
    with databases.reading(database()) as connection:
        return databases.current_revision(connection)


def count(viewer: Viewer, keys: Sequence[str], where: Where, moment: Moment, unit: Unit = LEADS) -> pd.DataFrame:
    """Count leads or appointments in the viewer's scope; `where` cannot widen it."""
    auth.require(viewer, auth.SEE_METRICS)
    _require_scope(viewer, where)
    return counted(keys, where, moment, unit)


def counted(keys: Sequence[str], where: Where, moment: Moment, unit: Unit = LEADS) -> pd.DataFrame:
    """Count for nobody in particular: whoever calls it has asked whether it may be seen, or shows a part that may."""
    with _counting(unit) as source:
        return tallies.tally(source, keys, where, moment, unit)


def leads_behind(
    viewer: Viewer,
    where: Where,
    moment: Moment,
    *,
    unit: Unit = LEADS,
    as_of: datetime | None = None,
    oldest_first: bool = False,
) -> tuple[int, list[dict[str, Any]]]:
    """How many leads (or appointments) a cell counts, and the newest or oldest of them as people read them.

    No more than LIST_LIMIT are read. Of open leads and what they wait for, each row has `waits_for` (code + 1) and `stage_age`
    (days) too.

    Parameters
    ----------
    as_of : datetime, optional
        As they stood then; without it, as they stand now.
    """
    auth.require(viewer, auth.SEE_LEADS)
    _require_scope(viewer, where)
    with _counting(unit) as source:
        ids = tallies.members(source, where, moment, unit)
    shown = ids[-LIST_LIMIT:] if oldest_first else ids[:LIST_LIMIT]
    with databases.reading(database()) as connection:
        rows = lead_lists.listing(connection, locations=viewer.locations, lead_ids=shown, limit=LIST_LIMIT)
        rows = lead_lists.as_they_stood(connection, rows, as_of) if as_of else rows
        if unit is SITUATIONS:
            now = tallies.keys_of(connection, shown, ("waits_for", "stage_age"), moment, unit)
            rows = [row | now.get(row["id"], {}) for row in rows]  # one may have changed since it was counted
        return len(ids), rows[::-1] if oldest_first else rows


def work_queue(
    viewer: Viewer, where: Where, moment: Moment, now: datetime, unit: Unit = SITUATIONS
) -> tuple[int, list[dict[str, Any]]]:
    """How many open leads a filter leaves, and those that want doing first; see `work_queue.queue`."""
    auth.require(viewer, auth.SEE_LEADS)
    _require_scope(viewer, where)
    with databases.reading(database()) as connection:
        return queue(connection, where, moment, now, locations=viewer.locations, unit=unit)


def lead(viewer: Viewer, lead_id: int) -> lead_lists.Whole | None:
    """One lead with all that is written down about it; None where there is none in the viewer's scope."""
    auth.require(viewer, auth.SEE_LEADS)
    with databases.reading(database()) as connection:
        return lead_lists.whole(connection, lead_id, locations=viewer.locations)


def find_leads(viewer: Viewer, typed: str) -> list[dict[str, Any]]:
    """Leads in the viewer's scope by their number, or by a part of their reference."""
    auth.require(viewer, auth.SEE_LEADS)
    with databases.reading(database()) as connection:
        return lead_lists.find(connection, typed, locations=viewer.locations)


def refused_posts(viewer: Viewer) -> list[dict[str, Any]]:
    """Posts of web forms that were refused and that nobody has looked at; for those who see every location."""
    auth.require(viewer, auth.SEE_LEADS)
    if viewer.locations is not None:  # nobody knows to which location a refused post belongs
        return []
    with databases.reading(database()) as connection:
        return web_forms.refused(connection)


def stands_in_for(viewer: Viewer, day: date) -> frozenset[int]:
    """Whose leads are the viewer's too, because they are away."""
    if viewer.staff_id is None:
        return frozenset()
    with databases.reading(database()) as connection:
        return routing.stands_in_for(connection, viewer.staff_id, day)


def twins(viewer: Viewer, chosen: Sequence[int], as_of: datetime) -> list[dict[str, Any]]:
    """Pairs of leads in the viewer's scope, at the chosen locations, that may be the same inquiry."""
    auth.require(viewer, auth.SEE_LEADS)
    with databases.reading(database()) as connection:
        return lead_lists.twins(connection, as_of, locations=places_of(viewer, chosen))


def twin(
    viewer: Viewer, reference: str | None, location_id: int, partner_id: int | None, print_: str | None
) -> int | None:
    """A lead in the viewer's scope that may be the inquiry that is being logged."""
    auth.require(viewer, auth.LOG_INQUIRY)
    with databases.reading(database()) as connection:
        return lead_lists.twin_of(
            connection, reference, location_id, clock.now(), partner_id=partner_id, print_=print_,
            locations=viewer.locations,
        )  # fmt: skip


def my_entries(viewer: Viewer, limit: int = 5) -> list[dict[str, Any]]:
    """What the viewer logged last."""
    auth.require(viewer, auth.SEE_LEADS)
    with databases.reading(database()) as connection:
        return lead_lists.listing(connection, locations=viewer.locations, staff_id=viewer.staff_id or -1, limit=limit)


def names(dimension: str) -> dict[int, str]:
    """Labels of a dimension's codes."""
    return _names(settings.database_url(), revision(), dimension)


@st.cache_data(max_entries=64, show_spinner=False)
def _names(url: str, revision: int, dimension: str) -> dict[int, str]:
    del revision  # part of the key: every write takes a new one
    with databases.reading(_open(url)) as connection:
        return labels.of_dimension(connection, dimension)


def merged_partners() -> dict[int, tuple[str, int]]:
    """The partners that were merged: id -> (name, id of the one that goes on)."""
    with databases.reading(database()) as connection:
        roots = partners.roots(connection)
        known = practice.names(connection, t.partners) if roots else {}
    return {partner: (known[partner], root) for partner, root in roots.items()}


def locations(viewer: Viewer) -> list[dict[str, Any]]:
    """The practice's locations in the viewer's scope."""
    return [place for place in choices("locations") if viewer.sees(place["id"])]


def choices(table: str) -> list[dict[str, Any]]:
    """The entries in use of one of the practice's lists: locations, partners, service_lines, sources or staff."""
    return look.seen(("in use", table), lambda: _choices_now(table))


def _choices_now(table: str) -> list[dict[str, Any]]:
    with databases.reading(database()) as connection:
        merged = partners.roots(connection) if table == "partners" else {}
        return [entry for entry in practice.active(connection, metadata.tables[table]) if entry["id"] not in merged]


def waited_minutes(waits: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Staffed minutes of waits, by the hours of their locations."""
    with databases.reading(database()) as connection:
        return promises.waited_minutes(connection, waits)


def next_available(
    viewer: Viewer, chosen: Sequence[int], service_lines: Sequence[int], as_of: datetime, today: date
) -> pd.DataFrame:
    """Third next available appointments in the viewer's scope; an empty table where no slots are kept."""
    auth.require(viewer, auth.SEE_METRICS)
    open_, kept = slots.open_by_day(every_slot(), as_of, places_of(viewer, chosen), service_lines)
    return third_next_available(open_, kept, day_number(today), SLOT_HORIZON_DAYS)


def every_slot() -> pd.DataFrame:
    """All openings, of all locations: what is shown of them is cut by the viewer's scope."""
    return _every_slot(settings.database_url(), slots_state())


def slots_state() -> tuple[object, ...]:
    """What all openings hang on, to keep by it what is made of them."""
    return look.seen("slots", _slots_state_now)


def _slots_state_now() -> tuple[object, ...]:
    with databases.reading(database()) as connection:
        return slots.state(connection)


@st.cache_resource(max_entries=2, show_spinner=False)
def _every_slot(url: str, state: tuple[object, ...]) -> pd.DataFrame:
    del state  # part of the key
    with databases.reading(_open(url)) as connection:
        return slots.every(connection)


def notes(viewer: Viewer, chosen: Sequence[int], as_of: datetime) -> list[Annotation]:
    """Notes on the charts that stood at a moment, in the viewer's scope and for the chosen locations."""
    auth.require(viewer, auth.SEE_METRICS)
    with databases.reading(database()) as connection:
        return annotations.standing(connection, as_of, places_of(viewer, chosen))


def places_of(viewer: Viewer, chosen: Sequence[int]) -> frozenset[int] | None:
    """The locations to look at: those that were chosen, in the viewer's scope; None for all."""
    if not chosen:
        return viewer.locations
    return frozenset(chosen) if viewer.locations is None else frozenset(chosen) & viewer.locations


def _require_scope(viewer: Viewer, where: Where) -> None:
    asked: Collection[int] | None = where.locations
    if viewer.locations is not None and (asked is None or not set(asked) <= viewer.locations):
        raise auth.NotAllowed("This view reaches beyond your locations.")
