"""Blocks of the page of sources and topics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import display, labels, loaders, practice_loaders, series, source_reports
from dashboard.charts import review as charts
from dashboard.formats import percent, plural
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, called
from dashboard.loaders import names as names_of
from dashboard.reports import Clock, conversion
from dashboard.screens import trends
from dashboard.setup_progress import STALE_DAYS
from data_access.annotations import Annotation
from data_access.days import week_number, week_start
from data_access.vocabulary import Channel, Topic

MIXES = ("channel", "source", "campaign", "partner_category", "pathway", "kind", "service_line", "location")
_ASKED_BY = (Channel.PHONE, Channel.EMAIL, Channel.WEB_FORM)
_BARS = 12


def finding(table: pd.DataFrame, by: str) -> str:
    """Which group brings most, in one sentence."""
    names, total = names_of(by), int(table["inquiries"].sum())
    top = [f"**{names.get(int(row[by]), '?')}** {percent(row['rate'], 0)}" for row in table.head(3).to_dict("records")]
    return f"Of **{plural(total, 'inquiry', 'inquiries')}**, by {BREAKDOWNS[by].lower()}: {', '.join(top)}."


def mix(view: View, table: pd.DataFrame, by: str) -> None:
    """How many inquiries each group brings, and how many of them were booked and seen."""
    names = called(names_of(by), table[by])
    shown = list(zip(names, table["inquiries"].tolist(), strict=True))[:_BARS]
    figure = charts.stack([name for name, _ in shown], [("Inquiries", "good", [n for _, n in shown])])
    st.plotly_chart(
        figure, key="sources_mix", config={"displayModeBar": False}, alt=f"Inquiries by {BREAKDOWNS[by].lower()}"
    )
    horizon = view.moment.horizon_days
    named = table.assign(name=names)
    for step in ("scheduled", "attended"):
        found = conversion(view.count, view.filters, view.viewer.locations, [by], step=step, horizon=horizon).table
        columns = {"by_horizon": step, "by_horizon_low": f"{step}_low", "by_horizon_high": f"{step}_high"}
        if step == "scheduled":
            columns["leads"] = "headed"
        named = named.merge(found[[by, *columns]].rename(columns=columns), how="left", on=by)
    named["headed"] = named["headed"].fillna(0).astype("int64")
    headings = {
        "name": BREAKDOWNS[by], "inquiries": "Inquiries", "rate": "Share of all", "headed": "Headed for a visit",
        "scheduled": f"Booked|Within {horizon} days of receipt, those still waiting included",
        "attended": f"Seen|Within {horizon} days of receipt, those still waiting included",
    }  # fmt: skip
    display.table(view, named, headings, f"Inquiries by {BREAKDOWNS[by].lower()}")


def topics(view: View, table: pd.DataFrame, days: int) -> None:
    """What is asked about, and how often again."""
    st.subheader("What they ask about")
    named = table.assign(
        name=[labels.NOT_GIVEN if not one else names_of("topic").get(one, "?") for one in table["topic"]]
    )
    headings = {
        "name": "Topic", "inquiries": "Inquiries", "before": f"{days} days before",
        "again": "Asked again|How often somebody who had asked already got in touch again, at these locations",
    }  # fmt: skip
    display.table(view, named, headings, "Topics")


def questions(view: View) -> None:
    """The top questions of the last finished week, by phone, e-mail and web form."""
    last = week_number(view.today) - 1
    first = week_start(last)
    filters = replace(view.filters.whenever(), channel=tuple(str(one) for one in _ASKED_BY))
    table = source_reports.topics(
        view.count, filters, view.viewer.locations, first=first, last=first + timedelta(days=7), again={}
    ).table
    table = table[(table["topic"] > 0) & (table["inquiries"] > 0)]
    st.subheader(f"Top questions of the week of {first:%d %b}")
    if table.empty:
        st.markdown("No topic was noted by phone, e-mail or web form in that week.")
        return
    rows = pd.DataFrame(
        {
            "Topic": called(names_of("topic"), table["topic"]),
            "Asked": table["inquiries"],
            "The week before": table["before"],
        }
    )
    st.table(rows, border="horizontal", hide_index=True)
    st.download_button(
        "Download", rows.to_csv(index=False).encode(), f"top-questions-{first}.csv", "text/csv", icon=":material/download:",
        key="sources_questions", on_click="ignore",
    )  # fmt: skip


def topic_weeks(view: View) -> None:
    """One topic week by week, with the notes on the charts: whether a page that answers it saves inquiries."""
    st.subheader("One topic, week by week")
    topic = st.selectbox("Topic", list(Topic), format_func=labels.word, key="sources_topic", width=320)
    pages = [
        page
        for page in practice_loaders.entries("content_items")
        if page["topic"] == topic and page["active"] and page["published_on"] <= view.today
    ]
    clock, notes = (
        Clock(loaders.waited_minutes, view.moment.minute),
        loaders.notes(view.viewer, view.filters.location, view.as_of),
    )
    notes = sorted([*notes, *map(_published, pages)], key=lambda note: note.on_day)
    filters = replace(view.filters, topic=(str(topic),))
    asked = series.Asked(view.count, filters, view.viewer.locations, clock, view.today, view.moment.horizon_days, notes)
    trends.chart("topic", series.trend("received", asked), notes, None)
    _answered_by(view, pages)


def _published(page: Mapping[str, Any]) -> Annotation:
    at = datetime.combine(page["published_on"], time(), UTC)
    return Annotation(0, page["published_on"], f"{page['name']} was published", None, None, None, at)


def _answered_by(view: View, pages: Sequence[Mapping[str, Any]]) -> None:
    """The pages and handouts that answer a topic, and which of them nobody looked at for long."""
    if not pages:
        st.caption("No page or handout that answers it is entered; they are kept under Partners and lists.")
        return
    looked_at = [page["reviewed_on"] or page["published_on"] for page in pages]
    shown = {
        "Answered by": [page["name"] for page in pages],
        "Published": [f"{page['published_on']:%d %b %Y}" for page in pages],
        "Last reviewed": [f"{page['reviewed_on']:%d %b %Y}" if page["reviewed_on"] else "not yet" for page in pages],
        "Stands": ["look at it" if (view.today - day).days > STALE_DAYS else "fresh" for day in looked_at],
    }
    st.table(pd.DataFrame(shown), border="horizontal", hide_index=True)
    st.caption(f"A line across the chart marks the day of publishing. Look at each page every {STALE_DAYS} days.")


def period(view: View) -> tuple[date, date]:
    """The days that are looked at: the period in the sidebar, or a year."""
    f = view.filters
    last = f.last or view.today + timedelta(days=1)
    return f.first or last - timedelta(days=365), last
