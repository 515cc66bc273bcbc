"""Reads of what the practice set up: its rules, texts, checklists, hours, lists and promises."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, capacity_reports, clock, copies, loaders, settings, setup_progress
from dashboard.auth import Viewer
from dashboard.copies import Audience, Copy
from dashboard.loaders import database, next_available, own_practice
from dashboard.reports import Count
from dashboard.setup_progress import Step
from data_access import (
    accounts,
    checklists,
    merging,
    partners,
    planned_openings,
    practice,
    promises,
    routing,
    slots,
    staffed_hours,
    texts,
)
from data_access import engine as databases
from data_access import topics as topic_log
from data_access.checklists import Checklist
from data_access.columns import metadata
from data_access.days import Hours, local_day, start_of, week_number
from data_access.promises import Targets
from data_access.texts import Text, Texts
from data_access.vocabulary import TargetMetric, TextUse

AnyWord = TypeVar("AnyWord", bound=StrEnum)


def texts_on(day: date) -> list[dict[str, Any]]:
    """The practice's texts in force on a day."""
    with databases.reading(database()) as connection:
        return texts.on(connection, day)


def text_versions(use: TextUse, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every version of one of the practice's texts, the newest first."""
    with databases.reading(database()) as connection:
        return texts.versions(connection, use, **keys)


def text_for(use: TextUse, lead: Mapping[str, Any]) -> Text | None:
    """The text that holds today for a lead, a location or a service line."""
    with databases.reading(database()) as connection:
        own = practice.get(connection) or {"zone": "UTC"}
        return Texts(connection).for_lead(use, lead, local_day(clock.now(), ZoneInfo(own["zone"])))


def texts_by_id(text_ids: set[int]) -> dict[int, Text]:
    """Some versions of the practice's texts."""
    with databases.reading(database()) as connection:
        return texts.by_id(connection, text_ids)


def soonest(viewer: Viewer) -> dict[int, int]:
    """Days until the third next available appointment of each service line, at the viewer's location where it is soonest."""
    auth.require(viewer, auth.SEE_METRICS)
    scope = None if viewer.locations is None else tuple(sorted(viewer.locations))
    now = clock.now()
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)  # what was opened just now is open by then
    today = local_day(now, ZoneInfo(own_practice().get("zone", "UTC")))
    return _soonest(settings.database_url(), loaders.slots_state(), scope, minute, today, viewer)


@st.cache_data(max_entries=64, show_spinner=False)
def _soonest(
    url: str,
    state: tuple[object, ...],
    scope: tuple[int, ...] | None,
    minute: datetime,
    today: date,
    _viewer: Viewer,
) -> dict[int, int]:
    del url, state, scope  # it is kept by them, for a minute: it stands beside every field that somebody fills in
    table = next_available(_viewer, (), (), minute, today).dropna(subset=["third_next"])
    return {int(line): int(part["third_next"].min()) for line, part in table.groupby("service_line")}


def checklists_of(service_line_id: int | None) -> list[Checklist]:
    """Every version of a service line's own checklist, or of the practice's, the newest first."""
    with databases.reading(database()) as connection:
        return checklists.versions(connection, service_line_id)


def checklist_on(service_line_id: int | None, day: date) -> Checklist | None:
    """The checklist in force for a service line on a day."""
    with databases.reading(database()) as connection:
        return checklists.checklist_on(connection, service_line_id, day)


def checklist_copy(audience: Audience, location_id: int, service_line_id: int | None, day: date) -> Copy:
    """The copy of a checklist that holds on a day."""
    with databases.reading(database()) as connection:
        return copies.make(connection, audience, location_id, service_line_id, day)


def closures_from(day: date) -> list[dict[str, Any]]:
    """The closures on a day and later."""
    with databases.reading(database()) as connection:
        return staffed_hours.closures_from(connection, day)


def entries(table: str) -> list[dict[str, Any]]:
    """Every entry of one of the practice's lists, in use or not, in order of the name."""
    with databases.reading(database()) as connection:
        return practice.entries(connection, metadata.tables[table])


def locations_of(staff_id: int) -> frozenset[int]:
    """The locations that somebody who does not see all was given."""
    with databases.reading(database()) as connection:
        return accounts.locations_of(connection, staff_id)


def partner_merges() -> list[dict[str, Any]]:
    """The merges of partners that stand, the latest first."""
    with databases.reading(database()) as connection:
        return merging.partner_merges(connection)


def alike_pairs() -> list[tuple[tuple[int, str], tuple[int, str]]]:
    """Pairs of partners in use with names that are very like each other."""
    with databases.reading(database()) as connection:
        return partners.alike(connection)


