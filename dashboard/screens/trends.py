"""Blocks of the trends page."""

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from dashboard import clock, display, loaders, review_actions, session, signals
from dashboard.auth import ANNOTATE, NotDone
from dashboard.charts.trends import with_limits
from dashboard.frame import View
from dashboard.metrics.trends import (
    SIGNALS,
    TREND,
    TWO_OF_THREE,
)
from dashboard.series import SERIES, Trend
from data_access.annotations import TEXT_LENGTH, Annotation
from data_access.days import week_start
from data_access.vocabulary import TrendSeries

_WEEKS = 52


def finding(found: list[Trend]) -> str:
    """Which series stand out in their last finished week, in one sentence."""
    judged = [trend for trend in found if len(trend.table) and trend.table["judged"].iloc[-1]]
    if not judged:
        return "There are too few finished weeks to say what is usual: six are needed."
    loud = [t.series.title.lower() for t in judged if t.table["label"].iloc[-1] in SIGNALS]
    looks = [t.series.title.lower() for t in judged if t.table["label"].iloc[-1] in (TREND, TWO_OF_THREE)]
    show = "shows" if len(loud) == 1 else "show"
    text = f"**{len(loud)} of {len(judged)}** series {show} a signal in their last finished week"
    text += f": {', '.join(loud)}." if loud else "."
    return text + (f" Worth a look: {', '.join(looks)}." if looks else "")


def chart(name: str, trend: Trend, notes: Sequence[Annotation], target: float | None) -> None:
    """One series: its title states the finding, the picture shows it."""
    table = trend.table.tail(_WEEKS)
    with st.container(border=True):
        st.markdown(f"**{trend.series.title}**  \n{signals.said(trend)}{signals.against(trend, target)}")
        if len(table):
            mondays = [week_start(int(week)).isoformat() for week in table["week"]]
            said = [(note.on_day.isoformat(), f"{note.on_day:%d %b %Y}: {note.text}") for note in notes]
            shown = [note for note in said if mondays[0] <= note[0]]
            figure = with_limits(table, mondays, signals.NAMES, unit=trend.series.unit, notes=shown, target=target)
            st.plotly_chart(figure, key=f"trends_{name}", config={"displayModeBar": False}, alt=trend.series.title)


def every_week(view: View, found: dict[str, Trend]) -> None:
    """The numbers behind the charts."""
    tables = st.expander("All weeks as a table", icon=":material/table:", key="trends_weeks", on_change="rerun")
    if not tables.open:  # tables that nobody looks at would be sent each time
        return
    with tables:
        for trend in found.values():
            table, one = trend.table, trend.series
            rows = table.assign(
                of=[f"{week_start(int(week)):%d %b %Y}" for week in table["week"]],
                shown=[signals.number(value, one) for value in table["value"]],
                usually=[signals.usually(*limits, one) for limits in zip(table["low"], table["high"], strict=True)],
                means=table["label"].map(signals.NAMES).where(table["judged"], ""),
                n=table["n"].astype("int64"),
            )
            st.markdown(f"**{one.title}**")
            headings = {"of": "Week of", "shown": "Value", "n": "Leads", "usually": "Usual", "means": "Means"}
            display.table(view, rows.iloc[::-1], headings, f"{one.title}, week by week")


def in_rows(found: dict[str, Trend], notes: Sequence[Annotation], targets: Mapping[str, float | None]) -> None:
    """All charts, two to a row; `targets`: of each series that has one."""
    names = list(found)
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2), names[start : start + 2], strict=False):
            with column:
                chart(name, found[name], notes, targets.get(name))


def notes(view: View, standing: Sequence[Annotation]) -> None:
    """What happened when: the notes that stand, and for those who may, another one."""
    places = {place["id"]: place["name"] for place in loaders.locations(view.viewer)}
    st.subheader("Notes on the charts")
    if standing:
        shown = [
            {
                "Day": note.on_day,
                "Note": note.text,
                "Of": places.get(note.location_id, "?") if note.location_id else "The practice",
                "Limits fixed anew": SERIES[note.rebases].title if note.rebases else "",
                "By": note.author or "",
            }
            for note in reversed(standing)
        ]
        st.dataframe(shown, hide_index=True, alt="Notes on the charts", placeholder="")
    else:
        st.caption(
            "None yet. A note says what changed in the practice: somebody was out, a new script, a new checklist."
        )
    if view.viewer.may(ANNOTATE) and not view.fixed:
        _write(view, places)
        _withdraw(view, standing)


def _write(view: View, places: Mapping[int, str]) -> None:
    written = st.session_state.setdefault("trends_notes_written", 0)  # a fresh form after each note, and only then
    with (
        st.popover("Write a note", icon=":material/edit_note:", key=f"trends_note_open_{written}"),
        st.form("trends_note", border=False),
    ):
        day = st.date_input(
            "Day", value=view.today, max_value=view.today, format="YYYY-MM-DD", key=f"trends_note_day_{written}"
        )
        text = st.text_input(
            "What happened", max_chars=TEXT_LENGTH, key=f"trends_note_text_{written}", placeholder="New phone script",
            help="Not here: names, birth dates, diagnoses.",
        )  # fmt: skip
        whole = [None] if view.viewer.locations is None else []
        location = st.selectbox(
            "Where", [*whole, *places], key=f"trends_note_place_{written}",
            format_func=lambda code: places[code] if code else "The whole practice",
        )  # fmt: skip
        series = st.selectbox(
            "Fix the limits anew from this week", [None, *SERIES], key=f"trends_note_series_{written}",
            format_func=lambda name: SERIES[name].title if name else "Of no series",
            help="Only when the practice itself has changed for good. The first twelve weeks from then on fix the limits.",
        )  # fmt: skip
        if st.form_submit_button("Save the note", type="primary"):
            rebases = TrendSeries(series) if series else None
            try:
                on_day = day if isinstance(day, date) else view.today
                review_actions.annotate(
                    loaders.database(),
                    view.viewer,
                    text,
                    on_day,
                    location_id=location,
                    rebases=rebases,
                    now=clock.now(),
                )
            except (ValueError, NotDone) as problem:
                st.error(str(problem))
            else:
                st.session_state["trends_notes_written"] = written + 1
                session.say("The note was saved.")
                st.rerun()


def _withdraw(view: View, standing: Sequence[Annotation]) -> None:
    if not standing:
        return
    with st.popover("Take a note back", icon=":material/undo:"):
        named = {note.id: note for note in reversed(standing)}
        chosen = st.selectbox(
            "Note",
            list(named),
            key="trends_note_back",
            format_func=lambda code: f"{named[code].on_day}: {named[code].text}",
        )
        if st.button("Take it back", key="trends_note_back_button") and chosen is not None:
            try:
                review_actions.withdraw_note(
                    loaders.database(), view.viewer, chosen, location_id=named[chosen].location_id, now=clock.now()
                )
            except (LookupError, NotDone) as problem:
                st.error(str(problem))
            else:
                st.rerun()
