"""Blocks of the backlog page."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.charts.work import flows
from dashboard.formats import days, percent, plural
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, called
from dashboard.loaders import names as names_of
from dashboard.metrics.capacity import NOT_BOOKED, OVER_DAYS, Little, Pace
from dashboard.screens.cells import Cell, clickable_table
from data_access.counted import CameFrom, WentTo
from data_access.days import week_start
from data_access.dimensions import LONGEST_DAYS
from data_access.tally import narrower
from data_access.units import SITUATIONS, SPELLS

WEEKS = 26
PACE_WEEKS = 8
_HEADINGS = {
    "of": "Week of",
    "start": "Waiting before",
    "received": "Received",
    "reopened": "Reopened",
    "returned": "Booking undone",
    "booked": "Booked",
    "closed": "Closed",
    "end": "Waiting after",
    "seen": "Seen",
    "throughput_ratio": "Booked to received|Of the same week, so other leads: not a conversion, and it may exceed 100 %",
}
_AGE_HEADINGS = {
    "open": "Waiting",
    "half": "Half no older than",
    "most": "90 % no older than",
    "oldest": "Oldest",
    "over": f"Over {OVER_DAYS} days",
}


def finding(pace: Pace | None, age: pd.DataFrame) -> str:
    """The finding in one sentence."""
    if age.empty:
        return "No lead headed for a visit is waiting to be booked."
    now = age.iloc[0]
    text = f"**{plural(int(now.open), 'lead')}** wait to be booked, **{int(now.over):,}** of them for more than "
    text += f"{OVER_DAYS} days."
    if pace is None:
        return text + " Too few finished weeks to say whether they become more."
    text += f" In the last {PACE_WEEKS} finished weeks **{pace.arrivals:,.1f}** a week came in and "
    text += f"**{pace.throughput:,.1f}** were booked or closed: "
    if pace.steady:
        return text + "**about steady**, as far as the ups and downs of single weeks let one tell."
    if pace.weeks is None:
        return text + "the backlog is **growing**."
    soonest, latest = (int(now.open) / (error - pace.net) for error in (pace.error, -pace.error))
    text += f"at this pace the backlog is cleared in about **{_weeks(pace.weeks)}**"
    return text + f" (from {soonest:,.0f} to {latest:,.0f}, by how much single weeks differ)."


def _weeks(number: float) -> str:
    return plural(max(round(number), 1), "week")


def chart(table: pd.DataFrame) -> None:
    """In, out and the level, week by week."""
    shown = table.tail(WEEKS)
    if shown.empty:
        return
    st.subheader("What came in and what went out, week by week")
    st.caption("Finished weeks. The period in the sidebar does not apply to this page.")
    mondays = [week_start(int(week)).isoformat() for week in shown["week"]]
    st.plotly_chart(
        flows(shown, mondays), key="backlog_flows", config={"displayModeBar": False}, alt="Backlog week by week"
    )


def weeks(view: View, table: pd.DataFrame) -> Cell | None:
    """The numbers of every week; a click on one shows its leads."""
    shown = table.tail(WEEKS).iloc[::-1]
    named = shown.assign(of=[f"{week_start(int(week)):%d %b %Y}" for week in shown["week"]])
    clicked = clickable_table(view, named, _HEADINGS, "Backlog week by week, as a table", "backlog_weeks", ("week",))
    if not clicked or clicked[1] not in _behind(0):
        return None
    row, column = named.iloc[clicked[0]], clicked[1]
    where = narrower(view.whenever(visits=True), **_behind(int(row["week"]))[column])
    return Cell(f"{_HEADINGS[column]} in the week of {row['of']}", where, SPELLS, "lead")


def _behind(week: int) -> dict[str, dict[str, Sequence[int]]]:
    """Which spells a number of a week counts, as keys of the facts."""
    closed = tuple(code for code in WentTo if code >= WentTo.LOST)
    begun: dict[str, Sequence[int]] = {"began_week": (week,), "stage": NOT_BOOKED}
    ended: dict[str, Sequence[int]] = {"ended_week": (week,), "stage": NOT_BOOKED}
    return {
        "received": {**begun, "came_from": (CameFrom.RECEIVED,)},
        "reopened": {**begun, "came_from": (CameFrom.REOPENED,)},
        "returned": {**begun, "came_from": (CameFrom.SCHEDULED,)},
        "booked": {**ended, "went_to": (WentTo.SCHEDULED, WentTo.ATTENDED)},
        "closed": {**ended, "went_to": closed},
        "seen": {"ended_week": (week,), "went_to": (WentTo.ATTENDED,)},
    }


def check(law: Little) -> None:
    """Little's law beside what was measured: whether closing dates are missing."""
    if law.expected is None or not law.measured:  # 0: all that left did so on their first day
        return
    said = f"Leads that left the backlog in these weeks had waited **{law.measured:,.1f} days** on average; from the "
    said += (
        f"{law.level:,.0f} waiting and {law.arrivals:,.1f} arrivals a day, **{law.expected:,.1f} days** would follow "
    )
    st.subheader("Do the dates add up?")
    st.markdown(f"{said}(Little's law). {_verdict(law.expected / law.measured - 1, suspicious=law.suspicious)}")


def _verdict(surplus: float, *, suspicious: bool) -> str:
    if not suspicious:
        return "The two agree."
    apart = f"They are **{percent(abs(surplus), 0)} apart**: "
    if surplus > 0:
        return apart + "more leads stand open than leave, so many are probably done and were never closed."
    return apart + "leads left that were much older than those that wait now, as when an old backlog is worked off."


def ages(view: View, table: pd.DataFrame, by: str) -> Cell | None:
    """How old the waiting leads are; a click on a count shows them."""
    names = names_of(by)
    named = table.assign(
        group=called(names, table[by]),
        half=[days(value) for value in table["p50"]],
        most=[days(value) for value in table["p90"]],
        oldest=[days(value) for value in table["oldest"]],
    ).sort_values("open", ascending=False)
    headings = {"group": BREAKDOWNS[by]} | _AGE_HEADINGS
    clicked = clickable_table(view, named, headings, "Age of the backlog", f"backlog_age_{by}", (by,))
    if not clicked:
        return None
    row, old = named.iloc[clicked[0]], clicked[1] == "over"
    keys: dict[str, Sequence[int]] = {by: (int(row[by]),), "stage": NOT_BOOKED}
    if old:
        keys["open_age"] = tuple(range(OVER_DAYS + 1, LONGEST_DAYS + 1))
    title = f"{row['group']}, waiting to be booked" + (f" for more than {OVER_DAYS} days" if old else "")
    return Cell(title, narrower(view.whenever(visits=True), **keys), SITUATIONS, oldest_first=True)