def offered(vocabulary: type[AnyWord]) -> list[AnyWord]:
    """The words of a vocabulary that the practice offers."""
    with databases.reading(database()) as connection:
        gone = practice.withheld(connection, vocabulary)
    return [word for word in vocabulary if word not in gone]


def absences(day: date) -> list[dict[str, Any]]:
    """Who is away on a day or later."""
    with databases.reading(database()) as connection:
        return routing.absences(connection, day)


def rules_on(shows: Callable[[Connection, date], Mapping[str, str]], day: date) -> Mapping[str, str]:
    """What holds by the practice's rules on a day, in words; see screens/rules.py."""
    with databases.reading(database()) as connection:
        return shows(connection, day)


def alike_partners(name: str) -> list[str]:
    """Names of partners in use that are very like a name, unless there is one of just this name."""
    with databases.reading(database()) as connection:
        return [] if partners.find(connection, name) else [said for _, said in partners.near(connection, name)]


def windows_on(day: date) -> list[dict[str, Any]]:
    """The response windows in force on a day."""
    with databases.reading(database()) as connection:
        return promises.windows_on(connection, day)


def hours_on(day: date) -> dict[int, list[Hours]]:
    """The staffed hours of every location in force on a day."""
    with databases.reading(database()) as connection:
        return staffed_hours.hours_on(connection, day)


def hours_change_on(location_id: int, day: date) -> list[date]:
    """The days after a day on which a location's weekly hours change."""
    with databases.reading(database()) as connection:
        return staffed_hours.hours_change_on(connection, location_id, day)


def openings_known(viewer: Viewer, chosen: Sequence[int], as_of: datetime) -> pd.DataFrame:
    """Every opening for new patients that was known at a moment, in the viewer's scope and for the chosen locations."""
    auth.require(viewer, auth.SEE_METRICS)
    return slots.known_by_day(loaders.every_slot(), as_of, loaders.places_of(viewer, chosen))


def planned_weeks(viewer: Viewer, chosen: Sequence[int], today: date) -> pd.DataFrame:
    """The openings that are planned for the weeks from this one on; scope and choice as for `openings_known`."""
    auth.require(viewer, auth.SEE_METRICS)
    with databases.reading(database()) as connection:
        first, places = week_number(today), loaders.places_of(viewer, chosen)
        return planned_openings.by_week(connection, first, capacity_reports.PLAN_WEEKS, places)


def next_available_weeks(
    viewer: Viewer, chosen: Sequence[int], service_lines: Sequence[int], today: date
) -> pd.DataFrame:
    """Third next available appointments at the end of each of the last finished weeks, in the viewer's scope."""
    auth.require(viewer, auth.SEE_METRICS)
    zone, places, revision = own_practice()["zone"], loaders.places_of(viewer, chosen), loaders.revision()
    key = None if places is None else tuple(sorted(places))
    return _next_available_weeks(settings.database_url(), revision, key, tuple(service_lines), today, zone)


@st.cache_data(max_entries=64, show_spinner=False)
def _next_available_weeks(
    url: str, revision: int, places: tuple[int, ...] | None, service_lines: tuple[int, ...], today: date, zone: str
) -> pd.DataFrame:
    del url, revision  # the cache is kept by them
    return capacity_reports.next_available_weeks(loaders.every_slot(), places, service_lines, today=today, zone=zone)


def setup_steps(viewer: Viewer, count: Count, now: datetime, today: date) -> list[Step]:
    """How far the practice has come in setting itself up; for those who may change its rules and see all of it."""
    auth.require_whole_practice(viewer)
    with databases.reading(database()) as connection:
        return setup_progress.steps(connection, count, now, today)


def asked_again(viewer: Viewer, chosen: Sequence[int], first: date, last: date, as_of: datetime) -> dict[int, int]:
    """How often somebody asked again in [first, last), by topic, as it was known at a moment; in the viewer's scope."""
    auth.require(viewer, auth.SEE_METRICS)
    zone = ZoneInfo(own_practice()["zone"])
    since, until = (start_of(day, zone) for day in (first, last))
    with databases.reading(database()) as connection:
        return topic_log.asked_again(connection, since, until, as_of, loaders.places_of(viewer, chosen))


def targets() -> dict[TargetMetric, Targets]:
    """The targets of every metric."""
    with databases.reading(database()) as connection:
        return promises.targets(connection)


def response_targets() -> Targets:
    """The targets of response compliance."""
    return targets()[TargetMetric.RESPONSE_IN_TIME]


def staffed_shares(day: date) -> dict[int, npt.NDArray[np.float64]]:
    """How much of each hour of the week every location is staffed, by the hours in force on a day."""
    with databases.reading(database()) as connection:
        return promises.staffed_shares(connection, day)
