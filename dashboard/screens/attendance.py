"""Blocks of the attendance page."""

import pandas as pd
import streamlit as st

from dashboard import display
from dashboard.formats import interval, percent, plural, share
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, called
from dashboard.loaders import names as names_of
from dashboard.metrics.attendance import too_many_missing
from dashboard.screens import cells
from dashboard.screens.cells import Cell, clickable_table, in_order
from data_access.counted import Attendance
from data_access.tally import narrower
from data_access.units import APPOINTMENTS

_COUNTED = (Attendance.ATTENDED, Attendance.NO_SHOW, Attendance.LATE_CANCEL)
_BEHIND = {
    "counted": _COUNTED,
    "attended": (Attendance.ATTENDED,),
    "no_show": (Attendance.NO_SHOW,),
    "late_cancel": (Attendance.LATE_CANCEL,),
    "missing": (Attendance.MISSING,),
    "cancelled_in_time": (Attendance.CANCELLED_IN_TIME,),
    "by_practice": (Attendance.BY_PRACTICE,),
    "rescheduled": (Attendance.RESCHEDULED,),
    "future": (Attendance.FUTURE,),
    "undated": (Attendance.UNDATED,),
}
_HEADINGS = {
    "counted": "Counted|Attended, no-show and cancelled late together",
    "attended": "Came",
    "no_show": "No-show",
    "late_cancel": "Cancelled late|By the patient, less than 24 hours before",
    "rate": "Show rate",
    "missing": "No outcome|Past, and nobody recorded what became of it; in no rate",
    "bounds": "Bounds|If all without an outcome were no-shows, and if all had come",
    "cancelled_in_time": "Cancelled in time",
    "rescheduled": "Moved",
    "future": "To come",
}


def finding(table: pd.DataFrame) -> str:
    """The finding in one sentence."""
    if table.empty or not table["counted"].iloc[0]:
        return "No appointment of this period is past with a recorded outcome yet."
    row = table.iloc[0]
    came = share(int(row.attended), int(row.counted), row.rate_low, row.rate_high)
    text = f"People came to **{came}** of the appointments that stood; **{int(row.no_show):,}** did not come and "
    text += f"{int(row.late_cancel):,} cancelled late."
    if too_many_missing(table).iloc[0]:
        missing, ends = plural(int(row.missing), "outcome"), f"{percent(row.at_least)} and {percent(row.at_most)}"
        text += f" Beware: {missing} missing, so the rate lies between {ends}."
    return text


def group_dots(view: View, table: pd.DataFrame, by: str) -> Cell | None:
    """Show rates as dots with intervals on one axis; a click shows the appointments counted."""
    clicked = cells.group_dots(
        table, by, "attended", "counted", heading=f"By {BREAKDOWNS[by].lower()}", overall="who came overall",
        legend="Show rate, 95 % interval", name=f"attendance_dots_{by}", alt="Show rates",
    )  # fmt: skip
    if not clicked:
        return None
    code, name = clicked
    where = narrower(view.where, **{by: (code,), "attendance": _COUNTED})
    return Cell(f"{name}, counted", where, APPOINTMENTS)


def group_table(view: View, table: pd.DataFrame, by: str) -> Cell | None:
    """Every group with its counts; a click on one shows its appointments."""
    names = names_of(by)
    named = in_order(table, by, "counted").assign(
        group=lambda rows: called(names, rows[by]),
        bounds=lambda rows: [interval(*pair) for pair in zip(rows["at_least"], rows["at_most"], strict=True)],
    )
    headings = {"group": BREAKDOWNS[by]} | _HEADINGS
    clicked = clickable_table(view, named, headings, "Attendance as a table", f"attendance_table_{by}", (by,))
    if not clicked:
        return None
    row, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _BEHIND else "counted"
    title = f"{row['group']}, {headings[column].partition('|')[0].lower()}"
    where = narrower(view.where, **{by: (int(row[by]),), "attendance": _BEHIND[column]})
    return Cell(title, where, APPOINTMENTS)


def in_the_end(table: pd.DataFrame) -> None:
    """Whether people come in the end, moved appointments followed to where they went."""
    if table.empty or not table["leads"].iloc[0]:
        return
    row = table.iloc[0]
    st.subheader("By lead: do they come in the end?")
    said = "Followed from the first appointment to the last that took its place, **"
    said += f"{share(int(row.came), int(row.came + row.did_not), row.rate_low, row.rate_high)}** of the leads came. "
    said += f"**{int(row.moved):,} of {plural(int(row.leads), 'lead')}** were given another day at least once, "
    st.markdown(f"{said}{row.moves_per_lead:.2f} moves per lead; {int(row.undecided):,} are still undecided.")


def new_patients(view: View, table: pd.DataFrame) -> None:
    """First visits by the category of the partner that referred."""
    names = names_of("partner_category")
    st.subheader(f"New patients: {int(table['new_patients'].sum()):,} first visits")
    named = table.assign(category=called(names, table["partner_category"]))
    display.table(
        view, named, {"category": "Partner category", "new_patients": "First visits"}, "New patients by category"
    )
