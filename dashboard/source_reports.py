"""Count, then measure, where inquiries come from and what they ask about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from dashboard.filters import Filters
from dashboard.metrics import sources as metric
from dashboard.reports import Answer, Count
from data_access.counted import ARE_LEADS
from data_access.tally import narrower


def mix(count: Count, filters: Filters, scope: frozenset[int] | None, by: str) -> Answer:
    """The share of all inquiries that each group brings."""
    tally = count([by], narrower(filters.where(scope), state=ARE_LEADS))
    return Answer(metric.mix(tally, [by]), {})


def topics(
    count: Count, filters: Filters, scope: frozenset[int] | None, *, first: date, last: date, again: Mapping[int, int]
) -> Answer:
    """Topics of [first, last) against as many days before."""
    span = last - first
    now, before = (
        count(["topic"], narrower(replace(filters, first=start, last=start + span).where(scope), state=ARE_LEADS))
        for start in (first, first - span)
    )
    return Answer(metric.topics(now, before, again), {})
