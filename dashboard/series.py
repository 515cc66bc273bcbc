"""The weekly series that are watched for signals: how each is counted, and against which weeks it is judged.

At most eight, because every chart gives a false signal now and then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from dashboard import reports
from dashboard.filters import Filters
from dashboard.metrics import trends
from dashboard.metrics.once import once
from dashboard.metrics.trends import Limits
from dashboard.reports import Clock, Count
from data_access.annotations import Annotation
from data_access.counted import ARE_LEADS
from data_access.days import week_number
from data_access.promises import Targets
from data_access.tally import Where, narrower
from data_access.vocabulary import TargetMetric


@dataclass(frozen=True)
class Asked:
    """What the series are counted for."""

    count: Count
    filters: Filters
    scope: frozenset[int] | None
    clock: Clock
    today: date
    horizon: int
    notes: Sequence[Annotation] = ()

    def fixed_anew(self, name: str) -> list[int]:
        """Weeks from which on the limits of a series were decided to be fixed anew, in order."""
        decided = (note.on_day for note in self.notes if note.rebases == name and note.on_day <= self.today)
        return sorted({week_number(day) for day in decided})


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
    counts : bool
        Whether a week that has no row counts as 0, and not as a gap.
    better : int
        1 where more is better, -1 where less is, 0 where neither is.
    target : TargetMetric, optional
        What a target for it is set under.
    """

    title: str
    read: Callable[[Asked], pd.DataFrame]
    share: bool
    waits: bool = False
    unit: str = "%"
    counts: bool = False
    better: int = 0
    target: TargetMetric | None = None


@dataclass(frozen=True)
class Trend:
    """A series with its limits: `table` has `week` and trends.TREND_COLUMNS, one row per finished week.

    `limits` are those of the last stretch, which begins at the row number `begins`.
    """

    series: Series
    table: pd.DataFrame
    limits: Limits
    begins: int = 0


def _received(asked: Asked) -> pd.DataFrame:
    where = asked.filters.where(asked.scope)
    counted = asked.count(["received_week"], narrower(where, state=ARE_LEADS))
    return counted.rename(columns={"received_week": "week", "count": "k"}).assign(n=lambda rows: rows["k"])


def _in_time(asked: Asked) -> pd.DataFrame:
    answer = reports.response(
        asked.count, asked.filters, asked.scope, ["due_week"], targets=Targets(()), today=asked.today
    )
    return answer.table.rename(columns={"due_week": "week", "met": "k", "judged": "n"})[["week", "k", "n"]]


def _half_answered(asked: Asked) -> pd.DataFrame:
    table = reports.answers(asked.count, asked.filters, asked.scope, ["due_week"], clock=asked.clock).table
    return table.rename(columns={"due_week": "week", "p50": "k", "leads": "n"})[["week", "k", "n"]]


def _complete(asked: Asked) -> pd.DataFrame:
    table = reports.records(asked.count, asked.filters, asked.scope, ["received_week"]).table
    return table.rename(columns={"received_week": "week", "complete": "k", "referrals": "n"})[["week", "k", "n"]]


def _within_horizon(outcome: str) -> Callable[[Asked], pd.DataFrame]:
    def read(asked: Asked) -> pd.DataFrame:
        visits: Where = asked.filters.for_visits().where(asked.scope)
        where = narrower(visits, state=ARE_LEADS)
        counted = asked.count(["received_week", outcome], where)
        k = counted[counted[outcome] == 1].groupby("received_week")["count"].sum()
        table = pd.DataFrame({"n": counted.groupby("received_week")["count"].sum(), "k": k}).fillna(0)
        return table.rename_axis("week").reset_index()

    return read


def _shown(asked: Asked) -> pd.DataFrame:
    table = reports.attendance(asked.count, asked.filters, asked.scope, ["start_week"]).table
    return table.rename(columns={"start_week": "week", "attended": "k", "counted": "n"})[["week", "k", "n"]]


SERIES: Mapping[str, Series] = {
    "received": Series("Inquiries received", _received, share=False, unit="", counts=True),
    "in_time": Series("Answered in time", _in_time, share=True, better=1, target=TargetMetric.RESPONSE_IN_TIME),
    "half_answered": Series("Half answered within", _half_answered, share=False, unit="min", better=-1),
    "complete": Series(
        "Records complete on arrival", _complete, share=True, better=1, target=TargetMetric.RECORDS_COMPLETE
    ),
    "booked": Series(
        "Booked within the horizon",
        _within_horizon("scheduled_in_time"),
        share=True,
        waits=True,
        better=1,
        target=TargetMetric.BOOKED,
    ),
    "seen": Series(
        "Seen within the horizon",
        _within_horizon("attended_in_time"),
        share=True,
        waits=True,
        better=1,
        target=TargetMetric.SEEN,
    ),
    "shown": Series("Came to their appointment", _shown, share=True, better=1, target=TargetMetric.SHOWN),
}

TARGETED: Mapping[TargetMetric, str] = {one.target: one.title for one in SERIES.values() if one.target}
"""What a target can be set for, and its title."""


def trend(name: str, asked: Asked) -> Trend:
    """One series over all finished weeks there are; its limits are those of the last stretch.

    Limits are fixed by the first weeks there are, and anew by the first weeks from each recorded decision on; every week is
    judged by the limits of its own stretch.
    """
    series = SERIES[name]
    counted = series.read(replace(asked, filters=asked.filters.whenever()))
    counted = counted[counted["week"] >= 1]
    over = asked.today - timedelta(days=asked.horizon if series.waits else 0)
    last = week_number(over) - 1  # the last week that is over by then, whether anything happened in it or not
    first = int(min(counted["week"].min(), last + 1)) if len(counted) else last + 1
    begins = [first, *(week for week in asked.fixed_anew(name) if first < week <= last)]
    table, limits, begin = _judged(counted, begins, last, share=series.share, gaps=not series.counts)
    return Trend(series, table, limits, begin)


@once
def _judged(
    counted: pd.DataFrame, begins: Sequence[int], last: int, *, share: bool, gaps: bool
) -> tuple[pd.DataFrame, Limits, int]:
    """Every week up to the last, by the limits of its own stretch; the limits of the last one, and the row where it begins."""
    every = counted.set_index("week")
    parts = []
    for since, until in zip(begins, [*begins[1:], last + 1], strict=True):
        weeks = every.reindex(pd.RangeIndex(since, until))
        n = weeks["n"].fillna(0).to_numpy()
        if share:
            part, limits = trends.shares(weeks["k"].fillna(0), n)
        else:
            part, limits = trends.values(weeks["k"] if gaps else weeks["k"].fillna(0), n)
        parts.append(part.assign(week=weeks.index.to_numpy(np.int64)))
    table = pd.concat(parts, ignore_index=True)
    return table, limits, len(table) - len(parts[-1])
