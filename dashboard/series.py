"""The weekly series that are watched for signals: how each is counted, and against which weeks it is judged.

At most eight, because every chart gives a false signal now and then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from dashboard import reports
from dashboard.filters import Filters
from dashboard.metrics import trends
from dashboard.metrics.trends import Limits
from dashboard.reports import Clock, Count
from data_access.days import day_number, week_number, week_start
from data_access.promises import Targets
from data_access.tally import Where
from data_access.vocabulary import Standing

_COUNTED = (Standing.OPEN, Standing.LOST, Standing.ANSWERED)


@dataclass(frozen=True)
class Asked:
    """What the series are counted for."""

    count: Count
    filters: Filters
    scope: frozenset[int] | None
    clock: Clock
    today: date
    horizon: int


@dataclass(frozen=True)
class Series:
    """One weekly series.

    Attributes
    ----------
    title : str
        What it is, in a few words.
    read : callable
        Counts it: `week`, `k` and `n`, one row a week that has any.
    share : bool
        Whether k of n is the value; otherwise k itself is.
    waits : bool
        Whether a week is finished only when its last day is the horizon old.
    """

    title: str
    read: Callable[[Asked], pd.DataFrame]
    share: bool
    waits: bool = False
    unit: str = "%"


@dataclass(frozen=True)
class Trend:
    """A series with its limits: `table` has `week` and trends.TREND_COLUMNS, one row per finished week."""

    series: Series
    table: pd.DataFrame
    limits: Limits


def _received(asked: Asked) -> pd.DataFrame:
    where = asked.filters.where(asked.scope)
    counted = asked.count(["received_week"], replace(where, keys={**where.keys, "state": _COUNTED}))
    return counted.rename(columns={"received_week": "week", "count": "k"}).assign(n=lambda rows: rows["k"])


def _in_time(asked: Asked) -> pd.DataFrame:
    answer = reports.response(
        asked.count, asked.filters, asked.scope, ["due_week"], targets=Targets(()), today=asked.today
    )
    return answer.table.rename(columns={"due_week": "week", "met": "k", "judged": "n"})[["week", "k", "n"]]


def _half_answered(asked: Asked) -> pd.DataFrame:
    table = reports.answers(asked.count, asked.filters, asked.scope, ["due_week"], clock=asked.clock).table
    return table.rename(columns={"due_week": "week", "p50": "k", "leads": "n"})[["week", "k", "n"]]


def _within_horizon(outcome: str) -> Callable[[Asked], pd.DataFrame]:
    def read(asked: Asked) -> pd.DataFrame:
        visits: Where = asked.filters.for_visits().where(asked.scope)
        where = replace(visits, keys={**visits.keys, "state": _COUNTED})
        counted = asked.count(["received_week", outcome], where)
        k = counted[counted[outcome] == 1].groupby("received_week")["count"].sum()
        table = pd.DataFrame({"n": counted.groupby("received_week")["count"].sum(), "k": k}).fillna(0)
        return table.rename_axis("week").reset_index()

    return read


SERIES: Mapping[str, Series] = {
    "received": Series("Inquiries received", _received, share=False, unit=""),
    "in_time": Series("Answered in time", _in_time, share=True),
    "half_answered": Series("Half answered within", _half_answered, share=False, unit="min"),
    "booked": Series("Booked within the horizon", _within_horizon("scheduled_in_time"), share=True, waits=True),
    "seen": Series("Seen within the horizon", _within_horizon("attended_in_time"), share=True, waits=True),
}


def trend(name: str, asked: Asked, limits_from: date | None = None) -> Trend:
    """One series over all finished weeks there are; its limits are fixed by the first of them from `limits_from` on."""
    series = SERIES[name]
    counted = series.read(replace(asked, filters=replace(asked.filters, first=None, last=None)))
    counted = counted[counted["week"] >= (week_number(limits_from) if limits_from else 1)]
    over = asked.today - timedelta(days=asked.horizon if series.waits else 0)
    last = max((w for w in counted["week"] if day_number(week_start(int(w) + 1)) <= day_number(over)), default=0)
    weeks = np.arange(counted["week"].min(), last + 1) if last else np.array([], np.int64)
    every = counted.set_index("week").reindex(weeks)
    n = every["n"].fillna(0).to_numpy()
    if series.share:
        table, limits = trends.shares(every["k"].fillna(0), n)
    else:
        table, limits = trends.values(every["k"].fillna(0) if name == "received" else every["k"], n)
    return Trend(series, table.assign(week=weeks), limits)
