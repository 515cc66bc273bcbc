"""Blocks of the records page."""

import pandas as pd
import streamlit as st

from dashboard import display
from dashboard.charts.work import bars_in_two
from dashboard.formats import days, interval, percent, plural, share
from dashboard.frame import View
from dashboard.labels import AT_ARRIVAL, BREAKDOWNS, called
from dashboard.loaders import names as names_of
from dashboard.metrics.records import OFTEN_ASKED, most_missing, most_missing_by
from dashboard.screens import cells
from dashboard.screens.cells import Cell, clickable, clickable_table, in_order
from data_access.counted import ARE_LEADS, AtArrival, ItemState
from data_access.dimensions import LEADS, Unit
from data_access.tally import narrower
from data_access.units import ITEMS, REQUESTS

_JUDGED = (AtArrival.COMPLETE, AtArrival.INCOMPLETE)
_LACKING = (AtArrival.INCOMPLETE,)
_BEHIND = {"referrals": _JUDGED, "complete": (AtArrival.COMPLETE,), "incomplete": _LACKING}
_ITEMS_BEHIND = {
    "missing": (ItemState.LATER, ItemState.MISSING),
    "later": (ItemState.LATER,),
    "still_missing": (ItemState.MISSING,),
    "needed": (ItemState.AT_ARRIVAL, ItemState.LATER, ItemState.MISSING),
}
_HEADINGS = {
    "referrals": "Need records",
    "complete": "Came complete",
    "incomplete": "Came incomplete",
    "rate": "Complete",
    "worst": "Most often missing",
}
_REQUEST_HEADINGS = {
    "referrals": "Referrals|That need any record",
    "asked": "Asked for",
    "requests": "Requests|Days on which records were asked for",
    "mean": "Per referral",
    "often": "On three days or more",
    "rate": "Share",
}
_REQUESTS_BEHIND: dict[str, tuple[Unit, dict[str, tuple[int, ...]]]] = {
    "referrals": (LEADS, {"records_needed": (1, 2), "state": ARE_LEADS}),
    "asked": (REQUESTS, {"ordinal": (1,)}),
    "often": (REQUESTS, {"ordinal": (OFTEN_ASKED,)}),
}
_ITEM_HEADINGS = {
    "name": "Record",
    "needed": "Needed",
    "missing": "Came without",
    "rate": "Missing",
    "still_missing": "Still missing",
    "of_missing": "Of all missing|This record and those above it together",
}


def finding(whole: pd.DataFrame, items: pd.DataFrame) -> str:
    """The finding in one sentence."""
    if whole.empty or not whole["referrals"].iloc[0]:
        return "No referral of this period needs records, so there is nothing to judge."
    row, worst = whole.iloc[0], most_missing(items)
    text = (
        f"**{share(int(row.complete), int(row.referrals), row.rate_low, row.rate_high)}** of the referrals that need "
    )
    text += "records came with all of them."
    if worst is not None:
        one = items[items["item"] == worst].iloc[0]
        text += f" Most often missing: **{names_of('item')[worst].lower()}**, in {int(one.missing):,} of {int(one.needed):,}."
    return text


def pareto(view: View, items: pd.DataFrame) -> Cell | None:
    """What is missing at arrival, the most first; a click shows the referrals."""
    table = items[items["missing"] > 0].assign(later=lambda rows: rows["missing"] - rows["still_missing"])
    if table.empty:
        return None
    st.subheader("Missing when the referral arrives")
    names = [names_of("item")[int(code)] for code in table["item"]]
    said = [f"{int(row.missing):,} of {int(row.needed):,} ({percent(row.rate, 0)})" for row in table.itertuples()]
    parts = {"still_missing": "Still missing", "later": "Came later"}
    figure = bars_in_two(table, names, list(table["item"]), parts, said)
    point = clickable(figure, "records_pareto", "Records missing at arrival")
    if not point:
        return None
    item, part = int(point[0]), str(point[1])
    where = narrower(view.where, item=(item,), item_state=_ITEMS_BEHIND[part])
    return Cell(f"{names_of('item')[item]}, {parts[part].lower()}", where, ITEMS)


def item_table(view: View, items: pd.DataFrame) -> Cell | None:
    """Every record with its counts; a click on one shows the referrals."""
    named = items.assign(name=[names_of("item")[int(code)] for code in items["item"]])
    clicked = clickable_table(view, named, _ITEM_HEADINGS, "Missing records as a table", "records_items", ("item",))
    if not clicked:
        return None
    row, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _ITEMS_BEHIND else "missing"
    where = narrower(view.where, item=(int(row["item"]),), item_state=_ITEMS_BEHIND[column])
    return Cell(f"{row['name']}, {_ITEM_HEADINGS[column].lower()}", where, ITEMS)


