"""Reads of the weekly review: what a week's numbers say, what a meeting saw of it, and what was decided."""

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from dashboard import auth, loaders, settings, source_reports
from dashboard.auth import Viewer
from dashboard.exports import outside
from dashboard.filters import Filters, end_of_day, moment
from dashboard.loaders import database
from dashboard.review import building, reading
from dashboard.review.document import Review
from dashboard.review.sources import ended
from data_access import engine as databases
from data_access import reviews
from data_access.reviews import Action, Frozen


def review(viewer: Viewer, filters: Filters, week: int) -> Review:
    """The review of a finished week in the viewer's scope; `filters` without a period."""
    auth.require(viewer, auth.SEE_METRICS)
    scope = None if viewer.locations is None else tuple(sorted(viewer.locations))
    return _review(settings.database_url(), loaders.revision(), scope, filters.key, week, filters)


def shared(viewer: Viewer, week: int, quarter: tuple[date, date]) -> Review:
    """What may leave the practice: the review of a week, and where the inquiries of a quarter [first, last) came from.

    It is the same for whoever sees it: of the whole practice, and without filters, so that nobody can subtract one from
    another.
    """
    auth.require_whole_practice(viewer, auth.SEE_SHARED)
    own = loaders.own_practice()
    horizon = int(own["horizon_days"])
    then = moment(end_of_day(quarter[1] + timedelta(days=horizon - 1), own["zone"]), own["zone"], horizon)
    told = outside.for_others(
        _review(settings.database_url(), loaders.revision(), None, Filters().key, week, Filters())
    )
    names = {by: loaders.names(by) for by in source_reports.SHARED_BY}
    origins = source_reports.shared(lambda keys, where: loaders.counted(keys, where, then), names, quarter, horizon)
    return replace(told, blocks=(*told.blocks, origins))


@st.cache_data(max_entries=64, show_spinner="Counting the week …")
def _review(url: str, revision: int, scope: tuple[int, ...] | None, key: str, week: int, _filters: Filters) -> Review:
    del url, revision, key  # the cache is kept by them
    locations = None if scope is None else frozenset(scope)
    with databases.reading(database()) as connection:
        read = reading.sources(connection, loaders.counted, week, _filters, locations, loaders.every_slot())
        return building.build_once(read)


def frozen(viewer: Viewer, filters: Filters, week: int) -> Frozen | None:
    """What the last meeting saw of a week with these filters, where the viewer may see all of it."""
    auth.require(viewer, auth.SEE_METRICS)
    if viewer.locations is not None and not (filters.location and set(filters.location) <= viewer.locations):
        return None
    with databases.reading(database()) as connection:
        return reviews.frozen(connection, week, filters.key)


def frozen_weeks(viewer: Viewer, filters: Filters) -> list[int]:
    """The weeks of which something was kept with these filters."""
    auth.require(viewer, auth.SEE_METRICS)
    with databases.reading(database()) as connection:
        return reviews.frozen_weeks(connection, filters.key)


def actions(viewer: Viewer, week: int) -> list[Action]:
    """What the review of a week looks back on and decides, in the viewer's scope."""
    auth.require(viewer, auth.SEE_METRICS)
    zone = loaders.own_practice()["zone"]
    with databases.reading(database()) as connection:
        return reviews.actions_of(connection, week, ended(week - 1, zone), viewer.locations)


def staff() -> dict[int, str]:
    """Who can own an action: the staff in use, by id."""
    return {person["id"]: str(person["name"]) for person in loaders.choices("staff")}
