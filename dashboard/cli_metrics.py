"""`handoff metrics`: each page's numbers as a table, CSV or JSON."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from dashboard import (
    auth,
    capacity_reports,
    cli_options,
    clock,
    filters,
    labels,
    partner_reports,
    reports,
    series,
    source_reports,
)
from dashboard.cli_database import opened, prepare_demo, url_of, viewer_of
from dashboard.exports import csv_file
from dashboard.filters import Filters
from dashboard.formats import week
from dashboard.metrics import small_cells
from dashboard.metrics.capacity import SLOT_HORIZON_DAYS, third_next_available
from dashboard.metrics.partners import SMALL_PARTNERS, ordered
from dashboard.metrics.trends import TREND_COLUMNS
from dashboard.partner_note import LENGTHS, cycles
from dashboard.reports import Answer
from data_access import annotations, partner_notes, partners, planned_openings, practice, promises, slots, tally, topics
from data_access import engine as databases
from data_access.days import day_number, start_of, week_number
from data_access.dimensions import LEADS, Unit
from data_access.lead_state import epoch_minute
from data_access.vocabulary import TargetMetric


@dataclass(frozen=True)
class _Question:
    """What was asked on the command line, ready to be counted."""

    connection: Connection
    options: argparse.Namespace
    by: Sequence[str]
    chosen: Filters
    as_of: datetime
    zone: str
    horizon: int
    scope: frozenset[int] | None

    @property
    def places(self) -> frozenset[int] | None:
        """The locations to look at: those that were chosen, in the scope of whoever asks; None for all."""
        chosen = frozenset(self.chosen.location)
        return self.scope if not chosen else chosen if self.scope is None else chosen & self.scope

    @property
    def today(self) -> date:
        return self.as_of.astimezone(ZoneInfo(self.zone)).date()

    def count(self, keys: Sequence[str], where: tally.Where, unit: Unit = LEADS) -> Any:
        when = filters.moment(self.as_of, self.zone, self.horizon)
        return tally.tally(self.connection, keys, where, when, unit)


def _funnel(q: _Question) -> Answer:
    return reports.funnel(q.count, q.chosen, q.scope, q.by)


def _conversion(q: _Question) -> Answer:
    return reports.conversion(q.count, q.chosen, q.scope, q.by, step=q.options.step, horizon=q.horizon)


def _curve(q: _Question) -> Answer:
    return reports.curve(q.count, q.chosen, q.scope, q.by, step=q.options.step)


def _cohorts(q: _Question) -> Answer:
    return reports.cohorts(q.count, q.chosen, q.scope, horizon=q.horizon, today=q.today)


def _response(q: _Question) -> Answer:
    targets = promises.targets(q.connection)[TargetMetric.RESPONSE_IN_TIME]
    return reports.response(q.count, q.chosen, q.scope, q.by, targets=targets, today=q.today, contact=q.options.two_way)


def _answers(q: _Question) -> Answer:
    clock = reports.Clock(partial(promises.waited_minutes, q.connection), epoch_minute(q.as_of))
    return reports.answers(q.count, q.chosen, q.scope, q.by, clock=clock, contact=q.options.two_way)


def _arrivals(q: _Question) -> Answer:
    return reports.arrivals(q.count, q.chosen, q.scope, staffed=promises.staffed_shares(q.connection, q.today))


def _trends(q: _Question) -> Answer:
    clock = reports.Clock(partial(promises.waited_minutes, q.connection), epoch_minute(q.as_of))
    notes = annotations.standing(q.connection, q.as_of, q.places)
    asked = series.Asked(q.count, q.chosen, q.scope, clock, q.today, q.horizon, notes)
    found = [series.trend(name, asked) for name in series.SERIES]
    tables = [trend.table.assign(series=name) for name, trend in zip(series.SERIES, found, strict=True)]
    return Answer(pd.concat(tables, ignore_index=True)[["series", "week", *TREND_COLUMNS]], {})


def _partners(q: _Question) -> Answer:
    answer = reports.partners(q.count, q.chosen, q.scope, q.by, outcome=q.options.outcome)
    return Answer(ordered(answer.table, cli_options.ORDERS[q.options.order], q.by), answer.left_out)


def _attendance(q: _Question) -> Answer:
    return reports.attendance(q.count, q.chosen, q.scope, q.by)


def _new_patients(q: _Question) -> Answer:
    answer = reports.new_patients(q.count, q.chosen, q.scope)
    if not q.options.for_others:
        return answer
    told = small_cells.suppress(answer.table["new_patients"].tolist()).shown
    return Answer(answer.table.assign(new_patients=told), answer.left_out)


def _lost(q: _Question) -> Answer:
    return reports.lost_reasons(q.count, q.chosen, q.scope)


def _flags(q: _Question) -> Answer:
    answer = reports.flags(q.count, q.chosen, q.scope)
    return Answer(answer.table.assign(flag=[labels.flag(value) for value in answer.table["flag"]]), {})


def _field_fill(q: _Question) -> Answer:
    return reports.field_fill(q.count, q.chosen, q.scope, q.by)


def _log_lag(q: _Question) -> Answer:
    return reports.log_lag(q.count, q.chosen, q.scope, q.by)


def _visits_by_lead(q: _Question) -> Answer:
    return reports.attendance_by_lead(q.count, q.chosen, q.scope, q.by)


def _records(q: _Question) -> Answer:
    return reports.records(q.count, q.chosen, q.scope, q.by)


def _missing_records(q: _Question) -> Answer:
    return reports.missing_items(q.count, q.chosen, q.scope, q.by)


def _record_requests(q: _Question) -> Answer:
    return reports.requests(q.count, q.chosen, q.scope, q.by)


def _records_speed(q: _Question) -> Answer:
    return reports.with_and_without_records(q.count, q.chosen, q.scope, step=q.options.step, horizon=q.horizon)


def _time_in_stage(q: _Question) -> Answer:
    clock = reports.Clock(partial(promises.waited_minutes, q.connection), epoch_minute(q.as_of))
    return reports.time_in_stage(q.count, q.chosen, q.scope, q.by, clock=clock)


def _stalls(q: _Question) -> Answer:
    return reports.stalls(q.count, q.chosen, q.scope)


def _next_steps(q: _Question) -> Answer:
    return reports.follow_up(q.count, q.chosen, q.scope, q.by)


def _backlog(q: _Question) -> Answer:
    return capacity_reports.backlog(q.count, q.chosen, q.scope, today=q.today)


def _backlog_age(q: _Question) -> Answer:
    return capacity_reports.backlog_age(q.count, q.chosen, q.scope, q.by)


def _next_available(q: _Question) -> Answer:
    chosen = q.places
    open_, kept = slots.open_by_day(slots.every(q.connection), q.as_of, chosen, q.chosen.service_line)
    return Answer(third_next_available(open_, kept, day_number(q.today), SLOT_HORIZON_DAYS), {})


def _next_available_weeks(q: _Question) -> Answer:
    chosen = q.places
    lines, every = q.chosen.service_line, slots.every(q.connection)
    return Answer(capacity_reports.next_available_weeks(every, chosen, lines, today=q.today, zone=q.zone), {})


def _demand(q: _Question) -> Answer:
    places = q.places
    known = slots.known_by_day(slots.every(q.connection), q.as_of, places)
    plan = planned_openings.by_week(q.connection, week_number(q.today), capacity_reports.PLAN_WEEKS, places)
    return capacity_reports.demand(q.count, q.chosen, q.scope, slots=known, plan=plan, today=q.today, horizon=q.horizon)


def _mix(q: _Question) -> Answer:
    return source_reports.mix(q.count, q.chosen, q.scope, q.by[0])


def _topics(q: _Question) -> Answer:
    last = q.chosen.last or q.today + timedelta(days=1)
    first = q.chosen.first or last - timedelta(days=365)
    since, until = (start_of(day, ZoneInfo(q.zone)) for day in (first, last))
    again = topics.asked_again(q.connection, since, until, q.as_of, q.places)
    return source_reports.topics(q.count, q.chosen, q.scope, first=first, last=last, again=again)


def _loops(q: _Question) -> Answer:
    newest = cycles(q.today, LENGTHS["Quarter"])[0]
    cycle = (q.chosen.first or newest.first, q.chosen.last or newest.after)
    noted = partner_notes.of_cycle(q.connection, cycle)
    return partner_reports.loop(q.count, q.scope, cycle=cycle, noted=noted, silent=partners.silent(q.connection))


def _case_mix(q: _Question) -> Answer:
    return reports.case_mix(q.count, q.chosen, q.scope, outcome=q.options.outcome)


def _funnel_plot(q: _Question) -> Answer:
    return reports.funnel_plot(q.count, q.chosen, q.scope, outcome=q.options.outcome)


def _volume(q: _Question) -> Answer:
    return reports.referral_volume(q.count, q.chosen, q.scope, today=q.today)


@dataclass(frozen=True)
class _Metric:
    """A metric of the command line: how it is answered, which options it heeds, its own key columns, whether a period
    means anything to it, and by what it is broken down where nothing is said.
    """

    answer: Callable[[_Question], Answer]
    heeds: tuple[str, ...]
    never_by: tuple[str, ...]
    rows_by: tuple[str, ...] = ()
    by_period: bool = True
    usual_by: tuple[str, ...] = ()


_NEVER = tuple(labels.BREAKDOWNS)
_OF_APPOINTMENTS = ("start_week", "start_weekday", "lead_time")
_NEVER_OF_LEADS = ("due_week", *_OF_APPOINTMENTS)
_NEVER_OF_APPOINTMENTS = ("received_week", "due_week", "visit_weekday")
_NEVER_OF_ITEMS = ("due_week", "visit_weekday", *_OF_APPOINTMENTS)
_NEVER_OF_OTHERS = ("received_week", *_NEVER_OF_ITEMS)
_METRICS = {
    "funnel": _Metric(_funnel, ("by", "horizon"), _NEVER_OF_LEADS),
    "lost": _Metric(_lost, (), _NEVER, ("furthest", "close_reason")),
    "conversion": _Metric(_conversion, ("by", "horizon", "step"), _NEVER_OF_LEADS),
    "curve": _Metric(_curve, ("by", "step"), _NEVER_OF_LEADS),
    "cohorts": _Metric(_cohorts, ("horizon",), _NEVER, ("received_week",)),
    "response": _Metric(_response, ("by", "two_way"), _OF_APPOINTMENTS),
    "answers": _Metric(_answers, ("by", "two_way"), _OF_APPOINTMENTS),
    "arrivals": _Metric(_arrivals, (), _NEVER),
    "attendance": _Metric(_attendance, ("by",), _NEVER_OF_APPOINTMENTS),
    "new-patients": _Metric(_new_patients, ("for_others",), _NEVER, ("partner_category",)),
    "visits-by-lead": _Metric(_visits_by_lead, ("by",), _NEVER_OF_APPOINTMENTS),
    "records": _Metric(_records, ("by",), _NEVER_OF_LEADS),
    "missing-records": _Metric(_missing_records, ("by",), _NEVER_OF_ITEMS, ("item",)),
    "record-requests": _Metric(_record_requests, ("by",), _NEVER_OF_OTHERS),
    "records-speed": _Metric(_records_speed, ("horizon", "step"), _NEVER, ("at_arrival",)),
    "time-in-stage": _Metric(_time_in_stage, ("by",), _NEVER_OF_OTHERS),
    "stalls": _Metric(_stalls, (), _NEVER, ("stage", "waits_for"), by_period=False),
    "next-steps": _Metric(_next_steps, ("by",), _NEVER_OF_OTHERS, by_period=False),
    "backlog": _Metric(_backlog, (), _NEVER, ("week",), by_period=False),
    "backlog-age": _Metric(_backlog_age, ("by",), _NEVER_OF_OTHERS, by_period=False),
    "next-available": _Metric(_next_available, (), _NEVER, slots.SLOT_KEYS, by_period=False),
    "next-available-weeks": _Metric(_next_available_weeks, (), _NEVER, (*slots.SLOT_KEYS, "week"), by_period=False),
    "demand": _Metric(_demand, ("horizon",), _NEVER, slots.SLOT_KEYS, by_period=False),
    "log-lag": _Metric(_log_lag, ("by",), _NEVER_OF_LEADS),
    "flags": _Metric(_flags, (), _NEVER),
    "field-fill": _Metric(_field_fill, ("by",), _NEVER_OF_LEADS),
    "trends": _Metric(_trends, ("horizon",), _NEVER, ("week",), by_period=False),
    "partners": _Metric(_partners, ("by", "horizon", "outcome", "order"), _NEVER_OF_LEADS, ("partner",)),
    "mix": _Metric(_mix, ("by",), _NEVER_OF_LEADS, usual_by=("channel",)),
    "topics": _Metric(_topics, (), _NEVER, ("topic",)),
    "loops": _Metric(_loops, (), _NEVER, ("partner",)),
    "case-mix": _Metric(_case_mix, ("horizon", "outcome"), _NEVER, ("partner",)),
    "funnel-plot": _Metric(_funnel_plot, ("horizon", "outcome"), _NEVER, ("partner",)),
    "volume": _Metric(_volume, (), _NEVER, ("partner",), by_period=False),
}


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("metric", choices=tuple(_METRICS))
    cli_options.add_to(parser)


def _metrics(a: argparse.Namespace) -> None:
    url = url_of(a.database)
    prepare_demo(url)
    with opened(url) as engine, databases.reading(engine) as connection:
        _print(connection, a, clock.now())


def _print(connection: Connection, a: argparse.Namespace, now: datetime) -> None:
    own = practice.get(connection)
    if own is None:
        raise LookupError("the database holds no practice yet; try: handoff import, or handoff demo")
    metric, as_of = _METRICS[a.metric], cli_options.moment(a.as_of, own["zone"], now)
    if not metric.by_period and (getattr(a, "from") or a.to):
        raise ValueError(f"{a.metric} is about all leads, whenever they were received; leave out --from and --to")
    horizon = a.horizon or own["horizon_days"]
    viewer = viewer_of(connection, a.as_person, auth.SEE_METRICS)
    question = _Question(
        connection,
        a,
        _breakdown(a.by, metric) or metric.usual_by,
        cli_options.filters_of(connection, a, viewer),
        as_of,
        own["zone"],
        horizon,
        viewer.locations,
    )
    answer = metric.answer(question)
    rows = list(_labelled(connection, answer.table, (*question.by, *metric.rows_by)))
    if a.json:
        head = {"metric": a.metric, "as_of": as_of.isoformat(), "filters": _given(a), "left_out": dict(answer.left_out)}
        print(json.dumps(head | {"rows": rows}, allow_nan=False))
        return
    _print_rows(rows, list(answer.table.columns), as_csv=a.csv)
    if not a.csv:
        left_out = ", ".join(f"{why} {number:,}" for why, number in answer.left_out.items())
        print(f"\nas of {as_of.astimezone(ZoneInfo(own['zone'])):%Y-%m-%d %H:%M %Z}; left out: {left_out}")


def _given(a: argparse.Namespace) -> dict[str, Any]:
    """The choices that were made, named as the options are."""
    named = ("from", "to", *cli_options.LISTS, *cli_options.WORDS, "qualified", *_METRICS[a.metric].heeds)
    given = {name: value for name in named if (value := getattr(a, name))}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}


def _breakdown(text: str, metric: _Metric) -> tuple[str, ...]:
    """The dimensions to break down by; the one that a metric has rows for anyway may be named too."""
    named = dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    by = tuple(name for name in named if name not in metric.rows_by)
    allowed = dict.fromkeys((name for name in labels.BREAKDOWNS if name not in metric.never_by), 0)
    for name in by:
        cli_options.known(name, allowed, "dimension")
    return by


def _labelled(connection: Connection, table: Any, by: Sequence[str]) -> Iterator[dict[str, Any]]:
    names = {d: labels.of_dimension(connection, d) for d in by}
    names.get("partner", {})[SMALL_PARTNERS] = "Small-volume partners"
    for row in table.to_dict("records"):
        for d in by:
            row[d] = week(row[d]) if d.endswith("week") else names[d].get(row[d], str(row[d]))
        yield {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def _print_rows(rows: list[dict[str, Any]], columns: list[str], *, as_csv: bool) -> None:
    if as_csv:
        sys.stdout.write(csv_file.table(columns, rows))
        return

    def cell(value: Any) -> str:
        return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)

    cells = [columns, *([cell(row[c]) for c in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


COMMANDS = {"metrics": (_options, _metrics)}
