"""Reading what a weekly review is made from: the page and the command line do it the same way."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from dashboard import capacity_reports, explain, labels
from dashboard.filters import Filters, moment
from dashboard.metrics import attendance, demand, funnel, records, referral_volume, response, stalls, timing, trends
from dashboard.reports import Clock
from dashboard.review.sources import Sources, ended
from data_access import annotations, planned_openings, practice, promises, reviews, slots
from data_access.dimensions import LEADS, Moment, Unit
from data_access.lead_state import epoch_minute
from data_access.tally import Where

CountAt = Callable[[list[str], Where, Moment, Unit], pd.DataFrame]
"""Counts by dimensions, for a filter, at a moment."""

_EXPLAINED: Mapping[str, Callable[..., Any]] = {
    "Signals": trends.shares, "Answered in time": response.response, "Half answered within": timing.answers,
    "Records complete on arrival": records.completeness, "Came to their appointment": attendance.attendance,
    "Stalls": stalls.stalls, "Matured funnel": funnel.funnel, "Partners that changed": referral_volume.referral_volume,
    "Capacity and demand": demand.demand,
}  # fmt: skip


def sources(
    connection: Connection,
    count: CountAt,
    week: int,
    filters: Filters,
    scope: frozenset[int] | None,
    every_slot: pd.DataFrame,
) -> Sources:
    """What the review of a week is made from, as of the moment at which the week ended.

    Parameters
    ----------
    week : int
        Number of a finished ISO week.
    filters : Filters
        Their period is left out: the week is the review's own.
    scope : frozenset of int, or None
        The viewer's locations.
    every_slot : DataFrame
        As `slots.every` reads them.

    Raises
    ------
    LookupError
        When there is no practice yet.
    """
    own = practice.get(connection)
    if own is None:
        raise LookupError("the database holds no practice yet; try: handoff import, or handoff demo")
    zone, horizon, chosen = own["zone"], own["horizon_days"], filters.whenever()
    zones = (zone, *practice.zones(connection).values())
    at = max(ended(week, one) for one in zones)  # so that no location's Sunday evening is left out
    then = moment(at, zone, horizon)
    places = frozenset(chosen.location) or None
    places = scope if places is None else places if scope is None else places & scope
    names = {name: labels.of_dimension(connection, name) for name in (*labels.BREAKDOWNS, "item", "waits_for")}
    return Sources(
        practice=own["name"],
        zone=zone,
        as_of=at,
        week=week,
        count=lambda keys, where, unit=LEADS: count(list(keys), where, then, unit),
        filters=chosen,
        scope=scope,
        clock=Clock(partial(promises.waited_minutes, connection), epoch_minute(at)),
        horizon=horizon,
        notes=annotations.standing(connection, at, places),
        targets=promises.targets(connection),
        names=names.__getitem__,
        slots=slots.known_by_day(every_slot, at, places),
        plan=planned_openings.by_week(connection, week + 1, capacity_reports.PLAN_WEEKS, places),
        actions=reviews.actions_of(connection, week, ended(week - 1, zone), places, ended(week + 1, zone)),
        filtered="; ".join(chosen.said(names.__getitem__)) or "the whole practice",
        rules=_definitions(horizon),
    )


def _definitions(horizon: int) -> tuple[tuple[str, str], ...]:
    """How the numbers are counted, as the pages say it."""
    told = [
        (title, " ".join(explain.blocks(metric)["Definition"].split()))
        for title, metric in _EXPLAINED.items()
    ]  # fmt: skip
    return (*told, ("Horizon", f"A lead is given {horizon} days to be booked or seen; younger ones are not judged."))
