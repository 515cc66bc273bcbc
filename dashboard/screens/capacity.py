"""Blocks of the capacity page: openings against demand, and the three numbers that intake and marketing agree on."""

import pandas as pd
import streamlit as st

from dashboard import display, reports
from dashboard.charts import review as charts
from dashboard.formats import days, percent
from dashboard.frame import View
from dashboard.labels import called
from dashboard.loaders import names as names_of
from dashboard.metrics import demand
from dashboard.review.blocks import STANDS, places, short_of_openings
from data_access.days import week_number, week_start
from data_access.promises import Targets

_ROWS, _WEEKS = 20, 8


def finding(table: pd.DataFrame) -> str:
    """Whether the openings hold what becomes ready, in two sentences."""
    kept = table[table["warning"] != demand.NOT_KEPT]
    if not len(kept):
        return (
            "No openings for new patients are entered, so that nothing can be said about capacity. "
            "Take them from a file: `handoff slots FILE`."
        )
    return " ".join(short_of_openings(kept))


def openings(table: pd.DataFrame) -> None:
    """What becomes ready and what is offered, at each location for each service line."""
    table = table.sort_values("ready_a_week", ascending=False)
    named = table.assign(
        place=places(table, names_of), stands=table["warning"].map(STANDS).fillna("Openings are not entered")
    )
    kept = named[named["warning"] != demand.NOT_KEPT].head(_ROWS)
    if len(kept):
        marks = [
            ("Ready a week", "good", kept["ready_a_week"].tolist()),
            ("Openings a week", "context", kept["offered_a_week"].tolist()),
        ]
        st.plotly_chart(charts.pair(kept["place"].tolist(), marks), key="capacity_pairs", config={"displayModeBar": False},
                        alt="Leads that become ready, and openings, a week")  # fmt: skip
    shown = named.assign(
        ready=[f"{value:.1f}" for value in named["ready_a_week"]],
        offered=[f"{value:.1f}" for value in named["offered_a_week"]],
        wait=["beyond what is known" if value != value else days(value) for value in named["wait_days"]],
    )
    headings = {
        "place": "Location, service line", "stands": "Stands",
        "ready": f"Ready a week|Mean of the last {reports.READY_WEEKS} weeks",
        "offered": f"Openings a week|Mean of the next {reports.OPENINGS_WEEKS} weeks", "waiting": "Waiting now",
        "open": f"Free, {reports.OPENINGS_WEEKS} weeks", "wait": "The next one waits",
    }  # fmt: skip
    display.table(shown, headings, "Capacity and demand")


def alignment(view: View, table: pd.DataFrame) -> None:
    """Capacity, response and records beside each other, by location: what intake and marketing talk about together."""
    st.subheader("The three numbers")
    last = week_number(view.today) - 1
    recent = view.recent(week_start(last - _WEEKS + 1), week_start(last + 1))
    scope = view.viewer.locations
    answered = reports.response(view.count, recent, scope, ["location"], targets=Targets(()), today=view.today).table
    complete = reports.records(view.count, recent, scope, ["location"]).table
    sums = table[table["warning"] != demand.NOT_KEPT].groupby("location")[["ready_a_week", "offered_a_week"]].sum()
    rows = pd.DataFrame({"location": sorted({*answered["location"], *complete["location"], *sums.index})})
    rows = rows.merge(answered[["location", "met", "judged", "rate"]], how="left", on="location")
    rows = rows.merge(
        complete[["location", "complete", "referrals", "rate"]], how="left", on="location", suffixes=("", "_complete")
    )
    rows = rows.merge(sums.reset_index(), how="left", on="location")
    st.table(
        pd.DataFrame(
            {
                "Location": called(names_of("location"), rows["location"]),
                "Capacity: ready / openings a week": [
                    "not entered" if pd.isna(o) else f"{r:.1f} / {o:.1f}"
                    for r, o in zip(rows["ready_a_week"], rows["offered_a_week"], strict=True)
                ],
                "Response: in time": [_share(*one) for one in zip(rows["rate"], rows["met"], rows["judged"], strict=True)],
                "Records: complete on arrival": [
                    _share(*one) for one in zip(rows["rate_complete"], rows["complete"], rows["referrals"], strict=True)
                ],
            }
        ),
        border="horizontal", hide_index=True,
    )  # fmt: skip
    st.caption(f"Response and records: inquiries received in the last {_WEEKS} finished weeks.")


def _share(rate: float, k: float, n: float) -> str:
    return "no data yet" if pd.isna(rate) else f"{percent(rate, 0)} ({int(k):,} of {int(n):,})"


def next_available(table: pd.DataFrame) -> None:
    """The third open slot for a new patient at each location and service line; nothing where no slots are kept."""
    if table.empty:
        return
    st.subheader("Third next available for a new patient")
    places, lines = names_of("location"), names_of("service_line")
    named = table.assign(
        place=[places.get(int(code), "?") for code in table["location"]],
        line=[lines.get(int(code), "?") if code else "Any" for code in table["service_line"]],
        third=["beyond the horizon" if value != value else days(value) for value in table["third_next"]],
        order=table["third_next"].fillna(float("inf")),
    ).sort_values("order", ascending=False)
    headings = {"place": "Location", "line": "Service line", "third": "Third next in", "open_slots": "Open slots"}
    display.table(named, headings, "Third next available")
