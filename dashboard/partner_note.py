"""The note that closes the loop with a partner: made from counts alone, so that no patient can be in it.

What went well comes first. Counts of 1 to 10 are never told, and others are rounded to 5, so that a month cannot be worked out
from its quarter; shares are rounded to 5 %, and only told where neither those who did nor those who did not are so few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan

from dashboard import reports
from dashboard.filters import Filters
from dashboard.formats import days
from dashboard.metrics.small_cells import SMALLEST, rate_may_leave
from dashboard.reports import Count
from data_access.counted import AtArrival, Standing

LENGTHS = {"Month": 1, "Quarter": 3}
"""How long a cycle is, in months."""
_YEAR = 365


@dataclass(frozen=True)
class Cycle:
    """So many whole months: [first, after)."""

    first: date
    after: date

    @property
    def name(self) -> str:
        """October 2026, or July to September 2026."""
        last = self.after - timedelta(days=1)
        return f"{last:%B %Y}" if self.first.month == last.month else f"{self.first:%B} to {last:%B %Y}"


def cycles(today: date, months: int, number: int = 8) -> list[Cycle]:
    """The last cycles that are over, the newest first; quarters begin with January."""
    month = today.year * 12 + (today.month - 1) // months * months
    return [Cycle(_first(month - (i + 1) * months), _first(month - i * months)) for i in range(number)]


def _first(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def make(
    count: Count,
    partner: int,
    cycle: Cycle,
    *,
    practice: str,
    names: Mapping[str, Mapping[int, str]],
    required: Sequence[str],
    horizon: int,
) -> str:
    """The note to a partner about a cycle.

    Parameters
    ----------
    count : callable
        As of the end of the cycle or later.
    names : mapping
        Labels of the codes of `partner` and `item`.
    required : sequence of str
        The records that the checklist in force asks for, in words.
    """
    mine = Filters(first=cycle.first, last=cycle.after, partner=(partner,))
    to = names["partner"].get(partner, "?")
    helped = _helped(count, cycle, horizon)
    return "\n".join(
        [
            practice, f"To {to}", f"Your referrals, {cycle.name}", "",
            "What went well", *(f"- {line}" for line in _well(count, mine, horizon)), "",
            *(["What helped", *(f"- {line}" for line in helped), ""] if helped else []),
            "For the next ones", *(f"- {line}" for line in _next(count, mine, names["item"], required)), "",
            "Thank you for your trust.",
        ]
    )  # fmt: skip


def _well(count: Count, mine: Filters, horizon: int) -> list[str]:
    tally = count(["state"], mine.where(None))
    referrals = int(tally.loc[tally["state"] != Standing.EXCLUDED, "count"].sum())
    told = (
        f"about {5 * round(referrals / 5):,}"
        if referrals >= SMALLEST
        else f"fewer than {SMALLEST}"
        if referrals
        else "none"
    )
    lines = [f"We received your referrals: {told} in this time."]
    records = reports.records(count, mine, None).table
    if len(records) and (share := _about(int(records["complete"].iloc[0]), int(records["referrals"].iloc[0]))):
        lines.append(f"{share[0].upper()}{share[1:]} came with every record that they need.")
    booked = reports.conversion(count, mine, None, step="scheduled", horizon=horizon).table
    if len(booked) and booked["leads"].iloc[0] >= SMALLEST and not isnan(half := float(booked["p50"].iloc[0])):
        lines.append(f"Half of them had an appointment within {days(half)}.")
    return lines


def _helped(count: Count, cycle: Cycle, horizon: int) -> list[str]:
    """What records do for the time to an appointment, of all referrals of the year up to the cycle's end."""
    year = Filters(first=cycle.after - timedelta(days=_YEAR), last=cycle.after)
    table = reports.with_and_without_records(count, year, None, step="scheduled", horizon=horizon).table
    rows = {int(row["at_arrival"]): row for row in table.to_dict("records") if row["leads"] >= SMALLEST}
    with_, without = rows.get(AtArrival.COMPLETE), rows.get(AtArrival.INCOMPLETE)
    if not with_ or not without or not with_["p50"] < without["p50"]:
        return []
    return [
        f"Referrals that come with every record are booked sooner: half within {days(with_['p50'])}, "
        f"against {days(without['p50'])} where something is missing (all referrals of twelve months)."
    ]


def _next(count: Count, mine: Filters, items: Mapping[int, str], required: Sequence[str]) -> list[str]:
    table = reports.missing_items(count, mine, None).table.sort_values("missing", ascending=False)
    often = [
        f"{items.get(int(row['item']), '?').lower()}, missing in {share}"
        for row in table.to_dict("records")
        if row["missing"] >= SMALLEST and (share := _about(int(row["missing"]), int(row["needed"])))
    ]
    asked = [f"Please send with each referral: {', '.join(one.lower() for one in required)}."] if required else []
    missing = [f"What is missing most often: {'; '.join(often)}."] if often else []
    if len(table) and not table["missing"].sum():
        missing = ["Nothing was missing."]
    return asked + missing


def _about(k: int, n: int) -> str | None:
    """A share in words, rounded to 5 %; None where few did or did not."""
    if not n or not rate_may_leave(k, n):
        return None
    if k in (0, n):
        return "all of them" if k else "none of them"
    rounded = 5 * round(20 * k / n)
    return "under 5 %" if not rounded else "over 95 %" if rounded == 100 else f"about {rounded} %"
