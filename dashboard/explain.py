"""What a metric's docstring says about itself, for "How is this counted?" and for docs/metrics.md."""

import inspect
import re
import sys
from collections.abc import Callable
from typing import Any

from dashboard.metrics import (
    arrivals,
    attendance,
    capacity,
    case_mix,
    cohorts,
    funnel,
    funnel_plot,
    partners,
    quality,
    records,
    referral_volume,
    response,
    stalls,
    timing,
    trends,
)

METRICS: dict[str, Callable[..., Any]] = {
    "Funnel": funnel.funnel,
    "Conversion": timing.conversion,
    "Weekly cohorts": cohorts.cohorts,
    "Response compliance": response.response,
    "Time to answer": timing.answers,
    "Arrivals": arrivals.arrivals,
    "Attendance": attendance.attendance,
    "Records": records.completeness,
    "Time in stage": stalls.time_in_stage,
    "Stalls": stalls.stalls,
    "Next steps": stalls.follow_up,
    "Backlog": capacity.backlog,
    "Data quality": quality.flags,
    "Trends": trends.shares,
    "Partner league": partners.league,
    "Case mix": case_mix.case_mix,
    "Funnel plot": funnel_plot.funnel_plot,
    "Referral volume": referral_volume.referral_volume,
}
_COLUMNS = {
    "Funnel": funnel.FUNNEL_COLUMNS,
    "Conversion": timing.CONVERSION_COLUMNS,
    "Weekly cohorts": cohorts.COHORT_COLUMNS,
    "Response compliance": response.RESPONSE_COLUMNS,
    "Time to answer": timing.ANSWER_COLUMNS,
    "Arrivals": arrivals.ARRIVAL_COLUMNS,
    "Attendance": attendance.ATTENDANCE_COLUMNS,
    "Records": records.COMPLETENESS_COLUMNS,
    "Time in stage": stalls.TIME_IN_STAGE_COLUMNS,
    "Stalls": stalls.STALL_COLUMNS,
    "Next steps": stalls.FOLLOW_UP_COLUMNS,
    "Backlog": capacity.BACKLOG_COLUMNS,
    "Data quality": quality.FLAG_COLUMNS,
    "Trends": trends.TREND_COLUMNS,
    "Partner league": partners.LEAGUE_COLUMNS,
    "Case mix": case_mix.CASE_MIX_COLUMNS,
    "Funnel plot": funnel_plot.FUNNEL_PLOT_COLUMNS,
    "Referral volume": referral_volume.VOLUME_COLUMNS,
}
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
    for title, metric in METRICS.items():
        told = blocks(metric)
        parts.append(f"## {title}\n\n{told['']}\n")
        parts += [f"### {heading}\n\n{told[heading]}\n" for heading in (*FOR_PEOPLE, "Returns", "References")]
        parts.append("### Columns\n\n" + ", ".join(f"`{column}`" for column in _COLUMNS[title]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(document())
