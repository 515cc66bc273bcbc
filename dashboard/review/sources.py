"""What a weekly review is made from, read once as of the moment at which its week ended; and its headline numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard import signals
from dashboard.filters import Filters
from dashboard.formats import week
from dashboard.metrics.intervals import MISSED, verdicts, wilson
from dashboard.metrics.trends import SIGNALS, TREND, TWO_OF_THREE
from dashboard.reports import Clock, Count
from dashboard.review.document import Number, Week, clean
from dashboard.series import SERIES, Asked, trend
from data_access.annotations import Annotation
from data_access.days import start_of, week_start
from data_access.promises import Targets
from data_access.reviews import Action
from data_access.vocabulary import TargetMetric

HISTORY = 26
"""Weeks of a headline number that are shown before this one."""


def ended(week_number: int, zone: str) -> datetime:
    """The moment at which an ISO week ended: Monday midnight on the practice's own clock."""
    return start_of(week_start(week_number + 1), ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True)
class Sources:
    """What a review is made from.

    Attributes
    ----------
    as_of : datetime
        When the week had ended at every location.
    week : int
        Number of the ISO week.
    count, clock, horizon :
        As of the moment at which the week ended.
    filters : Filters
        Without a period.
    names : callable
        Labels of a dimension's codes.
    slots : DataFrame
        As `slots.known_by_day` gives them at that moment.
    plan : DataFrame
        As `planned_openings.by_week` gives it, from the week after on.
    filtered : str
        What is filtered, in words.
    rules : tuple of (str, str)
        What the practice had set up by then, in words.
    """

    practice: str
    zone: str
    as_of: datetime
    week: int
    count: Count
    filters: Filters
    scope: frozenset[int] | None
    clock: Clock
    horizon: int
    notes: Sequence[Annotation]
    targets: Mapping[TargetMetric, Targets]
    names: Callable[[str], Mapping[int, str]]
    slots: pd.DataFrame
    plan: pd.DataFrame
    actions: Sequence[Action]
    filtered: str
    rules: tuple[tuple[str, str], ...] = ()

    @property
    def today(self) -> date:
        """The Monday after the week: the day on which it is over."""
        return week_start(self.week + 1)

    def asked(self, **narrower: Any) -> Asked:
        """What a series is counted for; `narrower`: further filters."""
        filters = replace(self.filters, **narrower)
        return Asked(self.count, filters, self.scope, self.clock, self.today, self.horizon, self.notes)

    def between(self, first: int, last: int) -> Filters:
        """The filters, of leads received from one week to another, both among them."""
        return replace(self.filters, first=week_start(first), last=week_start(last + 1))

    @cached_property
    def numbers(self) -> dict[str, Number]:
        """Every watched series, by name."""
        return {name: self._number(name) for name in SERIES}

    def _number(self, name: str) -> Number:
        series, found = SERIES[name], trend(name, self.asked())
        place = self.filters.location[0] if len(self.filters.location) == 1 else None
        last = int(found.table["week"].iloc[-1]) if len(found.table) else self.week
        target = self.targets[series.target].on(week_start(last), place) if series.target else None
        history = tuple(
            Week(
                week=week(int(row["week"])), k=_whole(row["k"]) if series.share or series.counts else None,
                n=_whole(row["n"]), value=clean(row["value"]), low=clean(row["low"]), high=clean(row["high"]),
                label=row["label"],
            )
            for row in found.table.tail(HISTORY).to_dict("records")
        )  # fmt: skip
        label = history[-1].label if history else ""
        return Number(
            name=name,
            title=series.title,
            unit=series.unit,
            history=history,
            signal="signal" if label in SIGNALS else "look" if label in (TREND, TWO_OF_THREE) else "",
            direction=signals.direction(found) if history else 0,
            target=target,
            missed=bool(history) and _missed(history[-1], target),
            said=signals.said(found) + signals.against(found, target),
        )


def _missed(last: Week, target: float | None) -> bool:
    """Whether a week lies below a target, beyond chance."""
    if target is None or not last.n or last.k is None:
        return False
    low, high = wilson([last.k], [last.n])
    return verdicts(low, high, [target])[0] == MISSED


def _whole(value: float) -> int | None:
    return None if clean(value) is None else int(value)
