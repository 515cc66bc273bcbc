"""Blocks of the weekly review's page: numbers, findings, decisions, and what is kept of them."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboard import exports, formats, loaders, privacy_actions, review_loaders, source_reports
from dashboard.auth import Viewer
from dashboard.charts import review as charts
from dashboard.exports import drawing, outside
from dashboard.filters import Filters
from dashboard.formats import plural
from dashboard.frame import View
from dashboard.navigation import ROOT, TITLES
from dashboard.review import wording
from dashboard.review.document import (
    Block,
    Drawn,
    Holds,
    Number,
    Review,
    Table,
    from_content,
    revised,
)
from dashboard.screens import decisions
from data_access.days import week_number

_PRINT = Path(__file__).parent / "weekly_print.css"
_HOLD_ANCHOR = Path(__file__).parent / "hold_anchor.html"
_WEEKS, _ROWS = 104, 10
_TILE, _PICTURE, _WORDS = 216, 340, 570
"""Widths in pixels: a narrow screen has them one below the other."""
_WEEKS_SIZE = 182, 80
"""Width and height of the picture in a tile."""


def choose_week(view: View) -> int:
    """Ask which finished week is looked at; kept in the URL."""
    last = week_number(view.today) - 1
    known = {formats.week(number): number for number in range(last, max(last - _WEEKS, 0), -1)}
    chosen = st.selectbox("Week", list(known), key="week", bind="query-params", width=160)
    return known[chosen or next(iter(known))]


def choose_quarter(view: View) -> tuple[date, date]:
    """Ask which quarter is looked at, of those whose inquiries had their time; kept in the URL."""
    day = view.today - timedelta(days=view.moment.horizon_days)
    known = {source_reports.quarter_name(first): (first, after) for first, after in source_reports.quarters(day)}
    chosen = st.selectbox("Quarter", list(known), key="quarter", bind="query-params", width=160)
    return known[chosen or next(iter(known))]


def as_the_meeting_saw_it(view: View, week: int, filters: Filters, today: Review) -> Review:
    """The frozen review where there is one, with what was revised since; otherwise as it is counted today."""
    st.html(_PRINT)
    st.html(_HOLD_ANCHOR, unsafe_allow_javascript=True)
    decisions.notice()
    try:
        kept = review_loaders.frozen(view.viewer, filters, week)
        then = from_content(kept.content) if kept else None
    except ValueError as problem:
        st.error(str(problem), icon=":material/error:")
        return today
    if kept is None or then is None:
        return today
    at = kept.frozen_at.astimezone(ZoneInfo(view.zone))
    changed = revised(then, today)
    since = f"**{plural(len(changed), 'number')}** revised since." if changed else "Nothing was revised since."
    st.info(
        f"Frozen on {at:%a %d %b %Y at %H:%M} by {kept.by}: this is what the meeting saw. {since}",
        icon=":material/ac_unit:",
    )
    if changed:
        with st.expander("Revised since", icon=":material/history:"):
            rows = [{"Number": one.about, "Then": one.then, "Now": one.now} for one in changed]
            st.table(pd.DataFrame(rows).astype(object).fillna("–"), border="horizontal", hide_index=True)
    anew = bool(changed) and st.toggle("Show it as it is counted today", key="weekly_today")
    return today if anew else then


def heading(shown: Review) -> None:
    """What week it is, of whom, and as of when."""
    monday = date.fromisocalendar(int(shown.week[:4]), int(shown.week[6:]), 1)
    sunday = monday + timedelta(days=6)
    st.caption(
        f"{monday:%a %d %b} to {sunday:%a %d %b %Y}; {shown.filtered}. Counted as of {shown.as_of}, when the week had ended; "
        "the period and the day in the sidebar do not apply here."
    )


def contents(shown: Review) -> None:
    """The blocks in order, each a click away."""
    with st.container(key="weekly_contents"):
        links = [
            f"[{one.title}](#{one.name})" + (f" ({len(one.alarms)})" if one.alarms else "") for one in shown.blocks
        ]
        st.markdown(f":small[{' · '.join([*links, f'[{decisions.TITLE}](#{decisions.NAME})'])}]")


def block(view: View, week: int, shown: Block) -> None:
    """One block of the meeting: what it finds, its picture, the page behind it, and what is decided on it."""
    with st.container(border=True, key=f"weekly_block_{shown.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(shown.title, anchor=shown.name, width="stretch")
            decisions.decide(view, week, shown.name)
            if shown.page in TITLES and shown.page != "weekly_review":
                st.page_link(
                    ROOT / "pages" / f"{shown.page}.py", label=TITLES[shown.page], icon=":material/arrow_forward:"
                )
        if shown.name == "actions":
            decisions.carried_over(view, week, shown)
        else:
            found(shown)


def for_others(shown: Block) -> None:
    """One block as it may leave the practice."""
    with st.container(border=True, key=f"shared_block_{shown.name}"):
        st.subheader(shown.title, anchor=shown.name)
        found(shown)


def found(shown: Block) -> None:
    """What a block finds: in words, what is red, numbers, tables."""
    st.markdown("  \n".join(shown.said))
    for page, alarms in groupby(shown.alarms, attrgetter("page")):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top"):
            st.markdown("  \n".join(f":material/error: {alarm.text}" for alarm in alarms), width="content")
            st.page_link(ROOT / "pages" / f"{page}.py", label=TITLES[page], icon=":material/arrow_forward:")
    if shown.numbers:
        with st.container(horizontal=True):
            for number in shown.numbers:
                _number(number)
    _tables(shown.tables)


def _number(number: Number) -> None:
    with st.container(border=True, width=_TILE):
        now = number.now
        st.markdown(
            f"{number.title}  \n**{wording.value(number, now)}**"
            + (f" ({counts})" if (counts := wording.counts(number)) else "")
        )
        if now is None or len(number.history) == 1:  # nothing is finished; or for others, a week by itself
            return
        picture = drawing.weeks(number, *_WEEKS_SIZE)  # seven charts would take the browser longer than all else
        st.image(drawing.svg(picture, number.name), width="stretch", alt=number.said)
        st.caption("  \n".join(wording.beside(number)))


def _tables(tables: Sequence[Table]) -> None:
    """The tables of a block, with a picture of the first one that is drawn beside them."""
    drawn = next((table for table in tables if table.drawn), None)
    beside = st.container(horizontal=True)  # side by side where there is room
    if drawn:
        draw = charts.stack if drawn.drawn == Drawn.STACK else charts.pair
        figure = draw(wording.row_names(drawn, _ROWS), wording.marks(drawn, _ROWS))
        with beside.container(width=_PICTURE):
            st.markdown(f"**{drawn.title}**")
            st.plotly_chart(figure, key=f"weekly_{drawn.name}", config={"displayModeBar": False}, alt=drawn.title)
    with beside.container(width=_WORDS):
        for table in tables:
            st.markdown(f"**{table.title}**")
            st.table(pd.DataFrame(_cells(table, table.rows[:_ROWS])), border="horizontal", hide_index=True)
            if len(table.rows) > _ROWS:
                st.caption(f"The first {_ROWS} of {len(table.rows)}.")


def _cells(table: Table, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        {
            c.title: value if c.holds == Holds.COUNT and value is not None else wording.cell(c.holds, value)
            for c, value in zip(table.columns, row, strict=True)
            if c.shown
        }
        for row in rows
    ]


_KINDS = {"html": "text/html", "pdf": "application/pdf", "csv": "text/csv",
          "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip


def export(viewer: Viewer, shown: Review) -> None:
    """The review as a file, for the practice or for others."""
    with st.container(key="weekly_export"):
        outside_ = st.toggle(
            "It leaves the practice",
            key="weekly_outside",
            help="Counts of 1 to 10 are added up or left out, and so are actions.",
        )
        files(viewer, outside.for_others(shown) if outside_ else shown)


def files(viewer: Viewer, told: Review) -> None:
    """A review as a file of each kind, made when it is asked for."""
    with st.container(horizontal=True):
        for name, kind in _KINDS.items():
            st.download_button(
                name.upper() if name != "xlsx" else "Excel", partial(_written, viewer, told, name),
                file_name=f"weekly-review-{told.week}.{name}", mime=kind, key=f"weekly_export_{name}",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip


def _written(viewer: Viewer, review: Review, name: str) -> bytes:
    privacy_actions.note_export(
        loaders.database(), viewer, f"weekly review {review.week}, {review.filtered}, as {name}"
    )
    return exports.writers()[name](review)


def definitions(shown: Review) -> None:
    """How the numbers above are counted."""
    with st.expander("How is this counted?", icon=":material/help:"):
        for title, text in shown.definitions:
            st.markdown(f"**{title}.** {text}")
