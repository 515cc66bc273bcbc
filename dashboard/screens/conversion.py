"""Blocks of the conversion page."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import display
from dashboard.charts.cohorts import weekly_cohorts
from dashboard.charts.curves import DAYS, share_by_time
from dashboard.formats import days, interval, percent, plural
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, DONE, STEPS, called
from dashboard.loaders import names as names_of
from dashboard.reports import Answer
from dashboard.screens.cells import Cell, clickable, clickable_table, in_order
from data_access.counted import Ending
from data_access.days import week_start
from data_access.tally import narrower

_HORIZONS = (14, 30, 60, 90)
_COUNTED = (Ending.OPEN, Ending.HAPPENED, Ending.ENDED)
_ENDINGS = {"leads": _COUNTED, "happened": (Ending.HAPPENED,), "ended": (Ending.ENDED,), "open": (Ending.OPEN,)}
_HEADINGS = {
    "leads": "Leads",
    "happened": "So far|Came to the step, however long it took",
    "ended": "Closed without",
    "open": "Still open",
    "by_horizon": "Within the horizon",
    "note": "Note",
    "half": "Half within|Days within which half of all leads came to the step",
    "three_quarters": "¾ within|Days within which three quarters of all leads came to the step",
    "nine_tenths": "90 % within|Days within which nine tenths of all leads came to the step",
}


def choices(view: View) -> tuple[str, int]:
    """Ask for which step, and within how many days; kept in the URL."""
    own = view.moment.horizon_days
    with st.container(horizontal=True):
        step = st.segmented_control(
            "Step", list(STEPS), default="scheduled", format_func=STEPS.__getitem__, key="conversion_step", wrap=True,
            bind="query-params", required=True,
        )  # fmt: skip
        horizon = st.segmented_control(
            "Within days", _HORIZONS, default=own if own in _HORIZONS else 30, key="conversion_within",
            bind="query-params", required=True,
        )  # fmt: skip
    return str(step or "scheduled"), int(horizon or own)


def finding(table: pd.DataFrame, step: str, horizon: int) -> str:
    """The finding in one sentence."""
    if table.empty or not table["leads"].iloc[0]:
        return "No lead headed for a visit was received in this period."
    row, did = table.iloc[0], DONE[step]
    if pd.isna(row.by_horizon):
        return f"None of {plural(int(row.leads), 'lead')} was followed for {horizon} days yet, so there is no figure."
    text = f"Of **{plural(int(row.leads), 'lead')}**, **{percent(row.by_horizon)}** {did} within {horizon} days "
    text += f"(95 % limits {interval(row.by_horizon_low, row.by_horizon_high)}). "
    text += f"Fewer than half {did} so far." if pd.isna(row.p50) else f"Half of all {did} within {days(row.p50)}."
    return text + (" An estimate: some are younger than that and still open." if row.estimate else "")


def curve(made: pd.DataFrame, step: str, horizon: int) -> None:
    """The share that came to the step, day by day."""
    st.subheader(f"{STEPS[step]}, by days since received")
    last = int(min(max(made["time"].max() if len(made) else 0, horizon), 4 * horizon))
    figure = share_by_time(made, STEPS[step], DAYS, last=last, mark=horizon)
    st.plotly_chart(figure, key="conversion_curve", config={"displayModeBar": False}, alt="Conversion curve")


def cohorts(view: View, table: pd.DataFrame, horizon: int) -> Cell | None:
    """Booked within the horizon, week by week; a click shows that week's leads."""
    table = table[table["received_week"] > 0]
    if table.empty:
        return None
    st.subheader(f"Booked within {horizon} days, by the week received")
    st.caption("Weeks that are too young show what is booked so far; where they will probably come to is dotted.")
    mondays = [week_start(int(week)).isoformat() for week in table["received_week"]]
    point = clickable(weekly_cohorts(table, mondays), "conversion_weeks", "Share booked by week received")
    if not point:
        return None
    counted = {"received_week": (int(point[0]),), "scheduled_ending": _COUNTED}
    return Cell(f"Received in the week of {week_start(int(point[0])):%d %b %Y}", narrower(view.visits, **counted))


def steps(view: View, measure: Callable[..., Answer], horizon: int) -> None:
    """How long it takes to each step."""
    st.subheader("To each step")
    rows = [measure(step=step, horizon=horizon).table.assign(step=label) for step, label in STEPS.items()]
    display.table(view, _shown(pd.concat(rows)), {"step": "Step"} | _HEADINGS, "Time to each step")


def groups(view: View, table: pd.DataFrame, by: str, step: str) -> Cell | None:
    """Every group; a click on a count shows its leads."""
    names = names_of(by)
    table = in_order(table, by, "leads")
    named = _shown(table).assign(group=called(names, table[by]))
    headings = {"group": BREAKDOWNS[by]} | _HEADINGS
    clicked = clickable_table(view, named, headings, f"{STEPS[step]} by group", f"conversion_table_{by}_{step}", (by,))
    if not clicked:
        return None
    row, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _ENDINGS else "leads"
    title = f"{row['group']}, {headings[column].partition('|')[0].lower()}"
    return Cell(title, narrower(view.visits, **{by: (int(row[by]),), f"{step}_ending": _ENDINGS[column]}))


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    note = [
        "too young to say" if pd.isna(r) else "estimate" if e else ""
        for r, e in zip(table["by_horizon"], table["estimate"], strict=True)
    ]
    words = {name: [days(value) for value in table[p]] for name, p in
             (("half", "p50"), ("three_quarters", "p75"), ("nine_tenths", "p90"))}  # fmt: skip
    return table.assign(note=note, **words)
