"""Blocks of the capacity page: openings against demand, and the three numbers that intake and marketing agree on."""

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, capacity_reports, display, labels, loaders, practice_loaders, reports
from dashboard.auth import Viewer
from dashboard.changes import Change, Shown
from dashboard.charts import review as charts
from dashboard.formats import days, percent, plural
from dashboard.frame import View
from dashboard.labels import called
from dashboard.loaders import names as names_of
from dashboard.metrics import demand
from dashboard.metrics.capacity import SLOT_HORIZON_DAYS
from dashboard.review.blocks import STANDS, places, short_of_openings
from dashboard.screens import changing
from data_access import planned_openings
from data_access.days import week_number, week_start
from data_access.promises import Targets

_ROWS, _WEEKS = 20, 8


def demand_of(view: View) -> pd.DataFrame:
    """Leads that are ready against the openings that the viewer's locations have, kept or planned."""
    slots = practice_loaders.openings_known(view.viewer, view.filters.location, view.as_of)
    plan = practice_loaders.planned_weeks(view.viewer, view.filters.location, view.today)
    return capacity_reports.demand(
        view.count, view.filters, view.viewer.locations, slots=slots, plan=plan, today=view.today,
        horizon=view.moment.horizon_days,
    ).table  # fmt: skip


def finding(table: pd.DataFrame) -> str:
    """Whether the openings hold what becomes ready, in two sentences."""
    kept = table[table["warning"] != demand.NOT_KEPT]
    if not len(kept):
        return (
            "No openings for new patients are known, so that nothing can be said about capacity. "
            "Say below how many a week you plan, or take each of them from a file: `handoff slots FILE`."
        )
    return " ".join(short_of_openings(kept))


def openings(view: View, table: pd.DataFrame) -> None:
    """What becomes ready and what is offered, at each location for each service line."""
    table = table.sort_values("ready_a_week", ascending=False)
    named = table.assign(
        place=places(table, names_of), stands=table["warning"].map(STANDS).fillna("Openings are not known")
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
        "ready": f"Ready a week|Mean of the last {capacity_reports.READY_WEEKS} weeks",
        "offered": f"Openings a week|Mean of the next {capacity_reports.OPENINGS_WEEKS} weeks", "waiting": "Waiting now",
        "open": f"Free, {capacity_reports.OPENINGS_WEEKS} weeks", "wait": "The next one waits",
    }  # fmt: skip
    display.table(view, shown, headings, "Capacity and demand")


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
                    "not known" if pd.isna(o) else f"{r:.1f} / {o:.1f}"
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


def next_available(table: pd.DataFrame, weeks: pd.DataFrame) -> None:
    """The third open slot for a new patient at each location and service line, now and at the end of each week before;
    nothing where no slots are kept.
    """
    if table.empty:
        return
    st.subheader("Third next available for a new patient")
    places, lines = names_of("location"), names_of("service_line")
    by_line = {key: part.set_index("week")["third_next"] for key, part in weeks.groupby(list(_SLOT_KEYS))}
    rows = []
    for row in table.sort_values("third_next", ascending=False, na_position="first").itertuples():
        then = by_line.get((row.location, row.service_line), pd.Series(dtype=float))
        rows.append(
            {
                "Location": places.get(row.location, "?"),
                "Service line": lines.get(row.service_line, "?") if row.service_line else "Any",
                "Third next in": _available(row.third_next),
                _AGO: _available(then.iloc[-13]) if len(then) >= 13 else "",
                "Weeks": then.fillna(SLOT_HORIZON_DAYS).tolist(),
                "Open slots": row.open_slots,
            }
        )
    st.dataframe(
        rows, hide_index=True, alt="Third next available",
        column_config={
            "Weeks": st.column_config.LineChartColumn(
                f"Last {capacity_reports.NEXT_WEEKS} weeks", y_min=0, color="blue",
                help="In days, as it stood at the end of each week; what lay beyond stands as the longest.",
            ),
        },
    )  # fmt: skip


_SLOT_KEYS = ("location", "service_line")
_AGO = "12 weeks ago"


def _available(value: float) -> str:
    return f"over {SLOT_HORIZON_DAYS} days" if value != value else days(value)


def plans_shown(connection: Connection, day: date, viewer: Viewer) -> Shown:
    """The plans in force on a day at the viewer's locations, in words."""
    places, lines = (labels.of_dimension(connection, name) for name in _SLOT_KEYS)
    return {
        f"{places.get(rule['location_id'], '?')}, {lines.get(rule['service_line_id'], 'any service line')}":
            plural(rule["per_week"], "opening") + " a week"
        for rule in planned_openings.on(connection, day)
        if viewer.sees(rule["location_id"])
    }  # fmt: skip


def plan(view: View) -> None:
    """How many openings a week are planned, where each of them is not kept; for those who may, another number."""
    places = {place["id"]: place["name"] for place in loaders.locations(view.viewer)}
    slots = practice_loaders.openings_known(view.viewer, view.filters.location, view.as_of)
    kept = called(names_of("location"), sorted(set(slots["location"])))
    shows = partial(plans_shown, viewer=view.viewer)
    shown = practice_loaders.rules_on(shows, view.today)
    may_change = view.viewer.may(auth.CHANGE_RULES) and not view.fixed and places
    if not shown and not may_change:
        return
    st.subheader("Planned openings")
    if kept:
        st.caption(f"Counted by the openings that are entered, and not by a plan: {', '.join(kept)}.")
    if shown:
        st.table(
            [{"Where": where, "Plan": said} for where, said in shown.items()], border="horizontal", hide_index=True
        )
    if not may_change:
        return
    with st.expander("Plan openings a week", icon=":material/edit:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            place = st.selectbox(
                "Location", list(places), format_func=places.__getitem__, key="capacity_plan_place", width=220
            )
            lines = {line["id"]: line["name"] for line in loaders.choices("service_lines")}
            line = changing.pick("Service line", "capacity_plan_line", lines)
            per_week = st.number_input(
                "New patients a week", 0, planned_openings.MOST, None, key="capacity_plan", width=180,
                placeholder="Empty: no plan",
            )  # fmt: skip
            since = changing.since(view, "capacity_plan_since")
        if place is not None:
            changing.offer(view, "plan", Change("Planned openings", lambda c: planned_openings.plan(
                c, per_week, effective_from=since, location_id=place, service_line_id=line), shows, since))  # fmt: skip
