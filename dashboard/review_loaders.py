"""Reads of the weekly review: what a week's numbers say, what a meeting saw of it, and what was decided."""

import streamlit as st

from dashboard import auth, loaders, settings
from dashboard.auth import Viewer
from dashboard.filters import Filters
from dashboard.loaders import database
from dashboard.review import building, reading
from dashboard.review.document import Review
from dashboard.review.sources import ended
from data_access import engine as databases
from data_access import facts, reviews
from data_access.reviews import Action, Frozen


def review(viewer: Viewer, filters: Filters, week: int) -> Review:
    """The review of a finished week in the viewer's scope; `filters` without a period."""
    auth.require(viewer, auth.SEE_METRICS)
    with databases.reading(database()) as connection:
        revision = facts.current_revision(connection)
    scope = None if viewer.locations is None else tuple(sorted(viewer.locations))
    return _review(settings.database_url(), revision, scope, filters.key, week, viewer, filters)


@st.cache_data(max_entries=64, show_spinner="Counting the week …")
def _review(
    url: str, revision: int, scope: tuple[int, ...] | None, key: str, week: int, _viewer: Viewer, _filters: Filters
) -> Review:
    del url, revision, scope, key  # the cache is kept by them
    with databases.reading(database()) as connection:
        made = reading.sources(
            connection, lambda *what: loaders.count(_viewer, *what), week, _filters, _viewer.locations
        )
        return building.build(made)


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
