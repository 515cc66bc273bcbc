"""Blocks of the trends page."""

import math
from datetime import date

import streamlit as st

from dashboard import display
from dashboard.charts.trends import with_limits
from dashboard.display import minutes, percent
from dashboard.metrics.trends import COMMON, OUTSIDE, SHIFT, SIGNALS, SMALL_WEEK, TREND, TWO_OF_THREE, usual
from dashboard.series import Series, Trend
from data_access.days import week_start

NAMES = {
    OUTSIDE: "outside the limits: a signal",
    SHIFT: "seven weeks on one side: a signal",
    TREND: "seven weeks in one direction: worth a look",
    TWO_OF_THREE: "two of three near a limit: worth a look",
    COMMON: "as usual",
}
_WEEKS = 52


def limits_from() -> date | None:
    """Ask from which week on the limits are fixed anew; kept in the URL, so that a link carries the decision."""
    chosen = st.date_input(
        "Fix the limits from", value=None, key="trends_limits_from", format="YYYY-MM-DD", bind="query-params", width=260,
        help="The first twelve finished weeks from this day fix the limits. Empty: the first twelve there are.",
    )  # fmt: skip
    return chosen if isinstance(chosen, date) else None


def finding(found: list[Trend]) -> str:
    """Which series stand out in their last finished week, in one sentence."""
    judged = [trend for trend in found if len(trend.table) and trend.table["judged"].iloc[-1]]
    if not judged:
        return "There are too few finished weeks to say what is usual: six are needed."
    signals = [t.series.title.lower() for t in judged if t.table["label"].iloc[-1] in SIGNALS]
    looks = [t.series.title.lower() for t in judged if t.table["label"].iloc[-1] in (TREND, TWO_OF_THREE)]
    text = f"**{len(signals)} of {len(judged)}** series show a signal in their last finished week"
    text += f": {', '.join(signals)}." if signals else "."
    return text + (f" Worth a look: {', '.join(looks)}." if looks else "")


def chart(name: str, trend: Trend) -> None:
    """One series: its title states the finding, the picture shows it."""
    table = trend.table.tail(_WEEKS)
    with st.container(border=True):
        st.markdown(f"**{trend.series.title}**  \n{_said(trend)}")
        if len(table):
            mondays = [week_start(int(week)).isoformat() for week in table["week"]]
            figure = with_limits(table, mondays, NAMES, share=trend.series.share)
            st.plotly_chart(figure, key=f"trends_{name}", config={"displayModeBar": False}, alt=trend.series.title)


def every_week(found: dict[str, Trend]) -> None:
    """The numbers behind the charts."""
    with st.expander("All weeks as a table", icon=":material/table:"):
        for trend in found.values():
            table, one = trend.table, trend.series
            rows = table.assign(
                of=[f"{week_start(int(week)):%d %b %Y}" for week in table["week"]],
                shown=[_number(value, one) for value in table["value"]],
                usually=[_range(*limits, one) for limits in zip(table["low"], table["high"], strict=True)],
                means=table["label"].map(NAMES).where(table["judged"], ""),
                n=table["n"].astype("int64"),
            )
            st.markdown(f"**{one.title}**")
            headings = {"of": "Week of", "shown": "Value", "n": "Leads", "usually": "Usual", "means": "Means"}
            display.table(rows.iloc[::-1], headings, f"{one.title}, week by week")


def _said(trend: Trend) -> str:
    if not len(trend.table):
        return "No week is finished yet."
    last = trend.table.iloc[-1]
    if math.isnan(last.value):
        return "No lead in the last finished week."
    text = f"{_number(last.value, trend.series)}"
    if trend.series.share:
        text += f" ({int(last.k):,} of {int(last.n):,})"
    text += f" in the week of {week_start(int(last.week)):%d %b}"
    if trend.series.share and (last.n < SMALL_WEEK or not last.judged) and (week := _usual(trend)):
        return text + f"; {week[0]}-{week[1]} of {int(last.n)} would be usual."
    if not last.judged:
        return text + "; too few weeks yet to say what is usual."
    trial = ", on trial" if trend.limits.status == "trial" else ""
    return text + f"; usual is {_range(last.low, last.high, trend.series)}{trial}: {NAMES[last.label]}."


def _usual(trend: Trend) -> tuple[int, int] | None:
    before, last = trend.table.iloc[:-1], trend.table.iloc[-1]
    if not before["n"].sum():
        return None
    week = usual(int(last.k), int(last.n), int(before["k"].sum()), int(before["n"].sum()))
    return week.low, week.high


def _number(value: float, series: Series) -> str:
    if math.isnan(value):
        return ""
    return percent(value) if series.share else minutes(round(value)) if series.unit == "min" else f"{value:,.0f}"


def _range(low: float, high: float, series: Series) -> str:
    return "" if math.isnan(low) else f"{_number(low, series)} to {_number(high, series)}"


def in_rows(found: dict[str, Trend]) -> None:
    """All charts, two to a row."""
    names = list(found)
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2), names[start : start + 2], strict=False):
            with column:
                chart(name, found[name])
