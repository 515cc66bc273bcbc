"""Count, then measure, what concerns the partners themselves: closed loops, and what followed outreach."""

from collections.abc import Collection
from datetime import date

import pandas as pd

from dashboard.filters import Filters
from dashboard.metrics import loop as loop_metric
from dashboard.reports import Answer, Count
from data_access.counted import Standing
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


def before_and_after(
    count: Count, filters: Filters, scope: frozenset[int] | None, *, acts: pd.DataFrame, today: date
) -> Answer:
    """Referrals of partners before and after outreach, whatever the period; `acts`: `act`, `partner` and `day`."""
    where = narrower(filters.whenever().where(scope), partner=tuple(acts["partner"].unique()))
    tally = count(["partner", "received_day", "state"], where)
    return Answer(loop_metric.before_and_after(acts, tally[tally["state"] != Standing.EXCLUDED], day_number(today)), {})
