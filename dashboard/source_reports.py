"""Count, then measure, where inquiries come from and what they ask about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from dashboard import reports
from dashboard.exports.outside import told_table
from dashboard.filters import Filters
from dashboard.labels import BREAKDOWNS, STAGES
from dashboard.metrics import sources as metric
from dashboard.reports import Answer, Count
from dashboard.review import document
from dashboard.review.document import Block
from data_access.counted import ARE_LEADS
from data_access.tally import narrower
from data_access.vocabulary import Stage


def mix(count: Count, filters: Filters, scope: frozenset[int] | None, by: str) -> Answer:
    """The share of all inquiries that each group brings."""
    tally = count([by], narrower(filters.where(scope), state=ARE_LEADS))
    return Answer(metric.mix(tally, [by]), {})


SHARED_BY = ("channel", "source", "partner_category")
"""By what others are told where inquiries come from: each key splits the same leads, and none is crossed with another."""


def shared(count: Count, names: Mapping[str, Mapping[int, str]], quarter: tuple[date, date], horizon: int) -> Block:
    """How far the inquiries of a quarter [first, last) that are headed for a visit came, and where they came from; as far as
    it may leave the practice.

    Parameters
    ----------
    count : callable
        Counts as of `horizon` days after the quarter: at a moment that stays, so that who looks every day sees nobody's step.
    """
    chosen = Filters(first=quarter[0], last=quarter[1])
    whole = reports.funnel(count, chosen, None).table
    steps = [one | {"name": STAGES[one["stage"]]} for one in whole.to_dict("records")]
    funnel = (document.text("name", "Stage"), document.count("reached", "Came this far"))
    tables = [told_table(document.table_of("funnel", "Funnel", funnel, steps, divisible=False))]
    for by in SHARED_BY:
        found = reports.funnel(count, chosen, None, [by]).table
        captured = dict(zip(*(found[found["stage"] == Stage.CAPTURED][name] for name in (by, "reached")), strict=True))
        rows = [
            {
                "name": names[by].get(one[by], "?"), "captured": captured[one[by]], "booked": one["reached"],
                "rate": one["of_captured"],
            }
            for one in found[found["stage"] == Stage.SCHEDULED].to_dict("records")
            if captured[one[by]]
        ]  # fmt: skip
        columns = (
            document.text("name", BREAKDOWNS[by]), document.count("captured", "Headed for a visit"),
            document.count("booked", "Booked"), document.share("rate", "Share", "booked", "captured"),
        )  # fmt: skip
        tables.append(told_table(document.table_of(f"origin_{by}", f"By {BREAKDOWNS[by].lower()}", columns, rows)))
    told = tuple(table for table in tables if table is not None)
    of = f"Inquiries headed for a visit, received {quarter_name(quarter[0])}, as they stood {horizon} days after it."
    said = of if told else "Too few to be told outside the practice."
    return Block("origins", "The quarter", (said,), "sources", tables=told)


def quarters(today: date, most: int = 8) -> list[tuple[date, date]]:
    """The last calendar quarters that were over on a day, the latest first, each as [first, last)."""
    after = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    found = []
    for _ in range(most):
        month = after.month - 3
        first = date(after.year, month, 1) if month > 0 else date(after.year - 1, month + 12, 1)
        found.append((first, after))
        after = first
    return found


def quarter_name(first: date) -> str:
    """A quarter as people write it."""
    return f"{first.year} Q{(first.month + 2) // 3}"


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
