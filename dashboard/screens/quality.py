"""Blocks of the data quality page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import desk, display, labels, loaders
from dashboard.auth import SEE_LEADS, WORK_LEADS
from dashboard.display import lead_list
from dashboard.formats import local, minutes, percent, plural, week
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, called
from dashboard.loaders import names as names_of
from dashboard.metrics.quality import SELDOM_FILLED
from dashboard.screens.cells import Cell, clickable_table
from data_access.counted import Attendance
from data_access.dimensions import UNTOUCHED_DAYS
from data_access.lead_lists import TWIN_DAYS
from data_access.tally import narrower
from data_access.units import APPOINTMENTS
from data_access.vocabulary import Flag


def finding(contradicting: pd.DataFrame, fill: pd.DataFrame) -> str:
    """The finding in one sentence."""
    flagged = int(contradicting["leads"].sum())
    worst = fill.dropna(subset=["rate"]).head(1)
    text = (
        "**No lead** contradicts itself."
        if not flagged
        else f"**{plural(flagged, 'contradiction')}** of dates in leads."
    )
    for row in worst.itertuples():
        filled = f"filled in {percent(row.rate)} ({row.filled:,} of {row.leads:,})"
        text += f" Most often empty is **{BREAKDOWNS[str(row.field)].lower()}**: {filled}."
    nobody = [BREAKDOWNS[str(row.field)].lower() for row in fill.itertuples() if row.rate < SELDOM_FILLED]
    if nobody:
        text += f" Nobody fills **{', '.join(nobody)}**: ask for it at the right moment, or stop asking."
    return text


def contradictions(view: View, table: pd.DataFrame) -> Cell | None:
    """Each contradiction with what it leaves out; a click shows the leads."""
    st.subheader("Contradicting dates")
    named = table.assign(name=[labels.flag(int(value)) for value in table["flag"]])
    headings = {"name": "Contradiction", "leads": "Leads", "spoils": "Leaves out"}
    clicked = clickable_table(view, named, headings, "Contradicting dates", "quality_flags", ("flag",))
    if not clicked:
        return None
    row = named.iloc[clicked[0]]
    having = tuple(value for value in range(2 ** len(Flag)) if value & int(row["flag"]))
    return Cell(str(row["name"]), narrower(view.where, flags=having))


def fields(view: View, table: pd.DataFrame) -> Cell | None:
    """How often each field is filled; a click shows the leads where it is empty."""
    st.subheader("Fields left empty")
    named = table.assign(name=[BREAKDOWNS[field] for field in table["field"]])
    headings = {"name": "Field", "leads": "Leads", "filled": "Filled", "missing": "Empty", "rate": "Filled share"}
    clicked = clickable_table(view, named, headings, "Fields left empty", "quality_fields", ("field",))
    if not clicked:
        return None
    row, field = named.iloc[clicked[0]], str(named.iloc[clicked[0]]["field"])
    if clicked[1] == "leads":
        return Cell("All leads", view.where)
    if clicked[1] == "filled":
        known = tuple(code for code in names_of(field) if code > 0)
        return Cell(f"{row['name']} is filled", narrower(view.where, **{field: known}))
    return Cell(f"{row['name']} is empty", narrower(view.where, **{field: (0,)}))


def fields_by(view: View, table: pd.DataFrame, by: str) -> Cell | None:
    """How full each field is in every group; a click shows the leads where it is empty."""
    names = names_of(by)
    fields = list(dict.fromkeys(table["field"]))
    wide = table.pivot_table(index=by, columns="field", values="rate").reindex(columns=fields)
    leads = table.groupby(by)["leads"].max()
    wide = wide.assign(leads=leads).reset_index().sort_values(by, ascending=by != "received_week")
    named = wide.assign(group=[week(int(c)) if by == "received_week" else names.get(int(c), "?") for c in wide[by]])
    headings = {"group": BREAKDOWNS[by], "leads": "Leads"} | {field: f"{BREAKDOWNS[field]} filled" for field in fields}
    clicked = clickable_table(view, named, headings, "Fields filled, by group", f"quality_fields_{by}", (by,))
    if not clicked or clicked[1] not in fields:
        return None
    row = named.iloc[clicked[0]]
    title = f"{row['group']}, {BREAKDOWNS[clicked[1]].lower()} is empty"
    return Cell(title, narrower(view.where, **{by: (int(row[by]),), clicked[1]: (0,)}))


def log_lag(view: View, table: pd.DataFrame) -> None:
    """How long after receipt inquiries are logged, by channel."""
    st.subheader("From receipt to record")
    names = names_of("channel")
    named = table.assign(
        name=called(names, table["channel"]),
        half=[minutes(value) for value in table["p50"]],
        most=[minutes(value) for value in table["p90"]],
    ).sort_values("leads", ascending=False)
    headings = {
        "name": "Channel",
        "leads": "Leads",
        "half": "Half logged within",
        "most": "90 % within",
        "rate": "Within an hour",
        "not_known": "Not known|Imported, or received on a day without a time",
    }
    display.table(view, named, headings, "From receipt to record")


def twins(view: View) -> None:
    """Leads that may be the same inquiry twice."""
    if not view.viewer.may(SEE_LEADS):
        return
    pairs = loaders.twins(view.viewer, view.filters.location, view.as_of)
    st.subheader(f"Perhaps the same inquiry twice: {plural(len(pairs), 'pair')}")
    desk.notice(view.viewer)
    if not pairs:
        st.markdown(f"No reference of the last 13 weeks occurs twice within {TWIN_DAYS} days.")
        return
    st.caption(f"The same reference at one location within {TWIN_DAYS} days, in the last 13 weeks.")
    zone = view.zone
    shown = [
        {
            "Reference": pair["reference"],
            "Lead": pair["first_id"],
            "Received": local(pair["first_at"], zone),
            "Again as": pair["second_id"],
            "Received again": local(pair["second_at"], zone),
            "Location": pair["location"],
        }
        for pair in pairs
    ]
    moment = st.column_config.DatetimeColumn(format="ddd D MMM YYYY, HH:mm")
    config = {"Received": moment, "Received again": moment}
    st.dataframe(shown, hide_index=True, column_config=config, alt="Pairs of leads with the same reference")
    if view.viewer.may(WORK_LEADS):
        _merge(view, pairs)


def _merge(view: View, pairs: Sequence[Mapping[str, Any]]) -> None:
    """Say of a pair that it is one inquiry: the later one is closed as its duplicate, and what was done on it goes on."""
    named = {pair["second_id"]: pair for pair in pairs}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        second = st.selectbox(
            "These are one inquiry", list(named), key="quality_merge", width=320,
            format_func=lambda n: f"{named[n]['reference']}: {n} is {named[n]['first_id']} again",
        )  # fmt: skip
        st.button(
            "Merge them", key="quality_merge_button", icon=":material/merge:", on_click=desk.merge,
            args=(view.viewer, second, named[second]["first_id"]),
        )  # fmt: skip


def lists(view: View) -> None:
    """What waits to be put right: appointments without an outcome, and leads that nobody touched."""
    missing = narrower(view.where, attendance=(Attendance.MISSING,))
    lead_list(view, missing, "Past appointments without an outcome", unit=APPOINTMENTS, oldest_first=True)
    untouched = narrower(view.where, untouched=(1,))
    lead_list(view, untouched, f"Open and unanswered for more than {UNTOUCHED_DAYS} days", oldest_first=True)
