"""Count, then measure, what concerns the partners themselves: closed loops, outreach, and referrals for what is full."""

from collections.abc import Collection
from datetime import date

import pandas as pd

from dashboard.filters import Filters
from dashboard.metrics import loop as loop_metric
from dashboard.metrics.demand import BOOKED_UP, GROWS
from dashboard.metrics.intervals import rate_columns
from dashboard.reports import Answer, Count
from data_access.counted import ARE_LEADS, Standing
from data_access.days import day_number
from data_access.tally import narrower


def loop(
    count: Count,
    scope: frozenset[int] | None,
    *,
    cycle: tuple[date, date],
    noted: Collection[int],
    silent: Collection[int],
) -> Answer:
    """Which partners that referred in a cycle were told what became of it."""
    tally = count(["partner", "state"], Filters(first=cycle[0], last=cycle[1]).where(scope))
    return Answer(loop_metric.loop(tally[tally["state"] != Standing.EXCLUDED], noted, silent), {})


def into_full(count: Count, filters: Filters, scope: frozenset[int] | None, demand: pd.DataFrame) -> Answer:
    """How many of each partner's referrals are for a location and service line whose openings do not hold what comes.

    Parameters
    ----------
    demand : DataFrame
        As `capacity_reports.demand` gives it.

    Returns
    -------
    Answer
        Rows of `partner`, `leads`, `full` (those of them), and `rate` with its 95 % Wilson interval.
    """
    full = demand[demand["warning"].isin((GROWS, BOOKED_UP))]
    lines = set(zip(full["location"], full["service_line"], strict=True))
    where = narrower(filters.for_visits().where(scope), state=ARE_LEADS)
    tally = count(["partner", "location", "service_line"], where)
    keys = zip(tally["location"], tally["service_line"], strict=True)
    tally["full"] = tally["count"] * [(place, line) in lines or (place, 0) in lines for place, line in keys]
    table = tally.groupby("partner", as_index=False)[["count", "full"]].sum().rename(columns={"count": "leads"})
    return Answer(table.assign(**rate_columns(table["full"], table["leads"])), {})


def before_and_after(
    count: Count, filters: Filters, scope: frozenset[int] | None, *, acts: pd.DataFrame, today: date
) -> Answer:
    """Referrals of partners before and after outreach, whatever the period; `acts`: `act`, `partner` and `day`."""
    where = narrower(filters.whenever().where(scope), partner=tuple(acts["partner"].unique()))
    tally = count(["partner", "received_day", "state"], where)
    tally = tally[tally["state"] != Standing.EXCLUDED]
    old_enough = narrower(filters.whenever().for_visits().where(scope), partner=where.keys["partner"], mature=(1,))
    judged = count(["partner", "received_day", "scheduled_in_time", "state"], old_enough)
    judged = judged[judged["state"] != Standing.EXCLUDED].rename(columns={"scheduled_in_time": "booked"})
    return Answer(loop_metric.before_and_after(acts, tally, judged, day_number(today)), {})
