"""Blocks of the response page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import formats, labels, loaders, practice_loaders
from dashboard.charts.arrivals import hours_of_the_week
from dashboard.charts.curves import STAFFED_HOURS, share_by_time
from dashboard.charts.response import weekly
from dashboard.display import lead_list, left_out
from dashboard.formats import minutes, percent, plural, share
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, called
from dashboard.loaders import names as names_of
from dashboard.reports import Answer
from dashboard.screens import cells
from dashboard.screens.cells import Cell, clickable, clickable_table, in_order
from data_access.counted import Promise, Standing
from data_access.days import Hours, intervals_on, week_number, week_start
from data_access.promises import Targets
from data_access.tally import Where, narrower
from data_access.vocabulary import Channel, Kind, Pathway, Priority

_JUDGED = (Promise.IN_TIME, Promise.LATE, Promise.OVERDUE)
_LONGEST_HOURS = 24.0  # of staffed time on the axis of the curve
_BEHIND = {
    "met": (Promise.IN_TIME,),
    "late": (Promise.LATE,),
    "overdue": (Promise.OVERDUE,),
    "pending_answered": (Promise.PENDING_ANSWERED,),
    "pending_waiting": (Promise.PENDING_WAITING,),
    "answered_live": (Promise.LIVE,),
    "left_out": (Promise.LEFT_OUT,),
    "not_judged": (Promise.NOT_JUDGED,),
}
_HEADINGS = {
    "judged": "Judged|Leads whose window has ended",
    "met": "In time",
    "late": "Late",
    "overdue": "Overdue|The window has ended and nobody has answered",
    "rate": "Rate",
    "verdict": "Against target",
    "pending_answered": "Answered early|Answered; the window is still running",
    "pending_waiting": "Waiting|Not answered; the window is still running",
    "answered_live": "Answered live",
    "left_out": "Left out|Not a lead, or withdrawn in time",
    "not_judged": "Not judged|No promise, or no time of day",
}


def which_answer() -> bool:
    """Ask whether the first attempt or the first two-way contact is judged; True for the latter."""
    options = ("First attempt", "Two-way contact")
    chosen = st.segmented_control(
        "What counts as an answer", options, default=options[0], key="response_answer", bind="query-params", required=True,
        help="The promise is judged by the first attempt to reach the person who asked; two-way contact is the stricter view.",
    )  # fmt: skip
    return chosen == options[1]


def finding(table: pd.DataFrame, still_open: int) -> str:
    """The finding in one sentence; `still_open`: how many of the overdue are."""
    if table.empty or not table["judged"].iloc[0]:
        return "No response window has ended yet for these leads, so there is nothing to judge."
    row = table.iloc[0]
    said = {
        "met": "the target is met",
        "missed": "the target is missed",
        "cannot tell": "too few to tell whether the target is met",
    }
    text = f"**{share(row.met, row.judged, row.rate_low, row.rate_high)}** were answered in time"
    if row.verdict:
        text += f"; against {percent(row.target, 0)}, {said[row.verdict]}"
    text += f". **{row.overdue:,}** passed the deadline without any answer, **{still_open:,}** of them still open;"
    return f"{text} {row.pending_waiting:,} wait inside their window."


def weeks(view: View, table: pd.DataFrame, contact: bool) -> Cell | None:
    """The weekly chart; a click shows what fell due in that week."""
    table = table[table["due_week"] > 0]
    if table.empty:
        return None
    st.subheader("By the week in which the window ended")
    st.caption("Whatever day the inquiry came: a week's figure is final when the week is over.")
    running = week_number(view.today)
    mondays = [week_start(int(week)).isoformat() for week in table["due_week"]]
    point = clickable(weekly(table, mondays, running), "response_weeks", "Share answered in time by week")
    if not point:
        return None
    week = int(point[0])
    where = replace(view.filters.where(view.viewer.locations), days=None, due_weeks=(week, week + 1))
    return Cell(f"Due in {formats.week(week)}", narrower(where, **{_key(contact): _JUDGED}))


def group_dots(view: View, table: pd.DataFrame, by: str, contact: bool) -> Cell | None:
    """The largest groups as dots on one axis; a click shows the leads judged."""
    said = BREAKDOWNS[by].lower()
    clicked = cells.group_dots(
        table, by, "met", "judged", heading=f"By {said}", overall="answered in time overall",
        legend="In time, 95 % interval", name=f"response_dots_{by}", alt=f"Share answered in time by {said}",
    )  # fmt: skip
    if not clicked:
        return None
    code, name = clicked
    return Cell(f"{name}, judged", narrower(view.where, **{by: (code,), _key(contact): _JUDGED}))


def group_table(view: View, table: pd.DataFrame, by: str, contact: bool) -> Cell | None:
    """Every group with its counts; a click on one shows its leads."""
    names = names_of(by)
    named = in_order(table, by, "judged").assign(group=lambda rows: called(names, rows[by]))
    headings = {"group": BREAKDOWNS[by]} | _HEADINGS
    clicked = clickable_table(view, named, headings, "Response compliance as a table", f"response_table_{by}", (by,))
    if not clicked:
        return None
    row, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _BEHIND else "judged"
    title = f"{row['group']}, {headings[column].partition('|')[0].lower()}"
    return Cell(title, narrower(view.where, **{by: (int(row[by]),), _key(contact): _BEHIND.get(column, _JUDGED)}))


def how_fast(table: pd.DataFrame, made: pd.DataFrame, contact: bool) -> None:
    """Staffed time to the answer: its percentiles in a sentence, and the whole curve."""
    row = table.iloc[0] if len(table) else None
    if row is None or not row.leads:
        return
    did, asked = "were spoken to" if contact else "were answered", plural(int(row.leads), "inquiry", "inquiries")
    st.subheader("How fast, in staffed time")
    st.markdown(
        f"Half of **{asked}** {did} within **{minutes(row.p50)}**, nine of ten within **{minutes(row.p90)}**; "
        f"{int(row.waiting):,} still wait and are counted as waiting."
    )
    last = min(max(float(made["time"].max()) / 60 if len(made) else 1.0, 1.0), _LONGEST_HOURS)
    figure = share_by_time(made, "Spoken to" if contact else "Answered", STAFFED_HOURS, last=last)
    st.plotly_chart(
        figure, key="response_curve", config={"displayModeBar": False}, alt="Share answered by staffed hours"
    )


def arrivals(answer: Answer) -> None:
    """When inquiries arrive, over the staffed hours."""
    table = answer.table
    total, alone = int(table["leads"].sum()), float(table["unstaffed"].sum())
    if not total:
        return
    st.subheader("When inquiries arrive")
    st.markdown(
        f"**{alone:,.0f} of {plural(total, 'inquiry', 'inquiries')}** ({percent(alone / total)}) came when nobody was there."
    )
    figure = hours_of_the_week(table, labels.WEEKDAYS[1:])
    st.plotly_chart(
        figure, key="response_arrivals", config={"displayModeBar": False}, alt="Inquiries by hour of the week"
    )
    left_out(answer.left_out)


def overdue(view: View, contact: bool) -> None:
    """Who is overdue right now: still open, the window has ended, and nobody has answered; the longest wait first."""
    lead_list(view, _overdue(view, contact), "Overdue and still open", oldest_first=True)


def still_open(view: View, contact: bool) -> int:
    """How many of the overdue are still open."""
    return int(view.count([], _overdue(view, contact))["count"].sum())


def _overdue(view: View, contact: bool) -> Where:
    return narrower(view.where, state=(Standing.OPEN,), **{_key(contact): (Promise.OVERDUE,)})


def _key(contact: bool) -> str:
    return "contact" if contact else "response"


def in_force(view: View, targets: Targets) -> None:
    """The windows, hours and targets that are in force; each lead is judged by those of the day it was received."""
    title = f"Promises and staffed hours in force on {view.today:%d %b %Y}"
    rules = st.expander(title, icon=":material/schedule:", key="response_rules", on_change="rerun")
    if not rules.open:
        return
    places = {place["id"]: place["name"] for place in loaders.locations(view.viewer)}
    with rules:
        st.caption("A lead is judged by what was in force when it was received; a change never re-judges earlier ones.")
        windows = [
            {
                "Answer within": "no promise" if rule["window_minutes"] is None else minutes(rule["window_minutes"]),
                "For": _for_whom(rule, places),
                "Since": rule["effective_from"],
            }
            for rule in practice_loaders.windows_on(view.today)
            if rule["location_id"] is None or rule["location_id"] in places
        ]
        st.dataframe(windows, hide_index=True, alt="Response windows in force")
        hours = practice_loaders.hours_on(view.today)
        shown = [
            {"Location": name, "Target": _target(targets.on(view.today, place))} | _week(hours.get(place, []))
            for place, name in places.items()
        ]
        st.dataframe(shown, hide_index=True, alt="Staffed hours in force", placeholder="–")


def _for_whom(rule: Mapping[str, Any], places: Mapping[int, str]) -> str:
    words: tuple[tuple[str, type[StrEnum]], ...] = (
        ("pathway", Pathway), ("channel", Channel), ("kind", Kind), ("priority", Priority),
    )  # fmt: skip
    named = [labels.word(vocabulary(rule[key])) for key, vocabulary in words if rule[key]]
    named += [places[rule["location_id"]]] if rule["location_id"] else []
    return ", ".join(named) or "Everything else"


def _week(hours: Sequence[Hours]) -> dict[str, str]:
    """Weekday -> intervals on the local clock; the empty text where nobody is there."""
    return {name[:3]: intervals_on(hours, day) for day, name in enumerate(labels.WEEKDAYS[1:])}


def _target(value: float | None) -> str:
    return "none" if value is None else percent(value, 0)