def group_dots(view: View, table: pd.DataFrame, by: str) -> Cell | None:
    """Share that came complete as dots with intervals; a click shows the referrals."""
    clicked = cells.group_dots(
        table, by, "complete", "referrals", heading=f"Came complete, by {BREAKDOWNS[by].lower()}",
        overall="that came complete overall", legend="Came complete, 95 % interval", name=f"records_dots_{by}",
        alt="Referrals that came complete",
    )  # fmt: skip
    return _cell(view, by, *clicked, "referrals") if clicked else None


def group_table(view: View, table: pd.DataFrame, items: pd.DataFrame, by: str) -> Cell | None:
    """Every group with its counts and what it forgets most; a click on a count shows its referrals."""
    names, item_names = names_of(by), names_of("item")
    worst = {code: item_names[item] for code, item in most_missing_by(items, by).items()}
    named = in_order(table, by, "referrals").assign(
        incomplete=lambda rows: rows["referrals"] - rows["complete"],
        group=lambda rows: called(names, rows[by]),
        worst=lambda rows: [worst.get(int(code), "") for code in rows[by]],
    )
    headings = {"group": BREAKDOWNS[by]} | _HEADINGS
    clicked = clickable_table(view, named, headings, "Complete records as a table", f"records_table_{by}", (by,))
    if not clicked:
        return None
    row, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _BEHIND else "referrals"
    return _cell(view, by, int(row[by]), str(row["group"]), column)


def _cell(view: View, by: str, code: int, name: str, column: str) -> Cell:
    where = narrower(view.where, **{by: (code,), "at_arrival": _BEHIND[column], "state": ARE_LEADS})
    return Cell(f"{name}, {_HEADINGS[column].lower()}", where)


def requests(view: View, whole: pd.DataFrame, table: pd.DataFrame, by: str) -> Cell | None:
    """On how many days records had to be asked for; a click on a number shows the referrals."""
    row = whole.iloc[0]
    if not row.referrals:
        return None
    st.subheader("How often records are asked for")
    st.markdown(
        f"Records were asked for **{row.per_referral:.2f} times** per referral that needs any "
        f"({int(row.requests):,} requests, {int(row.referrals):,} referrals); "
        f"on three days or more for **{share(int(row.often), int(row.referrals), row.rate_low, row.rate_high)}**."
    )
    named = in_order(table, by, "requests").assign(
        group=lambda rows: called(names_of(by), rows[by]),
        mean=lambda rows: [f"{value:.2f}" if value == value else "" for value in rows["per_referral"]],
    )
    headings = {"group": BREAKDOWNS[by]} | _REQUEST_HEADINGS
    clicked = clickable_table(view, named, headings, "Requests for records", f"records_requests_{by}", (by,))
    if not clicked:
        return None
    group, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _REQUESTS_BEHIND else "asked"
    return _request_cell(view, by, int(group[by]), str(group["group"]), column)


def _request_cell(view: View, by: str, code: int, name: str, column: str) -> Cell:
    unit, keys = _REQUESTS_BEHIND[column]
    where = narrower(view.where, **{by: (code,)}, **keys)
    return Cell(f"{name}, {_REQUEST_HEADINGS[column].partition('|')[0].lower()}", where, unit, "referral")


def speed(view: View, table: pd.DataFrame, horizon: int) -> None:
    """How much faster referrals are booked that come with everything."""
    st.subheader("What complete records are worth")
    rows = {AtArrival(int(row.at_arrival)): row for row in table.itertuples()}
    if set(rows) >= set(_JUDGED) and not any(pd.isna(row.by_horizon) for row in rows.values()):
        whole, part = (rows[code] for code in _JUDGED)
        st.markdown(
            f"Complete: **{percent(whole.by_horizon)}** booked within {horizon} days "
            f"(95 % limits {interval(whole.by_horizon_low, whole.by_horizon_high)}), half within {days(whole.p50)}. "
            f"Incomplete: **{percent(part.by_horizon)}** "
            f"({interval(part.by_horizon_low, part.by_horizon_high)}), half within {days(part.p50)}."
        )
        st.caption("A comparison, not an effect: partners that send complete records may differ in other ways too.")
    named = table.assign(
        arrived=[AT_ARRIVAL[int(code)] for code in table["at_arrival"]],
        half=[days(value) for value in table["p50"]],
        most=[days(value) for value in table["p75"]],
    )
    headings = {"arrived": "Records", "leads": "Leads", "happened": "Booked", "by_horizon": f"Within {horizon} days",
                "half": "Half within", "most": "¾ within"}  # fmt: skip
    display.table(view, named, headings, "Booking with and without complete records")


def in_words(whole: pd.DataFrame, items: pd.DataFrame) -> str:
    """How complete a partner's referrals come, and what they lack most, in a sentence; empty where none needs records."""
    if whole.empty or not whole["referrals"].iloc[0]:
        return ""
    row, worst = whole.iloc[0], most_missing(items)
    text = f"**{percent(row.rate)}** of {plural(int(row.referrals), 'referral')} came with all records "
    text += f"({interval(row.rate_low, row.rate_high)})"
    return text + (f"; most often missing is {names_of('item')[worst].lower()}." if worst is not None else ".")
