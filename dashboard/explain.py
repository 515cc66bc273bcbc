"""What a metric's docstring says about itself, for "How is this counted?" and for docs/metrics.md."""

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.metrics import (
    arrivals,
    attendance,
    capacity,
    case_mix,
    cohorts,
    demand,
    funnel,
    funnel_plot,
    loop,
    partners,
    quality,
    records,
    referral_volume,
    response,
    sources,
    stalls,
    timing,
    trends,
)

METRICS: Mapping[str, tuple[Callable[..., Any], Sequence[str]]] = {
    "Funnel": (funnel.funnel, funnel.FUNNEL_COLUMNS),
    "Reasons of loss": (funnel.lost_reasons, funnel.LOST_COLUMNS),
    "Conversion": (timing.conversion, timing.CONVERSION_COLUMNS),
    "Curve": (timing.curve, timing.CURVE_COLUMNS),
    "Weekly cohorts": (cohorts.cohorts, cohorts.COHORT_COLUMNS),
    "Response compliance": (response.response, response.RESPONSE_COLUMNS),
    "Time to answer": (timing.answers, timing.ANSWER_COLUMNS),
    "Arrivals": (arrivals.arrivals, arrivals.ARRIVAL_COLUMNS),
    "Sources": (sources.mix, sources.MIX_COLUMNS),
    "Topics": (sources.topics, sources.TOPIC_COLUMNS),
    "Attendance": (attendance.attendance, attendance.ATTENDANCE_COLUMNS),
    "Attendance by lead": (attendance.by_lead, attendance.BY_LEAD_COLUMNS),
    "New patients": (attendance.new_patients, attendance.NEW_PATIENT_COLUMNS),
    "Records": (records.completeness, records.COMPLETENESS_COLUMNS),
    "Missing records": (records.missing_items, records.MISSING_COLUMNS),
    "Requests for records": (records.requests, records.REQUEST_COLUMNS),
    "Time in stage": (stalls.time_in_stage, stalls.TIME_IN_STAGE_COLUMNS),
    "Stalls": (stalls.stalls, stalls.STALL_COLUMNS),
    "Next steps": (stalls.follow_up, stalls.FOLLOW_UP_COLUMNS),
    "Backlog": (capacity.backlog, capacity.BACKLOG_COLUMNS),
    "Age of the backlog": (capacity.backlog_age, capacity.AGE_COLUMNS),
    "Third next available": (capacity.third_next_available, capacity.NEXT_AVAILABLE_COLUMNS),
    "Capacity and demand": (demand.demand, demand.DEMAND_COLUMNS),
    "Data quality": (quality.flags, quality.FLAG_COLUMNS),
    "Fields filled": (quality.field_fill, quality.FILL_COLUMNS),
    "Receipt to record": (quality.log_lag, quality.LAG_COLUMNS),
    "Trends": (trends.shares, trends.TREND_COLUMNS),
    "Partner league": (partners.league, partners.LEAGUE_COLUMNS),
    "Case mix": (case_mix.case_mix, case_mix.CASE_MIX_COLUMNS),
    "Funnel plot": (funnel_plot.funnel_plot, funnel_plot.FUNNEL_PLOT_COLUMNS),
    "Closed loops": (loop.loop, loop.LOOP_COLUMNS),
    "Before and after outreach": (loop.before_and_after, loop.OUTREACH_COLUMNS),
    "Referral volume": (referral_volume.referral_volume, referral_volume.VOLUME_COLUMNS),
}
"""Every public metric: the function that explains it, and its columns."""
FOR_PEOPLE = {
    "Definition": "What does it say?",
    "Population": "Which leads does it count?",
    "Censoring": "What about leads that had no time yet?",
}
"""The blocks of a metric's docstring that are written for a practice manager, and the questions that they answer."""


def blocks(metric: Callable[..., Any]) -> dict[str, str]:
    """The docstring of a metric by its headings, in order; the summary stands under ""."""
    found: dict[str, list[str]] = {"": []}
    current = ""
    lines = (inspect.getdoc(metric) or "").splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{3,}", following) and len(following) == len(line):
            current = line
            found[current] = []
        elif not (re.fullmatch(r"-{3,}", line)):
            found[current].append(line)
    return {heading: "\n".join(text).strip() for heading, text in found.items()}


def document() -> str:
    """docs/metrics.md: every metric as its docstring tells it."""
    parts = ["# Metrics\n", "Made from the docstrings by `python -m dashboard.explain`; a test keeps it so.\n"]
    for title, (metric, columns) in METRICS.items():
        told = blocks(metric)
        parts.append(f"## {title}\n\n{told['']}\n")
        parts += [f"### {heading}\n\n{told[heading]}\n" for heading in (*FOR_PEOPLE, "Returns", "References")]
        parts.append("### Columns\n\n" + ", ".join(f"`{column}`" for column in columns) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(document())
